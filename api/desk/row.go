package desk

import (
	"html/template"
	"math"
	"regexp"
	"strconv"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
)

// A row is the two lines of a comment in the list. What else its card says stands beside the list while it
// is the current one; where there is no room for that, the rows are the cards.
type row struct {
	Line   template.HTML // the text as one paragraph
	Long   bool          // a narrow screen shows its beginning, and a way to the rest
	Number string        // the score, in a hundred
	Says   string        // the same in words, with the time
	Age    string
	Loud   string // the reason that speaks loudest
	To     string // whom it answers
	Known  string // how often its writer was approved
	Doubt  bool   // the score alone does not settle it
}

// long is how many letters of a text a narrow screen shows whole.
const long = 240

func (m *cardMaker) row(it moderation.Item, k card) row {
	c := it.Comment
	r := row{
		Line: inLine(k.HTML), Long: utf8.RuneCountInString(c.Source) > long, Number: "–",
		Says: m.T("row.score", "score", k.Score.Label, "waited", k.Waiting), Age: m.span(m.now.Sub(c.CreatedAt)),
	}
	if k.Score.Warm {
		r.Number = strconv.Itoa(InHundred(c.Verdict.Score))
		r.Doubt = k.Band == "either" || len(it.Reasons) > 0
	}
	if len(k.Reasons) > 0 {
		r.Loud = k.Reasons[0].Text
	}
	if it.Writer.Approved > 0 {
		r.Known = m.N("writer.n.approved", it.Writer.Approved)
	}
	if it.Parent != nil {
		r.To = m.T("row.to", "name", shorten(m.writer(*it.Parent), 30))
	}
	return r
}

var (
	blockTag = regexp.MustCompile(`</?(?:p|pre|blockquote|ul|ol|li|br)>`)
	lookTag  = regexp.MustCompile(`</?(?:strong|em|del|code)>| title="[^"]*"`)
)

// inLine makes one paragraph of marked markup. In that, quotation marks and `<` stand in tags only.
func inLine(marked template.HTML) template.HTML {
	return template.HTML(lookTag.ReplaceAllString(blockTag.ReplaceAllString(string(marked), " "), ""))
}

// The bands of the list by their lowest score in a hundred, from the highest.
var bands = []struct {
	key   string
	least int
}{{"almost", 95}, {"probably", 70}, {"either", 30}, {"not", 5}, {"nothing", 0}}

// bandOf is the band of a score.
func bandOf(v comment.Verdict) string {
	percent := int(math.Round(v.Score * 100))
	for _, b := range bands {
		if percent >= b.least {
			return b.key
		}
	}
	return ""
}

// bandScores are the scores at which bands begin, the lowest left out: all are above it.
func bandScores() (from []float64) {
	for _, b := range bands[:len(bands)-1] {
		from = append(from, (float64(b.least)-.5)/100)
	}
	return from
}

// A band is what stands under one heading of the list.
type band struct {
	Key   string // "" for all of an order by time, which has no heading
	Total int    // how many comments stand in it, on later pages too; 0 where nobody knows
	Rows  int    // in so many rows, where some stand for others and all are on this page; else 0
	Cards []card
}

// Bands are the page's cards as they stand together.
func (p queuePage) Bands() (all []band) {
	for i, k := range p.Cards {
		if i == 0 || p.Totals != nil && k.Band != p.Cards[i-1].Band {
			b := band{}
			if p.Totals != nil {
				b.Key, b.Total = k.Band, p.Totals[k.Band]
			}
			all = append(all, b)
		}
		last := &all[len(all)-1]
		last.Cards = append(last.Cards, k)
	}
	for i := range all {
		b := &all[i]
		if b.Key == "" || i == 0 && !p.First || i == len(all)-1 && p.Next != "" {
			continue
		}
		n := 0
		for _, k := range b.Cards {
			if n++; k.Together != nil {
				n += k.Together.N - 1
			}
		}
		if n > len(b.Cards) {
			b.Total, b.Rows = n, len(b.Cards)
		}
	}
	return all
}

// totals says how many comments wait in each band, where they were counted to the end.
func totals(page moderation.QueuePage) map[string]int {
	all, above := map[string]int{}, 0
	for i, b := range bands {
		upTo := page.Counts[comment.ViewPending] // the lowest ends where all do
		if i < len(page.From) {
			upTo = page.From[i]
		}
		if len(page.From) == 0 || upTo >= comment.MaxCount {
			break
		}
		all[b.key] = upTo - above
		above = upTo
	}
	return all
}
