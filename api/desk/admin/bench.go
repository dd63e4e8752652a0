package admin

import (
	"regexp"
	"strings"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/rules"
)

// A bench says what a rule would have met, before it stands.
type bench struct {
	Head, Says, Split  string
	Refused, Approved  string // as sentences
	Suspected          string
	All, None          string // warnings
	Addresses          string
	Met                bool
	Width, Rest, Start string // of 100: the refused, the approved, and where these begin
	Shown              string
	Hits               []hit
}

// A hit is a comment that was met, with the words that met it.
type hit struct {
	desk.Brief
	Pieces []piece
}

// A piece of a text, which may be what was looked for.
type piece struct {
	Text string
	Hit  bool
}

func (o *owner) bench(v *desk.Visit, t rules.Trial) (bench, error) {
	rows, err := o.Briefs(v, t.IDs())
	if err != nil {
		return bench{}, err
	}
	return drawBench(v.Words, t, rows), nil
}

// drawBench draws a trial with the comments of its sample.
func drawBench(w *desk.Catalog, t rules.Trial, rows []desk.Brief) bench {
	b := bench{Says: w.N("bench.caught", t.Hits, "looked", w.Number(t.Looked)), Met: t.Hits > 0}
	if t.Looked == 0 {
		b.None = w.T("bench.none")
		return b
	}
	if t.All() {
		b.All = w.T("bench.all", "n", w.Number(t.Hits), "looked", w.Number(t.Looked))
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
		b.Hits = append(b.Hits, hit{row, pieces(row.Whole, found[row.ID])})
	}
	b.Shown = w.T("bench.hits.of", "n", len(b.Hits), "of", w.Number(t.Hits))
	return b
}

// pieces divides a text by what was looked for, as far as it stands there letter by letter.
func pieces(text string, found []string) (all []piece) {
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
