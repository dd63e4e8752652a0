package api_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

const plainA = "/sites/a/page?url=" + pageA

// formOf reads the hidden fields of the plain form, as a browser would send them.
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

func TestThePlainPageShowsPostsAndRemembersOnesOwn(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		root := written("A root of the *thread*.")
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
		sent := w.do(call{method: "POST", path: plainA, body: form, header: map[string]string{"Origin": w.url}})
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
			t.Errorf("the edit token stands in the address %s", sent.header.Get("Location"))
		}
		back := strings.Split(sent.header.Get("Location"), "#")[0]
		if got := w.plain(back, cookie); !strings.Contains(got, "Your comment is waiting for a moderator.") ||
			!strings.Contains(got, "Posted from the plain form.") {
			t.Errorf("one's own waiting comment is not shown: %s", got)
		}
		if got := w.plain(back, ""); strings.Contains(got, "Posted from the plain form.") {
			t.Errorf("a waiting comment is shown to a stranger: %s", got)
		}

		// The same again says so and stores nothing.
		again := w.do(call{method: "POST", path: plainA, body: form, header: map[string]string{"Origin": w.url}})
		seen, _, _ := strings.Cut(again.header.Get("Location"), "#")
		if again.status != http.StatusSeeOther ||
			!strings.Contains(w.plain(seen, ""), "You have sent this comment before.") {
			t.Errorf("the same again: got %v %v", again, again.header)
		}

		// Refused, it says why; withdrawn, it is gone.
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

func TestAPlainFormNeverLosesAText(t *testing.T) {
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
	if russian.status != 422 || !strings.Contains(string(russian.raw), "Не отправлено. Текст сохранён.") {
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
	id := w.approved(written(w.text()))
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

func TestThePlainPageSpeaksThreeLanguages(t *testing.T) {
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

func TestEveryPageIsFencedIn(t *testing.T) {
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
