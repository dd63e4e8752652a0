package campaign

import (
	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
)

// maxPrints covers, nearly always, the comments that arrive between one's arrival and its joining.
const maxPrints = 2048

// A PrintCache computes prints and caches the latest ones: a new comment is compared with refused ones and joins a
// campaign right after. The zero value is ready to use. It is safe for concurrent use.
type PrintCache struct{ cache recent[cachedPrint] }

// cachedPrint is a print and the document that it was computed from.
type cachedPrint struct {
	of    classifier.Comment
	print Print
}

// Of returns a comment's print.
func (p *PrintCache) Of(c comment.Comment) Print {
	of := c.Document()
	if m, known := p.cache.get(c.ID); known && m.of == of {
		return m.print
	}
	m := cachedPrint{of, PrintOf(c)}
	p.cache.put(c.ID, m, maxPrints)
	return m.print
}
