package admin

import (
	"cmp"
	"math"
	"strconv"
	"time"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/evaluation"
)

// busyRow is a page on which much came in.
type busyRow struct {
	URL, Title      string
	CameIn, Refused string
}

// drawFlow draws what came in and was decided.
func drawFlow(w *desk.Catalog, p *insightsPage, f evaluation.Flow) {
	p.Numbers = []figure{
		{Label: w.T("figure.in"), Value: w.Number(f.CameIn)},
		{Label: w.T("figure.published"), Value: w.Number(f.Published)},
		{Label: w.T("figure.half"), Value: within(w, f.Wait.Of, f.Wait.Median)},
		{Label: w.T("figure.ninety"), Value: within(w, f.Wait.Of, f.Wait.Ninety)},
	}
	if f.CameIn+f.Wait.Of == 0 {
		return
	}
	days := make([]string, len(f.Spans))
	for i, s := range f.Spans {
		days[i] = w.Day(s.From)
	}
	p.FlowLead = flowLead(w, f)
	p.Flow = drawn(series(w, f, days))
	if f.Wait.Of > 0 {
		p.WaitLead = w.N("wait.lead", f.Wait.Of)
		p.Wait = drawn(waits(w, f, days))
	}
	for _, b := range f.Pages {
		title := cmp.Or(b.Page.Title, b.Page.URL)
		p.Busy = append(p.Busy, busyRow{b.Page.URL, title, w.Number(b.CameIn), w.Number(b.Refused)})
	}
}

func drawn(p plot) *plot { return &p }

// within is a time as a figure, or a dash of nothing.
func within(w *desk.Catalog, of int, d time.Duration) string {
	if of == 0 {
		return "–"
	}
	return w.Span(d)
}

// flowLead says what to see.
func flowLead(w *desk.Catalog, f evaluation.Flow) string {
	key, most := "flow.most", f.Spans[0]
	if f.Days > 1 {
		key = "flow.most.week"
	}
	for _, s := range f.Spans {
		if s.CameIn > most.CameIn {
			most = s
		}
	}
	text := w.T(key, "n", most.CameIn, "day", w.Day(most.From))
	switch rest := f.CameIn - f.Wait.Of; {
	case rest > 0:
		text += " " + w.T("flow.behind", "n", rest)
	case rest < 0:
		text += " " + w.T("flow.ahead", "n", -rest)
	}
	if f.Capped {
		text += " " + w.T("flow.capped")
	}
	return text
}

// series draws what came in as bars and what was decided as a line.
func series(w *desk.Catalog, f evaluation.Flow, days []string) plot {
	came, decided, says := make([]float64, len(days)), make([]float64, len(days)), make([]string, len(days))
	t := table{Caption: w.T("flow"), Head: []string{spanHead(w, f), w.T("flow.in"), w.T("flow.decided")}}
	for i, s := range f.Spans {
		came[i], decided[i] = float64(s.CameIn), float64(s.Decided)
		says[i] = w.T("flow.says", "day", days[i], "in", s.CameIn, "decided", s.Decided)
		t.Rows = append(t.Rows, []string{days[i], w.Number(s.CameIn), w.Number(s.Decided)})
	}
	top := topOf(append(came, decided...), 4)
	p := newPlot(w.T("flow"), top, w.Float)
	p.X, p.Table = spread(days), t
	p.Bars, p.Lines = columns(came, top, says), []line{lineOf(decided, top)}
	p.Key = []keyed{{"b1", w.T("flow.in")}, {"l", w.T("flow.decided")}}
	return p
}

func spanHead(w *desk.Catalog, f evaluation.Flow) string {
	if f.Days > 1 {
		return w.T("weeks.week")
	}
	return w.T("flow.day")
}

// waits draws how long half and nine in ten waited, in a unit that fits.
func waits(w *desk.Catalog, f evaluation.Flow, days []string) plot {
	longest := time.Duration(0)
	for _, s := range f.Spans {
		longest = max(longest, s.Wait.Ninety)
	}
	unit, key := time.Minute, "span.min"
	switch {
	case longest > 72*time.Hour:
		unit, key = 24*time.Hour, "span.d"
	case longest > 2*time.Hour:
		unit, key = time.Hour, "span.h"
	}
	half, ninety := make([]float64, len(days)), make([]float64, len(days))
	t := table{Caption: w.T("wait"), Head: []string{spanHead(w, f), w.T("wait.half"), w.T("wait.ninety")}}
	for i, s := range f.Spans {
		half[i], ninety[i] = math.NaN(), math.NaN()
		if s.Wait.Of > 0 {
			half[i], ninety[i] = float64(s.Wait.Median)/float64(unit), float64(s.Wait.Ninety)/float64(unit)
		}
		t.Rows = append(t.Rows,
			[]string{days[i], within(w, s.Wait.Of, s.Wait.Median), within(w, s.Wait.Of, s.Wait.Ninety)})
	}
	top := topOf(ninety, 1)
	p := newPlot(w.T("wait"), top, w.Float)
	p.Y[0] = w.T(key, "n", top)
	p.Tall, p.X, p.Table = true, spread(days), t
	long := lineOf(ninety, top)
	long.Class = "ln dash"
	p.Lines = []line{long, lineOf(half, top)}
	p.Key = []keyed{{"l", w.T("wait.half")}, {"d", w.T("wait.ninety")}}
	return p
}

// suggestions are what can be suggested, by the keys of their names.
var suggestions = []struct {
	action comment.Action
	key    string
}{{comment.MarkSpam, "reason.spam"}, {comment.Approve, "act.approve"}, {comment.Reject, "followed.reject"}}

// followed draws how often what was suggested was done.
func followed(w *desk.Catalog, q evaluation.Report) (rows []whisker) {
	for _, s := range suggestions {
		share := q.Followed[s.action]
		if share.Of == 0 {
			continue
		}
		rows = append(rows, whisker{
			Label: w.T(s.key), More: w.T("followed.of", "part", share.Part, "of", share.Of), Value: round(100 * share.Value),
			From: desk.Decimal(100 * share.Low), Width: desk.Decimal(100 * (share.High - share.Low)),
			At: desk.Decimal(99 * share.Value),
		})
	}
	return rows
}

// efforts draws how many actions a comment took, by the way it was decided.
func efforts(w *desk.Catalog, q evaluation.Report) []bar {
	e := q.Effort
	row := func(key string, comments, actions int) bar {
		each := float64(actions) / float64(max(1, comments))
		return bar{
			Label: w.T(key), More: w.T("effort.of", "n", comments, "actions", actions), Value: w.Fixed(each, 2),
			Width: desk.Decimal(100 * each),
		}
	}
	var rows []bar
	if e.Alone > 0 {
		rows = append(rows, row("effort.one", e.Alone, e.Alone))
	}
	if e.Together > 0 {
		rows = append(rows, row("effort.many", e.Together, e.Batches))
	}
	all := row("effort.all", e.Comments(), e.Actions())
	all.Second, all.Sum = true, true
	return append(rows, all)
}

// daysOf is the period that an address asks for.
func daysOf(v *desk.Visit) int {
	days, _ := strconv.Atoi(v.QueryParam("days")) // what is no number is the first period
	if days < 1 || days > periods[len(periods)-1] {
		return periods[0]
	}
	return days
}
