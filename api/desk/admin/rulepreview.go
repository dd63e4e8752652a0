package admin

import (
	"regexp"
	"strings"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/rules"
)

// A rulePreview shows which comments a rule would have matched, before the rule is added.
type rulePreview struct {
	Head, Says, Split  string
	Refused, Approved  string // counts as sentences
	Suspected          string
	All, None          string // warnings: the rule matches all comments; there are none to match
	Addresses          string
	Met                bool
	Width, Rest, Start string // in percent: the width of refused and of approved, and the start of approved
	Shown              string
	Hits               []hit
}

// A hit is a matched comment, divided at the matches.
type hit struct {
	desk.Brief
	Pieces []piece
}

// A piece is a part of a text. Hit is set for a match.
type piece struct {
	Text string
	Hit  bool
}

func (o *admin) previewRule(v *desk.Visit, t rules.Trial) (rulePreview, error) {
	rows, err := o.Briefs(v, t.IDs())
	if err != nil {
		return rulePreview{}, err
	}
	return newRulePreview(v.Words, t, rows), nil
}

// newRulePreview returns the preview of a trial. rows are the comments of its sample.
func newRulePreview(w *desk.Catalog, t rules.Trial, rows []desk.Brief) rulePreview {
	b := rulePreview{Says: w.N("bench.caught", t.Hits, "looked", w.Number(t.Compared)), Met: t.Hits > 0}
	if t.Compared == 0 {
		b.None = w.T("bench.none")
		return b
	}
	if t.MatchesNearlyAll() {
		b.All = w.T("bench.all", "n", w.Number(t.Hits), "looked", w.Number(t.Compared))
	}
	if !b.Met {
		return b
	}
	refused := t.Hits - t.Approved
	b.Refused, b.Approved = w.T("bench.refused", "n", w.Number(refused)), w.N("bench.approved", t.Approved)
	b.Split = w.T("bench.split", "refused", w.Number(refused), "approved", w.Number(t.Approved))
	share := 100 * float64(refused) / float64(t.Hits)
	b.Width, b.Rest, b.Start = desk.Decimal(max(0, share-0.3)), desk.Decimal(max(0, 99.7-share)), desk.Decimal(share+0.3)
	if refused > 0 {
		b.Suspected = w.N("bench.suspected", t.Suspected)
	}
	found := map[string][]string{}
	for _, s := range t.Sample {
		found[s.Comment] = s.Found
	}
	for _, row := range rows {
		b.Hits = append(b.Hits, hit{row, splitMatches(row.Whole, found[row.ID])})
	}
	b.Shown = w.T("bench.hits.of", "n", len(b.Hits), "of", w.Number(t.Hits))
	return b
}

// splitMatches divides a text at literal occurrences of found, ignoring case. Disguised words are not split off.
func splitMatches(text string, found []string) (all []piece) {
	var quoted []string
	for _, f := range found {
		quoted = append(quoted, regexp.QuoteMeta(f))
	}
	if len(quoted) == 0 {
		return []piece{{Text: text}}
	}
	at := 0
	for _, m := range regexp.MustCompile("(?i)"+strings.Join(quoted, "|")).FindAllStringIndex(text, -1) {
		all = append(all, piece{Text: text[at:m[0]]}, piece{Text: text[m[0]:m[1]], Hit: true})
		at = m[1]
	}
	return append(all, piece{Text: text[at:]})
}
