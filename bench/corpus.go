package main

import (
	"math/rand/v2"
	"sort"
	"strings"
)

// A vocabulary is the words of the bench's comments, the most frequent first. How often one comes is as
// in real text: the n-th in proportion to 1/n. A model and an index of comments that share a few words
// would be smaller and faster than anybody's.
type vocabulary struct {
	words []string
	sums  []float64 // of the frequencies up to each word
}

const (
	vocabularyWords = 10_000
	commentLetters  = 290 // as long as comments are
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

// text is the n-th comment, the same in each run.
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
