package admin

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/evaluation"
)

// A busyRow is a page with many comments.
type busyRow struct {
	URL, Title      string
	CameIn, Refused string
}

// addFlow adds the figures and charts of received and decided comments.
func addFlow(w *desk.Catalog, p *insightsPage, f evaluation.Flow) {
	if f.CameIn+f.Wait.Count == 0 {
		return
	}
	days := make([]string, len(f.Spans))
	for i, s := range f.Spans {
		days[i] = w.Day(s.From)
	}
	p.FlowLead = flowLead(w, f)
	p.Flow = plotPointer(flowPlot(w, f, days))
	if f.Wait.Count > 0 {
		p.WaitLead = w.N("wait.lead", f.Wait.Count)
		p.Wait = plotPointer(waitPlot(w, f, days))
	}
	for _, b := range f.Pages {
		title := cmp.Or(b.Page.Title, b.Page.URL)
		p.Busy = append(p.Busy, busyRow{b.Page.URL, title, w.Number(b.CameIn), w.Number(b.Refused)})
	}
}

func plotPointer(p plot) *plot { return &p }

// durationOrDash formats a duration, or returns a dash if it was computed from no comments.
func durationOrDash(w *desk.Catalog, of int, d time.Duration) string {
	if of == 0 {
		return "–"
	}
	return w.Duration(d)
}

// flowLead summarizes the flow: the busiest span, and whether decisions keep up.
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
	switch rest := f.CameIn - f.Wait.Count; {
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

// flowPlot plots received comments as columns of published, refused and other ones.
func flowPlot(w *desk.Catalog, f evaluation.Flow, days []string) plot {
	came, says := make([]float64, len(days)), make([]string, len(days))
	published, refused, rest := make([]float64, len(days)), make([]float64, len(days)), make([]float64, len(days))
	title := w.T(flowTitle(f))
	t := table{Caption: title, Head: []string{spanLabel(w, f), w.T("flow.in"), w.T("flow.published"), w.T("flow.refused"),
		w.T("flow.decided")}}
	for i, s := range f.Spans {
		came[i], published[i], refused[i] = float64(s.CameIn), float64(s.Published), float64(s.Refused)
		rest[i] = came[i] - published[i] - refused[i]
		says[i] = w.T("flow.says", "day", days[i], "in", s.CameIn, "published", s.Published, "refused", s.Refused)
		t.Rows = append(t.Rows, []string{days[i], w.Number(s.CameIn), w.Number(s.Published), w.Number(s.Refused),
			w.Number(s.Decided)})
	}
	top := axisMax(came, 4)
	p := newPlot(title, top, w.Float)
	p.X, p.Table = axisLabels(days), t
	p.Bars = stacked(top, says, part{"c-good", published}, part{"c-spam", refused}, part{"c-rest", rest})
	p.Key = []legendEntry{{"c-good", w.T("flow.published")}, {"c-spam", w.T("flow.refused")}}
	if slices.Max(rest) > 0 {
		p.Key = append(p.Key, legendEntry{"c-rest", w.T("flow.rest")})
	}
	return p
}

// flowTitle returns the message key of the flow's title.
func flowTitle(f evaluation.Flow) string {
	if f.Days > 1 {
		return "flow.weekly"
	}
	return "flow"
}

func spanLabel(w *desk.Catalog, f evaluation.Flow) string {
	if f.Days > 1 {
		return w.T("weeks.week")
	}
	return w.T("flow.day")
}

// waitPlot plots the median and the 90th percentile of waiting times, in minutes, hours or days.
func waitPlot(w *desk.Catalog, f evaluation.Flow, days []string) plot {
	longest := time.Duration(0)
	for _, s := range f.Spans {
		longest = max(longest, s.Wait.P90)
	}
	unit, key := time.Minute, "span.min"
	switch {
	case longest > 72*time.Hour:
		unit, key = 24*time.Hour, "span.d"
	case longest > 2*time.Hour:
		unit, key = time.Hour, "span.h"
	}
	half, ninety := make([]float64, len(days)), make([]float64, len(days))
	t := table{Caption: w.T("wait"), Head: []string{spanLabel(w, f), w.T("wait.half"), w.T("wait.ninety")}}
	for i, s := range f.Spans {
		half[i], ninety[i] = math.NaN(), math.NaN()
		if s.Wait.Count > 0 {
			half[i], ninety[i] = float64(s.Wait.Median)/float64(unit), float64(s.Wait.P90)/float64(unit)
		}
		t.Rows = append(t.Rows,
			[]string{days[i], durationOrDash(w, s.Wait.Count, s.Wait.Median), durationOrDash(w, s.Wait.Count, s.Wait.P90)})
	}
	top := axisMax(ninety, 1)
	p := newPlot(w.T("wait"), top, w.Float)
	p.Y[0] = w.T(key, "n", top)
	p.Tall, p.X, p.Table = true, axisLabels(days), t
	long := linePath(ninety, top)
	long.Class = "ln dash"
	p.Lines = []line{long, linePath(half, top)}
	p.Key = []legendEntry{{"l", w.T("wait.half")}, {"d", w.T("wait.ninety")}}
	return p
}

// suggestions are the actions that can be suggested, with their message keys.
var suggestions = []struct {
	action comment.Action
	key    string
}{{comment.MarkSpam, "reason.spam"}, {comment.Approve, "act.approve"}, {comment.Reject, "followed.reject"}}

// followedRows returns how often moderators followed each suggestion.
func followedRows(w *desk.Catalog, q evaluation.Report) (rows []whisker) {
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

// effortRows returns the actions per comment, for single and for batch decisions.
func effortRows(w *desk.Catalog, q evaluation.Report) []bar {
	e := q.Effort
	row := func(key string, comments, actions int) bar {
		each := float64(actions) / float64(max(1, comments))
		return bar{
			Label: w.T(key), More: w.T("effort.of", "n", comments, "actions", actions), Value: w.Fixed(each, 2),
			Width: desk.Decimal(100 * each),
		}
	}
	var rows []bar
	if e.Single > 0 {
		rows = append(rows, row("effort.one", e.Single, e.Single))
	}
	if e.Batched > 0 {
		rows = append(rows, row("effort.many", e.Batched, e.Batches))
	}
	all := row("effort.all", e.Comments(), e.Actions())
	all.Second, all.Sum = true, true
	return append(rows, all)
}

// periodOf returns the requested period in days.
func periodOf(v *desk.Visit) int {
	days, _ := strconv.Atoi(v.QueryParam("days")) // not a number: the first period
	if days < 1 || days > periods[len(periods)-1] {
		return periods[0]
	}
	return days
}
