// Package markup renders Markdown to canonical, allow-listed HTML. It has no state and no side effects.
//
// The output contains only the elements p br strong em del code pre blockquote ul ol li a, and only the attributes
// href (http, https, mailto) and rel. Every tag is closed. In text and attributes, &, <, >, " and ' are written as
// &amp; &lt; &gt; &#34; &#39;. It has at most 20 levels and 100 links. HTML in the source becomes visible text, an
// image becomes a link, and no visible text is lost. HTML is not stored: Render is the only way from a source to HTML.
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

const rel = "nofollow ugc noopener"

// policy is a second defence: it sanitizes the output even if the writer has a bug.
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

// Render returns the HTML of source, which must be valid UTF-8 of at most 10,000 characters.
func Render(source string) string {
	source = strings.Map(withoutControls, source)
	if isPlain(source) {
		return renderPlain(source)
	}
	return renderMarkdown(source)
}

// isPlain reports whether source has neither Markdown nor addresses, so that only its line breaks and escapes need
// HTML. Some sources without either are not recognised.
func isPlain(source string) bool {
	if strings.ContainsAny(source, "*_`~[<\\@\t") || len(address.Find(source)) > 0 {
		return false
	}
	for line := range strings.Lines(source) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			continue
		}
		first := line[0]
		if strings.IndexByte(" >-+", first) >= 0 || '0' <= first && first <= '9' || line[len(line)-1] == ' ' {
			return false // perhaps a quote, a list, or space that is not shown
		}
	}
	return true
}

// renderPlain renders a source that isPlain.
func renderPlain(source string) string {
	var out strings.Builder
	out.Grow(len(source) + len(source)/8)
	between := "<p>"
	for line := range strings.Lines(source) {
		if line = strings.TrimSuffix(line, "\n"); line != "" {
			out.WriteString(between)
			out.WriteString(html.EscapeString(line))
			between = "<br>"
		} else if between == "<br>" {
			between = "</p><p>"
		}
	}
	if out.Len() > 0 {
		out.WriteString("</p>")
	}
	return out.String()
}

func renderMarkdown(source string) string {
	w := writer{source: []byte(source)}
	w.blocks(parse(w.source), 0, false)
	if !w.visible && strings.TrimSpace(source) != "" { // markup without content, such as a lone “>” or “-”
		w.out.Reset()
		w.out.WriteString("<p>" + html.EscapeString(source) + "</p>")
	}
	return policy.Sanitize(w.out.String())
}

// withoutControls removes controls, which HTML cannot represent.
func withoutControls(r rune) rune {
	if unicode.IsControl(r) && r != '\n' && r != '\t' {
		return -1
	}
	return r
}

// Links returns the distinct http(s) addresses of canonical HTML: those of its links, and those that readers see as
// text, as in code, after the first hundred links, or as the text of a link to another host.
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
		case "strong", "em", "del", "code": // an address can continue across these tags
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
	for _, a := range address.Find(normalizePasted(unlinked.String())) {
		add(hrefOf(a))
	}
	return all
}

// leadsTo reports whether href is a URL of host.
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

// normalizePasted normalizes a text as browsers do with pasted addresses: full-width letters and dots become ASCII, and
// invisible characters are removed.
func normalizePasted(text string) string {
	return strings.ReplaceAll(norm.NFKC.String(strings.Map(func(r rune) rune {
		if address.Unseen(r) {
			return -1
		}
		return r
	}, text)), "。", ".")
}
