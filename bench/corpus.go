package main

import (
	"math/rand/v2"
	"sort"
	"strings"
)

// A vocabulary holds the words of generated comments, the most frequent first. By Zipf's law the n-th word has a
// frequency in proportion to 1/n, as in real text. With fewer words the model and the index would be smaller and faster
// than those of a real site.
type vocabulary struct {
	words []string
	sums  []float64 // cumulative frequencies
}

const (
	vocabularyWords = 10_000
	commentLetters  = 290 // bytes, the length of a typical comment
)

func newVocabulary() vocabulary {
	syllables := strings.Fields("ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu")
	v := vocabulary{make([]string, vocabularyWords), make([]float64, vocabularyWords)}
	sum := 0.0
	for n := range v.words {
		var word strings.Builder
		for left := n + 1; left > 0; left /= len(syllables) {
			word.WriteString(syllables[left%len(syllables)])
		}
		sum += 1 / float64(n+1)
		v.words[n], v.sums[n] = word.String(), sum
	}
	return v
}

// text returns the text of comment n. It is the same in each run.
func (v vocabulary) text(n int) string {
	random := rand.New(rand.NewPCG(uint64(n), 1))
	var text strings.Builder
	for text.Len() < commentLetters {
		at := sort.SearchFloat64s(v.sums, random.Float64()*v.sums[len(v.sums)-1])
		text.WriteString(v.words[min(at, len(v.words)-1)])
		text.WriteByte(' ')
	}
	return text.String()
}
