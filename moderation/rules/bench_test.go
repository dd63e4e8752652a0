package rules_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/moderation/rules"
)

// manyWords are n words, a line each, none of which is in a text of apptest.
func manyWords(n int) string {
	random := rand.New(rand.NewPCG(7, 7))
	words := make([]string, n)
	for i := range words {
		b := make([]byte, 5+random.IntN(8))
		for j := range b {
			b[j] = byte('a' + random.IntN(26))
		}
		words[i] = fmt.Sprintf("%s%d", b, i)
	}
	return strings.Join(words, "\n")
}

// BenchmarkLook guards that ten thousand words cost a post nothing that can be measured beside its transaction.
func BenchmarkLook(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		set := rules.Compile([]rules.Rule{{Kind: rules.KindWord, Words: manyWords(n)}}, nil)
		c := written(strings.Join(apptest.Texts(1, rand.New(rand.NewPCG(1, 1))), " "))
		b.Run(fmt.Sprintf("words=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				set.Look(c, rules.Firsts{}, now)
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	words := manyWords(10_000)
	for b.Loop() {
		rules.Compile([]rules.Rule{{Kind: rules.KindWord, Words: words}}, nil)
	}
}

// BenchmarkSubmit guards that a post on a site with ten thousand words takes as long as on one without rules.
func BenchmarkSubmit(b *testing.B) {
	for _, n := range []int{0, 10_000} {
		w := newWorld(b)
		if n > 0 {
			w.rule(rules.Draft{Kind: rules.KindWord, Words: manyWords(n)})
		}
		texts := apptest.Texts(500, rand.New(rand.NewPCG(1, 1)))
		b.Run(fmt.Sprintf("words=%d", n), func(b *testing.B) {
			i := 0
			for b.Loop() {
				w.Submit(w.A, texts[i%len(texts)])
				i++
			}
		})
	}
}
