package hardening

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/internal/testkit"
)

// developers are the files with strings that execute in some context.
var developers = []string{
	"xss-payloadbox", "xss-h5sc", "xss-dompurify", "xss-markdown-own", "html-bluemonday", "naughty-blns",
}

// markupTrees renders every string and checks the result with the parser of Chromium against the allowed elements.
func markupTrees(t testing.TB, b bench) result {
	s, tab := b["sqlite"], newTab(t)
	read := func(pieces []string) (found []string) {
		found, err := tab.DisallowedHTML(pieces)
		must(t, err)
		return found
	}
	for _, wrong := range []string{"<b>x</b>", `<a href="javascript:x">x</a>`, `<p id=x>`, `<svg/onload=x>`, "<title>"} {
		if len(read([]string{wrong})) == 0 {
			t.Fatalf("%s is not found", wrong)
		}
	}
	var failures, pieces []string
	tried, rendered := 0, 0
	check := func() {
		failures = append(failures, read(pieces)...)
		pieces = nil
	}
	for _, name := range developers {
		for _, text := range rows[string](t, name+".jsonl") {
			tried++
			got := s.ask(t, "POST", "/api/v1/sites/a/preview", nil, preview([]byte(text)))
			var out struct{ HTML string }
			if err := json.Unmarshal(got.body, &out); err != nil || got.status != 200 && got.status != 422 {
				failures = append(failures, fmt.Sprintf("%q: %d %v %v", text, got.status, got.err, err))
			} else if got.status == 200 {
				rendered++
				if pieces = append(pieces, out.HTML); len(pieces) == 500 {
					check()
				}
			}
		}
	}
	check()
	if rendered < tried*9/10 {
		t.Fatalf("only %d of %d are rendered", rendered, tried)
	}
	return count(t, fmt.Sprintf("%d strings", tried), failures, "")
}

// reports is a script that records the violations of a page's policy in order.
const reports = `window.reports = [];
document.addEventListener("securitypolicyviolation", e => reports.push(e.violatedDirective + " " + e.blockedURI))`

// deskPolicy opens every page of the router as an owner and counts violations of the Content-Security-Policy. It also
// runs browser tests of the desk, which fail at a violation.
func deskPolicy(t testing.TB, _ bench) result {
	s := newStage(t, testkit.SQLite(t))
	id, _ := s.approved()
	tab := newTab(t)
	must(t, tab.AddInitScript(reports))
	s.signInAt(t, tab)
	var failures []string
	opened := 0
	said := func(at string) {
		opened++
		got, err := testkit.Eval[[]string](tab, `new Promise(done => setTimeout(() => done(reports), 50))`)
		must(t, err)
		for _, r := range got {
			failures = append(failures, at+": "+r)
		}
	}
	for _, route := range routes(t) {
		path, is := strings.CutPrefix(route, "GET ")
		if !is || strings.HasPrefix(path, "/api/") || strings.HasSuffix(path, ":name") || strings.Contains(path, ".") {
			continue // not a page
		}
		path = strings.NewReplacer(":site", "a", ":id", id).Replace(path)
		must(t, tab.Go(s.URL+path))
		said(path)
	}
	must(t, tab.Go(s.URL+"/moderate/a/queue"))
	_, err := testkit.Eval[bool](tab, `(document.body.append(Object.assign(document.createElement("style"),
		{textContent: "x{}"})), true)`)
	must(t, err)
	must(t, tab.Holds("reports.length > 0")) // control: a violation is reported
	ways := byTests(t, "./e2e", strings.Join(people, "|"), "")
	if ways.verdict != holds {
		failures = append(failures, ways.why)
	}
	inline := byTests(t, "./api/desk", "TestDesk_PagesHaveStrictPolicy|TestDesk_HostileTextIsEscaped", "")
	if inline.verdict != holds {
		failures = append(failures, inline.why)
	}
	return count(t, fmt.Sprintf("%d pages and %d browser tests", opened, len(people)), failures, "")
}

// people are the names of browser tests of the desk.
var people = []string{
	"TestComment_FullLifecycle", "TestDesk_ShowsNewCommentAndLearns",
	"TestDesk_UnusableKeySaysWhy", "TestDesk_ReplyToSpamOffersUndo",
	"TestDesk_LinkHasNoReferrer", "TestSelection_ShowsConflicts",
}

// redirects tries each row as the target of each redirect of the desk, and checks where Chromium ends up. The
// Content-Security-Policy is off, because it would block forms that lead elsewhere.
func redirects(t testing.TB, _ bench) result {
	s := newStage(t, testkit.SQLite(t))
	all := rows[string](t, "open-redirects.jsonl")
	tab := newTab(t)
	_, err := chromedp.Call(tab.Context(), page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
	must(t, err)
	var failures []string
	stands := func(what, to string) bool {
		at, err := testkit.Eval[string](tab, "location.origin")
		must(t, err)
		if at != s.URL {
			failures = append(failures, fmt.Sprintf("%s: %q leads to %s", what, to, at))
		}
		return at == s.URL
	}
	send := func(path string, fields map[string]string) {
		in, err := json.Marshal(fields)
		must(t, err)
		_, err = testkit.Eval[bool](tab, fmt.Sprintf(`(fields => {
			const form = Object.assign(document.createElement("form"), {method: "post", action: %q})
			for (const name in fields)
				form.append(Object.assign(document.createElement("textarea"), {name, value: fields[name]}))
			document.body.append(form)
			window.before = true
			setTimeout(() => HTMLFormElement.prototype.submit.call(form))
			return true
		})(%s)`, path, in))
		must(t, err)
		must(t, tab.Holds(`!window.before && document.readyState === "complete"`))
	}
	for _, to := range all {
		signIn := s.URL + "/moderate/signin?to=" + url.QueryEscape(to)
		must(t, tab.Go(s.URL+"/moderate/signin"))
		send("/moderate/signin", map[string]string{"email": boss, "password": password, "to": to})
		stands("a sign-in", to)
		must(t, tab.Go(signIn)) // signed in already: redirects at once
		stands("the page of sign-in", to)
		must(t, tab.Go(s.URL+"/moderate/sessions"))
		send("/moderate/language", map[string]string{"lang": "en", "to": to})
		stands("a language", to)
		must(t, tab.Go(s.URL+"/moderate/sessions"))
		send("/moderate/signout", map[string]string{"to": to})
		stands("a sign-out", to)
	}
	tried := 4 * len(all)
	must(t, tab.Go(s.URL+"/moderate/signin"))
	send("http://127.0.0.1:1/", nil)
	if stands("control", "elsewhere") {
		t.Fatal("a redirect to another origin is not detected")
	}
	return count(t, fmt.Sprintf("%d × 4 ways", tried/4), failures[:len(failures)-1], "")
}

func newTab(t testing.TB) *testkit.Tab {
	t.Helper()
	tab, err := testkit.OneBrowser(t).Tab(1280, 900, false)
	must(t, err)
	t.Cleanup(tab.Close)
	return tab
}

// signInAt signs in as the owner with the form.
func (s *stage) signInAt(t testing.TB, tab *testkit.Tab) {
	t.Helper()
	must(t, tab.Go(s.URL+"/moderate/signin"))
	must(t, tab.Type("textbox", "E-mail", boss))
	must(t, tab.Type("textbox", "Password", password))
	must(t, tab.Click("button", "Sign in"))
	must(t, tab.Holds(`location.pathname !== "/moderate/signin" && document.readyState === "complete"`))
}
