package owner

import (
	"math"
	"strconv"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/hindsight"
	"github.com/aitys/aitys/moderation/learning"
)

type insightsPage struct {
	desk.Frame
	Lead                string
	Periods             []desk.Link
	Numbers             []figure
	Few                 string // why there are no charts
	Honest              []dot
	HonestSays          string
	HonestTable         table
	Sides               []bar
	SidesLead           string
	Weeks               []column
	WeekTicks           []string
	WeekFirst, WeekLast string
	WeekTable           table
	Reasons             []bar
	ReasonsLead         string
	Disagree            []desk.Brief
}

type figure struct{ Label, Value, More string }

// The periods that can be looked at, in days.
var periods = []int{28, 7, 365}

// insights shows how well the filter did on the site's own decisions.
func (o *owner) insights(v *desk.Visit) error {
	days, _ := strconv.Atoi(v.QueryParam("days")) // what is no number is the first period
	if days < 1 || days > 3650 {
		days = periods[0]
	}
	since := o.Clock.Now().AddDate(0, 0, -days)
	q, err := o.Learning.Quality(v.Ctx(), v.Who, v.Site, learning.QualityRequest{Since: since})
	if err != nil {
		return err
	}
	f, err := o.SiteFrame(v, v.Words.T("insights"))
	if err != nil {
		return err
	}
	p := drawInsights(v.Words, f, q)
	p.Lead = v.Words.T("insights.since", "day", v.Words.Day(since)+since.UTC().Format(" 2006"))
	for _, n := range periods {
		label := v.Words.N("period.days", n)
		p.Periods = append(p.Periods, desk.Link{Key: strconv.Itoa(n), Label: label, Current: n == days})
	}
	ids, scores := []string{}, map[string]float64{}
	for _, k := range q.Disagreements {
		ids, scores[k.Comment] = append(ids, k.Comment), k.Spam
	}
	if p.Disagree, err = o.Briefs(v, ids); err != nil {
		return err
	}
	for i := range p.Disagree {
		row := &p.Disagree[i]
		row.Score = v.Words.T("disagree.score", "n", desk.InHundred(scores[row.ID]))
	}
	return v.Show("insights", p)
}

// drawInsights draws the figures.
func drawInsights(w *desk.Catalog, f desk.Frame, q learning.Quality) insightsPage {
	p := insightsPage{Frame: f}
	if q.Filter.Spam == 0 || q.Filter.Ham == 0 {
		p.Few = w.T("insights.few.text")
		return p
	}
	p.Numbers = []figure{
		{w.T("figure.decided"), w.Number(q.Filter.Spam + q.Filter.Ham), w.N("figure.all", q.Decisions)},
		share(w, "figure.precision", q.Queue.Precision),
		share(w, "figure.recall", q.Queue.Recall),
		share(w, "figure.lost", q.Queue.HamLost),
		{w.T("figure.brier"), w.Fixed(100*math.Sqrt(q.Filter.Brier), 1), w.T("figure.brier.more")},
	}
	honesty(w, &p, q.Filter)
	p.Sides = sides(w, q.Queue)
	p.SidesLead = w.T("sides.lead", "threshold", desk.InHundred(q.Suspect))
	weeks(w, &p, q.Weeks)
	refused := 0
	var labels []string
	var values []int
	for r := comment.ReasonSpam; r <= comment.ReasonOther; r++ {
		if n := q.Reasons[r]; n > 0 {
			labels, values = append(labels, w.T("reason."+r.String())), append(values, n)
			refused += n
		}
	}
	p.Reasons, p.ReasonsLead = bars(w, labels, values), w.N("refused.lead", refused)
	return p
}

// honesty draws what was said against what came true.
func honesty(w *desk.Catalog, p *insightsPage, q hindsight.Quality) {
	p.HonestSays = w.T("honest.says", "off", w.Fixed(100*q.ECE, 1))
	p.HonestTable = table{
		Caption: w.T("honest"), Head: []string{w.T("honest.said"), w.T("honest.were"), w.T("chart.comments")},
	}
	for _, b := range q.Bins {
		if b.Spam.Of == 0 {
			continue
		}
		said, were, n := round(100*b.Mean), round(100*b.Spam.Value), w.Number(b.Spam.Of)
		p.Honest = append(p.Honest, dotAt(b.Mean, b.Spam.Value, 3+math.Min(6, math.Log2(float64(b.Spam.Of))/2),
			w.T("honest.point", "said", said, "were", were, "n", n)))
		p.HonestTable.Rows = append(p.HonestTable.Rows, []string{said, were, n})
	}
}

func sides(w *desk.Catalog, cut hindsight.Cut) []bar {
	rows := bars(w,
		[]string{w.T("side.spam.caught"), w.T("side.spam.missed"), w.T("side.ham.held"), w.T("side.ham.free")},
		[]int{cut.Caught, cut.Missed, cut.Lost, cut.Passed})
	rows[1].Second, rows[2].Second = true, true
	return rows
}

// weeks draws how often the filter was wrong, week by week.
func weeks(w *desk.Catalog, p *insightsPage, weeks []hindsight.Week) {
	if len(weeks) < 2 {
		return
	}
	p.WeekTable = table{
		Caption: w.T("weeks"), Head: []string{w.T("weeks.week"), w.T("weeks.wrong"), w.T("chart.comments")},
	}
	values, says := make([]float64, len(weeks)), make([]string, len(weeks))
	for i, k := range weeks {
		wrong, n := k.Cut.Missed+k.Cut.Lost, k.Cut.Caught+k.Cut.Missed+k.Cut.Lost+k.Cut.Passed
		if n > 0 {
			values[i] = 100 * float64(wrong) / float64(n)
		}
		says[i] = w.T("weeks.says", "day", w.Day(k.From), "wrong", wrong, "n", n)
		p.WeekTable.Rows = append(p.WeekTable.Rows, []string{w.Day(k.From), w.Number(wrong), w.Number(n)})
	}
	top := topOf(values, 1)
	p.Weeks = columns(values, top, says)
	p.WeekTicks = []string{w.Float(top), w.Float(top / 2), "0"}
	p.WeekFirst, p.WeekLast = w.Day(weeks[0].From), w.Day(weeks[len(weeks)-1].From)
}

func round(v float64) string { return strconv.Itoa(int(math.Round(v))) }

// share is a part in percent, or a dash of nothing, with what it was counted from.
func share(w *desk.Catalog, key string, s hindsight.Share) figure {
	f := figure{Label: w.T(key), Value: percent(s.Part, s.Of)}
	if s.Of > 0 {
		f.More = w.T("figure.share", "part", s.Part, "of", s.Of, "low", round(100*s.Low), "high", round(100*s.High))
	}
	return f
}
