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
	"golang.org/x/text/unicode/norm"

	"github.com/aitys/aitys/classifier/address"
)

// Version is raised whenever Render's output changes, so that stored HTML is rendered anew.
const Version = 4

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
	w.blocks(parse(w.source), 0, false)
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

// Links returns the http(s) addresses of a comment, each once: those that its canonical HTML links to, and those that a
// reader sees without a link, as in code, after the first hundred, or in the text of a link to another host.
func Links(canonical string) (all []string) {
	add := func(href string) {
		if strings.HasPrefix(href, "http") && !slices.Contains(all, href) {
			all = append(all, href)
		}
	}
	var unlinked, label strings.Builder
	out, href := &unlinked, ""
	for canonical != "" {
		text, rest, _ := strings.Cut(canonical, "<")
		out.WriteString(html.UnescapeString(text))
		var tag string
		tag, canonical, _ = strings.Cut(rest, ">")
		switch name := strings.TrimPrefix(tag, "/"); name {
		case "strong", "em", "del", "code": // readers see an address across these tags as one
		case "a":
			add(href)
			for _, a := range address.Find(label.String()) {
				if !leadsTo(href, a.Host) {
					add(hrefOf(a))
				}
			}
			label.Reset()
			out = &unlinked
		default:
			out.WriteByte('\n')
			if _, rest, found := strings.Cut(tag, `href="`); found {
				href, _, _ = strings.Cut(rest, `"`)
				href = html.UnescapeString(href)
				out = &label
			}
		}
	}
	for _, a := range address.Find(asOpened(unlinked.String())) {
		add(hrefOf(a))
	}
	return all
}

func leadsTo(href, host string) bool {
	to := address.Find(href)
	return len(to) > 0 && to[0].Host == host
}

// hrefOf returns the canonical form of an address, or only its host if there is none.
func hrefOf(a address.Address) string {
	if href, ok := Href(a.URL); ok {
		return href
	}
	scheme, _, _ := strings.Cut(a.URL, "://")
	host := a.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return scheme + "://" + host + "/"
}

// asOpened normalises a text as browsers do with pasted addresses: full-width letters and dots become ASCII, and
// invisible characters are removed.
func asOpened(text string) string {
	return strings.ReplaceAll(norm.NFKC.String(strings.Map(func(r rune) rune {
		if address.Unseen(r) {
			return -1
		}
		return r
	}, text)), "。", ".")
}
