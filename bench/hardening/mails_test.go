package hardening

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// mailHeaders lists all headers that a mail of the service may have.
var mailHeaders = []string{"Auto-Submitted", "Content-Type", "Date", "From", "List-Id", "List-Unsubscribe",
	"List-Unsubscribe-Post", "Message-Id", "Mime-Version", "Subject", "To"}

const sender = "comments@service.example"

// mailFields enters each row into its field and checks the mails. The service has no fields for a subject prefix or a
// Reply-To address: rows for these are tried as the name of a site.
func mailFields(t testing.TB, _ bench) result {
	type row struct{ Field, Value, Want string }
	box := testkit.NewMailServer(t)
	t.Setenv("AITYS_SMTP", box.URL)
	t.Setenv("AITYS_MAIL_FROM", sender)
	s := newStage(t, testkit.SQLite(t))
	s.make("PATCH", "/api/v1/me", values{"mail": "each", "mail_from_score": 0})
	var failures []string
	expected := 0
	all := rows[row](t, "mail-fields.jsonl")
	for n, r := range all {
		if r.Field == "email" {
			got := s.ask(t, "POST", "/api/v1/accounts", s.inSession(),
				act{json: values{"email": r.Value, "name": "P", "role": "author", "site": []string{"a"}}}.body())
			if r.Want == "refuse" && got.status != 422 || r.Want == "accept" && got.status != 201 || got.status >= 500 {
				failures = append(failures, fmt.Sprintf("row %d: %q as an e-mail is answered %d", n+1, r.Value, got.status))
			}
			if r.Want == "refuse" { // a sign-in code must refuse the address too
				got = s.ask(t, "POST", "/api/v1/sites/a/identity", nil, act{json: values{"email": r.Value}}.body())
				if got.status != 422 {
					failures = append(failures, fmt.Sprintf("row %d: %q is answered %d when a code is asked for", n+1, r.Value,
						got.status))
				}
			}
			continue
		}
		if s.mailOf(fmt.Sprintf("f%d", n), r.Field, r.Value) {
			expected++
			expected += s.toReader(fmt.Sprintf("f%d", n))
		}
	}
	if expected < 30 {
		t.Fatalf("only %d rows lead to a mail", expected)
	}
	testkit.Until(t, "the mails come", func() bool { return len(box.Mails()) >= expected })
	for _, m := range box.Mails() {
		failures = append(failures, wrongMail(m)...)
	}
	if n := len(box.Mails()); n != expected {
		failures = append(failures, fmt.Sprintf("%d mails came, not %d", n, expected))
	}
	return count(t, fmt.Sprintf("%d rows, %d mails", len(all), expected), failures, "")
}

// toReader requests a sign-in code and a subscription to a comment for a reader of a site. It returns the number of
// mails that this causes.
func (s *stage) toReader(key string) int {
	s.t.Helper()
	site, email := "/api/v1/sites/"+key, key+"@mail.example"
	if got := s.ask(s.t, "POST", site+"/identity", nil, act{json: values{"email": email}}.body()); got.status != 202 {
		s.t.Fatalf("ask for a code: %d %s", got.status, got.body)
	}
	was := s.site
	defer func() { s.site = was }()
	s.site = key
	in := s.written()
	in["page"], in["author"] = values{"url": "https://" + key + ".example/told"}, values{"name": "N", "email": email}
	s.make("PATCH", site, values{"moderation": "none"}) // so that this comment causes no mail to moderators
	c := s.make("POST", "/api/v1/sites/"+key+"/comments", in)
	own := map[string]string{"Authorization": "Bearer " + c["edit_token"].(string)}
	notify := fmt.Sprintf("%s/comments/%s/notify", site, c["id"])
	if got := s.ask(s.t, "POST", notify, own, act{json: values{"on": true}}.body()); got.status != 200 {
		s.t.Fatalf("subscribe: %d %s", got.status, got.body)
	}
	return 2
}

// mailOf posts a comment on a new site with a value in a field, and reports whether it was accepted.
func (s *stage) mailOf(key, field, value string) bool {
	s.t.Helper()
	name, writer, title := "Site "+key, "Writer", "A post"
	switch field {
	case "author name":
		writer = value
	case "page title":
		title = value
	default:
		name = value
	}
	site := values{"key": key, "name": name, "origin": []string{"https://" + key + ".example"}}
	if got := s.ask(s.t, "POST", "/api/v1/sites", s.bearer(), act{json: site}.body()); got.status != 201 {
		return false
	}
	was := s.site
	defer func() { s.site = was }()
	s.site = key
	in := func() []byte {
		c := s.written()
		c["page"], c["author"] = values{"url": "https://" + key + ".example/", "title": title}, values{"name": writer}
		return act{json: c}.body()
	}
	post := func() bool { return s.ask(s.t, "POST", "/api/v1/sites/"+key+"/comments", nil, in()).status == 201 }
	if field == "page title" { // the title applies once a moderator sets it
		if !post() {
			return false
		}
		pages := "/api/v1/sites/" + key + "/moderation/pages"
		page := s.make("GET", pages, nil)["pages"].([]any)[0].(values)["id"].(string)
		return s.ask(s.t, "PATCH", pages+"/"+page, s.bearer(), act{json: values{"title": title}}.body()).status < 500
	}
	return post()
}

// wrongMail returns the errors of a mail.
func wrongMail(m testkit.Mail) (all []string) {
	say := func(what string, args ...any) { all = append(all, fmt.Sprintf(what, args...)+"\n"+string(m.Raw)) }
	to := boss
	if len(m.To) == 1 && strings.HasSuffix(m.To[0], "@mail.example") {
		to = m.To[0]
	}
	if !slices.Equal(m.To, []string{to}) || m.From != sender {
		say("from %s to %v", m.From, m.To)
	}
	var names []string
	for name, said := range m.Header {
		if names = append(names, name); len(said) != 1 {
			say("the header %s occurs %d times", name, len(said))
		}
	}
	want := mailHeaders
	if m.Header.Get("List-Id") == "" { // a mail on request
		want = slices.DeleteFunc(slices.Clone(want), func(name string) bool { return strings.HasPrefix(name, "List-") })
	}
	if slices.Sort(names); !slices.Equal(names, want) {
		say("the headers are %v", names)
	}
	for name, want := range map[string]string{"From": sender, "To": to} {
		list, err := mail.ParseAddressList(m.Header.Get(name))
		if err != nil || len(list) != 1 || list[0].Address != want {
			say("%s is %v, %v", name, list, err)
		}
	}
	raw := string(m.Raw)
	if strings.ContainsAny(strings.ReplaceAll(raw, "\r\n", ""), "\r\n") {
		say("a bare CR or LF")
	}
	for _, line := range strings.Split(raw, "\r\n") {
		if len(line) > 998 {
			say("a line of %d bytes", len(line))
		}
	}
	return all
}
