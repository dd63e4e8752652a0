package admin

import (
	"encoding/json"
	"fmt"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/evaluation"
)

// A thresholdPlot plots good and spam comments by score, with the current threshold and a tried one. A slider below
// the axis moves the tried one.
type thresholdPlot struct {
	Site    string
	Owner   bool // the viewer may change the threshold
	Lead    string
	Plot    plot
	Now     string // the current threshold in percent
	Then    string // the tried threshold in percent
	At      string // the tried threshold as a whole number
	Table   table
	Numbers table
	Scores  string // counts of good, spam and other comments per hundredth, as JSON for the script
}

// histogramBins is the number of bins of the score axis.
const histogramBins = 20

// newThresholdPlot returns the plot of two thresholds on the same comments, or nil if there are no comments.
func newThresholdPlot(w *desk.Catalog, f desk.Frame, would evaluation.WhatIf) *thresholdPlot {
	if would.Compared == 0 {
		return nil
	}
	now, then := percentText(w, would.Now.Threshold), percentText(w, would.Then.Threshold)
	scores, _ := json.Marshal(scoreCounts(would.Scores)) // numbers never fail to marshal
	l := thresholdPlot{
		Site:   f.Site.Key,
		Owner:  f.Owner,
		Now:    now,
		Then:   then,
		At:     round(100 * would.Then.Threshold),
		Scores: string(scores),
		Lead:   w.N("line.lead", would.Compared),
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
			w.T(t.key, "threshold", percentText(w, t.of.Threshold)),
			w.Number(t.of.Suspected), w.Number(good), w.Number(missed), w.Number(good + missed),
		})
	}
	l.bars(w, would.Scores)
	l.Plot.Title = w.T("line.title", "now", now, "then", then)
	l.Plot.Lines = []line{verticalLine(would.Then.Threshold, "trial"), verticalLine(would.Now.Threshold, "th")}
	l.Plot.Key = []legendEntry{
		{"c-good", w.T("line.good")}, {"c-spam", w.T("line.spam")},
		{"l", w.T("line.key.now", "threshold", now)}, {"d", w.T("js.line.key", "threshold", then)},
	}
	return &l
}

// bars adds two bars, good and spam, for each bin.
func (l *thresholdPlot) bars(w *desk.Catalog, scores evaluation.ScoreHistogram) {
	var good, spam [histogramBins]int
	var all []float64
	for i, n := range scores {
		at := min(i*histogramBins/100, histogramBins-1)
		good[at], spam[at] = good[at]+n.Good, spam[at]+n.Spam
	}
	for i := range histogramBins {
		all = append(all, float64(good[i]), float64(spam[i]))
	}
	top := axisMax(all, 4)
	l.Plot = newPlot("", top, w.Float)
	for i := range histogramBins {
		from, to := i*100/histogramBins, (i+1)*100/histogramBins
		band := fmt.Sprintf("%d–%d", from, to)
		says := w.T("line.says", "band", band, "good", good[i], "spam", spam[i])
		x, width := float64(i)*planeWidth/histogramBins, planeWidth/histogramBins*0.4
		left, right := columnAt(x+0.1*planeWidth/histogramBins, width, float64(good[i])/top, says),
			columnAt(x+0.5*planeWidth/histogramBins, width, float64(spam[i])/top, says)
		left.Class, right.Class = "c-good", "c-spam"
		l.Plot.Bars = append(l.Plot.Bars, left, right)
		l.Numbers.Rows = append(l.Numbers.Rows, []string{band, w.Number(good[i]), w.Number(spam[i])})
	}
	l.Plot.X, l.Plot.Beneath = []string{"0", "20", "40", "60", "80", "100"}, true
}

// scoreCounts converts the counts to the format that the script reads.
func scoreCounts(h evaluation.ScoreHistogram) (all [][3]int) {
	for _, n := range h {
		all = append(all, [3]int{n.Good, n.Spam, n.Other})
	}
	return all
}
