package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/classifier"
)

// BenchmarkLanguages counts false positives in languages that the model was not trained on.
func BenchmarkLanguages(b *testing.B) {
	b.Chdir("..")
	lines, err := languages()
	if err != nil {
		b.Fatal(err)
	}
	how := "`cd bench && go test -run '^$' -bench Languages -benchtime 1x .`"
	if err := writeFigures("languages", how, lines); err != nil {
		b.Fatal(err)
	}
}

// languages trains models on the first lessons of a set, or of two sets alternating. It returns a table with the number
// of harmless comments in ten other languages that score 0.5 or more, after fewer / after more lessons.
func languages() ([]string, error) {
	files, err := filepath.Glob("classifier/testdata/languages/*.txt")
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no languages in classifier/testdata/languages: %v", err)
	}
	harmless := make([][]classifier.Document, len(files))
	header, rule := "| taught |", "|---|"
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			harmless[i] = append(harmless[i], classifier.Read(classifier.Comment{Text: strings.TrimSpace(line)}))
		}
		header += " " + strings.TrimSuffix(filepath.Base(file), ".txt") + fmt.Sprintf(" (%d) |", len(harmless[i]))
		rule += "---|"
	}
	lines := []string{header + " all |", rule + "---|"}
	for _, site := range []struct {
		sets  []string
		after []int
	}{
		{[]string{"mix"}, []int{1_000, 4_000}}, {[]string{"yt-dev", "tgru-dev"}, []int{1_000, 2_000}},
		{[]string{"yt-dev"}, []int{1_000}}, {[]string{"tgru-dev"}, []int{2_000, 6_000}},
	} {
		lessons, err := alternating(site.sets)
		if err != nil {
			return nil, err
		}
		columns := make([][]string, len(files)+1)
		for _, n := range site.after {
			m := classifier.Fold(slices.Values(lessons[:n]))
			all, of := 0, 0
			for i, own := range harmless {
				above := 0
				for _, d := range own {
					if m.Judge(d).Spam >= 0.5 {
						above++
					}
				}
				columns[i] = append(columns[i], fmt.Sprint(above))
				all, of = all+above, of+len(own)
			}
			columns[len(files)] = append(columns[len(files)], fmt.Sprintf("%.1f %%", 100*float64(all)/float64(of)))
		}
		after := strings.Trim(strings.ReplaceAll(fmt.Sprint(site.after), " ", " / "), "[]")
		line := fmt.Sprintf("| %s, %s |", strings.Join(site.sets, " and "), after)
		for _, column := range columns {
			line += " " + strings.Join(column, " / ") + " |"
		}
		lines = append(lines, line)
	}
	return append(lines, ""), nil
}

// alternating returns the lessons of the sets, alternating between the sets and numbered from 1.
func alternating(sets []string) (lessons []classifier.Lesson, err error) {
	all := make([][]classifier.Lesson, len(sets))
	shortest := 0
	for i, set := range sets {
		if all[i], err = readLessons(filepath.Join(comments, set+".jsonl")); err != nil {
			return nil, err
		}
		if i == 0 || len(all[i]) < shortest {
			shortest = len(all[i])
		}
	}
	for n := range shortest {
		for _, own := range all {
			l := own[n]
			l.Seq = uint64(len(lessons) + 1)
			lessons = append(lessons, l)
		}
	}
	return lessons, nil
}
