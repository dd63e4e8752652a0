package desk_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// A browser is an HTTP client without script. It keeps cookies, follows redirects, fills in forms and presses buttons
// by name.
type browser struct {
	t      testing.TB
	client *http.Client
	at     *url.URL
	status int
	header http.Header
	raw    string
	doc    *html.Node
	langs  string // Accept-Language
}

func newBrowser(t testing.TB, base string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, client: &http.Client{Jar: jar}, at: at, langs: "en"}
}

// open loads a page of the service.
func (b *browser) open(path string) *browser {
	b.t.Helper()
	to, err := b.at.Parse(path)
	if err != nil {
		b.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodGet, to.String(), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.load(req)
	return b
}

// follow opens a one-time link without script, by pasting it into the form.
func (b *browser) follow(link string) *browser {
	b.open("/moderate/setup")
	return b.press(b.doc, "Continue", fields{"token": " " + link + "\n"})
}

func (b *browser) load(req *http.Request) {
	b.t.Helper()
	req.Header.Set("Accept-Language", b.langs)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.status, b.header, b.raw, b.at = res.StatusCode, res.Header, string(raw), res.Request.URL
	if b.doc, err = html.Parse(strings.NewReader(b.raw)); err != nil {
		b.t.Fatal(err)
	}
}

// fields are values to enter before a button is pressed, by field name.
type fields map[string]string

// press fills in a form and presses the first button with a name inside a node. The buttons of a row are on its
// comment's page.
func (b *browser) press(within *html.Node, name string, in fields) *browser {
	b.t.Helper()
	if link := find(within, func(n *html.Node) bool { return attr(n, "class") == "name" }); link != nil && within.Data == "article" {
		b.open(attr(link, "href"))
		within = b.doc
	}
	button := find(within, func(n *html.Node) bool {
		return n.Data == "button" && attr(n, "type") != "button" && !has(n, "hidden") && attr(n, "aria-hidden") == "" &&
			nameOf(n) == name
	})
	if button == nil {
		b.t.Fatalf("no button %q on %s (%d): %s", name, b.at, b.status, nameOf(b.doc))
	}
	form := button
	for form != nil && form.Data != "form" {
		form = form.Parent
	}
	values := b.values(form, in)
	if attr(button, "name") != "" {
		values.Add(attr(button, "name"), attr(button, "value"))
	}
	return b.submit(form, values)
}

func (b *browser) submit(form *html.Node, values url.Values) *browser {
	b.t.Helper()
	to, err := b.at.Parse(attr(form, "action"))
	if err != nil {
		b.t.Fatal(err)
	}
	if attr(form, "method") != "post" {
		to.RawQuery = values.Encode()
		return b.open(to.String())
	}
	req, err := http.NewRequest(http.MethodPost, to.String(), strings.NewReader(values.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", to.Scheme+"://"+to.Host)
	b.load(req)
	return b
}

// values returns the values that a form would submit, including fields elsewhere with its form attribute.
func (b *browser) values(form *html.Node, in fields) url.Values {
	b.t.Helper()
	values, unused := url.Values{}, map[string]bool{}
	for name := range in {
		unused[name] = true
	}
	each(b.doc, func(n *html.Node) {
		if !(inside(n, form) && attr(n, "form") == "") && (attr(form, "id") == "" || attr(n, "form") != attr(form, "id")) {
			return
		}
		name := attr(n, "name")
		if name == "" || n.Data != "input" && n.Data != "textarea" && n.Data != "select" {
			return
		}
		value := attr(n, "value")
		if n.Data == "textarea" && n.FirstChild != nil {
			value = n.FirstChild.Data
		}
		if n.Data == "select" {
			value = chosen(n)
		}
		box := attr(n, "type") == "checkbox" || attr(n, "type") == "radio"
		if typed, ok := in[name]; ok {
			delete(unused, name)
			if box && typed != value && typed != "all" {
				return
			}
			if !box {
				value = typed
			}
		} else if box && !has(n, "checked") {
			return
		}
		values.Add(name, value)
	})
	for name := range unused {
		b.t.Fatalf("the form on %s has no field %q", b.at, name)
	}
	return values
}

func chosen(list *html.Node) string {
	first, picked, any := "", "", false
	each(list, func(n *html.Node) {
		if n.Data == "option" {
			if !any {
				first, any = attr(n, "value"), true
			}
			if has(n, "selected") {
				picked = attr(n, "value")
			}
		}
	})
	if picked == "" {
		return first
	}
	return picked
}

// card finds a comment's card by its text.
func (b *browser) card(text string) *html.Node {
	b.t.Helper()
	card := find(b.doc, func(n *html.Node) bool {
		return n.Data == "article" && attr(n, "data-comment") != "" && strings.Contains(nameOf(n), text)
	})
	if card == nil {
		b.t.Fatalf("no card says %q on %s: %s", text, b.at, nameOf(b.doc))
	}
	return card
}

func (b *browser) cards() int {
	n := 0
	each(b.doc, func(k *html.Node) {
		if k.Data == "article" && attr(k, "data-comment") != "" {
			n++
		}
	})
	return n
}

// sees fails unless the page contains text.
func (b *browser) sees(text string) *browser {
	b.t.Helper()
	if !strings.Contains(nameOf(b.doc), text) {
		b.t.Fatalf("%s (%d) does not say %q: %s", b.at, b.status, text, nameOf(b.doc))
	}
	return b
}

// misses fails if the page contains text.
func (b *browser) misses(text string) *browser {
	b.t.Helper()
	if strings.Contains(nameOf(b.doc), text) {
		b.t.Fatalf("%s says %q", b.at, text)
	}
	return b
}

// nameOf returns the visible text of a node, with single spaces.
func nameOf(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		if n.Type == html.ElementNode && (attr(n, "aria-hidden") == "true" || n.Data == "template" || n.Data == "script" ||
			n.Data == "small" && has(n, "hidden")) {
			return
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
		if n.Type == html.ElementNode && n.Data != "b" && n.Data != "bdi" && n.Data != "span" && n.Data != "mark" {
			b.WriteByte(' ')
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

func find(n *html.Node, is func(*html.Node) bool) *html.Node {
	if n.Type == html.ElementNode && is(n) {
		return n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if found := find(c, is); found != nil {
			return found
		}
	}
	return nil
}

func each(n *html.Node, do func(*html.Node)) {
	if n.Type == html.ElementNode {
		do(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		each(c, do)
	}
}

func inside(n, outer *html.Node) bool {
	for ; n != nil; n = n.Parent {
		if n == outer {
			return true
		}
	}
	return false
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}
