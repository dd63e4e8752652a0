// Package markup turns what a person typed into canonical, allow-listed HTML. It is pure.
//
// The output has only p br strong em del code pre blockquote ul ol li a, href (http, https,
// mailto) and rel as its only attributes, every tag closed, and in text and attributes every
// &, <, >, " and ' written as &amp; &lt; &gt; &#34; &#39;. It has at most 20 levels and 100 links. HTML in
// the source comes out as visible text, an image as a link, and nothing that leaves ink in
// the source is lost. Render(x) is stable: the same source gives the same bytes for one Version.
package markup

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark/text"
)

// Version is raised whenever Render's output changes, so that stored HTML is rendered anew.
const Version = 3

const rel = "nofollow ugc noopener"

// policy is the second wall: whatever becomes of the first, no more than this gets through.
var policy = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile("^" + rel + "$")).OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(false)
	p.RequireParseableURLs(true)
	return p
}()

// Render returns the HTML of source, which is valid UTF-8 of at most 10,000 characters.
func Render(source string) string {
	source = strings.Map(plain, source)
	w := writer{source: []byte(source)}
	w.blocks(grammar.Parse(text.NewReader(w.source)), 0, false)
	if !w.ink && strings.TrimSpace(source) != "" { // a lone “>” or “-” is markup of nothing
		w.out.Reset()
		w.out.WriteString("<p>" + html.EscapeString(source) + "</p>")
	}
	return policy.Sanitize(w.out.String())
}

// plain drops the controls, which HTML has no spelling for.
func plain(r rune) rune {
	if unicode.IsControl(r) && r != '\n' && r != '\t' {
		return -1
	}
	return r
}

// Links returns the http(s) addresses that canonical HTML links to, each once.
func Links(canonical string) (all []string) {
	const link = `<a href="`
	for {
		_, rest, found := strings.Cut(canonical, link)
		if !found {
			return all
		}
		href, after, _ := strings.Cut(rest, `"`)
		if canonical = after; strings.HasPrefix(href, "http") && !slices.Contains(all, href) {
			all = append(all, href)
		}
	}
}
