package campaign

import (
	"slices"
	"strings"
)

// Limits of the comparison.
const (
	maxTexts = 50
	maxWords = 300
)

// A Segment is a piece of a text: words that all texts share, or words that differ between them.
type Segment struct {
	Text     string
	Variants int // number of distinct variants, including the empty one; 0: all texts share it
}

// Diff splits each text into shared and differing segments. The shared words are a longest common subsequence (Hunt
// and McIlroy, 1976) of the first two texts, then of that and the third, and so on. Diff compares the first 50 texts
// and the first 300 words of each.
func Diff(texts []string) [][]Segment {
	texts = texts[:min(len(texts), maxTexts)]
	words := make([][]string, len(texts))
	for i, t := range texts {
		words[i] = strings.Fields(t)
		words[i] = words[i][:min(len(words[i]), maxWords)]
	}
	if len(words) == 0 {
		return nil
	}
	shared := words[0]
	for _, w := range words[1:] {
		shared = lcs(shared, w)
	}
	gaps := make([][]string, len(words)) // what each text has before each shared word, and after the last one
	forms := make([]map[string]bool, len(shared)+1)
	for i, w := range words {
		gaps[i] = gapsBetween(w, shared)
		for g, text := range gaps[i] {
			if forms[g] == nil {
				forms[g] = map[string]bool{}
			}
			forms[g][text] = true
		}
	}
	out := make([][]Segment, len(words))
	for i := range words {
		var same []string
		end := func() {
			if len(same) > 0 {
				out[i] = append(out[i], Segment{Text: strings.Join(same, " ")})
				same = nil
			}
		}
		for g, text := range gaps[i] {
			if len(forms[g]) > 1 {
				end()
				out[i] = append(out[i], Segment{Text: text, Variants: len(forms[g])})
			}
			if g < len(shared) {
				same = append(same, shared[g])
			}
		}
		end()
	}
	return out
}

// A Variant is one way in which texts fill a differing place, and how many of them do.
type Variant struct {
	Text  string
	Count int
}

// Slots returns the variants of each differing place, in order, the most frequent variant first. It takes the result
// of Diff.
func Slots(texts [][]Segment) (all [][]Variant) {
	for _, parts := range texts {
		at := 0
		for _, p := range parts {
			if p.Variants == 0 {
				continue
			}
			if at == len(all) {
				all = append(all, nil)
			}
			if i := slices.IndexFunc(all[at], func(f Variant) bool { return f.Text == p.Text }); i >= 0 {
				all[at][i].Count++
			} else {
				all[at] = append(all[at], Variant{p.Text, 1})
			}
			at++
		}
	}
	for _, forms := range all {
		slices.SortStableFunc(forms, func(a, b Variant) int { return b.Count - a.Count })
	}
	return all
}

// Outlier returns the index of the one text that differs much more than the others: its own words number at least
// twice the median plus four. It returns -1 if there is none, or fewer than three texts. It takes the result of Diff.
func Outlier(texts [][]Segment) int {
	own := make([]int, len(texts))
	for i, parts := range texts {
		for _, p := range parts {
			if p.Variants > 0 {
				own[i] += len(strings.Fields(p.Text))
			}
		}
	}
	if len(own) < 3 {
		return -1
	}
	most, sorted := slices.Index(own, slices.Max(own)), slices.Sorted(slices.Values(own))
	if sorted[len(own)-2] == own[most] || own[most] < 2*sorted[len(own)/2]+4 {
		return -1
	}
	return most
}

// gapsBetween returns what words has before each word of shared, and after the last one.
func gapsBetween(words, shared []string) []string {
	gaps := make([]string, 0, len(shared)+1)
	at := 0
	for _, s := range shared {
		n := slices.Index(words[at:], s)
		gaps = append(gaps, strings.Join(words[at:at+n], " "))
		at += n + 1
	}
	return append(gaps, strings.Join(words[at:], " "))
}

// lcs returns a longest common subsequence.
func lcs(a, b []string) []string {
	longest := make([][]uint16, len(a)+1) // lengths for a[i:] and b[j:]
	for i := range longest {
		longest[i] = make([]uint16, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	var out []string
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			out = append(out, a[i])
			i, j = i+1, j+1
		case longest[i+1][j] >= longest[i][j+1]:
			i++
		default:
			j++
		}
	}
	return out
}
