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

// developers are the files of strings that run somewhere.
var developers = []string{
	"xss-payloadbox", "xss-h5sc", "xss-dompurify", "xss-markdown-own", "html-bluemonday", "naughty-blns",
}

// markupTrees has every string rendered, and reads what comes with another parser than the service's own.
func markupTrees(t testing.TB, b bench) result {
	s, tab := b["sqlite"], newTab(t)
	read := func(pieces []string) (found []string) {
		found, err := tab.Outside(pieces)
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
		t.Fatalf("only %d of %d are taken", rendered, tried)
	}
	return count(t, fmt.Sprintf("%d strings", tried), failures, "")
}

// reports keeps what a page's policy forbade, in the order in which it was tried.
const reports = `window.reports = [];
document.addEventListener("securitypolicyviolation", e => reports.push(e.violatedDirective + " " + e.blockedURI))`

// deskPolicy opens every page that the router has, as an owner, wide and narrow, after the ways of the tests in a
// browser, which fail at a report, too.
func deskPolicy(t testing.TB, _ bench) result {
	s := newStage(t, testkit.SQLite(t))
	id, _ := s.approved()
	tab := newTab(t)
	must(t, tab.BeforeEach(reports))
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
			continue // no page
		}
		path = strings.NewReplacer(":site", "a", ":id", id).Replace(path)
		must(t, tab.Go(s.URL+path))
		said(path)
	}
	must(t, tab.Go(s.URL+"/moderate/a/queue"))
	_, err := testkit.Eval[bool](tab, `(document.body.append(Object.assign(document.createElement("style"),
		{textContent: "x{}"})), true)`)
	must(t, err)
	must(t, tab.Holds("reports.length > 0")) // what is forbidden is reported
	ways := byTests(t, "./e2e", strings.Join(people, "|"), "")
	if ways.verdict != holds {
		failures = append(failures, ways.why)
	}
	inline := byTests(t, "./api/desk", "TestEveryPageForbidsWhatItDoesNotNeed|TestHostileTextStaysText", "")
	if inline.verdict != holds {
		failures = append(failures, inline.why)
	}
	return count(t, fmt.Sprintf("%d pages and %d ways", opened, len(people)), failures, "")
}

// people are tests of what people do at the desk.
var people = []string{
	"TestACommentsWholeWay", "TestANewCommentArrivesAtAnOpenDeskAndAFewSpamsTeachTheNext",
	"TestAKeyThatDoesNothingSaysWhy", "TestAnAnswerToSureSpamIsPointedOutWithItsUndo",
	"TestALinkOpensAndLeavesNoTrace", "TestAModeratorSelectsAllAndSeesWhatSomebodyElseDecidedFirst",
}

// redirects takes each row in each place where the desk sends somebody on, and looks where Chromium comes to stand.
// The policy is off: it forbids forms to lead elsewhere.
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
		must(t, tab.Go(signIn)) // signed in, and sent on
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
		t.Fatal("who is led elsewhere is not seen")
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

// signInAt signs an owner in, as people do.
func (s *stage) signInAt(t testing.TB, tab *testkit.Tab) {
	t.Helper()
	must(t, tab.Go(s.URL+"/moderate/signin"))
	must(t, tab.Type("textbox", "E-mail", boss))
	must(t, tab.Type("textbox", "Password", password))
	must(t, tab.Click("button", "Sign in"))
	must(t, tab.Holds(`location.pathname !== "/moderate/signin" && document.readyState === "complete"`))
}
