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
