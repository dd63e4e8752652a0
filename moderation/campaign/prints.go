package campaign

import (
	"sync"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
)

// printsKept is how many comments lie between one's arrival and its joining, nearly always.
const printsKept = 2048

// Prints makes prints, and remembers the last ones: a comment that arrives is compared with what others refused, and
// joins a campaign right after. The zero Prints is ready; it is safe for concurrent use.
type Prints struct {
	mu   sync.Mutex
	made map[string]made // by comments' ids
	ids  []string        // in the order in which they were made
	next int             // place in ids that the next one takes
}

// made is a print, and what it is of.
type made struct {
	of    classifier.Comment
	print Print
}

// Of is a comment's print.
func (p *Prints) Of(c comment.Comment) Print {
	of := c.Document()
	p.mu.Lock()
	m, known := p.made[c.ID]
	p.mu.Unlock()
	if known && m.of == of {
		return m.print
	}
	m = made{of, PrintOf(c)}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.made == nil {
		p.made, p.ids = map[string]made{}, make([]string, printsKept)
	}
	if _, known := p.made[c.ID]; !known {
		delete(p.made, p.ids[p.next])
		p.ids[p.next] = c.ID
		p.next = (p.next + 1) % printsKept
	}
	p.made[c.ID] = m
	return m.print
}
