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

// visibleIn lists the outputs that show each field. All outputs are checked with all fields. "data" is the structured data
// of the plain page; "feed" and "fragment" are tested inside a page.
var visibleIn = map[string][]string{
	"body":    {"widget", "plain", "fragment", "feed", "data", "mail", "queue"},
	"name":    {"widget", "plain", "fragment", "feed", "data", "mail", "queue"},
	"website": {"widget", "plain", "fragment", "feed", "data", "queue"},
	"edited":  {"widget", "plain", "fragment", "feed", "data", "queue"},
	"reply":   {"widget", "plain", "fragment", "feed", "data", "queue"},
	"title":   {"plain", "feed", "data", "mail", "queue", "pages"},
	"address": {"feed", "data", "pages"}, "note": {"comment"}, "e-mail": {"queue"}, "site": {"sites", "mail"},
	"rules": {"plain", "settings"}, "account": {"people"}, "token": {"tokens"},
}

// perPage is the number of comments on one page of the blog. All are shown without loading more.
const perPage = 20

// watch runs before a page's own scripts. It records calls by hostile strings, which must never happen.
const watch = `window.fired = []
for (const name of ["alert", "confirm", "prompt", "print", "open"]) window[name] = () => { fired.push(name) }
const realEval = window.eval; window.eval = s => { fired.push("eval"); return realEval(s) }`

// foreignMarkup is a JavaScript function that returns forbidden markup of a page: event handler attributes, dangerous link
// schemes, unexpected elements.
const foreignMarkup = `(function walk(root, found) {
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

// words is a JavaScript function that returns the text and the link targets of a page, without white space.
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

// hostileStrings returns the strings of testdata, or of the folder TEST_HOSTILE; whole reports the latter. TEST_STRINGS is
// their number; the default is all, or a tenth of testdata below tier "full". It takes the first strings of testdata, and
// evenly distributed strings of the folder.
func hostileStrings(t *testing.T) (all []string, whole bool) {
	t.Helper()
	chosen := testkit.EnvInt(t, "TEST_STRINGS", 0)
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

// ownStrings returns the strings of testdata. Most of the first ones run if nothing is escaped.
func ownStrings(t *testing.T) (all []string) {
	t.Helper()
	for _, row := range jsonLines[struct{ Text string }](t, "testdata/hostile.jsonl") {
		all = append(all, row.Text)
	}
	return all
}

// stringsPerField is the number of testdata strings that fill every field. Each other string fills one field. Strings of a
// folder fill all fields.
const stringsPerField = 40

// stringsFor returns the strings for a field.
func stringsFor(texts []string, field string, whole bool) (some []string) {
	nth := slices.Index(slices.Sorted(maps.Keys(visibleIn)), field)
	for n, text := range texts {
		if whole || n < stringsPerField || n%len(visibleIn) == nth {
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

// squeeze removes white space and percent-encoding, which pages may show differently.
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

// stringsPerService is the maximum number of strings for one service, because all pages of its lists are read.
const stringsPerService = 650

func TestHostile_InputNeverRuns(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	all, whole := hostileStrings(t)
	turns := (len(all) + stringsPerService - 1) / stringsPerService
	table := tally{}
	for turn := range turns {
		var texts []string // some of each file
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
	for _, field := range slices.Sorted(maps.Keys(visibleIn)) {
		for _, page := range visibleIn[field] {
			at := field + " " + page
			fmt.Printf("hostile: %-8s × %-8s: %3d %3d %3d\n", field, page, table["sent "+field], table["stored "+at],
				table["seen "+at])
		}
	}
}

// runsNowhere sends strings through all inputs and checks all outputs. Without the Content-Security-Policy, so that it hides
// no hole, and with it, when it must report no violation. The blog, which embeds the widget, has no policy.
func runsNowhere(t *testing.T, texts []string, whole bool, table tally) {
	box := testkit.NewMailServer(t)
	titles := map[string]string{}
	w := newWorldWith(t, options{titles: titles, mails: box})
	m := newMatrix(w, titles, texts, whole)
	begins := func(what string) { fmt.Fprintf(os.Stderr, "hostile: %s %s\n", time.Now().Format(time.TimeOnly), what) }
	begins("send")
	m.send()
	begins("look without the policy, and at the desk with it")
	m.tab = w.tab(1280, 900, false)
	w.must(m.tab.AddInitScript(watch), bypass(m.tab))
	w.signIn(m.tab, email)
	m.strict = w.tab(1280, 900, false)
	w.must(m.strict.AddInitScript(watch + `
		; window.reports = [];
		document.addEventListener("securitypolicyviolation", e => reports.push(e.violatedDirective + " " + e.blockedURI))`))
	w.signIn(m.strict, email)
	w.must(m.tab.DisableInspection(), m.strict.DisableInspection())
	m.openPages()
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
	m.checkProbe()
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

// The positive control: with the strings of testdata and escaping switched off for one name in one template, the harness
// must detect that strings run.
func TestHostile_HarnessDetectsHole(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	titles := map[string]string{}
	w := newProcessWorld(t, testkit.FaultyBinary(t, "escaping"), titles)
	fired := 0
	tab := w.tab(1280, 900, false)
	w.must(tab.AddInitScript(watch), bypass(tab))
	for n, text := range ownStrings(t)[:stringsPerField] {
		path := fmt.Sprintf("/control-%d", n)
		err := w.client.Do(context.Background(), http.MethodPost, "/comments", nil, map[string]any{
			"page":   map[string]string{"url": w.blog.URL + path},
			"author": map[string]string{"name": text}, "body": "A harmless text."}, nil)
		if err != nil {
			continue // refused, so it cannot run
		}
		decideAll(t, w, "approve")
		w.must(tab.Go(plainURL(w, path)))
		ran, err := testkit.Eval[bool](tab, `new Promise(done => setTimeout(() => done(window.fired.length > 0), 40))`)
		w.must(err)
		if ran {
			fired++
		}
	}
	fmt.Printf("hostile: control: %d of %d fired without escaping\n", fired, stringsPerField)
	if fired < 20 {
		t.Errorf("%d strings fired where nothing is escaped, want at least 20", fired)
	}
}
