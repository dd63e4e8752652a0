package sqlite

import (
	"fmt"
	"sync"

	"github.com/aitys/aitys/moderation/txn"
)

// A guard stands before the writes to a file: what is written beside damage may be lost with it, or make more
// of it. It is safe for concurrent use.
type guard struct {
	once  sync.Once
	shown chan struct{} // closed when damage was seen
	what  error         // set before that
}

// newGuard returns one that has seen no damage.
func newGuard() *guard { return &guard{shown: make(chan struct{})} }

// note looks at how a transaction ended, and returns it.
func (g *guard) note(err error) error {
	if isDamage(err) {
		g.shut(fmt.Errorf("%w: %w", txn.ErrCorrupt, err))
	}
	return err
}

// shut keeps the damage that was seen first, an ErrCorrupt.
func (g *guard) shut(damage error) {
	g.once.Do(func() {
		g.what = damage
		close(g.shown)
	})
}

// seen is closed when damage was seen.
func (g *guard) seen() <-chan struct{} { return g.shown }

// damage returns what was seen, an ErrCorrupt, or nil.
func (g *guard) damage() error {
	select {
	case <-g.shown:
		return g.what
	default:
		return nil
	}
}
