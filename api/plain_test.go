package api_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

const plainA = "/sites/a/page?url=" + pageA

// formOf returns the hidden fields of the plain form, as a browser sends them.
func formOf(page string) url.Values {
	form := url.Values{}
	hidden := regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`)
	for _, f := range hidden.FindAllStringSubmatch(page, -1) {
		form.Set(f[1], f[2])
	}
	return form
}

func (w *world) plain(path, cookie string) string {
	w.t.Helper()
	r := w.do(call{path: path, header: map[string]string{"Cookie": cookie}})
	if r.status != http.StatusOK {
		w.t.Fatalf("GET %s: got %v", path, r)
	}
	return string(r.raw)
}

func TestPlainPage_PostsAndShowsOwnComments(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		root := requireBody("A root of the *thread*.")
		root["author"] = m{"name": `Ann <script>`, "website": "https://ann.example/"}
		id := w.approved(root)
		w.as("moderator a", "POST", "/api/v1/sites/a/moderation/comments/"+id+"/reply", m{"body": "An answer."})
		page := w.plain(plainA, "")
		for _, part := range []string{
			`<html lang="en">`, "2 comments on “A post”", "<em>thread</em>", "Ann &lt;script&gt;",
			`href="https://ann.example/" rel="nofollow ugc noopener"`,
			"Do not submit your comment more than once", "Authors, please log in", "Moderator</span>",
			`<a href="` + pageA + `">Back to the article</a>`, `<ol><li id="aitys-`,
		} {
			if !strings.Contains(page, part) {
				t.Errorf("the page lacks %s:\n%s", part, page)
			}
		}
		form := formOf(page)
		form.Set("body", "Posted from the plain form.")
		form.Set("name", "Bo")
		sent := w.pressTwice(plainA, form)
		if sent.status != http.StatusSeeOther || !strings.HasPrefix(sent.header.Get("Location"), "/sites/a/page?url=") {
			t.Fatalf("post: got %v %v", sent, sent.header)
		}
		set := sent.header.Get("Set-Cookie")
		if !strings.Contains(set, "Path=/sites/a/page") || !strings.Contains(set, "HttpOnly") ||
			!strings.Contains(set, "SameSite=Lax") {
			t.Errorf("the cookie is for this page alone: got %s", set)
		}
		cookie := strings.Split(set, ";")[0]
		token := cookie[strings.Index(cookie, ":")+1:]
		if strings.Contains(sent.header.Get("Location"), token) {
			t.Errorf("the edit token is in the URL %s", sent.header.Get("Location"))
		}
		back := strings.Split(sent.header.Get("Location"), "#")[0]
		if got := w.plain(back, cookie); !strings.Contains(got, "Your comment is waiting for a moderator.") ||
			!strings.Contains(got, "Posted from the plain form.") {
			t.Errorf("one's own waiting comment is not shown: %s", got)
		}
		if got := w.plain(back, ""); strings.Contains(got, "Posted from the plain form.") {
			t.Errorf("a waiting comment is shown to a stranger: %s", got)
		}

		// A duplicate is reported and not stored.
		again := w.pressTwice(plainA, form)
		seen, _, _ := strings.Cut(again.header.Get("Location"), "#")
		if again.status != http.StatusSeeOther ||
			!strings.Contains(w.plain(seen, ""), "You already sent this comment.") {
			t.Errorf("the same again: got %v %v", again, again.header)
		}

		// The page shows why the comment was refused. After a withdrawal the comment is gone.
		var mine map[string]any
		for _, i := range w.as("moderator a", "GET", "/api/v1/sites/a/moderation/queue", nil).list("items") {
			mine = i["comment"].(map[string]any)
		}
		w.as("moderator a", "POST", "/api/v1/sites/a/moderation/decisions", m{
			"action": "reject", "reason": "off_topic", "note": "Elsewhere, perhaps.",
			"comments": []m{{"id": mine["id"], "version": mine["version"]}},
		})
		if got := w.plain(back, cookie); !strings.Contains(got, "Not published: off topic") ||
			!strings.Contains(got, "Elsewhere, perhaps.") {
			t.Errorf("the refusal is not shown: %s", got)
		}
		gone := w.do(call{method: "POST", path: plainA, body: url.Values{"withdraw": {mine["id"].(string)}},
			header: map[string]string{"Cookie": cookie, "Origin": w.url}})
		if gone.status != http.StatusSeeOther || strings.Contains(w.plain(back, cookie), "Posted from the plain form.") {
			t.Errorf("withdraw: got %v", gone)
		}
	})
}

func TestPlainPage_KeepsTextOnFailure(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	send := func(form url.Values, header map[string]string) reply {
		return w.do(call{method: "POST", path: plainA, body: form, header: header})
	}
	long := "<b>Words & words.</b> " + strings.Repeat("ы", 10_001)
	r := send(url.Values{"body": {long}, "name": {"Bo"}, "email": {"bo@x.example"}}, nil)
	if r.status != 422 || !strings.Contains(string(r.raw), "&lt;b&gt;Words &amp; words.&lt;/b&gt;") ||
		!strings.Contains(string(r.raw), "Not sent. Your text is safe.") ||
		!strings.Contains(string(r.raw), `value="bo@x.example"`) {
		t.Errorf("too long: got %d, want 422 with the text in the form", r.status)
	}
	if r := send(url.Values{"body": {"Some words."}, "email": {"no address"}}, nil); r.status != 422 ||
		!strings.Contains(string(r.raw), "Some words.") {
		t.Errorf("a wrong e-mail: got %v", r)
	}
	russian := w.do(call{method: "POST", path: plainA + "&lang=ru", body: url.Values{"body": {" "}}})
	if russian.status != 422 || !strings.Contains(string(russian.raw), "Не отправлено. Текст цел.") {
		t.Errorf("in Russian: got %v", russian)
	}
	for _, origin := range []string{"null", "https://evil.example"} {
		r := send(url.Values{"body": {"Some words."}}, map[string]string{"Origin": origin})
		if r.status != http.StatusForbidden || !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") {
			t.Errorf("from %s: got %v, want 403 as a page", origin, r)
		}
	}
	if r := w.do(call{method: "POST", path: plainA, body: m{"body": "x"}}); r.status != http.StatusUnsupportedMediaType {
		t.Errorf("JSON: got %v, want 415", r)
	}
	id := w.approved(requireBody(w.text()))
	answer := formOf(w.plain(plainA+"&reply="+id, ""))
	if answer.Get("parent") != id {
		t.Errorf("the form of a reply names the parent %q, want %s", answer.Get("parent"), id)
	}
	page := w.as("owner a", "GET", "/api/v1/sites/a/moderation/pages", nil).list("pages")[0]["id"].(string)
	w.as("owner a", "PATCH", "/api/v1/sites/a/moderation/pages/"+page, m{"open": false})
	if got := w.plain(plainA, ""); !strings.Contains(got, "Comments on this page are closed.") ||
		strings.Contains(got, "<textarea") {
		t.Errorf("a closed page: %s", got)
	}
}

// The page keeps a text that was refused by the rate limit. It can be sent later.
func TestPlainPage_KeepsTextWhenLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), "", options{limits: true})
	form := formOf(w.plain(plainA, ""))
	form.Set("name", "Bo")
	form.Set("email", "bo@x.example")
	form.Set("body", "<b>Words & words.</b>")
	press := func() reply {
		return w.do(call{method: "POST", path: plainA, body: form, header: map[string]string{"Origin": w.url}})
	}
	form.Set("press", formOf(string(press().raw)).Get("press"))
	w.clock.Add(10 * time.Second)
	testkit.Until(t, "the address is limited", func() bool {
		return w.do(call{method: "POST", path: "/api/v1/sites/a/comments", body: requireBody(w.text())}).status == 429
	})
	r := press()
	if r.status != 429 || r.header.Get("Retry-After") == "" ||
		!strings.Contains(string(r.raw), "&lt;b&gt;Words &amp; words.&lt;/b&gt;") ||
		!strings.Contains(string(r.raw), "Not sent. Your text is safe.") ||
		!strings.Contains(string(r.raw), `value="bo@x.example"`) {
		t.Errorf("limited: got %v, want 429 with the text in the form", r)
	}
	w.clock.Add(time.Minute)
	if r := press(); r.status != http.StatusSeeOther {
		t.Errorf("a minute later: got %v", r)
	}
}

func TestPlainPage_Languages(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	for _, tt := range []struct{ query, accept, lang, says string }{
		{"", "", "en", "Post comment"},
		{"&lang=ru", "kk", "ru", "Отправить комментарий"},
		{"", "de-AT, kk;q=0.8, en;q=0.5", "kk", "Пікірді жіберу"},
		{"&lang=xx", strings.Repeat("x,", 10_000), "en", "Post comment"},
	} {
		r := w.do(call{path: plainA + tt.query, header: map[string]string{"Accept-Language": tt.accept}})
		if !strings.Contains(string(r.raw), `<html lang="`+tt.lang+`">`) || !strings.Contains(string(r.raw), tt.says) {
			t.Errorf("%q with %.20q: got %.200s", tt.query, tt.accept, r.raw)
		}
	}
}

func TestPages_HaveSecurityHeaders(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	for _, path := range []string{plainA, "/docs", "/moderate/signin", "/sites/nowhere/page?url=x", "/sites/a/page",
		"/nothing/there"} {
		r := w.do(call{path: path, header: map[string]string{"Accept": "text/html"}})
		csp := r.header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'",
			"form-action 'self'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("%s: the policy %q lacks %s", path, csp, part)
			}
		}
		if strings.Contains(csp, "unsafe") || r.header.Get("Referrer-Policy") != "same-origin" ||
			r.header.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.HasPrefix(r.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: got %v", path, r.header)
		}
		if strings.Contains(string(r.raw), " style=") || strings.Contains(string(r.raw), "<style") {
			t.Errorf("%s has a style inline, which its policy forbids", path)
		}
	}
}

// pressTwice posts from the plain page. The first submit returns a preview, the second one, ten seconds later, the
// result.
func (w *world) pressTwice(path string, form url.Values) reply {
	w.t.Helper()
	send := call{method: "POST", path: path, body: form, header: map[string]string{"Origin": w.url}}
	first := w.do(send)
	if first.status != http.StatusOK {
		return first
	}
	form.Set("press", formOf(string(first.raw)).Get("press"))
	w.clock.Add(10 * time.Second)
	return w.do(send)
}

// sendPlain submits a form of the plain page with a cookie.
func (w *world) sendPlain(form url.Values, cookie string) reply {
	w.t.Helper()
	return w.do(call{method: "POST", path: plainA, body: form,
		header: map[string]string{"Origin": w.url, "Cookie": cookie}})
}

// place returns the URL and the fragment of the redirect after a form.
func place(r reply) (address, anchor string) {
	address, anchor, _ = strings.Cut(r.header.Get("Location"), "#")
	return address, anchor
}

func TestPlainPage_Report(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	id := w.approved(requireBody("The harbour was *quiet*."))
	link := regexp.MustCompile(`href="([^"]*report=` + id + `[^"]*)"`).FindStringSubmatch(w.plain(plainA, ""))
	if link == nil {
		t.Fatal("the page has no link to report a comment")
	}
	form := w.plain("/sites/a/page"+strings.ReplaceAll(link[1], "&amp;", "&"), "")
	for _, part := range []string{"Report this comment", "<em>quiet</em>", `name="reason" value="personal_attack"`,
		`name="report" value="` + id + `"`, "Nobody sees who reported it."} {
		if !strings.Contains(form, part) {
			t.Errorf("the form lacks %s:\n%s", part, form)
		}
	}
	send := func(reason, detail string) reply {
		return w.sendPlain(url.Values{"report": {id}, "reason": {reason}, "detail": {detail}}, "")
	}
	if r := send("", "It is <b>about</b> me."); r.status != 422 ||
		!strings.Contains(string(r.raw), "Choose a reason.") ||
		!strings.Contains(string(r.raw), "It is &lt;b&gt;about&lt;/b&gt; me.") {
		t.Errorf("no reason: got %v, want 422 with the input", r)
	}
	if r := send("duplicate", ""); r.status != 422 {
		t.Errorf("a reason that is none of a reader's: got %v", r)
	}
	if r := send("spam", strings.Repeat("ә", 1001)); r.status != 422 ||
		!strings.Contains(string(r.raw), "1000 characters") {
		t.Errorf("too long: got %d", r.status)
	}
	for _, says := range []string{"Reported. A moderator will look.", "You already reported this."} {
		r := send("personal_attack", "It is about me.")
		address, anchor := place(r)
		if r.status != http.StatusSeeOther || anchor != "heard" || !strings.Contains(w.plain(address, ""), says) {
			t.Errorf("reported: got %v %s, want %q", r, r.header.Get("Location"), says)
		}
	}
	w.wantView("reported", "reported", id)

	waits := w.post(requireBody("Nobody has looked at it.")).str("id")
	for _, strange := range []string{waits, "unknown", `"><script>`} {
		if r := w.do(call{path: plainA + "&report=" + url.QueryEscape(strange)}); r.status != 404 {
			t.Errorf("the form for %q: got %d, want 404", strange, r.status)
		}
		if r := w.sendPlain(url.Values{"report": {strange}, "reason": {"spam"}}, ""); r.status != 404 {
			t.Errorf("a report of %q: got %d, want 404", strange, r.status)
		}
	}
	for _, origin := range []string{"null", "https://evil.example"} {
		if r := w.do(call{method: "POST", path: plainA, body: url.Values{"report": {id}, "reason": {"spam"}},
			header: map[string]string{"Origin": origin}}); r.status != http.StatusForbidden {
			t.Errorf("from %s: got %d, want 403", origin, r.status)
		}
	}
}

func TestPlainPage_Appeal(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		mine := w.post(requireBody("The harbour again, and its gulls."))
		id := mine.str("id")
		cookie := "aitys-own=" + id + ":" + mine.str("edit_token")
		if got := w.plain(plainA, cookie); strings.Contains(got, "Ask for a second look") {
			t.Error("a pending comment can be appealed")
		}
		ask := func(text, cookie string) reply {
			return w.sendPlain(url.Values{"appeal": {id}, "plea": {text}}, cookie)
		}
		if r := ask("It waits too long.", cookie); r.status != 422 {
			t.Errorf("an appeal against nothing: got %v", r)
		}
		w.decide("reject", id, 1)
		if got := w.plain(plainA, cookie); !strings.Contains(got, `name="appeal" value="`+id+`"`) {
			t.Errorf("the refusal cannot be appealed: %s", got)
		} else if !strings.Contains(got, "A moderator decided not to publish it. A moderator decided this, not a program.") {
			t.Errorf("it does not show reason and decider: %s", got)
		}
		for name, c := range map[string]string{"nobody": "", "a stranger": "aitys-own=" + id + ":guessed"} {
			if r := ask("Let me.", c); r.status != 404 {
				t.Errorf("an appeal of %s: got %d, want 404", name, r.status)
			}
		}
		long := "<i>Please</i> " + strings.Repeat("ә", 2001)
		if r := ask(long, cookie); r.status != 422 || !strings.Contains(string(r.raw), "&lt;i&gt;Please") ||
			!strings.Contains(string(r.raw), "<details open>") || !strings.Contains(string(r.raw), "2000 characters") {
			t.Errorf("too long: got %d, want 422 with the input", r.status)
		}
		for range 2 { // a double submit adds nothing
			r := ask("It is about the <harbour>.", cookie)
			address, anchor := place(r)
			if r.status != http.StatusSeeOther || anchor != "own-"+id {
				t.Fatalf("appeal: got %v", r)
			}
			got := w.plain(address, cookie)
			if !strings.Contains(got, "Second look requested.") || strings.Contains(got, `name="appeal"`) {
				t.Errorf("the appeal is not shown: %s", got)
			}
		}
		w.wantView("appealed", "appealed", id)
		want(t, w.as("owner a", "POST", deskOfA+"/decisions",
			m{"action": "reject", "comments": []m{{"id": id, "version": 2}}}), 200, "")
		if got := w.plain(plainA, cookie); !strings.Contains(got, "Still refused after a second look.") ||
			strings.Contains(got, `name="appeal"`) {
			t.Errorf("the answer is not shown: %s", got)
		}
	})
}

// Programs must wait ten seconds for each text, as people do. The first submit of a text is not valid for another text.
func TestPlainPage_ConfirmsAfterTenSeconds(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	posted := func() int { return w.as("owner a", "GET", deskOfA+"/queue", nil).num("counts", "pending") }
	press := func(body, token string) (string, url.Values) {
		t.Helper()
		r := w.sendPlain(url.Values{"body": {body}, "press": {token}}, "")
		want(t, r, 200, "")
		return string(r.raw), formOf(string(r.raw))
	}
	const first = "The *gulls* are <loud>."
	page, form := press(first, "")
	for _, part := range []string{"<em>gulls</em> are &lt;loud&gt;.", "The *gulls* are &lt;loud&gt;.", "Wait 10 seconds, then press Post comment again."} {
		if !strings.Contains(page, part) {
			t.Errorf("the first press is answered without %s:\n%s", part, page)
		}
	}
	w.clock.Add(9 * time.Second)
	if page, again := press(first, form.Get("press")); again.Get("press") != form.Get("press") ||
		!strings.Contains(page, "Wait 1 second, then press Post comment again.") {
		t.Errorf("a second early: %s", page)
	}
	if _, other := press("Another text.", form.Get("press")); other.Get("press") == form.Get("press") {
		t.Error("one press is good for two texts")
	}
	forged := form.Get("press")[1:] + "A"
	for _, token := range []string{forged, "x", form.Get("token"), strings.Repeat("A", 32), "<b>"} {
		if _, got := press(first, token); got.Get("press") == token {
			t.Errorf("the forged press %q is taken", token)
		}
	}
	if n := posted(); n != 0 {
		t.Errorf("%d comments after the first submit", n)
	}
	w.clock.Add(time.Second)
	want(t, w.sendPlain(url.Values{"body": {first}, "press": {form.Get("press")}}, ""), 303, "")
	if n := posted(); n != 1 {
		t.Errorf("%d comments after the second submit", n)
	}
	// The confirmation expires after a day. A time in the future is ignored.
	_, form = press("The next day.", "")
	w.clock.Add(25 * time.Hour)
	if _, again := press("The next day.", form.Get("press")); again.Get("press") == form.Get("press") {
		t.Error("a confirmation of yesterday is accepted")
	}
	_, form = press("Before it is time.", "")
	w.clock.Add(-time.Hour)
	if _, again := press("Before it is time.", form.Get("press")); again.Get("press") == form.Get("press") {
		t.Error("a confirmation from the future is accepted")
	}
}
