package desk

import (
	"html/template"
	"math"
	"regexp"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
)

// A row is a comment in the list, in two lines. The rest of its card is inert until the pane shows it.
type row struct {
	Line      template.HTML // the text as one paragraph
	Age       string
	TopReason string // what determined the score, or the strongest reason
	To        string // the commenter to whom it replies
	Known     string // how many comments of this commenter were approved
	Propose   string // the decision that a sweep proposes: spam, approve or ""
	Uncertain bool   // the score is in the middle band, or another reason than spam is likely
}

// sweepText is the length in characters above which no screen shows a whole comment on a sheet of twelve.
const sweepText = 1200

func (m *cardMaker) row(it moderation.Item, k card) row {
	c := it.Comment
	r := row{Line: singleParagraph(k.HTML), Age: m.span(m.now.Sub(c.CreatedAt))}
	if k.Score.Warm {
		middle := k.Band == "either"
		if r.Uncertain = middle || len(it.Reasons) > 0; !middle || len(it.Reasons) == 0 {
			r.Propose = propose(it)
		}
	}
	if len(k.Reasons) > 0 && k.Score.Warm && Percent(c.Verdict.Score) >= lowRisk {
		r.TopReason = k.Reasons[0].Text
	}
	if it.Writer.Approved > 0 {
		r.Known = m.N("writer.n.approved", it.Writer.Approved)
	}
	if it.Parent != nil {
		r.To = m.T("row.to", "name", shorten(m.writer(*it.Parent), 30))
	}
	return r
}

// propose returns the decision that a sweep proposes for a pending comment, the more likely one, or "". Texts that a
// sheet cannot show whole, likely attacks, reported comments and comments that a rule holds need a look of their own.
func propose(it moderation.Item) string {
	c := it.Comment
	if c.State != comment.Pending || it.OwnAppeal || len(it.Against.Reports) > 0 ||
		it.Against.Appeal != nil || utf8.RuneCountInString(c.Source) > sweepText {
		return ""
	}
	switch spam := c.Verdict.Score >= .5; {
	case spam && !c.Verdict.IsAbuse():
		return comment.MarkSpam.String()
	case !spam && !c.Verdict.Held():
		return comment.Approve.String()
	}
	return ""
}

var (
	blockTag = regexp.MustCompile(`</?(?:p|pre|blockquote|ul|ol|li|br)>`)
	styleTag = regexp.MustCompile(`</?(?:strong|em|del|code)>| title="[^"]*"`)
)

// singleParagraph turns highlighted markup into one paragraph. It relies on `"` and `<` occurring only in tags.
func singleParagraph(marked template.HTML) template.HTML {
	return template.HTML(styleTag.ReplaceAllString(blockTag.ReplaceAllString(string(marked), " "), ""))
}

// bands are the score bands of the list with their lowest percentage, highest first.
var bands = []struct {
	key   string
	least int
}{{"almost", 95}, {"probably", 70}, {"either", 30}, {"not", 5}, {"nothing", 0}}

// bandOf returns the key of the band that contains a verdict's score.
func bandOf(v comment.Verdict) string {
	percent := int(math.Round(v.Score * 100))
	for _, b := range bands {
		if percent >= b.least {
			return b.key
		}
	}
	return ""
}

// bandScores returns the lowest score of each band, highest first, without the last band, which begins at 0.
func bandScores() (from []float64) {
	for _, b := range bands[:len(bands)-1] {
		from = append(from, (float64(b.least)-.5)/100)
	}
	return from
}

// A band is a group of cards under one heading of the list.
type band struct {
	Key   string // "" when sorted by time; the group then has no heading
	Total int    // comments in the band on all pages; 0 if unknown
	Rows  int    // rows of the band, if campaigns are folded and the whole band is on this page; otherwise 0
	Cards []card
}

// Bands groups the page's cards by band.
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
			if n++; k.Campaign != nil {
				n += k.Campaign.N - 1
			}
		}
		if n > len(b.Cards) {
			b.Total, b.Rows = n, len(b.Cards)
		}
	}
	return all
}

// bandTotals returns the number of pending comments per band. It omits bands at or beyond the count limit.
func bandTotals(page moderation.QueuePage) map[string]int {
	all, above := map[string]int{}, 0
	for i, b := range bands {
		upTo := page.Counts[comment.ViewPending] // the last band ends at the total
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
