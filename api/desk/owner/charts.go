package owner

import (
	"fmt"
	"math"

	"github.com/aitys/aitys/api/desk"
)

// A bar is one row of a table whose middle column is a bar.
type bar struct {
	Label, Value string
	Width        string // of 100
	Second       bool   // in the second colour
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

// A dot is a point of the square chart, whose plane is 40 to 290 by 20 to 200.
type dot struct{ X, Y, R, Says string }

// dotAt places a point by two shares.
func dotAt(x, y float64, radius float64, says string) dot {
	return dot{X: desk.Decimal(40 + 250*x), Y: desk.Decimal(200 - 180*y), R: desk.Decimal(radius), Says: says}
}

// A column is a bar of a chart over time, whose plane is 560 by 160.
type column struct{ X, Y, Width, Height, Says string }

// columns places values side by side under a top that all fit below.
func columns(values []float64, top float64, says []string) []column {
	cs := make([]column, 0, len(values))
	step := 560 / float64(max(1, len(values)))
	width := min(0.7*step, 56) // two weeks are no wall
	for i, v := range values {
		height := 160 * v / top
		cs = append(cs, column{
			X: desk.Decimal((float64(i)+0.5)*step - width/2), Width: desk.Decimal(width),
			Y: desk.Decimal(160 - height), Height: desk.Decimal(height), Says: says[i],
		})
	}
	return cs
}

// topOf is a round number that all values stay below: 1, 2 or 5 with noughts, at least least.
func topOf(values []float64, least float64) float64 {
	most := least
	for _, v := range values {
		most = math.Max(most, v)
	}
	unit := math.Pow(10, math.Floor(math.Log10(most)))
	for _, step := range []float64{1, 2, 5, 10} {
		if most <= step*unit {
			return step * unit
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
