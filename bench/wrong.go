package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"

	"github.com/aitys/aitys/classifier"
)

// wrong trains on a stream in which moderators, who take turns, decide some comments wrongly. It returns a table of F1
// at the threshold 0.5 by the true labels, in percent.
func wrong() ([]string, error) {
	lines := []string{
		"| set | no wrong decision | 5 % of one of four moderators | 20 % of one of four | 5 % of all | 20 % of all |",
		"|---|---|---|---|---|---|",
	}
	for _, set := range []string{"yt-dev", "sms", "tgru-dev", "tgspam-samples", "mix"} {
		lessons, err := readLessons(filepath.Join(comments, set+".jsonl"))
		if err != nil {
			return nil, err
		}
		line := "| " + set + " |"
		for _, w := range []struct{ moderators, percent int }{{1, 0}, {4, 5}, {4, 20}, {1, 5}, {1, 20}} {
			line += fmt.Sprintf(" %.1f |", f1(lessons, w.moderators, w.percent))
		}
		lines = append(lines, line)
	}
	return append(lines, ""), nil
}

func f1(lessons []classifier.Lesson, moderators, percent int) float64 {
	chance := rand.New(rand.NewPCG(1, 2))
	m := classifier.Fold(slices.Values([]classifier.Lesson(nil)))
	found, errors := 0, 0
	for i, l := range lessons {
		said := m.Judge(classifier.Read(l.Comment)).Spam >= 0.5
		switch spam := l.Label == classifier.Spam; {
		case said != spam:
			errors++
		case spam:
			found++
		}
		if i%moderators == 0 && chance.IntN(100) < percent {
			l.Label = classifier.Ham + classifier.Spam - l.Label
		}
		m.Learn(l)
	}
	return 200 * float64(found) / float64(2*found+errors)
}
