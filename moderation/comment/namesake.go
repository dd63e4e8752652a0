package comment

import (
	"slices"
	"strings"
	"unicode"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/text"
)

// Namesake returns which of some names a reader would take a writer's name for, or "". Signs, spaces, letter
// case and look-alike letters make no difference, and neither do titles, words that stand for a role here; a name
// of nothing but titles is taken for the first of them.
func Namesake(name string, of, titles []string) string {
	var known [][]string
	for _, t := range titles {
		known = append(known, seen(t))
	}
	bare, title := seen(name), ""
	for i, t := range known {
		if at := slices.Index(bare, strings.Join(t, "")); at >= 0 && len(t) > 0 {
			bare = slices.Delete(bare, at, at+1)
			if title == "" {
				title = titles[i]
			}
		}
	}
	if len(bare) == 0 {
		return title
	}
	for _, o := range of {
		if strings.Join(seen(o), "") == strings.Join(bare, "") {
			return o
		}
	}
	return ""
}

// seen are the words of a name as a reader sees them.
func seen(name string) []string {
	return strings.FieldsFunc(classifier.Skeleton(text.Fold(name)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}
