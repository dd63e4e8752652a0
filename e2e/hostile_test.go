package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/e2e/kit"
)

// The fields that a stranger can fill, and the pages that people see.
var (
	fields = []string{"body", "name", "website", "title"}
	pages  = []string{"widget", "desk", "plain"}
)

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
})(document, [])`

// words returns everything a page shows, and where its links lead, without white space.
const words = `(function () {
  const links = []
  const all = root => [...root.childNodes].map(n => {
    if (n.nodeType === 3) return n.data
    if (n.nodeName === "SCRIPT" || n.nodeName === "STYLE") return ""
    if (n.nodeName === "A") links.push(n.getAttribute("href"))
    return (n.shadowRoot ? all(n.shadowRoot) : "") + all(n)
  }).join("")
  return (all(document.documentElement) + " " + links.join(" ")).replace(/\s+/g, "")
})()`

// A cell counts one field on one page.
type cell struct{ sent, stored, seen int }

func hostileStrings(t *testing.T) []string {
	t.Helper()
	f, err := os.Open("testdata/hostile.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // only read
	var all []string
	for s := bufio.NewScanner(f); s.Scan(); {
		var row struct{ Text string }
		if err := json.Unmarshal(s.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		all = append(all, row.Text)
	}
	return all
}

// stored is what the service made of a hostile string: what a page has to show.
type stored struct {
	field string
	path  string // of the blog's page
	shown string // text or link, without white space
}

// send posts every string in every field and approves it; refused ones count as sent only.
func send(t *testing.T, w *world, texts []string, titles map[string]string, counts map[string]*cell) []stored {
	t.Helper()
	var kept []stored
	for _, field := range fields {
		for n, text := range texts {
			path := fmt.Sprintf("/%s-%d", field, n/perPage)
			author := map[string]string{"name": fmt.Sprintf("Writer %s %d", field, n)}
			body, title := fmt.Sprintf("A harmless text, number %d of %s, with some words in it.", n, field), "An article"
			switch field {
			case "body":
				body = text
			case "name":
				author["name"] = text
			case "website":
				author["website"] = "https://x.example/" + text
			case "title":
				path = fmt.Sprintf("/title-%d", n)
				title, titles[path] = text, text
			}
			for _, page := range pages {
				counts[field+" "+page].sent++
			}
			var posted kit.Posted
			err := w.client.Do(t.Context(), http.MethodPost, "/comments", nil, map[string]any{
				"page": map[string]string{"url": w.blog.URL + path, "title": title}, "author": author, "body": body}, &posted)
			var refused *kit.StatusError
			if errors.As(err, &refused) && refused.Status == http.StatusUnprocessableEntity {
				continue
			}
			if err != nil {
				t.Fatalf("post %s %q: %v", field, text, err)
			}
			kept = append(kept, stored{field: field, path: path, shown: readBack(t, w, field, posted.ID)})
		}
	}
	decideAll(t, w, "approve")
	return kept
}

// readBack asks a moderator's view what was kept of a field.
func readBack(t *testing.T, w *world, field, id string) string {
	t.Helper()
	var item struct {
		Comment struct {
			HTML   string
			Author struct{ Name, URL string }
		}
		PageTitle string `json:"page_title"` // while it waits
	}
	if err := w.client.Do(t.Context(), http.MethodGet, "/moderation/comments/"+id, nil, nil, &item); err != nil {
		t.Fatal(err)
	}
	switch field {
	case "body":
		return squeeze(textOf(t, item.Comment.HTML))
	case "name":
		return squeeze(item.Comment.Author.Name)
	case "website":
		return squeeze(item.Comment.Author.URL)
	default:
		return squeeze(item.PageTitle)
	}
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

func TestHostileInputRunsNowhere(t *testing.T) {
	titles := map[string]string{}
	w := newWorld(t, kit.Binary(t), titles)
	counts := map[string]*cell{}
	for _, field := range fields {
		for _, page := range pages {
			counts[field+" "+page] = &cell{}
		}
	}
	kept := send(t, w, hostileStrings(t), titles, counts)
	for _, s := range kept {
		for _, page := range pages {
			counts[s.field+" "+page].stored++
		}
	}
	// Without the policy, so that it hides no hole; then the desk and the plain page with it, which
	// must find nothing to report.
	tab := w.tab(1280, 900, false)
	w.must(tab.BeforeEach(watch), bypass(tab))
	desk := squeeze(deskWords(w, tab))
	for path, group := range byPath(kept) {
		widget := squeeze(visit(w, tab, w.blog.URL+path, true))
		plain := squeeze(visit(w, tab, plainURL(w, path), false))
		for _, s := range group {
			for page, words := range map[string]string{"widget": widget, "desk": desk, "plain": plain} {
				if s.shown != "" && strings.Contains(words, s.shown) {
					counts[s.field+" "+page].seen++
				}
			}
		}
	}
	report(t, counts)
	withPolicy := w.tab(1280, 900, false)
	w.must(withPolicy.BeforeEach(watch + `
		; window.reports = [];
		document.addEventListener("securitypolicyviolation", e => reports.push(e.violatedDirective + " " + e.blockedURI))`))
	deskWords(w, withPolicy)
	for path := range byPath(kept) {
		visit(w, withPolicy, plainURL(w, path), false)
	}
}

// report prints the table and fails where a cell that shows its field was seen too rarely.
func report(t *testing.T, counts map[string]*cell) {
	t.Helper()
	// The widget stands on the author's own page, which has the title already.
	silent := []string{"title widget"}
	fmt.Println("hostile: field × page: sent, stored, seen in the DOM")
	for _, field := range fields {
		for _, page := range pages {
			c := counts[field+" "+page]
			fmt.Printf("hostile: %-8s × %-6s: %3d %3d %3d\n", field, page, c.sent, c.stored, c.seen)
			if !slices.Contains(silent, field+" "+page) && c.seen < 30 {
				t.Errorf("%s on the %s page: %d of %d were seen, want at least 30: the test does not look where they are", field,
					page, c.seen, c.stored)
			}
		}
	}
}

func byPath(kept []stored) map[string][]stored {
	groups := map[string][]stored{}
	for _, s := range kept {
		groups[s.path] = append(groups[s.path], s)
	}
	return groups
}

func plainURL(w *world, path string) string {
	return w.service.URL + "/sites/blog/page?url=" + url.QueryEscape(w.blog.URL+path)
}

// bypass switches the pages' Content-Security-Policy off.
func bypass(tab *kit.Tab) error {
	_, err := chromedp.Call(tab.Context(), page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
	return err
}

// visit opens a page, waits until it shows its comments, touches it as a reader would, and
// returns its words. Nothing may have run, and nothing strange may stand in it.
func visit(w *world, tab *kit.Tab, at string, widget bool) string {
	w.t.Helper()
	w.must(tab.Go(at))
	if widget {
		w.must(tab.Holds(`document.querySelector("aitys-comments")?.shadowRoot.querySelector("[part~=comment]")`))
	}
	return inspect(w, tab, at)
}

// deskWords reads every page of the approved comments at the desk.
func deskWords(w *world, tab *kit.Tab) string {
	w.t.Helper()
	w.must(tab.Go(w.service.URL+"/moderate/signin"), tab.Type("textbox", "E-mail", email),
		tab.Type("textbox", "Password", password),
		tab.Click("button", "Sign in"), tab.Holds(`location.pathname !== "/moderate/signin"`))
	var all strings.Builder
	for at := w.service.URL + "/moderate/blog/queue?state=approved"; at != ""; {
		w.must(tab.Go(at), tab.Holds(`document.querySelector("[data-comment]")`))
		all.WriteString(inspect(w, tab, at))
		next, err := kit.Eval[string](tab, `document.querySelector("a[rel=next]")?.href ?? ""`)
		w.must(err)
		at = next
	}
	return all.String()
}

// inspect moves over and into everything on the page, then asks what ran.
func inspect(w *world, tab *kit.Tab, at string) string {
	w.t.Helper()
	type found struct {
		Fired, Reports, Strange []string
		Words, Where            string
	}
	got, err := kit.Eval[found](tab, `(async () => {
		const touch = root => { for (const n of root.querySelectorAll("*")) {
			for (const kind of ["mouseover", "focus", "pointerenter", "toggle", "animationend"]) n.dispatchEvent(new Event(kind))
			if (n.nodeName === "A" && /^\s*(javascript|data|vbscript):/i.test(n.getAttribute("href") ?? "")) n.click()
			if (n.shadowRoot) touch(n.shadowRoot) } }
		touch(document)
		await new Promise(done => setTimeout(done, 30))
		return {Fired: window.fired, Reports: window.reports ?? [],
			Strange: `+strange+`, Words: `+words+`, Where: location.href}
	})()`)
	w.must(err)
	if len(got.Fired)+len(got.Reports)+len(got.Strange) > 0 {
		w.t.Errorf("%s: ran %q, policy reports %q, strange %q", at, got.Fired, got.Reports, got.Strange)
	}
	if got.Where != at {
		w.t.Errorf("%s: the page went to %s", at, got.Where)
	}
	return got.Words
}

// TestTheHostileHarnessSeesAHole is the positive control: the same strings and the same browser,
// with the escaping of one name in one template switched off.
func TestTheHostileHarnessSeesAHole(t *testing.T) {
	titles := map[string]string{}
	w := newWorld(t, kit.FaultyBinary(t, "escaping"), titles)
	fired := 0
	tab := w.tab(1280, 900, false)
	w.must(tab.BeforeEach(watch), bypass(tab))
	for n, text := range hostileStrings(t) {
		path := fmt.Sprintf("/control-%d", n)
		err := w.client.Do(context.Background(), http.MethodPost, "/comments", nil, map[string]any{
			"page":   map[string]string{"url": w.blog.URL + path},
			"author": map[string]string{"name": text}, "body": "A harmless text."}, nil)
		if err != nil {
			continue // refused: it cannot fire
		}
		decideAll(t, w, "approve")
		w.must(tab.Go(plainURL(w, path)))
		ran, err := kit.Eval[bool](tab, `new Promise(done => setTimeout(() => done(window.fired.length > 0), 40))`)
		w.must(err)
		if ran {
			fired++
		}
	}
	fmt.Printf("hostile: control: %d of 60 fired without escaping\n", fired)
	if fired < 20 {
		t.Errorf("%d strings fired where nothing is escaped, want at least 20", fired)
	}
}
