package campaign

import (
	"fmt"
	"strings"
	"testing"
)

func TestDiff_FindsSharedAndDifferingSegments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ texts, want string }{
		{"buy ovens from Marina now/buy ovens from Olga now/buy big ovens from Olga now",
			"buy [/2] ovens from [Marina/2] now/buy [/2] ovens from [Olga/2] now/buy [big/2] ovens from [Olga/2] now"},
		{"the same/the same", "the same/the same"},
		{"one text", "one text"},
		{"nothing alike/other words", "[nothing alike/2]/[other words/2]"},
		{"call 1 today/call 2/call 3 tomorrow now", "call [1 today/3]/call [2/3]/call [3 tomorrow now/3]"},
		{"", ""},
	} {
		var got []string
		for _, parts := range Diff(strings.Split(tt.texts, "/")) {
			var text []string
			for _, p := range parts {
				if p.Variants > 0 {
					text = append(text, fmt.Sprintf("[%s/%d]", p.Text, p.Variants))
				} else {
					text = append(text, p.Text)
				}
			}
			got = append(got, strings.Join(text, " "))
		}
		if s := strings.Join(got, "/"); s != tt.want {
			t.Errorf("%q: got\n%q\nwant\n%q", tt.texts, s, tt.want)
		}
	}
	long := strings.Repeat("word ", 10_000)
	if got := Diff([]string{long, long + "end"}); len(got) != 2 || len(got[0]) != 1 {
		t.Errorf("long texts have %d parts", len(got[0]))
	}
}

func TestOutlier_FindsTheOneMostDifferentText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		texts string
		want  int
	}{
		{"buy ovens from Marina now/buy ovens from Olga now/" +
			"look buy ovens from Vera now did you get this do not answer", 2},
		{"buy ovens from Marina now/look buy ovens from Olga now/buy ovens from Vera now", -1},
		{"a b c one two three four five six/a b c", -1},
		{"one long way round a b c here/one long way round d e f here/one long way round g h i here", -1},
		{"x a one two three four five six y/x a six five four three two one y/x a y", -1}, // two outliers
		{"", -1},
	} {
		if got := Outlier(Diff(strings.Split(tt.texts, "/"))); got != tt.want {
			t.Errorf("%q: got %d, want %d", tt.texts, got, tt.want)
		}
	}
}

func TestSlots_ListsVariantsByFrequency(t *testing.T) {
	t.Parallel()
	texts := strings.Split("buy ovens from Olga now/buy ovens from Marina now/buy big ovens from Olga now/"+
		"buy ovens now", "/")
	got, want := fmt.Sprint(Slots(Diff(texts))), "[[{ 3} {big 1}] [{from Olga 2} {from Marina 1} { 1}]]"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
