package comment

import (
	"slices"
	"strings"
	"unicode"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/text"
)

// Names are those that a writer's name may be like. The zero value has none.
type Names struct {
	titles  []title
	written map[string]string // by what a reader sees
}

// A title is a word that stands for a role.
type title struct{ seen, written string }

// NewNames returns names, beside which titles may stand. Of names that look the same it is the first.
func NewNames(names, titles []string) Names {
	n := Names{written: make(map[string]string, len(names))}
	for _, t := range titles {
		if s := Seen(t); s != "" {
			n.titles = append(n.titles, title{s, t})
		}
	}
	for _, name := range names {
		s := Seen(name)
		if _, known := n.written[s]; !known {
			n.written[s] = name
		}
	}
	return n
}

// Like returns which of the names a reader would take a writer's name for, or "". Signs, spaces, letter case and
// look-alike letters make no difference, and neither do titles; a name of nothing but titles is taken for the first
// of them.
func (n Names) Like(name string) string {
	bare, first := seen(name), ""
	for _, t := range n.titles {
		if at := slices.Index(bare, t.seen); at >= 0 {
			bare = slices.Delete(bare, at, at+1)
			if first == "" {
				first = t.written
			}
		}
	}
	if len(bare) == 0 {
		return first
	}
	return n.written[strings.Join(bare, "")]
}

// Seen is what a reader sees of a name: two that read alike are one.
func Seen(name string) string { return strings.Join(seen(name), "") }

// seen are the words of a name as a reader sees them.
func seen(name string) []string {
	return strings.FieldsFunc(classifier.Skeleton(text.Fold(name)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}
