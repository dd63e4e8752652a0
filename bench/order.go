package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aitys/aitys/classifier"
)

// Sizes of the experiment of order.
const (
	decidedBefore = 1_000 // comments decided in order of arrival before the queue is judged
	queued        = 300   // comments of the queue
	rescored      = 10    // decisions between two judgements of the queue, where the order depends on the score
)

// order measures how the shown probability depends on the order of decisions. A site has decided decidedBefore comments,
// or half of a smaller set. Then all spam of a queue is marked, and no ham is decided, or the reverse. It returns a
// table of the mean probability of the undecided comments in percent, and how many of them are on the wrong side of
// 50 %, before and after. The last column is a site whose first decisions came sorted, all ham before all spam.
func order() ([]string, error) {
	lines := []string{
		"| set | undecided | before | arrival | newest first | most certain first | least certain first | one batch | sorted |",
		"|---|---|---|---|---|---|---|---|---|",
	}
	for _, set := range []string{"yt-dev", "sms", "tgru-dev", "tgspam-samples", "mix"} {
		lessons, err := readLessons(filepath.Join(comments, set+".jsonl"))
		if err != nil {
			return nil, err
		}
		half := min(decidedBefore, len(lessons)/2)
		queue := lessons[half:min(half+queued, len(lessons))]
		for _, decided := range []classifier.Label{classifier.Spam, classifier.Ham} {
			line := fmt.Sprintf("| %s | %s |", set, classifier.Spam-decided)
			for _, decide := range []func(*classifier.Model, []classifier.Lesson){
				func(*classifier.Model, []classifier.Lesson) {}, inOrder, newestFirst, certain(1), certain(-1), inOneBatch,
			} {
				m := classifier.Fold(slices.Values(lessons[:half]))
				now, open := split(queue, decided)
				decide(m, now)
				line += " " + undecided(m, open) + " |"
			}
			_, open := split(queue, decided)
			line += " " + undecided(classifier.Fold(slices.Values(sorted(lessons[:half]))), open) + " |"
			lines = append(lines, line)
		}
	}
	return append(lines, ""), nil
}

// split returns the lessons with a label and the others.
func split(lessons []classifier.Lesson, by classifier.Label) (with, without []classifier.Lesson) {
	for _, l := range lessons {
		if l.Label == by {
			with = append(with, l)
		} else {
			without = append(without, l)
		}
	}
	return with, without
}

// sorted returns the lessons with all ham before all spam.
func sorted(lessons []classifier.Lesson) []classifier.Lesson {
	all := slices.SortedStableFunc(slices.Values(lessons), func(a, b classifier.Lesson) int {
		return cmp.Compare(a.Label, b.Label)
	})
	for i := range all {
		all[i].Seq = uint64(i + 1)
	}
	return all
}

// orderTable prints the table of order.
func orderTable() error {
	lines, err := order()
	fmt.Println(strings.Join(lines, "\n"))
	return err
}

// undecided returns the mean probability of comments in percent, and the number of those on the wrong side of 50 %.
func undecided(m *classifier.Model, open []classifier.Lesson) string {
	sum, wrong := 0.0, 0
	for _, l := range open {
		p := m.Judge(classifier.Read(l.Comment)).Spam
		if sum += p; (p >= 0.5) != (l.Label == classifier.Spam) {
			wrong++
		}
	}
	return fmt.Sprintf("%.1f (%d of %d)", 100*sum/float64(len(open)), wrong, len(open))
}

// teachAt teaches a lesson as the next one of the log.
func teachAt(m *classifier.Model, l classifier.Lesson) {
	l.Seq = m.Seq() + 1
	m.Learn(l)
}

func inOrder(m *classifier.Model, now []classifier.Lesson) {
	for _, l := range now {
		teachAt(m, l)
	}
}

func newestFirst(m *classifier.Model, now []classifier.Lesson) {
	for _, l := range slices.Backward(now) {
		teachAt(m, l)
	}
}

// certain decides in order of the score, which is judged anew after each rescored decisions: the most certain first if
// sign is 1, else the least certain.
func certain(sign float64) func(*classifier.Model, []classifier.Lesson) {
	return func(m *classifier.Model, now []classifier.Lesson) {
		type scored struct {
			classifier.Lesson
			doubt float64
		}
		left := make([]scored, len(now))
		for i, l := range now {
			left[i].Lesson = l
		}
		for len(left) > 0 {
			for i, l := range left {
				j := m.Judge(classifier.Read(l.Comment))
				left[i].doubt = -sign * j.Logit * (2*float64(l.Label) - 1)
			}
			slices.SortStableFunc(left, func(a, b scored) int { return cmp.Compare(a.doubt, b.doubt) })
			n := min(rescored, len(left))
			for _, l := range left[:n] {
				teachAt(m, l.Lesson)
			}
			left = left[n:]
		}
	}
}

func inOneBatch(m *classifier.Model, now []classifier.Lesson) {
	for i := range now {
		now[i].Seq = m.Seq() + uint64(i) + 1
	}
	m.Learn(now...)
}
