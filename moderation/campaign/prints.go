package campaign

import (
	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
)

// printsKept is how many comments lie between one's arrival and its joining, nearly always.
const printsKept = 2048

// Prints makes prints, and remembers the last ones: a comment that arrives is compared with what others refused, and
// joins a campaign right after. The zero Prints is ready; it is safe for concurrent use.
type Prints struct{ last recent[made] }

// made is a print, and what it is of.
type made struct {
	of    classifier.Comment
	print Print
}

// Of is a comment's print.
func (p *Prints) Of(c comment.Comment) Print {
	of := c.Document()
	if m, known := p.last.get(c.ID); known && m.of == of {
		return m.print
	}
	m := made{of, PrintOf(c)}
	p.last.put(c.ID, m, printsKept)
	return m.print
}
