package comment

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// redactionMark replaces redacted text: three marks, or fewer for shorter text. Neither the mark nor its effect on neighbouring
// characters means anything in the markup.
const redactionMark = "█"

// A Part selects text of a comment's source to redact: either the half-open range From to To, in characters (Unicode
// code points) from 0, or Words, which must occur exactly once.
type Part struct {
	From, To int
	Words    string
}

// A Revision is the text of a comment before the redaction with log sequence number Seq. It is kept for a limited time.
type Revision struct {
	Seq    uint64    `json:"seq"`
	Source string    `json:"source"`
	At     time.Time `json:"at"` // previous Comment.RedactedAt and RedactedWhy
	Why    string    `json:"why"`
}

// Keeps reports whether the latest kept revision is the one before the redaction seq. Only then can it be undone.
func (c Comment) Keeps(seq uint64) bool {
	return len(c.Kept) > 0 && c.Kept[len(c.Kept)-1].Seq == seq
}

// Redact returns c with marks in place of a part of its text. seq is the log entry of the redaction, and why its
// reason. Redact returns an error if readers would not see a mark, or would see a link that was not there before.
func (c Comment) Redact(p Part, seq uint64, at time.Time, why string) (Comment, error) {
	from, to, err := p.byteRange(c.Source)
	if err != nil {
		return c, err
	}
	next := c
	next.Write(c.Source[:from] + strings.Repeat(redactionMark, min(3, utf8.RuneCountInString(c.Source[from:to]))) + c.Source[to:])
	shown := next.HTML()
	if strings.Count(shown, redactionMark) < strings.Count(next.Source, redactionMark) || addsLinks(c.HTML(), shown) {
		return c, problem.Field("/from", "Cut here, the text would link elsewhere, or not show that something was "+
			"removed. Take in the whole address, or the whole line.")
	}
	next.RedactedAt, next.RedactedWhy = at, why
	next.Kept = append(c.Kept[:len(c.Kept):len(c.Kept)], Revision{seq, c.Source, c.RedactedAt, c.RedactedWhy})
	return next, nil
}

// Unredact returns c without its last redaction. c must have a kept revision.
func (c Comment) Unredact() Comment {
	last := len(c.Kept) - 1
	was := c.Kept[last]
	c.Write(was.Source)
	c.RedactedAt, c.RedactedWhy, c.Kept = was.At, was.Why, c.Kept[:last]
	return c
}

// addsLinks reports whether the canonical HTML after has a link that before lacks.
func addsLinks(before, after string) bool {
	const link = `<a href="`
	for _, rest := range strings.Split(after, link)[1:] {
		href, _, _ := strings.Cut(rest, `"`)
		if !strings.Contains(before, link+href+`"`) {
			return true
		}
	}
	return false
}

// byteRange returns the byte range of a part in a source.
func (p Part) byteRange(source string) (from, to int, err error) {
	if p.Words != "" {
		words := text.Clean(strings.ToValidUTF8(p.Words, ""))
		n := strings.Count(source, words)
		switch {
		case words == "" || n == 0:
			return 0, 0, problem.Field("/words", "The source text does not contain these words.")
		case n > 1:
			return 0, 0, problem.Field("/words", fmt.Sprintf("The text contains these words %d times. Include more of the "+
				"words around them, or use from and to.", n))
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
		return 0, 0, problem.Field("/from", "This would split a character. Choose whole characters.")
	}
	return from, to, nil
}
