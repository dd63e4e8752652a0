package rules

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// naive searches for each word separately.
func naive(words []string, text string) (all []string) {
	for n, w := range words {
		for from := range len(text) {
			if strings.HasPrefix(text[from:], w) {
				all = append(all, fmt.Sprint(n, from, from+len(w)))
			}
		}
	}
	slices.Sort(all)
	return all
}

func TestAutomaton_MatchesNaiveSearch(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	some := func(letters, most int) string {
		b := make([]byte, 1+random.IntN(most))
		for i := range b {
			b[i] = "abcde\xd0\xff\x00"[random.IntN(letters)]
		}
		return string(b)
	}
	hits := 0
	for range 5_000 {
		letters := 1 + random.IntN(8)
		known := map[string]bool{}
		var words []string
		for range random.IntN(30) {
			if w := some(letters, 6); !known[w] {
				known[w] = true
				words = append(words, w)
			}
		}
		text := some(letters, 60)
		var got []string
		newAutomaton(words).each(text, func(word, from, to int) { got = append(got, fmt.Sprint(word, from, to)) })
		slices.Sort(got)
		want := naive(words, text)
		if !slices.Equal(got, want) {
			t.Fatalf("of %q in %q found %v, want %v", words, text, got, want)
		}
		hits += len(want)
	}
	if hits < 10_000 {
		t.Errorf("only %d words were there to be found", hits)
	}
}
