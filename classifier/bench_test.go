package classifier

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Judging a comment, reading included: aim 20,000 a second on one core.
func BenchmarkReadAndJudge(b *testing.B) {
	lessons := lessonsOf(2000, 1)
	m := Fold(slices.Values(lessons))
	for _, words := range []int{8, 40, 1600} {
		text := strings.TrimSpace(strings.Repeat("думаю статья хорошая спасибо автору casino ", words/6+1))
		b.Run(fmt.Sprintf("%d-words", words), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				m.Judge(Read(Comment{Text: text}))
			}
		})
	}
}

func BenchmarkLearn(b *testing.B) {
	lessons := lessonsOf(5000, 2)
	m := Fold(slices.Values(lessons[:1000]))
	n := 0
	for b.Loop() {
		m.Learn(lessons[1000+n%4000])
		n++
	}
}

// Rebuild of 10,000 lessons: aim 2 s.
func BenchmarkFold10000(b *testing.B) {
	lessons := lessonsOf(10000, 3)
	for b.Loop() {
		Fold(slices.Values(lessons))
	}
}

func BenchmarkBytesAndRestore(b *testing.B) {
	m := Fold(slices.Values(lessonsOf(2000, 4)))
	for b.Loop() {
		if _, err := Restore(m.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
}
