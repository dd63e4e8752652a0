package api_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/text"
)

const privacyOfA = "/api/v1/sites/a/privacy"

// heldLink requests the data held about an address and returns the mailed link.
func (w *world) heldLink(email string) string {
	w.t.Helper()
	want(w.t, w.do(call{method: "POST", path: privacyOfA, body: m{"email": email}}), 202, "")
	email = strings.ToLower(strings.TrimSpace(email))
	all := w.queuedMails(email)
	if len(all) == 0 || string(all[len(all)-1].Kind) != string(mailbox.DataLink) {
		w.t.Fatalf("the letters to %s are %v", email, all)
	}
	return w.seeLink(email, all[len(all)-1].ID)
}

func (w *world) seeLink(email, letter string) string {
	w.t.Helper()
	site, err := w.service.Site(context.Background(), "a")
	fatal(w.t, err)
	return "/mail/" + mailbox.Link{For: mailbox.ToViewData, Site: site.ID, Email: text.AddressOf(email), Lang: "en", Letter: letter,
		Ends: w.clock.Now().Add(time.Hour)}.Token(testSecret)
}

func (w *world) held(link string) reply {
	w.t.Helper()
	r := w.do(call{path: link, header: map[string]string{"Accept": "application/json"}})
	want(w.t, r, 200, "")
	return r
}

func (w *world) presses(link, do string) reply {
	return w.do(call{method: "POST", path: link, body: url.Values{"do": {do}}})
}

func TestPrivacy_LinkShowsAndErases(t *testing.T) {
	onBothWith(t, options{mailing: true}, func(t *testing.T, w *world) {
		const lena, other = "lena@mail.example", "viktor@mail.example"
		says := func(site, origin, text string, author m) reply {
			t.Helper()
			in := m{"page": m{"url": origin + "/post", "title": "Forty nights"}, "body": text, "author": author}
			r := w.do(call{method: "POST", path: "/api/v1/sites/" + site + "/comments", body: in})
			want(t, r, 201, "")
			return r
		}
		unproven := says("a", originA, "A wagtail sat on the roof of the mill.",
			m{"name": "Lena", "email": "LENA@mail.example"})
		wide := says("a", originA, "Another wagtail, written with odd letters.", m{"email": "lena@ｍａｉｌ.example"})
		elsewhere := says("b", originB, "A wagtail on the other site stays there.", m{"email": lena})
		stranger := says("a", originA, "The kingfisher belongs to somebody else.", m{"name": "Viktor", "email": other})
		code := w.mailCode(lena)
		identity := w.sendCode(lena, code, m{"name": "Lena"}).str("identity")
		proven := says("a", originA, "My own heron stood in the reeds all day.", m{"identity": identity})
		want(t, w.do(call{method: "POST", path: "/api/v1/sites/a/comments/" + proven.str("id") + "/notify",
			body: m{"on": true}, header: map[string]string{"Authorization": "Bearer " + proven.str("edit_token")}}), 200, "")
		for _, c := range []reply{unproven, proven, stranger} {
			w.decide("approve", c.str("id"), 1)
		}
		w.decide("spam", wide.str("id"), 1)

		link := w.heldLink(" Lena@Mail.example ")
		for range 2 { // mail scanners open links
			r := w.held(link)
			list := r.list("comments")
			if r.str("email") != lena || r.num("count") != 3 || len(list) != 3 || r.num("lessons") != 3 {
				t.Fatalf("held is %s", r.raw)
			}
			if list[0]["proven"] != true || list[0]["body"] != "My own heron stood in the reeds all day." ||
				list[0]["state"] != "approved" || list[0]["name"] != "Lena" {
				t.Errorf("own comment: %v", list[0])
			}
			for _, c := range list[1:] {
				page, _ := c["page"].(map[string]any)
				if c["proven"] != false || c["body"] != nil || c["id"] != nil || c["state"] != nil || c["name"] != nil ||
					page["url"] != originA+"/post" || c["created_at"] == nil {
					t.Errorf("unverified comment: %v", c)
				}
			}
			mail, _ := r.json["mail"].(map[string]any)
			if told, _ := mail["told"].([]any); len(told) != 1 || mail["stopped"] != false {
				t.Errorf("mail: %v", mail)
			}
		}
		page := w.do(call{path: link, header: map[string]string{"Accept": "text/html"}})
		want(t, page, 200, "")
		for _, s := range []string{"Your data", "3 comments under this address.", "heron", "published",
			"not verified", "Erase everything", "Stop all mail"} {
			if !strings.Contains(string(page.raw), s) {
				t.Errorf("the page does not say %q: %s", s, page.raw)
			}
		}
		for _, s := range []string{"wagtail", "kingfisher", other} {
			if strings.Contains(string(page.raw), s) {
				t.Errorf("the page says %q", s)
			}
		}

		want(t, w.presses(link, "stop"), 404, "")
		want(t, w.presses(w.seeLink(other, "x"), "erase"), 404, "")
		r := w.presses(link, "erase")
		if want(t, r, 200, ""); !strings.Contains(string(r.raw), "All data of "+lena+" is erased: 3 comments and their training data.") {
			t.Errorf("erasing says %s", r.raw)
		}
		want(t, w.do(call{path: link}), 404, "")
		want(t, w.presses(link, "erase"), 404, "")

		after := w.held(w.heldLink(lena))
		mail, _ := after.json["mail"].(map[string]any)
		if told, _ := mail["told"].([]any); after.num("count") != 0 || after.num("lessons") != 0 || len(told) != 0 {
			t.Errorf("afterwards is held %s", after.raw)
		}
		site, err := w.service.Site(context.Background(), "a")
		fatal(t, err)
		if bad, err := w.service.VerifyLog(context.Background(), site); err != nil || bad != 0 {
			t.Errorf("the log is bad at %d (%v)", bad, err)
		}
		for _, state := range []string{"pending", "approved", "spam", "rejected"} {
			r := w.as("owner a", "GET", "/api/v1/sites/a/moderation/queue?state="+state, nil)
			for _, word := range []string{"wagtail", "heron", "Lena", "lena"} {
				if strings.Contains(string(r.raw), word) {
					t.Errorf("the view %s still has %q: %s", state, word, r.raw)
				}
			}
		}
		testkit.Until(t, "readers see the other one alone", func() bool {
			thread := w.do(call{path: "/api/v1/sites/a/comments?page=" + pageA})
			return strings.Contains(string(thread.raw), "kingfisher") && !strings.Contains(string(thread.raw), "heron")
		})
		would, err := w.service.LessonsOf(context.Background(), authz.Operator, site, learning.DataSubject{Email: other})
		if fatal(t, err); would.Lessons != 1 {
			t.Errorf("of another %d lessons are left", would.Lessons)
		}
		there := w.as("owner b", "GET", "/api/v1/sites/b/moderation/queue", nil)
		if !strings.Contains(string(there.raw), elsewhere.str("id")) || !strings.Contains(string(there.raw), "wagtail") {
			t.Errorf("the other site has %s", there.raw)
		}
	})
}

// The owner of a verified address can keep the texts without a name. Then nothing identifies the commenter.
func TestPrivacy_UnnameKeepsTexts(t *testing.T) {
	onBothWith(t, options{mailing: true}, func(t *testing.T, w *world) {
		const lena, site = "lena.quagga@mail.example", "https://quagga.example/"
		ctx := context.Background()
		author := m{"name": "Lena Quagga", "email": lena, "website": site}
		says := func(text string) reply {
			r := w.do(call{method: "POST", path: "/api/v1/sites/a/comments",
				body: m{"page": m{"url": pageA}, "body": text, "author": author}})
			want(t, r, 201, "")
			return r
		}
		shown, refused := says("The heron stood in the reeds all day."), says("Buy a heron from me, and cheaply.")
		waits := says("Another heron, which waits for a moderator.")
		stranger := w.post(with(requireBody("The heron is a bird of mine."), "author", m{"name": "Viktor"}))
		w.decide("approve", shown.str("id"), 1)
		w.decide("spam", refused.str("id"), 1)
		w.decide("approve", stranger.str("id"), 1)
		notes := "/api/v1/sites/a/moderation/comments/" + shown.str("id") + "/notes"
		want(t, w.as("moderator a", "POST", notes, m{"text": "She is Quagga's sister."}), 201, "")
		read := func() string {
			all := ""
			for _, state := range []string{"pending", "approved", "spam"} {
				all += string(w.as("owner a", "GET", "/api/v1/sites/a/moderation/queue?state="+state, nil).raw)
			}
			for _, id := range []string{shown.str("id"), refused.str("id"), waits.str("id")} {
				all += string(w.as("owner a", "GET", "/api/v1/sites/a/moderation/comments/"+id, nil).raw)
			}
			for _, path := range []string{"/api/v1/sites/a/comments?page=" + pageA, "/sites/a/page?url=" + pageA,
				"/sites/a/feed.atom?page=" + pageA} {
				all += string(w.do(call{path: path}).raw)
			}
			return all + string(w.as("owner a", "GET", "/api/v1/sites/a/moderation/export", nil).raw)
		}
		if before := read(); !strings.Contains(before, "Lena Quagga") || !strings.Contains(before, "sister") {
			t.Fatal("there was no name")
		}

		r := w.presses(w.heldLink(lena), "unname")
		if want(t, r, 200, ""); !strings.Contains(string(r.raw), "3 comments are no longer linked to "+lena) {
			t.Errorf("it says %s", r.raw)
		}
		testkit.Until(t, "no trace of the commenter is left", func() bool { return !strings.Contains(strings.ToLower(read()), "quagga") })
		after := read()
		for _, text := range []string{"stood in the reeds", "and cheaply", "which waits for", "Viktor"} {
			if !strings.Contains(after, text) {
				t.Errorf("%q is gone", text)
			}
		}
		for _, q := range []string{"quagga", "lena"} {
			found := w.as("owner a", "GET", "/api/v1/sites/a/moderation/queue?state=approved&q="+q, nil)
			if list := found.list("items"); len(list) != 0 {
				t.Errorf("looking for %q finds %v", q, list)
			}
		}
		if r := w.held(w.heldLink(lena)); r.num("count") != 0 || r.num("lessons") != 0 {
			t.Errorf("afterwards is held %s", r.raw)
		}
		a, err := w.service.Site(ctx, "a")
		fatal(t, err)
		if bad, err := w.service.VerifyLog(ctx, a); err != nil || bad != 0 {
			t.Errorf("the log is bad at %d (%v)", bad, err)
		}
		// Decisions and comments work as before.
		w.decide("approve", waits.str("id"), 1)
		w.decide("spam", shown.str("id"), 2)
		if again := says("The heron stood in the reeds all day."); again.str("id") == shown.str("id") {
			t.Error("an unnamed comment is still linked to its commenter")
		}
	})
}

// The response reveals nothing about an address, not even whether a mail is sent.
func TestPrivacy_ResponseRevealsNothing(t *testing.T) {
	onBothWith(t, options{mailing: true}, func(t *testing.T, w *world) {
		const lena, nobody = "lena@mail.example", "nobody@mail.example"
		w.post(with(requireBody("Does anybody know the old ferry?"), "author", m{"email": lena}))
		asks := func(email string) (string, int64) {
			t.Helper()
			before := w.counted.Load()
			r := w.do(call{method: "POST", path: privacyOfA, body: m{"email": email}})
			want(t, r, 202, "")
			return fmt.Sprint(string(r.raw), r.header.Get("Cache-Control")), w.counted.Load() - before
		}
		var said []string
		var cost []int64
		for _, email := range []string{lena, nobody, lena, lena, lena + "pp", "lena+again@mail.example"} {
			body, n := asks(email)
			said, cost = append(said, body), append(cost, n)
		}
		if len(slices.Compact(said)) != 1 || len(slices.Compact(cost)) != 1 {
			t.Errorf("the answers are %q, after %v transactions", said, cost)
		}
		if a, b := len(w.queuedMails(lena))+len(w.queuedMails("lena+again@mail.example")), len(w.queuedMails(nobody)); a != 2 || b != 1 {
			t.Errorf("%d and %d letters wait, want 2 and 1", a, b)
		}
		w.clock.Add(25 * time.Hour)
		asks(lena)
		if n := len(w.queuedMails(lena)); n != 3 {
			t.Errorf("a day later %d letters wait", n)
		}
		for _, bad := range []any{"", "lena", "lena@", "a b@mail.example", strings.Repeat("l", 400) + "@mail.example"} {
			want(t, w.do(call{method: "POST", path: privacyOfA, body: m{"email": bad}}), 422, "field.invalid")
		}
		want(t, w.do(call{method: "POST", path: privacyOfA, body: m{"email": lena, "site": "b"}}), 422, "field.unknown")
		form := func(path, email string) reply {
			return w.do(call{method: "POST", path: path, body: url.Values{"email": {email}}})
		}
		for _, email := range []string{lena, nobody} {
			r := form("/sites/a/privacy?lang=en", email)
			want(t, r, 200, "")
			if !strings.Contains(string(r.raw), "A link goes to "+email+", unless two were sent today.") {
				t.Errorf("the page says %s", r.raw)
			}
		}
		if r := form("/sites/a/privacy?lang=en", `<b>"x`); r.status != 422 ||
			strings.Contains(string(r.raw), "<b>") {
			t.Errorf("hostile: %d %s", r.status, r.raw)
		}
		want(t, form("/sites/nosuch/privacy", lena), 404, "")
		want(t, w.do(call{method: "POST", path: "/sites/a/privacy", body: url.Values{"email": {lena}},
			header: map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}}), 403, "")
	})
}

// A link is valid for an hour, for its address and site only.
func TestPrivacy_LinkExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), "", options{mailing: true})
	const lena = "lena@mail.example"
	link := w.heldLink(lena)
	want(t, w.do(call{path: w.seeLink("other@mail.example", w.queuedMails(lena)[0].ID)}), 404, "")
	want(t, w.do(call{path: link + "x"}), 404, "")
	want(t, w.do(call{path: link + "?after=x", header: map[string]string{"Accept": "application/json"}}), 400,
		"cursor.invalid")
	w.clock.Add(59 * time.Minute)
	want(t, w.do(call{path: link}), 200, "")
	w.clock.Add(time.Minute)
	want(t, w.do(call{path: link}), 404, "")
	want(t, w.presses(link, "erase"), 404, "")
	silent := onSQLite(t)
	want(t, silent.do(call{method: "POST", path: privacyOfA, body: m{"email": lena}}), 422, "field.invalid")
	r := silent.do(call{path: "/sites/a/privacy?lang=en"})
	if want(t, r, 200, ""); !strings.Contains(string(r.raw), "This server sends no mail. To see or erase your data, write") ||
		strings.Contains(string(r.raw), "Get a link by mail") {
		t.Errorf("without mail the page says %s", r.raw)
	}
}

// Many comments are listed in pages and erased at once.
func TestPrivacy_ManyCommentsHavePages(t *testing.T) {
	onBothWith(t, options{mailing: true, silent: true}, func(t *testing.T, w *world) {
		const lena = "lena@mail.example"
		for i := range 103 {
			w.post(with(requireBody(fmt.Sprintf("Remark %d on the weather at the pass.", i)), "author", m{"email": lena}))
		}
		link := w.heldLink(lena)
		got, next := 0, ""
		for range 2 {
			r := w.held(link + "?after=" + next)
			got += len(r.list("comments"))
			next = r.str("next")
		}
		if got != 103 || next != "" {
			t.Errorf("got %d entries, then the cursor %q", got, next)
		}
		var erased reply
		testkit.Until(t, "the comments are erased, however busy the database is", func() bool {
			erased = w.presses(link, "erase")
			return erased.status != 503
		})
		want(t, erased, 200, "")
		if r := w.held(w.heldLink(lena)); r.num("count") != 0 {
			t.Errorf("afterwards is held %s", r.raw)
		}
	})
}
