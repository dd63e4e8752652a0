package admin

import (
	"fmt"
	"math"
	"strings"

	"github.com/aitys/aitys/api/desk"
)

// A bar is one row of a table whose middle column is a bar.
type bar struct {
	Label, More, Value string
	Width              string // of 100
	Second             bool   // in the second colour
	Sum                bool   // of all rows above
}

// bars makes rows whose longest bar fills its column.
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

// A whisker is one row of a table whose middle column is a share, with the band in which the true one lies.
type whisker struct {
	Label, More, Value string
	From, Width, At    string // of 100
}

// A dot is a point of the square chart, whose plane is 40 to 290 by 20 to 200.
type dot struct{ X, Y, R, Says string }

// dotAt places a point by two shares.
func dotAt(x, y float64, radius float64, says string) dot {
	return dot{X: desk.Decimal(40 + 250*x), Y: desk.Decimal(200 - 180*y), R: desk.Decimal(radius), Says: says}
}

// A plot is a chart whose plane is 560 by 160. Its labels are HTML, so that they never shrink.
type plot struct {
	Title   string   // for who does not see it
	Y       []string // labels from the top down, at lines of the same distance
	Grid    []string // those lines
	X       []string // labels from the first to the last
	Bars    []column
	Lines   []line
	Key     []keyed
	Table   table
	Tall    bool
	Beneath bool // something stands right below the axis
}

// A column is a bar of a plot.
type column struct {
	X, Y, Width, Height, Says string
	Second                    bool
}

// A line is one of a plot: a path, and how it is drawn.
type line struct{ D, Class string }

// keyed says what a shape of a plot stands for: "b1", "b2" for bars, "l" for a line, "d" for a dashed one.
type keyed struct{ Shape, Label string }

// planeWidth and planeHeight are those of every plot.
const planeWidth, planeHeight = 560, 160

// newPlot has lines at the quarters of top.
func newPlot(title string, top float64, label func(float64) string) plot {
	p := plot{Title: title}
	for i := range 5 {
		p.Y = append(p.Y, label(top*float64(4-i)/4))
		p.Grid = append(p.Grid, desk.Decimal(planeHeight*float64(i)/4))
	}
	return p
}

// columns places values side by side below a top that all fit below.
func columns(values []float64, top float64, says []string) []column {
	cs := make([]column, 0, len(values))
	step := planeWidth / float64(max(1, len(values)))
	width := min(0.7*step, 56) // two weeks are no wall
	for i, v := range values {
		cs = append(cs, columnAt((float64(i)+0.5)*step-width/2, width, v/top, says[i]))
	}
	return cs
}

// columnAt is a bar from x on, of a share of the plane's height.
func columnAt(x, width, share float64, says string) column {
	height := planeHeight * share
	return column{
		X: desk.Decimal(x), Width: desk.Decimal(width), Y: desk.Decimal(planeHeight - height),
		Height: desk.Decimal(height), Says: says,
	}
}

// lineOf joins values below a top, and has a gap where one is none (NaN).
func lineOf(values []float64, top float64) line {
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
			b.WriteString("h.1") // what stands alone is a dot
		}
	}
	return line{b.String(), "ln"}
}

// upright is a line from the axis to the top, at a share of the plane's width.
func upright(share float64, class string) line {
	return line{"M" + desk.Decimal(planeWidth*share) + " 0V160", class}
}

// spread picks at most five labels from the first to the last.
func spread(labels []string) (some []string) {
	n := min(5, len(labels))
	for i := range n {
		some = append(some, labels[(i*(len(labels)-1)+max(1, n-1)/2)/max(1, n-1)])
	}
	return some
}

// topOf is a round number that no value exceeds, at least least, whose quarters are round too: whole numbers
// from a least of 4 on.
func topOf(values []float64, least float64) float64 {
	most := least
	for _, v := range values {
		if v > most { // none (NaN) is not
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

// A table holds the numbers of a chart.
type table struct {
	Caption string
	Head    []string
	Rows    [][]string
}
