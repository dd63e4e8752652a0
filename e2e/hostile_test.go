package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/internal/testkit"
)

// shown says which ways out show people, or their programs, what stands in a field. Each is looked at with each field
// in it: data is what the plain page says to machines, and feed and fragment are as their readers put them on pages.
var shown = map[string][]string{
	"body":    {"widget", "plain", "fragment", "feed", "data", "mail", "queue"},
	"name":    {"widget", "plain", "fragment", "feed", "data", "mail", "queue"},
	"website": {"widget", "plain", "fragment", "feed", "data", "queue"},
	"edited":  {"widget", "plain", "fragment", "feed", "data", "queue"},
	"reply":   {"widget", "plain", "fragment", "feed", "data", "queue"},
	"title":   {"plain", "feed", "data", "mail", "queue", "pages"},
	"address": {"feed", "data", "pages"}, "note": {"comment"}, "e-mail": {"queue"}, "site": {"sites", "mail"},
	"rules": {"plain", "settings"}, "account": {"people"}, "token": {"tokens"},
}

// perPage is how many comments stand on one page of the blog: fewer than a page shows at once.
const perPage = 20

// watch runs before a page's own scripts. It counts what must never happen: a string that runs.
const watch = `window.fired = []
for (const name of ["alert", "confirm", "prompt", "print", "open"]) window[name] = () => { fired.push(name) }
const realEval = window.eval; window.eval = s => { fired.push("eval"); return realEval(s) }`

// strange returns what a page holds that no page of ours may: handlers in attributes, schemes
// that run, elements that nobody put there.
const strange = `(function walk(root, found) {
  for (const n of root.querySelectorAll("*")) {
    for (const a of n.attributes) if (/^on/i.test(a.name)) found.push(n.nodeName + " " + a.name)
    const link = n.getAttribute("href") ?? n.getAttribute("src") ??
			n.getAttribute("action") ?? n.getAttribute("xlink:href")
    if (link !== null && !/^(https?:|mailto:|\/|\?|#|\.)/.test(link)) found.push(n.nodeName + " " + link)
    if (/^(IFRAME|OBJECT|EMBED|BASE|MARQUEE|VIDEO|AUDIO|IMG|MATH|FRAME|APPLET)$/.test(n.nodeName))
			found.push(n.nodeName)
    if (n.shadowRoot) walk(n.shadowRoot, found)
  }
  return found
})`

// words returns everything a page shows, and where its links lead, without white space.
const words = `(function (page) {
  const links = []
  const all = root => [...root.childNodes].map(n => {
    if (n.nodeType === 3) return n.data
    if (n.nodeName === "SCRIPT" || n.nodeName === "STYLE") return ""
    if (n.nodeName === "A") links.push(n.getAttribute("href"))
    if (n.nodeName === "INPUT") return n.value
    return (n.shadowRoot ? all(n.shadowRoot) : "") + all(n)
  }).join("")
  return (all(page.documentElement) + " " + links.join(" ")).replace(/\s+/g, "")
})`

// hostileStrings returns strings of the project, or of the folder TEST_HOSTILE, and whether they are of the folder.
// TEST_STRINGS says how many: by default all, but a tenth of the project's own below tier "full". They are the first of
// the project's, and evenly chosen from the folder.
func hostileStrings(t *testing.T) (all []string, whole bool) {
	t.Helper()
	chosen := testkit.HowMany(t, "TEST_STRINGS", 0)
	dir := os.Getenv("TEST_HOSTILE")
	if dir == "" {
		all = ownStrings(t)
		if chosen == 0 {
			chosen = testkit.Repeats(t, len(all))
		}
		return all[:chosen], false
	}
	for _, name := range []string{"xss-payloadbox", "xss-h5sc", "xss-dompurify", "xss-markdown-own", "html-bluemonday",
		"naughty-blns"} {
		all = append(all, jsonLines[string](t, filepath.Join(dir, name+".jsonl"))...)
	}
	if chosen == 0 {
		return all, true
	}
	for n := range chosen {
		all[n] = all[n*len(all)/chosen]
	}
	return all[:chosen], true
}

// ownStrings are the project's: most of the first of them run where nothing is escaped.
func ownStrings(t *testing.T) (all []string) {
	t.Helper()
	for _, row := range jsonLines[struct{ Text string }](t, "testdata/hostile.jsonl") {
		all = append(all, row.Text)
	}
	return all
}

// first is how many of the project's strings stand in every field. Each of the others stands in one: all in all fields
// is what a folder is for.
const first = 40

// given are the strings that a field is filled with.
func given(texts []string, field string, whole bool) (some []string) {
	nth := slices.Index(slices.Sorted(maps.Keys(shown)), field)
	for n, text := range texts {
		if whole || n < first || n%len(shown) == nth {
			some = append(some, text)
		}
	}
	return some
}

func jsonLines[T any](t *testing.T, file string) (all []T) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		var one T
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// squeeze takes out what pages may show differently: white space, and which signs of a link are
// written as %XX.
func squeeze(s string) string {
	s = percent.ReplaceAllStringFunc(s, func(x string) string {
		b, err := strconv.ParseUint(x[1:], 16, 8)
		if err != nil {
			return x
		}
		return string([]byte{byte(b)})
	})
	return strings.Join(strings.Fields(s), "")
}

var percent = regexp.MustCompile("%[0-9A-Fa-f]{2}")

// perTurn is how many strings at most go to one service: its lists are read to their ends.
const perTurn = 650

func TestHostileInputRunsNowhere(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	parallel(t)
	all, whole := hostileStrings(t)
	turns := (len(all) + perTurn - 1) / perTurn
	table := tally{}
	for turn := range turns {
		var texts []string // of each file some
		for n := turn; n < len(all); n += turns {
			texts = append(texts, all[n])
		}
		start := time.Now()
		ran := t.Run(fmt.Sprintf("turn %d of %d", turn+1, turns), func(t *testing.T) { runsNowhere(t, texts, whole, table) })
		fmt.Printf("hostile: turn %d of %d: %d strings, all well: %v, in %.0f s\n", turn+1, turns, len(texts), ran,
			time.Since(start).Seconds())
	}
	fmt.Printf("hostile: %d strings, of which %d run where they stand as they are; pages looked at: %d\n",
		len(all), table["control"], table["looked"])
	fmt.Println("hostile: field × way out: sent, stored, seen")
	for _, field := range slices.Sorted(maps.Keys(shown)) {
		for _, page := range shown[field] {
			at := field + " " + page
			fmt.Printf("hostile: %-8s × %-8s: %3d %3d %3d\n", field, page, table["sent "+field], table["stored "+at],
				table["seen "+at])
		}
	}
}

// runsNowhere sends strings through every way in and looks at every way out: without the policy, so that it hides no
// hole, and with it, when there must be nothing to report. The widget's policy is its host's, who has none.
func runsNowhere(t *testing.T, texts []string, whole bool, table tally) {
	box := testkit.NewMailbox(t)
	titles := map[string]string{}
	w := newWorldWith(t, options{titles: titles, mails: box})
	m := newMatrix(w, titles, texts, whole)
	begins := func(what string) { fmt.Fprintf(os.Stderr, "hostile: %s %s\n", time.Now().Format(time.TimeOnly), what) }
	begins("send")
	m.send()
	begins("look without the policy, and at the desk with it")
	m.tab = w.tab(1280, 900, false)
	w.must(m.tab.BeforeEach(watch), bypass(m.tab))
	w.signIn(m.tab, email)
	m.strict = w.tab(1280, 900, false)
	w.must(m.strict.BeforeEach(watch + `
		; window.reports = [];
		document.addEventListener("securitypolicyviolation", e => reports.push(e.violatedDirective + " " + e.blockedURI))`))
	w.signIn(m.strict, email)
	w.must(m.tab.Unwatched(), m.strict.Unwatched())
	m.look()
	begins("look at plain pages with the policy")
	for n, path := range slices.Sorted(maps.Keys(m.byPath("plain"))) {
		if whole || n%10 == 0 {
			m.visit(m.strict, plainURL(w, path), false)
		}
	}
	begins("mail")
	m.mails(box)
	begins("read with another parser, and run the strings as they are")
	m.otherParser()
	m.control()
	m.report(table)
}

func plainURL(w *world, path string) string {
	return w.service.URL + "/sites/blog/page?url=" + url.QueryEscape(w.blog.URL+path)
}

// bypass switches the pages' Content-Security-Policy off.
func bypass(tab *testkit.Tab) error {
	_, err := chromedp.Call(tab.Context(), page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
	return err
}

// TestTheHostileHarnessSeesAHole is the positive control: the project's strings, whatever else is tried, and the same
// browser, with the escaping of one name in one template switched off.
func TestTheHostileHarnessSeesAHole(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	parallel(t)
	titles := map[string]string{}
	w := newProcessWorld(t, testkit.FaultyBinary(t, "escaping"), titles)
	fired := 0
	tab := w.tab(1280, 900, false)
	w.must(tab.BeforeEach(watch), bypass(tab))
	for n, text := range ownStrings(t)[:first] {
		path := fmt.Sprintf("/control-%d", n)
		err := w.client.Do(context.Background(), http.MethodPost, "/comments", nil, map[string]any{
			"page":   map[string]string{"url": w.blog.URL + path},
			"author": map[string]string{"name": text}, "body": "A harmless text."}, nil)
		if err != nil {
			continue // refused: it cannot fire
		}
		decideAll(t, w, "approve")
		w.must(tab.Go(plainURL(w, path)))
		ran, err := testkit.Eval[bool](tab, `new Promise(done => setTimeout(() => done(window.fired.length > 0), 40))`)
		w.must(err)
		if ran {
			fired++
		}
	}
	fmt.Printf("hostile: control: %d of %d fired without escaping\n", fired, first)
	if fired < 20 {
		t.Errorf("%d strings fired where nothing is escaped, want at least 20", fired)
	}
}
