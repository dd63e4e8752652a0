package admin

import (
	"encoding/json"
	"fmt"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/evaluation"
)

// oneLine shows good and spam by score, with the threshold as it is set and one that is tried, which a slider
// under the same axis moves.
type oneLine struct {
	Site    string
	Owner   bool // who may set it
	Lead    string
	Plot    plot
	Now     string // both in 100
	Then    string
	At      string // the same as a whole number
	Table   table
	Numbers table
	Scores  string // good, spam and other comments by each hundredth, for the script
}

// groups are the twentieths that bars stand at.
const groups = 20

// drawLine draws what two thresholds would have done with the same comments.
func drawLine(w *desk.Catalog, f desk.Frame, would evaluation.WhatIf) *oneLine {
	if would.Looked == 0 {
		return nil
	}
	now, then := inHundred(w, would.Now.Threshold), inHundred(w, would.Then.Threshold)
	scores, _ := json.Marshal(triples(would.Scores)) // numbers always can be
	l := oneLine{
		Site:   f.Site.Key,
		Owner:  f.Owner,
		Now:    now,
		Then:   then,
		At:     round(100 * would.Then.Threshold),
		Scores: string(scores),
		Lead:   w.N("line.lead", would.Looked),
		Table: table{Caption: w.T("whatif.beside"), Head: []string{
			w.T("line.from"), w.T("whatif.suspected"), w.T("whatif.suspected.good"), w.T("line.missed"), w.T("line.wrong"),
		}},
		Numbers: table{Caption: w.T("line.scores"), Head: []string{w.T("line.score"), w.T("line.good"), w.T("line.spam")}},
	}
	for _, t := range []struct {
		key string
		of  evaluation.Trial
	}{{"line.now", would.Now}, {"js.line.then", would.Then}} {
		good, missed := t.of.SuspectedHam.N, t.of.MissedSpam.N
		l.Table.Rows = append(l.Table.Rows, []string{
			w.T(t.key, "threshold", inHundred(w, t.of.Threshold)),
			w.Number(t.of.Suspected), w.Number(good), w.Number(missed), w.Number(good + missed),
		})
	}
	l.bars(w, would.Scores)
	l.Plot.Title = w.T("line.title", "now", now, "then", then)
	l.Plot.Lines = []line{upright(would.Then.Threshold, "trial"), upright(would.Now.Threshold, "th")}
	l.Plot.Key = []keyed{
		{"b2", w.T("line.good")}, {"b1", w.T("line.spam")},
		{"l", w.T("line.key.now", "threshold", now)}, {"d", w.T("js.line.key", "threshold", then)},
	}
	return &l
}

// bars has two bars, good and spam, at each twentieth of the score.
func (l *oneLine) bars(w *desk.Catalog, scores evaluation.Hundredths) {
	var good, spam [groups]int
	var all []float64
	for i, n := range scores {
		at := min(i*groups/100, groups-1)
		good[at], spam[at] = good[at]+n.Good, spam[at]+n.Spam
	}
	for i := range groups {
		all = append(all, float64(good[i]), float64(spam[i]))
	}
	top := topOf(all, 4)
	l.Plot = newPlot("", top, w.Float)
	for i := range groups {
		from, to := i*100/groups, (i+1)*100/groups
		band := fmt.Sprintf("%d–%d", from, to)
		says := w.T("line.says", "band", band, "good", good[i], "spam", spam[i])
		x, width := float64(i)*planeWidth/groups, planeWidth/groups*0.4
		left, right := columnAt(x+0.1*planeWidth/groups, width, float64(good[i])/top, says),
			columnAt(x+0.5*planeWidth/groups, width, float64(spam[i])/top, says)
		left.Second = true
		l.Plot.Bars = append(l.Plot.Bars, left, right)
		l.Numbers.Rows = append(l.Numbers.Rows, []string{band, w.Number(good[i]), w.Number(spam[i])})
	}
	l.Plot.X, l.Plot.Beneath = []string{"0", "20", "40", "60", "80", "100"}, true
}

// triples are the hundredths as the script reads them.
func triples(h evaluation.Hundredths) (all [][3]int) {
	for _, n := range h {
		all = append(all, [3]int{n.Good, n.Spam, n.Other})
	}
	return all
}
