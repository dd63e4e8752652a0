package main

import (
	"cmp"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/classifier"
)

var mix = filepath.Join(comments, "mix.jsonl")

// classify measures the classifier on one core after training on a stream of real comments. The floor is cand-win8, the
// design it is based on.
func classify() ([]row, error) {
	lessons, err := readLessons(mix)
	if err != nil {
		return nil, err
	}
	floor, err := examinerSpeed()
	if err != nil {
		return nil, err
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	began := time.Now()
	folded := classifier.Fold(slices.Values(lessons[:10_000]))
	fold := time.Since(began)
	snapshot := folded.Bytes()
	restore := fastest(5, func() { _, err = classifier.Restore(snapshot) })
	if err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	folded = nil
	before := heap()
	restored, err := classifier.Restore(snapshot)
	if err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	resident := heap() - before
	runtime.KeepAlive(restored)
	restored, snapshot = nil, nil
	before = heap()
	young := classifier.Fold(slices.Values(lessons[:100]))
	young.Learn(lessons[100])
	small := heap() - before
	runtime.KeepAlive(young)
	young = nil
	before = heap()
	m := classifier.Fold(slices.Values(lessons))
	m.Learn(classifier.Lesson{Seq: uint64(len(lessons)) + 1, Label: classifier.Ham,
		Comment: classifier.Comment{Text: "one more"}})
	after := heap()
	each := fastest(3, func() {
		for _, l := range lessons {
			m.Judge(classifier.Read(l.Comment))
		}
	}) / time.Duration(len(lessons))
	slices.SortFunc(lessons,
		func(a, b classifier.Lesson) int { return cmp.Compare(len(a.Comment.Text), len(b.Comment.Text)) })
	median := lessons[len(lessons)/2-50 : len(lessons)/2+50]
	short := fastest(20, func() {
		for _, l := range median {
			m.Judge(classifier.Read(l.Comment))
		}
	}) / time.Duration(len(median))
	full := full(lessons)
	long := fastest(20, func() { m.Judge(classifier.Read(full)) })
	runtime.KeepAlive(m)
	perSecond := float64(time.Second) / float64(each)
	return []row{
		{"classify, one core, tokenizing included", fmt.Sprintf("cand-win8: %.0f/s", floor), "≥ 8", fmt.Sprintf("%.1f (%.0f/s)", perSecond/floor, perSecond)},
		{"classify 10,000 characters / median comment", "", "≤ 20×", fmt.Sprintf("%d µs / %.1f µs, %.0f×", long.Microseconds(), float64(short)/1e3, float64(long)/float64(short))},
		{"fold 10,000 lessons", "", "≤ 3 s", fmt.Sprintf("%.2f s", fold.Seconds())},
		{"heap of the model after the whole stream and one more lesson", "", "≤ 40 MB", fmt.Sprintf("%.1f MB", float64(after-before)/1e6)},
		{"heap of the model after 101 lessons", "", "≤ 1 MB", fmt.Sprintf("%.2f MB", float64(small)/1e6)},
		{"restore a snapshot of 10,000 lessons", "folding them", "", fmt.Sprintf("%.2f (%d ms)", float64(restore)/float64(fold), restore.Milliseconds())},
		{"heap of a restored model of 10,000 lessons", "", "≤ 12 MB", fmt.Sprintf("%.1f MB", float64(resident)/1e6)},
	}, nil
}

// examinerSpeed returns how many comments per second cand-win8 classifies, as reported by the examiner.
func examinerSpeed() (float64, error) {
	out, err := exec.Command(examiner, "-noext", "-only", "^cand-win8$", "-data", mix).Output()
	if err != nil {
		return 0, fmt.Errorf("examine: %w", err)
	}
	var head []string
	for line := range strings.Lines(string(out)) {
		cells := strings.Split(line, "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case slices.Contains(cells, "classify/s"):
			head = cells
		case slices.Contains(cells, "cand-win8"):
			return strconv.ParseFloat(cells[slices.Index(head, "classify/s")], 64)
		}
	}
	return 0, fmt.Errorf("no speed in %q", out)
}

// full returns a comment of 10,000 characters, made from the longest comments. lessons are sorted by length.
func full(lessons []classifier.Lesson) classifier.Comment {
	var text []rune
	for _, l := range slices.Backward(lessons) {
		if text = append(text, []rune(l.Comment.Text+"\n")...); len(text) >= 10_000 {
			break
		}
	}
	return classifier.Comment{Text: string(text[:10_000])}
}

// fastest returns the shortest duration of some runs of fn.
func fastest(runs int, fn func()) time.Duration {
	best := time.Duration(1 << 62)
	for range runs {
		began := time.Now()
		fn()
		best = min(best, time.Since(began))
	}
	return best
}

// heap returns the bytes of live heap objects.
func heap() int64 {
	var s runtime.MemStats
	runtime.GC()
	runtime.GC() // the first collection only empties sync.Pools
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}
