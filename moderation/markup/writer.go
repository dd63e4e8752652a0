package markup

import (
	"html"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

const (
	maxLevels = 20  // nested elements
	maxLinks  = 100 // per comment; a link is many times as long as its source
)

// writer writes a goldmark tree as canonical HTML. Elements that are nested too deeply lose their tags, but not their
// text.
type writer struct {
	source  []byte
	out     strings.Builder
	visible bool   // visible text was written
	inLink  bool   // links do not nest
	links   int    // number of links; those beyond maxLinks are text
	number  string // written before the text of the next item of a list that becomes paragraphs
}

// blocks writes the children of a block. depth is the number of enclosing elements. inItem reports that the innermost
// one is a list item.
func (w *writer) blocks(parent ast.Node, depth int, inItem bool) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.TextBlock: // an item of a tight list
			if inItem {
				w.inlines(n, depth)
			} else {
				w.paragraph(n, depth)
			}
		case *ast.FencedCodeBlock:
			w.fence(n)
		case *ast.Blockquote:
			w.out.WriteString("<blockquote>")
			w.blocks(n, depth+1, false)
			w.out.WriteString("</blockquote>")
		case *ast.List:
			w.list(n, depth)
		default: // a paragraph; other blocks have no parser
			w.paragraph(n, depth)
		}
	}
}

func (w *writer) paragraph(n ast.Node, depth int) {
	w.out.WriteString("<p>")
	if w.number != "" {
		w.text(w.number + " ")
		w.number = ""
	}
	w.inlines(n, depth+1)
	w.out.WriteString("</p>")
}

func (w *writer) fence(n *ast.FencedCodeBlock) {
	w.flushNumber()
	w.out.WriteString("<pre><code>")
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		w.text(string(line.Value(w.source)))
	}
	w.out.WriteString("</code></pre>")
}

// list writes a list. An ordered list that does not start at 1 becomes paragraphs, because the start attribute is not
// allowed, and “1984. A novel” must not become “1. A novel”.
func (w *writer) list(l *ast.List, depth int) {
	if l.IsOrdered() && l.Start != 1 {
		w.plainItems(l, depth)
		return
	}
	tag := "ul"
	if l.IsOrdered() {
		tag = "ol"
	}
	w.out.WriteString("<" + tag + ">")
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		w.out.WriteString("<li>")
		w.blocks(item, depth+2, true)
		w.out.WriteString("</li>")
	}
	w.out.WriteString("</" + tag + ">")
}

// plainItems writes the items of a list as paragraphs with their numbers.
func (w *writer) plainItems(l *ast.List, depth int) {
	number := l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		w.number = strconv.Itoa(number) + string(l.Marker)
		w.blocks(item, depth, false)
		w.flushNumber() // of an empty item
		number++
	}
}

// flushNumber writes the pending number as a paragraph, if there is one.
func (w *writer) flushNumber() {
	if w.number != "" {
		w.out.WriteString("<p>")
		w.text(w.number)
		w.out.WriteString("</p>")
		w.number = ""
	}
}

// inlines writes the children of a paragraph or of an inline element.
func (w *writer) inlines(parent ast.Node, depth int) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			w.text(unescape(n.Segment.Value(w.source)))
			if n.SoftLineBreak() || n.HardLineBreak() { // every line break in the source is kept
				w.out.WriteString("<br>")
			}
		case *ast.CodeSpan:
			w.out.WriteString("<code>")
			w.code(n)
			w.out.WriteString("</code>")
		case *ast.Emphasis:
			w.element([]string{"em", "strong"}[n.Level-1], n, depth)
		case *extast.Strikethrough:
			w.element("del", n, depth)
		case *ast.Link:
			href, ok := Href(string(util.UnescapePunctuations(n.Destination)))
			w.link(href, ok, n, depth)
		case *ast.Image: // a link with its description as the text
			href, ok := Href(string(util.UnescapePunctuations(n.Destination)))
			w.link(href, ok, n, depth)
		case *ast.AutoLink:
			w.autoLink(n)
		}
	}
}

func (w *writer) element(tag string, n ast.Node, depth int) {
	if depth >= maxLevels {
		w.inlines(n, depth)
		return
	}
	w.out.WriteString("<" + tag + ">")
	w.inlines(n, depth+1)
	w.out.WriteString("</" + tag + ">")
}

// link writes a link. If its URL is not allowed, only its text is written. If it has no text, the URL is its text.
func (w *writer) link(href string, ok bool, n ast.Node, depth int) {
	if !ok || w.inLink || depth >= maxLevels {
		w.inlines(n, depth)
		return
	}
	end := w.open(href)
	ink := w.visible
	w.visible = false
	w.inlines(n, depth+1)
	if !w.visible {
		w.text(href)
	}
	w.visible = w.visible || ink
	end()
}

func (w *writer) autoLink(n *ast.AutoLink) {
	to := string(n.URL(w.source))
	if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(to, "mailto:") {
		to = "mailto:" + to
	}
	href, ok := Href(to)
	if !ok || w.inLink {
		w.text(string(n.Label(w.source)))
		return
	}
	end := w.open(href)
	w.text(string(n.Label(w.source)))
	end()
}

// open starts a link unless there are maxLinks, and returns the function that ends it.
func (w *writer) open(href string) (end func()) {
	if w.links++; w.links > maxLinks {
		return func() {}
	}
	w.inLink = true
	w.out.WriteString(`<a href="` + html.EscapeString(href) + `" rel="` + rel + `">`)
	return func() {
		w.inLink = false
		w.out.WriteString("</a>")
	}
}

// code writes the content of a code span with line ends as spaces.
func (w *writer) code(n *ast.CodeSpan) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			w.text(strings.ReplaceAll(string(t.Segment.Value(w.source)), "\n", " "))
		}
	}
}

func (w *writer) text(s string) {
	w.visible = w.visible || strings.TrimSpace(s) != ""
	w.out.WriteString(html.EscapeString(s))
}

// unescape removes backslashes before punctuation. Entities stay as typed.
func unescape(s []byte) string { return string(util.UnescapePunctuations(s)) }
