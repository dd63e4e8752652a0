package campaign

import (
	"slices"
	"strings"
)

// What is compared word by word: so many texts, of so many words.
const (
	comparedTexts = 50
	comparedWords = 300
)

// A Part is a piece of a text: words that all the texts have there, or that differ from text to text.
type Part struct {
	Text  string
	Forms int // in how many ways the texts put it, the empty one too; 0: all have it
}

// Differ divides each text into what all of them share, in one order, and what is its own. Shared is a longest
// common subsequence of words (Hunt and McIlroy, 1976) of the first text and the next, of that and the third, and so
// on. Of more than 50 texts only the first are compared, of a text only the first 300 words.
func Differ(texts []string) [][]Part {
	texts = texts[:min(len(texts), comparedTexts)]
	words := make([][]string, len(texts))
	for i, t := range texts {
		words[i] = strings.Fields(t)
		words[i] = words[i][:min(len(words[i]), comparedWords)]
	}
	if len(words) == 0 {
		return nil
	}
	shared := words[0]
	for _, w := range words[1:] {
		shared = common(shared, w)
	}
	gaps := make([][]string, len(words)) // what each text has before each shared word, and after the last
	forms := make([]map[string]bool, len(shared)+1)
	for i, w := range words {
		gaps[i] = between(w, shared)
		for g, text := range gaps[i] {
			if forms[g] == nil {
				forms[g] = map[string]bool{}
			}
			forms[g][text] = true
		}
	}
	out := make([][]Part, len(words))
	for i := range words {
		var same []string
		end := func() {
			if len(same) > 0 {
				out[i] = append(out[i], Part{Text: strings.Join(same, " ")})
				same = nil
			}
		}
		for g, text := range gaps[i] {
			if len(forms[g]) > 1 {
				end()
				out[i] = append(out[i], Part{Text: text, Forms: len(forms[g])})
			}
			if g < len(shared) {
				same = append(same, shared[g])
			}
		}
		end()
	}
	return out
}

// A Form is one way in which texts put what differs, and how many of them put it so.
type Form struct {
	Text string
	N    int
}

// Slots are the forms of each place where texts differ, in order, the most frequent form first. It takes what Differ
// returned.
func Slots(texts [][]Part) (all [][]Form) {
	for _, parts := range texts {
		at := 0
		for _, p := range parts {
			if p.Forms == 0 {
				continue
			}
			if at == len(all) {
				all = append(all, nil)
			}
			if i := slices.IndexFunc(all[at], func(f Form) bool { return f.Text == p.Text }); i >= 0 {
				all[at][i].N++
			} else {
				all[at] = append(all[at], Form{p.Text, 1})
			}
			at++
		}
	}
	for _, forms := range all {
		slices.SortStableFunc(forms, func(a, b Form) int { return b.N - a.N })
	}
	return all
}

// Odd is the place of the one text that differs much more than the others do: it has four words of its own more than
// twice the middle one's. It is -1 where none does, or there are fewer than three. It takes what Differ returned.
func Odd(texts [][]Part) int {
	own := make([]int, len(texts))
	for i, parts := range texts {
		for _, p := range parts {
			if p.Forms > 0 {
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

// between is what stands in a text before each of some of its words, and after the last.
func between(words, shared []string) []string {
	gaps := make([]string, 0, len(shared)+1)
	at := 0
	for _, s := range shared {
		n := slices.Index(words[at:], s)
		gaps = append(gaps, strings.Join(words[at:at+n], " "))
		at += n + 1
	}
	return append(gaps, strings.Join(words[at:], " "))
}

// common is a longest common subsequence.
func common(a, b []string) []string {
	longest := make([][]uint16, len(a)+1) // of a from i and b from j on
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
