package admin

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aitys/aitys/api/desk"
)

// A bar is a row of a table whose middle column is a bar.
type bar struct {
	Label, More, Value string
	Width              string // in percent
	Second             bool   // use the second colour
	Sum                bool   // the total of all rows
}

// bars returns one row per value. The longest bar fills its column.
func bars(w *desk.Catalog, labels []string, values []int) []bar {
	most := 1
	for _, v := range values {
		most = max(most, v)
	}
	rows := make([]bar, 0, len(values))
	for i, v := range values {
		rows = append(rows, bar{Label: labels[i], Value: w.Number(v), Width: desk.Decimal(100 * float64(v) / float64(most))})
	}
	return rows
}

// A whisker is a row of a table whose middle column is a share with its confidence interval.
type whisker struct {
	Label, More, Value string
	From, Width, At    string // in percent
}

// A dot is a point of the square chart, whose plot area is x 40–290, y 20–200.
type dot struct{ X, Y, R, Says string }

// dotAt returns a point at two shares.
func dotAt(x, y float64, radius float64, says string) dot {
	return dot{X: desk.Decimal(40 + 250*x), Y: desk.Decimal(200 - 180*y), R: desk.Decimal(radius), Says: says}
}

// A plot is a chart with a plot area of 560 by 160. Its labels are HTML, so that they keep their size.
type plot struct {
	Title   string   // the accessible name
	Y       []string // labels from top to bottom, at equidistant lines
	Grid    []string // y coordinates of these lines
	X       []string // labels from left to right
	Bars    []column
	Lines   []line
	Key     []legendEntry
	Table   table
	Tall    bool
	Beneath bool // a control is placed directly below the axis
}

// A column is a vertical bar of a plot.
type column struct {
	X, Y, Width, Height, Says string
	Class                     string
}

// A line is a path of a plot with its CSS class.
type line struct{ D, Class string }

// A legendEntry explains a shape of a plot: the class of bars, "l" for a line, "d" for a dashed line.
type legendEntry struct{ Shape, Label string }

// planeWidth and planeHeight are the size of every plot area.
const planeWidth, planeHeight = 560, 160

// newPlot returns a plot with grid lines at quarters of top.
func newPlot(title string, top float64, label func(float64) string) plot {
	p := plot{Title: title}
	for i := range 5 {
		p.Y = append(p.Y, label(top*float64(4-i)/4))
		p.Grid = append(p.Grid, desk.Decimal(planeHeight*float64(i)/4))
	}
	return p
}

// columns returns one column per value. No value may exceed top.
func columns(values []float64, top float64, says []string) []column {
	cs := make([]column, 0, len(values))
	step := planeWidth / float64(max(1, len(values)))
	width := min(0.7*step, 56) // keep few columns narrow
	for i, v := range values {
		cs = append(cs, columnAt((float64(i)+0.5)*step-width/2, width, v/top, says[i]))
	}
	return cs
}

// A part is a layer of stacked columns.
type part struct {
	class  string
	values []float64
}

// stacked returns the columns of parts on each other, the first at the axis. No sum may exceed top.
func stacked(top float64, says []string, parts ...part) (all []column) {
	base := make([]float64, len(says))
	for _, p := range parts {
		for i, c := range columns(p.values, top, says) {
			if p.values[i] == 0 {
				continue
			}
			c.Y, c.Class = desk.Decimal(planeHeight*(1-(base[i]+p.values[i])/top)), p.class
			base[i] += p.values[i]
			all = append(all, c)
		}
	}
	return all
}

// sparkline returns the paths of a line through values and of the area below it, in a box of 124 by 34. NaN values are
// skipped. It returns "" for fewer than two values.
func sparkline(values []float64) (line, area string) {
	values = slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	if len(values) < 2 {
		return "", ""
	}
	least, most := slices.Min(values), slices.Max(values)
	for i, v := range values {
		y := 17.0
		if most > least {
			y = 30 - 26*(v-least)/(most-least)
		}
		line += " L" + desk.Decimal(124*float64(i)/float64(len(values)-1)) + " " + desk.Decimal(y)
	}
	line = "M" + line[2:]
	return line, line + " L124 34 L0 34z"
}

// columnAt returns a column that begins at x and has a share of the plot's height.
func columnAt(x, width, share float64, says string) column {
	height := planeHeight * share
	return column{
		X: desk.Decimal(x), Width: desk.Decimal(width), Y: desk.Decimal(planeHeight - height),
		Height: desk.Decimal(height), Says: says, Class: "b1",
	}
}

// linePath returns a line through values, with a gap at each NaN. No value may exceed top.
func linePath(values []float64, top float64) line {
	var b strings.Builder
	step, pen := planeWidth/float64(max(1, len(values))), "M"
	for i, v := range values {
		if math.IsNaN(v) {
			pen = "M"
			continue
		}
		x, y := desk.Decimal((float64(i)+0.5)*step), desk.Decimal(planeHeight*(1-v/top))
		fmt.Fprintf(&b, "%s%s %s", pen, x, y)
		if pen = "L"; i+1 == len(values) || math.IsNaN(values[i+1]) {
			b.WriteString("h.1") // draw a single value as a dot
		}
	}
	return line{b.String(), "ln"}
}

// verticalLine returns a line from the axis to the top, at a share of the plot's width.
func verticalLine(share float64, class string) line {
	return line{"M" + desk.Decimal(planeWidth*share) + " 0V160", class}
}

// axisLabels returns at most five evenly spaced labels, including the first and the last.
func axisLabels(labels []string) (some []string) {
	n := min(5, len(labels))
	for i := range n {
		some = append(some, labels[(i*(len(labels)-1)+max(1, n-1)/2)/max(1, n-1)])
	}
	return some
}

// axisMax returns a round number of at least least that no value exceeds. Its quarters are round too, and whole numbers
// if least is 4 or more. It ignores NaN.
func axisMax(values []float64, least float64) float64 {
	most := least
	for _, v := range values {
		if v > most { // false for NaN
			most = v
		}
	}
	quarter := most / 4
	unit := math.Pow(10, math.Floor(math.Log10(quarter)))
	for _, step := range []float64{1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10} {
		if whole := step * unit; quarter <= whole && (least < 4 || whole == math.Trunc(whole)) {
			return 4 * whole
		}
	}
	return most
}

func percent(part, whole int) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%d %%", int(math.Round(100*float64(part)/float64(whole))))
}

// A table contains the numbers of a chart.
type table struct {
	Caption string
	Head    []string
	Rows    [][]string
}
