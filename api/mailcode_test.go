package api_test

import (
	"context"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/mail"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/text"
)

// queuedMails returns the mails queued for an address.
func (w *world) queuedMails(email string) (all []mail.Message) {
	w.t.Helper()
	fatal(w.t, w.db.View(context.Background(), func(tx store.Tx) (err error) {
		all, err = tx.DueMails(w.clock.Now().Add(48*time.Hour), 1_000)
		return err
	}))
	return slices.DeleteFunc(all, func(m mail.Message) bool { return m.Reader.Address != email })
}

// mailCode requests a code for an address and returns the code in the mail.
func (w *world) mailCode(email string) string {
	w.t.Helper()
	want(w.t, w.do(call{method: "POST", path: identityOfA, body: m{"email": email}}), 202, "")
	all := w.queuedMails(email)
	if len(all) == 0 {
		w.t.Fatalf("no mail waits for %s", email)
	}
	return mailbox.CodeOf(testSecret, all[len(all)-1].ID)
}

// sendCode sends a code for an address, with further fields.
func (w *world) sendCode(email, code string, more m) reply {
	w.t.Helper()
	in := m{"email": email, "code": code}
	for name, value := range more {
		in[name] = value
	}
	return w.do(call{method: "POST", path: identityOfA, body: in})
}

func TestMailCode_VerifiesAddress(t *testing.T) {
	onBothWith(t, options{mailing: true}, func(t *testing.T, w *world) {
		want(t, w.as("owner a", "PATCH", "/api/v1/sites/a", m{"who": "verified"}), 200, "")
		say := func(text string, author m) reply {
			t.Helper()
			return w.do(call{method: "POST", path: "/api/v1/sites/a/comments", body: with(requireBody(text), "author", author)})
		}
		const lena = "lena@mail.example"
		r := say("Whoever says so may be called Lena here?", m{"name": "Lena", "email": lena})
		if want(t, r, 422, "field.invalid"); !strings.Contains(string(r.raw), `"/author/identity"`) {
			t.Errorf("without a code, the response is %s", r.raw)
		}
		code := w.mailCode(lena)
		got := w.sendCode("LENA@mail.example ", code[:4]+" "+code[4:], m{"name": " Lena "})
		if want(t, got, 200, ""); got.str("name") != "Lena" || got.json["verified"] != true || got.json["author"] != false ||
			got.json["badge"] != nil {
			t.Errorf("the code gives %v", got.json)
		}
		identity := got.str("identity")
		want(t, say("Three of the bridges are closed in winter.", m{"identity": identity}), 201, "")
		queue := w.as("owner a", "GET", "/api/v1/sites/a/moderation/queue", nil)
		if item := queue.json["items"].([]any)[0].(map[string]any)["comment"].(map[string]any); item["email"] !=
			lena || item["author"].(map[string]any)["verified"] != true {
			t.Errorf("the desk is shown %v", item)
		}
		want(t, w.sendCode(lena, code, nil), 401, "identity.refused")

		want(t, w.as("owner a", "PATCH", "/api/v1/sites/a", m{"who": "account"}), 200, "")
		want(t, say("Only the site's own people may write now.", m{"identity": identity}), 422, "field.invalid")
		want(t, w.as("owner a", "PATCH", "/api/v1/sites/a", m{"who": "verified"}), 200, "")
		other := w.do(call{method: "POST", path: "/api/v1/sites/b/comments",
			body: m{"page": m{"url": originB + "/post"}, "body": "A word elsewhere", "author": m{"identity": identity}}})
		want(t, other, 401, "identity.refused")
		forged := strings.Replace(identity, "m.", "g.", 1)
		want(t, say("An identity with another first letter.", m{"identity": forged}), 401, "identity.refused")

		bearer := map[string]string{"Authorization": "Bearer " + identity}
		out := w.do(call{method: "DELETE", path: identityOfA, header: bearer})
		want(t, out, 204, "")
		want(t, say("She has signed out, and writes on.", m{"identity": identity}), 401, "identity.refused")
		w.clock.Add(time.Minute)
		again := w.sendCode(lena, w.mailCode(lena), nil)
		want(t, again, 200, "")
		want(t, say("Back again under a new code.", m{"identity": again.str("identity")}), 201, "")
		w.clock.Add(12 * time.Hour)
		want(t, say("Half a day later it has ended.", m{"identity": again.str("identity")}), 401, "identity.refused")
	})
}

func TestMailCode_ExpiresAndLimitsAttempts(t *testing.T) {
	onBothWith(t, options{mailing: true}, func(t *testing.T, w *world) {
		wrong := func(code string) string { // differs in one digit
			return code[:7] + string('0'+(code[7]-'0'+1)%10)
		}
		for name, tt := range map[string]struct {
			before func(email, code string) string // returns the code to send
			good   bool
		}{
			"as it was mailed": {func(_, code string) string { return code }, true},
			"after four wrong ones": {func(email, code string) string {
				for range 4 {
					want(t, w.sendCode(email, wrong(code), nil), 401, "identity.refused")
				}
				return code
			}, true},
			"after five wrong ones": {func(email, code string) string {
				for range 5 {
					want(t, w.sendCode(email, wrong(code), nil), 401, "identity.refused")
				}
				return code
			}, false},
			"after ten minutes": {func(_, code string) string {
				w.clock.Add(10*time.Minute + time.Second)
				return code
			}, false},
			"of another address": {func(string, string) string { return w.mailCode("somebody@mail.example") }, false},
			"before a later one": {func(email, code string) string { w.mailCode(email); return code }, false},
			"a later one":        {func(email, _ string) string { return w.mailCode(email) }, true},
			"nothing":            {func(string, string) string { return "" }, false},
			"one without zeros":  {func(_, code string) string { return strings.TrimLeft(code, "0") + " x" }, false},
		} {
			email := strings.ReplaceAll(name, " ", ".") + "@mail.example"
			typed := tt.before(email, w.mailCode(email))
			if r := w.sendCode(email, typed, nil); tt.good != (r.status == 200) || !tt.good && r.code() != "identity.refused" {
				t.Errorf("a code %s: %d %s", name, r.status, r.raw)
			}
		}
		want(t, w.sendCode("never.asked@mail.example", "12345678", nil), 401, "identity.refused")
	})
}

// Requests for codes cannot fill another person's mailbox. The response does not reveal the limit.
func TestMailCode_DailyLimit(t *testing.T) {
	onBothWith(t, options{mailing: true}, func(t *testing.T, w *world) {
		ask := func(site, email string) {
			t.Helper()
			r := w.do(call{method: "POST", path: "/api/v1/sites/" + site + "/identity?lang=kk", body: m{"email": email}})
			if want(t, r, 202, ""); string(r.raw) != "{}\n" {
				t.Errorf("the response is %q", r.raw)
			}
		}
		sent := func() (n int) {
			for i := range 20 {
				n += len(w.queuedMails(fmt.Sprintf("victim+%d@mail.example", i)))
			}
			return n + len(w.queuedMails("victim@mail.example"))
		}
		for i := range 20 {
			ask("a", "victim@mail.example")
			ask("a", fmt.Sprintf("victim+%d@mail.example", i))
		}
		if n := sent(); n != 5 {
			t.Errorf("%d mails wait for one person, want 5", n)
		}
		ask("b", "victim@mail.example")
		ask("a", "another@mail.example")
		w.clock.Add(24 * time.Hour)
		ask("a", "victim@mail.example")
		if n, other := sent(), w.queuedMails("another@mail.example"); n != 7 || len(other) != 1 || other[0].Reader.Lang != "kk" {
			t.Errorf("%d mails are queued, and %v for another address", n, other)
		}
	})
}

func TestMailCode_RequiresAddressMailServerAndName(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	r := w.do(call{method: "POST", path: identityOfA, body: m{"email": "lena@mail.example"}})
	if want(t, r, 422, "field.invalid"); !strings.Contains(string(r.raw), "sends no mail") {
		t.Errorf("without a mail server, the response is %s", r.raw)
	}
	list := w.do(call{path: "/api/v1/sites/a/comments?page=" + pageA})
	if list.json["settings"].(map[string]any)["mail"] != false {
		t.Errorf("settings say that mail is sent: %v", list.json["settings"])
	}

	w = newWorld(t, w.dbURL, "", options{mailing: true, known: true})
	for name, in := range map[string]m{
		"nothing": {}, "a name": {"name": "Lena"}, "a code": {"code": "12345678"},
		"no address": {"email": "lena"}, "two of them": {"email": "a@b.example, c@d.example"},
		"a line more": {"email": "a@b.example\nBcc: c@d.example"}, "a JWT too": {"email": "a@b.example", "sso": "x.y.z"},
		"a long one": {"email": strings.Repeat("a", 250) + "@b.example"}, "an empty part": {"email": "a@b..example"},
	} {
		r := w.do(call{method: "POST", path: identityOfA, body: in})
		if want(t, r, 422, "field.invalid"); t.Failed() {
			t.Errorf("%s: %s", name, r.raw)
		}
	}
	const lena = "lena@mail.example"
	code := w.mailCode(lena)
	r = w.sendCode(lena, code, m{"name": "Owner А"}) // the last letter is Cyrillic
	if want(t, r, 422, "field.invalid"); !strings.Contains(string(r.raw), `"/name"`) {
		t.Errorf("a name of staff is answered %s", r.raw)
	}
	want(t, w.sendCode(lena, code, m{"name": strings.Repeat("x", 121)}), 422, "field.invalid")
	want(t, w.sendCode(lena, code, m{"name": "Lena"}), 200, "")
}

// The page without script mails a code, keeps the form's input, and requires the code once, also if another field is
// wrong.
func TestPlainPage_AcceptsMailCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), "", options{mailing: true})
	want(t, w.as("owner a", "PATCH", "/api/v1/sites/a", m{"who": "verified"}), 200, "")
	path := "/sites/a/page?lang=en&url=" + pageA
	const lena = "lena@mail.example"
	send := func(in url.Values, status int, says ...string) string {
		t.Helper()
		r := w.do(call{method: "POST", path: path, body: in, header: map[string]string{"Origin": w.url}})
		want(t, r, status, "")
		for _, s := range says {
			if !strings.Contains(string(r.raw), s) {
				t.Errorf("the page does not say %q: %s", s, r.raw)
			}
		}
		return string(r.raw)
	}
	if page := string(w.do(call{path: path}).raw); !strings.Contains(page, "Mail me a code") ||
		strings.Contains(page, "Post comment") || strings.Contains(page, `name="code"`) {
		t.Errorf("before a code was mailed: %s", page)
	}
	const asks = "Where does the path to the lake begin?"
	in := url.Values{"body": {asks}, "name": {"Lena"}, "email": {"lena"}, "do": {"code"}}
	send(in, 422, "Enter a valid e-mail address.", "path to the lake")
	in.Set("email", lena)
	send(in, 200, "Code sent to "+lena, `name="code"`, "path to the lake", "Post comment", "Send another")
	in.Del("do")
	in.Set("code", "0")
	send(in, 401, "Wrong or expired code.", "path to the lake")
	waiting := w.queuedMails(lena)
	in.Set("code", mailbox.CodeOf(testSecret, waiting[len(waiting)-1].ID))
	in.Set("body", " ")
	page := send(in, 422, "There is no text yet.")
	kept := regexp.MustCompile(`name="identity" value="([^"]+)"`).FindStringSubmatch(page)
	if kept == nil || strings.Contains(page, `name="code"`) {
		t.Fatalf("the form asks for the code again: %s", page)
	}
	in.Del("code")
	in.Set("identity", html.UnescapeString(kept[1]))
	in.Set("body", asks)
	send(in, 303)
	item := w.as("owner a", "GET", "/api/v1/sites/a/moderation/queue", nil).json["items"].([]any)[0].(map[string]any)
	if by := item["comment"].(map[string]any)["author"].(map[string]any); by["name"] != "Lena" || by["verified"] != true {
		t.Errorf("it is signed %v", by)
	}
	send(url.Values{"body": {"Nobody wrote this."}, "identity": {"m.x.y"}}, 401)
}

// Mail is sent only after the address is confirmed. The page of the mailed link changes nothing until its button is
// pressed. Mail programs unsubscribe with one request.
func TestNotify_MailedLinkNeedsButton(t *testing.T) {
	onBothWith(t, options{mailing: true}, func(t *testing.T, w *world) {
		const lena = "lena@mail.example"
		posted := w.do(call{method: "POST", path: "/api/v1/sites/a/comments",
			body: with(requireBody("Is the upper path to the lake open?"), "author", m{"name": "Lena", "email": lena})})
		want(t, posted, 201, "")
		notify := "/api/v1/sites/a/comments/" + posted.str("id") + "/notify?lang=en"
		own := map[string]string{"Authorization": "Bearer " + posted.str("edit_token")}
		asks := func(on any, header map[string]string) reply {
			return w.do(call{method: "POST", path: notify, body: m{"on": on}, header: header})
		}
		want(t, asks(true, nil), 401, "auth.needed")
		want(t, asks(true, map[string]string{"Authorization": "Bearer x"}), 404, "comment.unknown")
		want(t, asks(nil, own), 422, "field.invalid")
		r := asks(true, own)
		if want(t, r, 200, ""); r.json["on"] != true || r.json["confirmed"] != false {
			t.Errorf("the response is %v", r.json)
		}
		if all := w.queuedMails(lena); len(all) != 1 || string(all[0].Kind) != string(mailbox.Confirm) {
			t.Fatalf("the letters are %v", all)
		}
		link := func(to string) string {
			site, err := w.service.Site(context.Background(), "a")
			fatal(t, err)
			return "/mail/" + mailbox.Link{For: to, Site: site.ID, Email: text.AddressOf(lena), Lang: "en"}.Token(testSecret)
		}
		page := func(r reply, status int, says ...string) {
			t.Helper()
			want(t, r, status, "")
			for _, s := range says {
				if !strings.Contains(string(r.raw), s) {
					t.Errorf("the page does not say %q: %s", s, r.raw)
				}
			}
		}
		confirm := link(mailbox.ToConfirm)
		for range 2 {
			page(w.do(call{path: confirm}), 200, "Get mail about your comments?", "Yes, notify me",
				"No, and never ask again", "/post", lena)
		}
		press := func(path string, in url.Values) reply {
			return w.do(call{method: "POST", path: path, body: in})
		}
		upTo := fmt.Sprint(w.clock.Now().UnixMicro())
		page(press(confirm, url.Values{"do": {"confirm"}, "upto": {upTo}}), 200, lena+" will get notifications.")
		if r := asks(true, own); r.json["confirmed"] != true {
			t.Errorf("after a yes it is %v", r.json)
		}
		page(w.do(call{path: confirm}), 200, "Nothing on Site A needs your answer.")
		stop := link(mailbox.ToStop)
		page(w.do(call{path: stop}), 200, "Stop all mail?", "Stop all mail<")
		page(press(stop, url.Values{"List-Unsubscribe": {"One-Click"}}), 200, lena+" will get no more mail about comments.")
		if r := asks(true, own); r.json["confirmed"] != false || len(w.queuedMails(lena)) != 1 {
			t.Errorf("an address with mail turned off is asked again: %v", r.json)
		}
		page(w.do(call{path: "/mail/nothing?lang=en"}), 404, "This link no longer works")
		page(press("/mail/nothing?lang=en", url.Values{"do": {"stop"}}), 404, "This link no longer works")
		want(t, press(stop, url.Values{"do": {"else"}}), 422, "")
		for _, from := range []string{"null", originA} { // foreign pages cannot submit its form
			page(w.do(call{method: "POST", path: stop, body: url.Values{"do": {"stop"}},
				header: map[string]string{"Origin": from, "Sec-Fetch-Site": "cross-site"}}), 403)
		}
	})
}

// The page of an expired link has a button that mails a new one to the same address. A confirmation is mailed once a
// day at most, and nothing is mailed to an address that has turned mail off.
func TestNotify_ExpiredLinkIsMailedAgain(t *testing.T) {
	onBothWith(t, options{mailing: true}, func(t *testing.T, w *world) {
		const lena = "lena@mail.example"
		posted := w.do(call{method: "POST", path: "/api/v1/sites/a/comments",
			body: with(requireBody("Is the lower path to the lake open?"), "author", m{"name": "Lena", "email": lena})})
		want(t, posted, 201, "")
		want(t, w.do(call{method: "POST", path: "/api/v1/sites/a/comments/" + posted.str("id") + "/notify?lang=en",
			body: m{"on": true}, header: map[string]string{"Authorization": "Bearer " + posted.str("edit_token")}}), 200, "")
		site, err := w.service.Site(context.Background(), "a")
		fatal(t, err)
		link := func(to string, ends time.Time) string {
			return "/mail/" + mailbox.Link{For: to, Site: site.ID, Email: text.AddressOf(lena), Lang: "en", Ends: ends}.Token(testSecret)
		}
		again := func(path string, status int, says string, mailed int) {
			t.Helper()
			r := w.do(call{method: "POST", path: path, body: url.Values{"do": {"again"}}})
			want(t, r, status, "")
			if all := w.queuedMails(lena); !strings.Contains(string(r.raw), says) || len(all) != mailed {
				t.Errorf("after %d letters, not %d, it says %s", len(all), mailed, r.raw)
			}
		}
		now := w.clock.Now()
		lapsed, seen := link(mailbox.ToConfirm, now), link(mailbox.ToViewData, now)
		for _, path := range []string{lapsed, seen} {
			r := w.do(call{path: path})
			want(t, r, 404, "")
			for _, says := range []string{"This link has expired", "It was valid until", "Send a new link"} {
				if !strings.Contains(string(r.raw), says) {
					t.Errorf("the page does not say %q: %s", says, r.raw)
				}
			}
		}
		const sent = "A new link is on its way to " + lena
		again(lapsed, 200, sent, 1) // over the daily limit
		w.clock.Add(25 * time.Hour)
		again(lapsed, 200, sent, 2)
		again(lapsed, 200, sent, 2)
		again(seen, 200, sent, 3)
		again(link(mailbox.ToConfirm, w.clock.Now().Add(time.Hour)), 404, "no longer works", 3)
		again("/mail/nothing?lang=en", 404, "no longer works", 3)
		never := link(mailbox.ToStop, time.Time{})
		want(t, w.do(call{method: "POST", path: never, body: url.Values{"do": {"stop"}}}), 200, "")
		w.clock.Add(25 * time.Hour)
		again(lapsed, 200, sent, 3)
	})
}

// The form without script has a checkbox for notifications. It needs an address, and no mail is sent without it.
func TestPlainPage_Notify(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), "", options{mailing: true})
	path := "/sites/a/page?lang=en&url=" + pageA
	const lena, box = "lena@mail.example", `name="told"`
	page := func(r reply, status int, says ...string) {
		t.Helper()
		want(t, r, status, "")
		for _, s := range says {
			if !strings.Contains(string(r.raw), s) {
				t.Errorf("the page does not say %q: %s", s, r.raw)
			}
		}
	}
	send := func(in url.Values) reply { return w.pressTwice(path, in) }
	page(w.do(call{path: path}), 200, box+">", "Mail me when it is published or answered")
	in := url.Values{"body": {"Is the lower path flooded after rain?"}, "told": {"on"}}
	page(send(in), 422, "Enter an e-mail address to get notifications.", box+" checked", "lower path")
	in.Set("email", lena)
	r := send(in)
	page(r, 303)
	page(w.do(call{path: r.header.Get("Location")}), 200, "Confirm in the mail we send you, at most one a day.")
	if all := w.queuedMails(lena); len(all) != 1 || string(all[0].Kind) != string(mailbox.Confirm) {
		t.Errorf("the letters are %v", all)
	}
	page(send(url.Values{"body": {"Nobody needs to tell me of this one."}, "email": {"otto@mail.example"}}), 303)
	if all := w.queuedMails("otto@mail.example"); len(all) != 0 {
		t.Errorf("without the box the letters are %v", all)
	}
	none := newWorld(t, testkit.SQLite(t), "", options{})
	if got := string(none.do(call{path: path}).raw); strings.Contains(got, box) {
		t.Errorf("a service without mail has the box: %s", got)
	}
}
