package comment

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/markup"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// mark stands three times in the place of what was taken out of a text, or as often as that had characters. It
// means nothing in markup, nor does what it makes of its neighbours.
const mark = "█"

// A Part is what is to be taken out of a comment's source, in characters (Unicode code points) from 0: those from
// From on, up to and without To. Or Words, which stand there once.
type Part struct {
	From, To int
	Words    string
}

// A Former is a comment's text before a part was taken out by an entry of the log, kept for a while.
type Former struct {
	Seq    uint64    `json:"seq"`
	Source string    `json:"source"`
	At     time.Time `json:"at"` // Comment.RedactedAt and RedactedWhy as they were
	Why    string    `json:"why"`
}

// Keeps reports whether the text before an entry took a part out, the last to do so, is there.
func (c Comment) Keeps(seq uint64) bool {
	return len(c.Kept) > 0 && c.Kept[len(c.Kept)-1].Seq == seq
}

// Redact is c without a part of its text, by an entry of the log that says why; marks stand in its place. It never
// adds: what it would make is refused where a reader would see no mark, or a link that was not there before.
func (c Comment) Redact(p Part, seq uint64, at time.Time, why string) (Comment, error) {
	from, to, err := p.in(c.Source)
	if err != nil {
		return c, err
	}
	next := c
	next.Write(c.Source[:from] + strings.Repeat(mark, min(3, utf8.RuneCountInString(c.Source[from:to]))) + c.Source[to:])
	if strings.Count(next.HTML, mark) < strings.Count(next.Source, mark) || linksAnew(markup.Render(c.Source), next.HTML) {
		return c, problem.Field("/from", "Cut here, the text would link elsewhere, or not show that something was "+
			"removed. Take in the whole address, or the whole line.")
	}
	next.RedactedAt, next.RedactedWhy = at, why
	next.Kept = append(c.Kept[:len(c.Kept):len(c.Kept)], Former{seq, c.Source, c.RedactedAt, c.RedactedWhy})
	return next, nil
}

// Unredact is c with the part that the last entry took out.
func (c Comment) Unredact() Comment {
	last := len(c.Kept) - 1
	was := c.Kept[last]
	c.Write(was.Source)
	c.RedactedAt, c.RedactedWhy, c.Kept = was.At, was.Why, c.Kept[:last]
	return c
}

// linksAnew reports whether canonical HTML links to what an older one does not.
func linksAnew(before, after string) bool {
	const link = `<a href="`
	for _, rest := range strings.Split(after, link)[1:] {
		href, _, _ := strings.Cut(rest, `"`)
		if !strings.Contains(before, link+href+`"`) {
			return true
		}
	}
	return false
}

// in finds a part in a source, in bytes.
func (p Part) in(source string) (from, to int, err error) {
	if p.Words != "" {
		words := text.Clean(strings.ToValidUTF8(p.Words, ""))
		n := strings.Count(source, words)
		switch {
		case words == "" || n == 0:
			return 0, 0, problem.Field("/words", "These words do not stand in the text as it was typed.")
		case n > 1:
			return 0, 0, problem.Field("/words", fmt.Sprintf("These words stand there %d times. Name more of the "+
				"words around them, or say by numbers which are meant.", n))
		}
		p.From = utf8.RuneCountInString(source[:strings.Index(source, words)])
		p.To = p.From + utf8.RuneCountInString(words)
	}
	if n := utf8.RuneCountInString(source); p.From < 0 || p.From >= p.To || p.To > n {
		return 0, 0, problem.Field("/from", fmt.Sprintf("The text has %d characters: name a part of it by from, at "+
			"least 0, and a larger to.", n))
	}
	from, to, ok := text.Span(source, p.From, p.To)
	if !ok {
		return 0, 0, problem.Field("/from", "This would cut in two what is one letter or sign to a reader.")
	}
	return from, to, nil
}
