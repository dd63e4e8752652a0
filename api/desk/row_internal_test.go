package desk

import (
	"fmt"
	"strings"
	"testing"
)

// A campaign is one row and counts its pending members. Rows are counted only if the whole band is on the page.
func TestBands_CountFoldedCampaigns(t *testing.T) {
	alone, three := card{Band: "almost"}, card{Band: "almost", Campaign: &foldedCampaign{N: 3}}
	calm := card{Band: "nothing"}
	for _, tt := range []struct {
		name string
		page queuePage
		want string // comments/rows of each band
	}{
		{"whole", queuePage{First: true, Cards: []card{three, alone, calm}}, "4/2 9/0"},
		{"goes on", queuePage{First: true, Next: "x", Cards: []card{three, alone}}, "9/0"},
		{"goes on below", queuePage{First: true, Next: "x", Cards: []card{three, calm}}, "3/1 9/0"},
		{"began before", queuePage{Cards: []card{three, alone}}, "9/0"},
		{"nobody stands for another", queuePage{First: true, Cards: []card{alone, alone}}, "9/0"},
	} {
		tt.page.Totals = map[string]int{"almost": 9, "nothing": 9}
		var got []string
		for _, b := range tt.page.Bands() {
			got = append(got, fmt.Sprintf("%d/%d", b.Total, b.Rows))
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, s, tt.want)
		}
	}
}
