package desk

import (
	"html"
	"html/template"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/text"
)

// minWeight is the smallest absolute weight of a highlighted word.
const minWeight = 0.3

// A highlight is the CSS class and the tooltip of a token that is evidence for or against refusal.
type highlight struct {
	class, says string
}

// The CSS classes of highlights. Evidence for spam has no class.
const (
	classAgainst = "a"
	classReason  = "t"
)

// A legendEntry explains the highlights of one class.
type legendEntry struct{ Class, Text string }

// A highlighter renders a comment's markup for moderators. It highlights evidence and underlines disguised words. Links
// show their host but cannot be clicked, because moderators handle spam.
type highlighter struct {
	*Catalog
	lang       string               // language of the text
	single     bool                 // on the comment's own page, which spells out invisible characters
	highlights map[string]highlight // by token
	used       map[string]bool      // classes of highlights that occur
	disguises  map[string]int       // counts of disguised characters, as i18n.Disguise expects them
	hosts      []string
	out        strings.Builder
	link       string          // host of the open link, or ""
	linkText   strings.Builder // text of the open link
}

// A highlightedText is a comment's markup with highlights, their legend, and a sentence about disguised characters.
type highlightedText struct {
	HTML     template.HTML
	Legend   []legendEntry
	Disguise string
}

// highlightText renders canonical markup (package markup), in which a link is `<a href="…">…</a>`, links do not nest,
// no other tag begins with `<a`, and `<` occurs only in tags.
func (c *Catalog) highlightText(it moderation.Item, alone bool) highlightedText {
	m := highlighter{Catalog: c, lang: it.Comment.Lang, single: alone,
		highlights: map[string]highlight{}, used: map[string]bool{}, disguises: map[string]int{}}
	for _, w := range it.Evidence {
		if worthHighlight(w) {
			m.add(w, comment.ReasonSpam)
		}
	}
	var names []string
	for _, l := range it.Reasons {
		names = append(names, c.T("reason.low."+l.Reason.String()))
		for _, w := range l.Evidence {
			if w.Weight > 0 && worthHighlight(w) {
				m.add(w, l.Reason)
			}
		}
	}
	markup := it.Comment.HTML()
	for markup != "" {
		text, rest, found := strings.Cut(markup, "<")
		m.text(html.UnescapeString(text))
		if !found {
			break
		}
		tag, after, _ := strings.Cut(rest, ">")
		m.tag(tag)
		markup = after
	}
	var keys []legendEntry
	for _, k := range []legendEntry{
		{"", c.T("key.for")},
		{classReason, c.T("key.reason", "reason", strings.Join(names, ", "))},
		{classAgainst, c.T("key.against")},
	} {
		if m.used[k.Class] {
			keys = append(keys, k)
		}
	}
	return highlightedText{template.HTML(m.out.String()), keys, c.DisguiseText(m.disguises, m.lang)}
}

// Prefixes of tokens that are one word, and two consecutive words.
const (
	wordPrefix = "word:"
	pairPrefix = "words:"
)

// worthHighlight reports whether a token is highlighted. Evidence for refusal needs two occurrences, evidence against
// it three. Pairs of words are not highlighted as evidence against refusal.
func worthHighlight(w classifier.Weight) bool {
	if seen := w.Spam + w.Ham; w.Weight > 0 || seen < 3 {
		return w.Weight >= minWeight && seen >= 2
	}
	return w.Weight <= -minWeight && !strings.HasPrefix(w.Token, pairPrefix)
}

// add registers a token's highlight. Evidence for a likely reason takes precedence over evidence about spam.
func (m *highlighter) add(w classifier.Weight, reason comment.Reason) {
	k := highlight{says: m.T("for") + " " + m.seen(w, reason)}
	switch before, known := m.highlights[w.Token]; {
	case reason != comment.ReasonSpam:
		k.class = classReason
		if known && before.class != classAgainst {
			k.says = before.says + "; " + m.seen(w, reason)
		}
	case w.Weight < 0:
		k = highlight{classAgainst, m.T("against") + " " + m.seen(w, reason)}
	}
	m.highlights[w.Token] = k
	if host, ok := strings.CutPrefix(w.Token, "domain:"); ok {
		m.hosts = append(m.hosts, host)
		if web, ok := text.ParseWebURL("https://" + host); ok {
			if _, written := web.Host(); written != host { // also match the Unicode form
				m.hosts = append(m.hosts, written)
				m.highlights["domain:"+written] = k
			}
		}
	}
}

func (m *highlighter) tag(tag string) {
	switch {
	case strings.HasPrefix(tag, "a "):
		_, href, _ := strings.Cut(tag, `href="`)
		href, _, _ = strings.Cut(href, `"`)
		href = html.UnescapeString(href)
		m.link = hostOf(href)
		m.linkText.Reset()
		m.out.WriteString(`<span class="link" title="` + html.EscapeString(href) + `">`)
	case tag == "/a":
		m.out.WriteString(`</span>`)
		// Omit the host if the link text contains it.
		if !strings.Contains(m.linkText.String(), m.link) {
			m.out.WriteString(` <span class="host">`)
			m.text(m.link)
			m.out.WriteString(`</span>`)
		}
		m.link = ""
	default:
		m.out.WriteString("<" + tag + ">")
	}
}

// text writes escaped text with highlights.
func (m *highlighter) text(s string) {
	if m.link != "" {
		m.linkText.WriteString(s)
	}
	at := 0
	spots := classifier.Spans(s)
	for i, spot := range spots {
		if spot.From < at {
			continue // inside a host or a pair that is already written
		}
		m.plain(s[at:spot.From])
		at = spot.To
		if host := m.hostAt(s[spot.From:]); host != "" {
			at = spot.From + len(host)
			m.mark(m.highlights["domain:"+host], func() { m.plain(s[spot.From:at]) })
			continue
		}
		if next, k, ok := m.pair(spots[i:]); ok {
			at = next.To
			m.mark(k, func() {
				m.word(s, spot)
				m.plain(s[spot.To:next.From])
				m.word(s, next)
			})
			continue
		}
		if k, ok := m.highlights[spot.Token]; ok && spot.Token != "" {
			m.mark(k, func() { m.word(s, spot) })
		} else {
			m.word(s, spot)
		}
	}
	m.plain(s[at:])
}

// pair returns the second of two consecutive words that are evidence together, and their highlight.
func (m *highlighter) pair(spots []classifier.Span) (next classifier.Span, k highlight, ok bool) {
	if len(spots) < 2 || spots[0].Token == "" || spots[1].Token == "" {
		return next, k, false
	}
	k, ok = m.highlights[pairPrefix+strings.TrimPrefix(spots[0].Token, wordPrefix)+" "+strings.TrimPrefix(spots[1].Token, wordPrefix)]
	return spots[1], k, ok
}

func (m *highlighter) plain(s string) { m.out.WriteString(html.EscapeString(s)) }

// hostAt returns the highlighted host with which s begins, or "".
func (m *highlighter) hostAt(s string) string {
	for _, host := range m.hosts {
		if len(s) >= len(host) && strings.EqualFold(s[:len(host)], host) {
			if r, _ := utf8.DecodeRuneInString(s[len(host):]); !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				return host
			}
		}
	}
	return ""
}

func (m *highlighter) mark(k highlight, inner func()) {
	class := ""
	if k.class != "" {
		class = ` class="` + k.class + `"`
	}
	m.used[k.class] = true
	m.out.WriteString(`<mark` + class + ` title="` + html.EscapeString(k.says) + `">`)
	inner()
	m.out.WriteString(`</mark>`)
}

// word writes a word, underlined if it contains invisible or look-alike characters.
func (m *highlighter) word(s string, spot classifier.Span) {
	if len(spot.Disguises) == 0 {
		m.plain(s[spot.From:spot.To])
		return
	}
	odds := map[string]int{}
	for _, o := range spot.Disguises {
		key := "unseen"
		if o.Like != 0 {
			key = i18n.ScriptName(o.Rune) + " " + i18n.ScriptName(o.Like)
		}
		odds[key]++
		m.disguises[key]++
	}
	m.out.WriteString(`<span class="odd" title="` + html.EscapeString(m.DisguiseText(odds, m.lang)) + `">`)
	at := spot.From
	for _, o := range spot.Disguises {
		if m.single && o.Like == 0 {
			m.plain(s[at:o.At])
			m.out.WriteString(`<span class="chip">` + html.EscapeString(m.HiddenCharacter(o.Rune)) + `</span>`)
			at = o.At + utf8.RuneLen(o.Rune)
		}
	}
	m.plain(s[at:spot.To])
	m.out.WriteString(`</span>`)
}
