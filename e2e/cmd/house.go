package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/aitys/aitys/e2e"
)

// house prints what the walls of the house are measured by: the largest of each kind beside its
// target. Below stand figures that nothing is held to.
func house() error {
	tree, err := e2e.Load(".")
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "figure\tlargest\ttarget\twhere")
	for _, m := range e2e.Measures {
		largest := slices.MaxFunc(m.Of(e2e.House, tree), func(a, b e2e.Count) int { return cmp.Compare(a.N, b.N) })
		fmt.Fprintf(w, "%s\t%d\t≤ %d\t%s\n", m.Name, largest.N, m.Most(e2e.House), largest.Where)
	}
	for _, r := range tree.Rooms {
		if slices.Contains([]string{"store", "api", "api/desk", "cmd/aitys"}, r.Path) {
			fmt.Fprintf(w, "lines of comments for each line\t%.2f\t\t%s\n", r.Comments(), r.Path)
		}
	}
	fmt.Fprintf(w, "lines of tests for each line of the product\t%.2f\t\tthe house\n", tree.Tests())
	return w.Flush()
}
