package sqlite

import (
	"fmt"
	"sync"

	"github.com/aitys/aitys/moderation/txn"
)

// A guard blocks writes after damage was detected: writing to a damaged file may lose the new data or spread the
// damage. It is safe for concurrent use.
type guard struct {
	once     sync.Once
	detected chan struct{} // closed when damage is detected
	cause    error         // set before detected is closed
}

// newGuard returns a guard without damage.
func newGuard() *guard { return &guard{detected: make(chan struct{})} }

// observe trips the guard if err, the result of a transaction, is damage. It returns err.
func (g *guard) observe(err error) error {
	if isDamage(err) {
		g.trip(fmt.Errorf("%w: %w", txn.ErrCorrupt, err))
	}
	return err
}

// trip blocks writes because of damage, which must wrap txn.ErrCorrupt. Only the first call has an effect.
func (g *guard) trip(damage error) {
	g.once.Do(func() {
		g.cause = damage
		close(g.detected)
	})
}

// tripped returns a channel that is closed when damage is detected.
func (g *guard) tripped() <-chan struct{} { return g.detected }

// damage returns the detected damage, which wraps txn.ErrCorrupt, or nil.
func (g *guard) damage() error {
	select {
	case <-g.detected:
		return g.cause
	default:
		return nil
	}
}
