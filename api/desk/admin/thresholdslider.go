package admin

import (
	"encoding/json"
	"strconv"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/evaluation"
)

// A thresholdSlider shows the site's last decisions by score, and what the threshold would have caught and held back.
type thresholdSlider struct {
	Bars         []scoreBar
	At           string // the threshold as a whole number
	X            string // its place in the chart
	Scores       string // counts of good, spam and other comments per hundredth, as JSON for the script
	Caught, Held string
	Lead         string
}

// A scoreBar is the number of good or spam comments in a bin.
type scoreBar struct {
	X, Y, Height string
	Spam         bool
}

// Size of the chart.
const (
	sliderWidth  = 620
	sliderHeight = 90
)

// newThresholdSlider returns the slider at the current threshold, or nil if there are no decisions.
func newThresholdSlider(w *desk.Catalog, would evaluation.WhatIf) *thresholdSlider {
	if would.Compared == 0 {
		return nil
	}
	at := would.Now.Threshold
	scores, _ := json.Marshal(scoreCounts(would.Scores)) // numbers never fail to marshal
	s := thresholdSlider{
		At:     round(100 * at),
		X:      desk.Decimal(sliderWidth * at),
		Scores: string(scores),
		Lead:   w.N("threshold.lead", would.Compared),
	}
	var good, spam [histogramBins]int
	var goods, spams, held, caught, top int
	for i, n := range would.Scores {
		bin := min(i*histogramBins/100, histogramBins-1)
		good[bin], spam[bin] = good[bin]+n.Good, spam[bin]+n.Spam
		top = max(top, good[bin], spam[bin])
		goods, spams = goods+n.Good, spams+n.Spam
		if float64(i) >= 100*at {
			held, caught = held+n.Good, caught+n.Spam
		}
	}
	for i := range histogramBins {
		x := float64(i) * sliderWidth / histogramBins
		s.Bars = append(s.Bars, newScoreBar(x+2, good[i], top, false), newScoreBar(x+16, spam[i], top, true))
	}
	s.Caught = w.T("js.threshold.of", "n", caught, "all", spams)
	s.Held = w.T("js.threshold.of", "n", held, "all", goods)
	return &s
}

// newScoreBar returns a bar at x. A bar of at least one comment is visible.
func newScoreBar(x float64, n, top int, spam bool) scoreBar {
	height := 0
	if n > 0 {
		height = max(1, n*(sliderHeight-4)/top)
	}
	return scoreBar{X: desk.Decimal(x), Y: strconv.Itoa(sliderHeight - height), Height: strconv.Itoa(height), Spam: spam}
}
