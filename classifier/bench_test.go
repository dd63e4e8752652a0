package classifier

import (
	"fmt"
	"runtime"
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

// What a model takes of the heap: a young one at most 1 MB.
func BenchmarkHeap(b *testing.B) {
	for _, lessons := range []int{100, 2000} {
		b.Run(fmt.Sprintf("%d-lessons", lessons), func(b *testing.B) {
			var m *Model
			for b.Loop() {
				m = Fold(slices.Values(lessonsOf(lessons, 5)))
			}
			with := heap()
			said := m.Memory()
			m = nil
			b.ReportMetric(float64(with-heap())/(1<<20), "MB")
			b.ReportMetric(float64(said)/(1<<20), "MB-said")
		})
	}
}

func heap() int64 {
	var s runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first one found in pools
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}
