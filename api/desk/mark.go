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

// least is the weight below which a word is not worth a mark.
const least = 0.3

// A sign is how a word that speaks for refusal or against it is marked, and what it says.
type sign struct {
	class, says string
}

// The classes of signs. One that speaks for spam needs none.
const (
	signAgainst = "a"
	signReason  = "t"
)

// A key says what a kind of mark in a text means.
type key struct{ Class, Text string }

// A marker renders a comment's markup for those who decide: evidence is marked where it
// stands, a word that is not what it seems is dotted, and links show where they lead but cannot be
// clicked, because a moderator reads spam all day.
type marker struct {
	*Catalog
	lang  string          // of the text
	alone bool            // on its own page, where what cannot be seen is spelled out
	signs map[string]sign // by token
	used  map[string]bool // classes of signs
	odds  map[string]int  // what is not what it seems, as i18n.Disguise counts it
	hosts []string
	out   strings.Builder
	link  string          // the host of the link that is open, or ""
	shown strings.Builder // its text
}

// A marking is a comment's markup with its marks, what they mean, and what the text hides.
type marking struct {
	HTML     template.HTML
	Keys     []key
	Disguise string
}

// marked renders canonical markup (package markup): a link is `<a href="…"` up to `</a>`,
// none within another, nothing else begins with `<a`, and `<` stands in tags only.
func (c *Catalog) marked(it moderation.Item, alone bool) marking {
	m := marker{Catalog: c, lang: it.Comment.Lang, alone: alone,
		signs: map[string]sign{}, used: map[string]bool{}, odds: map[string]int{}}
	for _, w := range it.Evidence {
		if worthMark(w) {
			m.add(w, comment.ReasonSpam)
		}
	}
	var names []string
	for _, l := range it.Reasons {
		names = append(names, c.T("reason.low."+l.Reason.String()))
		for _, w := range l.Evidence {
			if w.Weight > 0 && worthMark(w) {
				m.add(w, l.Reason)
			}
		}
	}
	markup := it.Comment.HTML
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
	var keys []key
	for _, k := range []key{
		{"", c.T("key.for")},
		{signReason, c.T("key.reason", "reason", strings.Join(names, ", "))},
		{signAgainst, c.T("key.against")},
	} {
		if m.used[k.Class] {
			keys = append(keys, k)
		}
	}
	return marking{template.HTML(m.out.String()), keys, c.Disguise(m.odds, m.lang)}
}

// What tokens begin with that are one word, and two in a row.
const (
	wordOf = "word:"
	pairOf = "words:"
)

// worthMark leaves out what was seen too seldom, which is chance. That a word speaks against refusal, or a pair,
// says little.
func worthMark(w classifier.Weight) bool {
	if seen := w.Spam + w.Ham; w.Weight > 0 || seen < 3 {
		return w.Weight >= least && seen >= 2
	}
	return w.Weight <= -least && !strings.HasPrefix(w.Token, pairOf)
}

// add marks a token. What speaks for a likely reason is shown as that, whatever else it says.
func (m *marker) add(w classifier.Weight, reason comment.Reason) {
	k := sign{says: m.T("for") + " " + m.seen(w, reason)}
	switch before, known := m.signs[w.Token]; {
	case reason != comment.ReasonSpam:
		k.class = signReason
		if known && before.class != signAgainst {
			k.says = before.says + "; " + m.seen(w, reason)
		}
	case w.Weight < 0:
		k = sign{signAgainst, m.T("against") + " " + m.seen(w, reason)}
	}
	m.signs[w.Token] = k
	if host, ok := strings.CutPrefix(w.Token, "host:"); ok {
		m.hosts = append(m.hosts, host)
		if web, ok := text.ParseWeb("https://" + host); ok {
			if _, written := web.Host(); written != host { // in Unicode
				m.hosts = append(m.hosts, written)
				m.signs["host:"+written] = k
			}
		}
	}
}

func (m *marker) tag(tag string) {
	switch {
	case strings.HasPrefix(tag, "a "):
		_, href, _ := strings.Cut(tag, `href="`)
		href, _, _ = strings.Cut(href, `"`)
		href = html.UnescapeString(href)
		m.link = hostOf(href)
		m.shown.Reset()
		m.out.WriteString(`<span class="link" title="` + html.EscapeString(href) + `">`)
	case tag == "/a":
		m.out.WriteString(`</span>`)
		// A text that shows the host already needs no second one.
		if !strings.Contains(m.shown.String(), m.link) {
			m.out.WriteString(` <span class="host">`)
			m.text(m.link)
			m.out.WriteString(`</span>`)
		}
		m.link = ""
	default:
		m.out.WriteString("<" + tag + ">")
	}
}

// text writes text as it was typed, with its marks.
func (m *marker) text(s string) {
	if m.link != "" {
		m.shown.WriteString(s)
	}
	at := 0
	spots := classifier.Spots(s)
	for i, spot := range spots {
		if spot.From < at {
			continue // within a host or a pair
		}
		m.plain(s[at:spot.From])
		at = spot.To
		if host := m.hostAt(s[spot.From:]); host != "" {
			at = spot.From + len(host)
			m.mark(m.signs["host:"+host], func() { m.plain(s[spot.From:at]) })
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
		if k, ok := m.signs[spot.Token]; ok && spot.Token != "" {
			m.mark(k, func() { m.word(s, spot) })
		} else {
			m.word(s, spot)
		}
	}
	m.plain(s[at:])
}

// pair returns the second of two words in a row that are evidence together, with their sign.
func (m *marker) pair(spots []classifier.Spot) (next classifier.Spot, k sign, ok bool) {
	if len(spots) < 2 || spots[0].Token == "" || spots[1].Token == "" {
		return next, k, false
	}
	k, ok = m.signs[pairOf+strings.TrimPrefix(spots[0].Token, wordOf)+" "+strings.TrimPrefix(spots[1].Token, wordOf)]
	return spots[1], k, ok
}

func (m *marker) plain(s string) { m.out.WriteString(html.EscapeString(s)) }

// hostAt is the host of the evidence that s begins with, or "".
func (m *marker) hostAt(s string) string {
	for _, host := range m.hosts {
		if len(s) >= len(host) && strings.EqualFold(s[:len(host)], host) {
			if r, _ := utf8.DecodeRuneInString(s[len(host):]); !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				return host
			}
		}
	}
	return ""
}

func (m *marker) mark(k sign, inner func()) {
	class := ""
	if k.class != "" {
		class = ` class="` + k.class + `"`
	}
	m.used[k.class] = true
	m.out.WriteString(`<mark` + class + ` title="` + html.EscapeString(k.says) + `">`)
	inner()
	m.out.WriteString(`</mark>`)
}

// word writes a word as a reader sees it, dotted where it is not what it seems.
func (m *marker) word(s string, spot classifier.Spot) {
	if len(spot.Odd) == 0 {
		m.plain(s[spot.From:spot.To])
		return
	}
	odds := map[string]int{}
	for _, o := range spot.Odd {
		key := "unseen"
		if o.Like != 0 {
			key = i18n.Script(o.Rune) + " " + i18n.Script(o.Like)
		}
		odds[key]++
		m.odds[key]++
	}
	m.out.WriteString(`<span class="odd" title="` + html.EscapeString(m.Disguise(odds, m.lang)) + `">`)
	at := spot.From
	for _, o := range spot.Odd {
		if m.alone && o.Like == 0 {
			m.plain(s[at:o.At])
			m.out.WriteString(`<span class="chip">` + html.EscapeString(m.Hidden(o.Rune)) + `</span>`)
			at = o.At + utf8.RuneLen(o.Rune)
		}
	}
	m.plain(s[at:spot.To])
	m.out.WriteString(`</span>`)
}
