package admin

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

type insightsPage struct {
	desk.Frame
	Part     string // one of insightsParts, or "" for the overview
	Lead     string // the period
	Back     string // the overview
	Periods  []desk.Link
	CSV      string
	Say      string
	Figures  []course
	Doors    []desk.Link
	FlowLead string
	Flow     *plot
	WaitLead string
	Wait     *plot
	Busy     []busyRow

	Few              string // why there are no figures about the model; "" if there are
	Filter           []figure
	Calibration      []dot
	CalibrationText  string
	CalibrationTable table
	Weeks            *plot
	Reasons          []bar
	ReasonsLead      string
	Followed         []whisker
	Efforts          []bar
	EffortsLead      string
	Disagree         []desk.Brief
}

type figure struct{ Label, Value, More string }

// A course is a figure with its sparkline.
type course struct{ Value, Label, More, Line, Area string }

// insightsParts are the pages behind the overview.
var insightsParts = []string{"filter", "busiest", "decisions"}

// periods are the offered periods in days, the default first.
var periods = []int{28, 7, 365}

// insights shows received comments, waiting times, and the quality of the model: an overview, or one of insightsParts.
func (o *admin) insights(v *desk.Visit) error {
	part, days := v.Param("part"), periodOf(v)
	if part != "" && !slices.Contains(insightsParts, part) {
		return problem.Missing("page.unknown", "There is no such page.")
	}
	flow, err := o.Evaluation.Flow(v.Ctx(), v.Actor, v.Site, days)
	if err != nil {
		return err
	}
	since := flow.Spans[0].From
	q, err := o.Evaluation.Quality(v.Ctx(), v.Actor, v.Site, evaluation.QualityRequest{Since: since})
	if err != nil {
		return err
	}
	f, err := o.DeskFrame(v, v.Words.T("insights"))
	if err != nil {
		return err
	}
	p := newInsightsPage(v.Words, f, q, flow)
	p.Part, p.Lead = part, period(v.Words, since, o.Clock.Now())
	query := "?days=" + strconv.Itoa(days)
	p.Back, p.CSV = v.SitePath("/insights"+query), v.SitePath("/insights.csv"+query)
	p.Doors = insightsDoors(v.Words, v.Site, q, flow, query)
	for _, n := range periods {
		label := v.Words.N("period.days", n)
		p.Periods = append(p.Periods, desk.Link{Key: strconv.Itoa(n), Label: label, Current: n == days})
	}
	if part != "filter" {
		return v.Show("insights", p)
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
		row.Score = v.Words.T("disagree.score", "n", desk.Percent(scores[row.ID]))
	}
	return v.Show("insights", p)
}

// period formats a period in days of UTC.
func period(w *desk.Catalog, from, to time.Time) string {
	begin := w.Day(from)
	if from.Year() != to.UTC().Year() {
		begin = w.DayAndYear(from)
	}
	return begin + " – " + w.DayAndYear(to) + ", UTC"
}

// newInsightsPage returns the page with its figures and charts.
func newInsightsPage(w *desk.Catalog, f desk.Frame, q evaluation.Report, flow evaluation.Flow) insightsPage {
	p := insightsPage{Frame: f, Figures: courses(w, q, flow), Say: summary(w, q, flow)}
	addFlow(w, &p, flow)
	if n := q.Effort.Comments(); n > 0 {
		p.Efforts = effortRows(w, q)
		p.EffortsLead = w.T("effort.lead", "actions", q.Effort.Actions(), "n", n)
	}
	p.Followed = followedRows(w, q)
	refused := 0
	var labels []string
	var values []int
	for _, r := range slices.SortedFunc(maps.Keys(q.Reasons), func(a, b comment.Reason) int {
		return cmp.Or(cmp.Compare(q.Reasons[b], q.Reasons[a]), cmp.Compare(a, b))
	}) {
		labels, values = append(labels, w.T("reason."+r.String())), append(values, q.Reasons[r])
		refused += q.Reasons[r]
	}
	p.Reasons, p.ReasonsLead = bars(w, labels, values), w.N("refused.lead", refused)
	if spam := q.Reasons[comment.ReasonSpam]; spam > 0 {
		p.ReasonsLead = w.N("refused.lead.spam", refused, "spam", spam)
	}
	if q.Filter.Spam == 0 || q.Filter.Ham == 0 {
		p.Few = w.T("insights.few.text")
		return p
	}
	p.Filter = []figure{
		{w.T("figure.decided"), w.Number(q.Filter.Spam + q.Filter.Ham), w.N("figure.all", q.Decisions)},
		shareFigure(w, "figure.precision", q.Queue.Precision),
		shareFigure(w, "figure.recall", q.Queue.Recall),
		shareFigure(w, "figure.lost", q.Queue.HamLost),
		{w.T("figure.brier"), w.Fixed(100*math.Sqrt(q.Filter.Brier), 1), w.T("figure.brier.more")},
	}
	calibration(w, &p, q.Filter)
	weeklyErrors(w, &p, q.Weeks)
	return p
}

// summary says in one sentence how quickly comments are decided, and how often as suggested.
func summary(w *desk.Catalog, q evaluation.Report, flow evaluation.Flow) string {
	right, suggested := 0, 0
	for _, s := range q.Followed {
		right, suggested = right+s.Part, suggested+s.Of
	}
	switch {
	case flow.Wait.Count == 0 && flow.CameIn == 0:
		return w.T("insights.say.none")
	case flow.Wait.Count == 0:
		return w.N("insights.say.waits", flow.CameIn)
	case suggested == 0:
		return w.T("insights.say.half", "time", w.Duration(flow.Wait.Median))
	}
	return w.T("insights.say", "time", w.Duration(flow.Wait.Median), "share", percent(right, suggested))
}

// courses returns the four figures of the overview.
func courses(w *desk.Catalog, q evaluation.Report, flow evaluation.Flow) []course {
	came, published, waits := make([]float64, len(flow.Spans)), make([]float64, len(flow.Spans)), make([]float64, len(flow.Spans))
	for i, s := range flow.Spans {
		came[i], published[i], waits[i] = float64(s.CameIn), float64(s.Published), math.NaN()
		if s.Wait.Count > 0 {
			waits[i] = s.Wait.Median.Seconds()
		}
	}
	share, each := "", "–"
	if flow.CameIn > 0 {
		share = percent(flow.Published, flow.CameIn)
	}
	if n := q.Effort.Comments(); n > 0 {
		each = w.Fixed(float64(q.Effort.Actions())/float64(n), 2)
	}
	efforts := make([]float64, len(q.Efforts))
	for i, e := range q.Efforts {
		efforts[i] = float64(e.Actions()) / float64(e.Comments())
	}
	all := []course{
		{Value: w.Number(flow.CameIn), Label: w.T("figure.in")},
		{Value: w.Number(flow.Published), Label: w.T("figure.published"), More: share},
		{Value: durationOrDash(w, flow.Wait.Count, flow.Wait.Median), Label: w.T("figure.half")},
		{Value: each, Label: w.T("figure.actions")},
	}
	for i, values := range [][]float64{came, published, waits, efforts} {
		all[i].Line, all[i].Area = sparkline(values)
	}
	return all
}

// insightsDoors returns the links to the pages behind the overview, each with its main result.
func insightsDoors(w *desk.Catalog, site site.Site, q evaluation.Report, flow evaluation.Flow, query string) []desk.Link {
	at := "/moderate/" + site.Key
	filter := w.T("insights.few")
	if q.Filter.Spam > 0 && q.Filter.Ham > 0 {
		filter = w.T("insights.filter", "missed", q.Queue.FalseNegatives, "wrong", q.Queue.FalsePositives)
	}
	pages := ""
	if len(flow.Pages) > 0 {
		pages = w.T("insights.busiest", "page", cmp.Or(flow.Pages[0].Page.Title, flow.Pages[0].Page.URL))
	}
	try := int(max(50, math.Round(100*site.Settings.Suspect-5)))
	return []desk.Link{
		{URL: at + "/insights/filter" + query, Label: w.T("filter"), More: filter},
		{URL: at + "/insights/busiest" + query, Label: w.T("pages"), More: pages},
		{URL: at + "/insights/decisions" + query, Label: w.T("insights.decisions"), More: w.T("insights.decided", "n", w.Number(flow.Wait.Count))},
		{URL: at + "/what-if", Label: w.T("whatif"), More: w.T("insights.try", "threshold", try)},
	}
}

// calibration plots predicted probabilities against observed shares of spam.
func calibration(w *desk.Catalog, p *insightsPage, q evaluation.Quality) {
	p.CalibrationText = w.T("honest.says", "off", w.Fixed(100*q.ECE, 1))
	p.CalibrationTable = table{
		Caption: w.T("honest"), Head: []string{w.T("honest.said"), w.T("honest.were"), w.T("chart.comments")},
	}
	for _, b := range q.Bins {
		if b.Spam.Of == 0 {
			continue
		}
		said, were, n := round(100*b.Mean), round(100*b.Spam.Value), w.Number(b.Spam.Of)
		p.Calibration = append(p.Calibration, dotAt(b.Mean, b.Spam.Value, 3+math.Min(6, math.Log2(float64(b.Spam.Of))/2),
			w.T("honest.point", "said", said, "were", were, "n", n)))
		p.CalibrationTable.Rows = append(p.CalibrationTable.Rows, []string{said, were, n})
	}
}

// weeklyErrors plots the model's errors per week.
func weeklyErrors(w *desk.Catalog, p *insightsPage, weeklyErrors []evaluation.Week) {
	if len(weeklyErrors) < 2 {
		return
	}
	t := table{Caption: w.T("weeks"), Head: []string{w.T("weeks.week"), w.T("weeks.wrong"), w.T("chart.comments")}}
	values, says, days := make([]float64, len(weeklyErrors)), make([]string, len(weeklyErrors)), make([]string, len(weeklyErrors))
	for i, k := range weeklyErrors {
		wrong, n := k.Cut.FalseNegatives+k.Cut.FalsePositives, k.Cut.TruePositives+k.Cut.FalseNegatives+k.Cut.FalsePositives+k.Cut.TrueNegatives
		if n > 0 {
			values[i] = 100 * float64(wrong) / float64(n)
		}
		days[i] = w.Day(k.From)
		says[i] = w.T("weeks.says", "day", days[i], "wrong", wrong, "n", n)
		t.Rows = append(t.Rows, []string{days[i], w.Number(wrong), w.Number(n)})
	}
	top := axisMax(values, 4)
	drawn := newPlot(w.T("weeks"), top, w.Float)
	drawn.Bars, drawn.X, drawn.Table = columns(values, top, says), axisLabels(days), t
	p.Weeks = &drawn
}

func round(v float64) string { return strconv.Itoa(int(math.Round(v))) }

// shareFigure returns a share in percent with its counts and confidence interval, or a dash if the total is 0.
func shareFigure(w *desk.Catalog, key string, s evaluation.Share) figure {
	f := figure{Label: w.T(key), Value: percent(s.Part, s.Of)}
	if s.Of > 0 {
		f.More = w.T("figure.share", "part", s.Part, "of", s.Of, "low", round(100*s.Low), "high", round(100*s.High))
	}
	return f
}
