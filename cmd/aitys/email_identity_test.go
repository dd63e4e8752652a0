package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// A mailClient is a client of a running server with one mailbox.
type mailClient struct {
	t    *testing.T
	c    *testkit.Client
	box  *testkit.MailServer
	rcpt string // the address in RCPT TO
	read int    // number of mails that were read
}

var (
	codeInMail = regexp.MustCompile(`\d{8}`)
	linkInMail = regexp.MustCompile(`http://\S+(/mail/\S+)`)
)

func (r *mailClient) do(method, path, bearer string, in, out any) error {
	return r.c.Do(r.t.Context(), method, path, map[string]string{"Authorization": bearer}, in, out)
}

func (r *mailClient) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// next returns the text of the next mail to the mailbox.
func (r *mailClient) next() string {
	r.t.Helper()
	r.read++
	said, _, err := r.box.WaitForMail(r.t, r.rcpt, r.read).Parts()
	r.must(err)
	return said
}

// identity signs in with a mailed code. typed is the address as the reader types it.
func (r *mailClient) identity(typed string) string {
	r.t.Helper()
	r.must(r.do("POST", "/identity", "", map[string]any{"email": typed}, nil))
	var out struct{ Identity string }
	r.must(r.do("POST", "/identity", "",
		map[string]any{"email": typed, "code": codeInMail.FindString(r.next()), "name": "Anna"}, &out))
	return out.Identity
}

// post posts a comment under an identity.
func (r *mailClient) post(identity, body string) error {
	return r.do("POST", "/comments", "", map[string]any{"page": map[string]any{"url": blogPage}, "body": body,
		"author": map[string]any{"identity": identity}}, nil)
}

// privacyLink requests the data stored about the address, and returns the path in the mail.
func (r *mailClient) privacyLink(typed string) string {
	r.t.Helper()
	r.must(r.do("POST", "/privacy", "", map[string]any{"email": typed}, nil))
	return linkInMail.FindStringSubmatch(r.next())[1]
}

// countStored counts the comments behind a mailed link.
func (r *mailClient) countStored(link string) (count int) {
	r.t.Helper()
	var out struct{ Count int }
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.c.URL+link, nil)
	r.must(err)
	req.Header.Set("Accept", "application/json")
	res, err := r.c.HTTP.Do(req)
	r.must(err)
	defer func() { _ = res.Body.Close() }() // read to its end
	r.must(json.NewDecoder(res.Body).Decode(&out))
	if res.StatusCode != http.StatusOK {
		r.t.Fatalf("the link answers %s", res.Status)
	}
	return out.Count
}

// erase erases all data behind a mailed link.
func (r *mailClient) erase(link string) {
	r.t.Helper()
	res, err := r.c.HTTP.PostForm(r.c.URL+link, url.Values{"do": {"erase"}})
	r.must(err)
	if _ = res.Body.Close(); res.StatusCode != http.StatusOK {
		r.t.Fatalf("erasing answers %s", res.Status)
	}
}

// wouldErase counts the comments that an owner would erase.
func wouldErase(t *testing.T, owner *testkit.Client, typed string) int {
	t.Helper()
	var out struct{ Comments int }
	err := owner.Do(t.Context(), "POST", "/moderation/erasures", nil, map[string]any{"email": typed, "dry_run": true}, &out)
	if err != nil {
		t.Fatal(err)
	}
	return out.Comments
}

func onBothDatabases(t *testing.T, test func(t *testing.T, reader, owner *testkit.Client, box *testkit.MailServer)) {
	testkit.OnDatabases(t, func(t *testing.T, d testkit.Database) {
		s := newShell(t)
		flags := s.databaseFlags(d)
		token, box := s.addBlog(flags...), testkit.NewMailServer(t)
		i := s.serve(append([]string{"--limits", "off", "--smtp", box.URL, "--mail-from", "comments@service.example"},
			flags...)...)
		test(t, client(i, "blog", ""), client(i, "blog", token), box)
	})
}

// Each pair of mailboxes used to be one identity. The owner of the second must not reach data of the first.
func TestIdentity_SimilarMailboxesAreDistinct(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, c, owner *testkit.Client, box *testkit.MailServer) {
		for _, tt := range []struct{ victim, victimRcpt, attacker, attackerRcpt string }{ // each test case waits for seven mails
			{"anna@strasse.example", "anna@strasse.example", "anna@straße.example", "anna@xn--strae-oqa.example"},
			{"anna@mail.example", "anna@mail.example", "ａnna@mail.example", "ａnna@mail.example"},
			{"ian@mail.example", "ian@mail.example", "ıan@mail.example", "ıan@mail.example"},
			{"änn@mail.example", "änn@mail.example", "Änn@mail.example", "Änn@mail.example"},
			{"kim@ΣΊΣΥΦΟΣ.example", "kim@xn--kxa6akbbkh.example", "kim@σίσυφος.example", "kim@xn--kxa6ajbbmh.example"},
		} {
			t.Run(tt.victim, func(t *testing.T) {
				t.Parallel()
				victim := &mailClient{t: t, c: c, box: box, rcpt: tt.victimRcpt}
				attacker := &mailClient{t: t, c: c, box: box, rcpt: tt.attackerRcpt}
				identity := victim.identity(tt.victim)
				victim.must(victim.post(identity, "A private word of "+tt.victim))

				link := attacker.privacyLink(tt.attacker)
				if n := attacker.countStored(link); n != 0 {
					t.Errorf("%s reads %d comments of %s", tt.attacker, n, tt.victim)
				}
				attacker.erase(link)
				other := attacker.identity(tt.attacker)
				attacker.must(attacker.post(other, "A word of "+tt.attacker))
				attacker.must(attacker.do("DELETE", "/identity", "Bearer "+other, nil, nil))
				if err := victim.post(identity, "Another word of "+tt.victim); err != nil {
					t.Errorf("%s signed %s out: %v", tt.attacker, tt.victim, err)
				}
				for typed, want := range map[string]int{tt.victim: 2, tt.attacker: 1} {
					if n := wouldErase(t, owner, typed); n != want {
						t.Errorf("erasing %s erases %d comments, want %d", typed, n, want)
					}
				}
				if n := victim.countStored(victim.privacyLink(tt.victim)); n != 2 {
					t.Errorf("%s has %d comments, want 2", tt.victim, n)
				}
			})
		}
	})
}

// All spellings of a domain belong to one reader and one mail recipient.
func TestIdentity_DomainSpellingsAreEqual(t *testing.T) {
	t.Parallel()
	onBothDatabases(t, func(t *testing.T, c, owner *testkit.Client, box *testkit.MailServer) {
		r := &mailClient{t: t, c: c, box: box, rcpt: "a@xn--mller-kva.example"}
		for n, typed := range []string{"a@müller.example", "A@xn--MLLER-kva.example", "a@ＭÜLLER.example"} {
			identity := r.identity(typed)
			r.must(r.post(identity, fmt.Sprintf("Proven word %d", n)))
			r.must(r.do("POST", "/comments", "", map[string]any{"page": map[string]any{"url": blogPage},
				"body": fmt.Sprintf("Unproven word %d", n), "author": map[string]any{"name": "Anna", "email": typed}}, nil))
			if got := wouldErase(t, owner, typed); got != 2*(n+1) {
				t.Errorf("erasing %s erases %d comments, want %d", typed, got, 2*(n+1))
			}
		}
		if n := r.countStored(r.privacyLink("a@mu\u0308ller.example")); n != 6 {
			t.Errorf("one person has %d comments, want 6", n)
		}
		r.must(owner.Do(t.Context(), "POST", "/moderation/erasures", nil, map[string]any{"email": r.rcpt}, nil))
		if n := wouldErase(t, owner, "a@müller.example"); n != 0 {
			t.Errorf("%d comments are left in another spelling", n)
		}
	})
}

// Moderators sign in with any spelling, and commands find the same account.
func TestAccount_DomainSpellingsAreEqual(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	flags := []string{"--data", filepath.Join(s.dir, "data")}
	with := func(args ...string) []string { return append(args, flags...) }
	s.must(with("account", "add", "--email", "o@xn--mller-kva.example", "--name", "O", "--role", "owner")...)
	s.must(with("account", "add", "--email", "ſam@blog.example", "--name", "Long S", "--role", "owner")...)
	s.must(with("account", "add", "--email", "sam@blog.example", "--name", "Sam", "--role", "owner")...)
	s.refused("already", with("account", "add", "--email", "O@MÜLLER.example", "--name", "P", "--role", "owner")...)
	if out := s.must(with("account", "disable", "SAM@blog.example")...); out != "disabled account sam@blog.example\n" {
		t.Errorf("it says %q", out)
	}
	if out := s.must(with("account", "disable", "o@müller.example")...); out != "disabled account o@müller.example\n" {
		t.Errorf("it says %q", out)
	}
}
