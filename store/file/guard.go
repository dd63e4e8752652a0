package file

import "sync"

// A Guard stands before the writes to a file: what is written beside damage may be lost with it, or make more
// of it. It is safe for concurrent use.
type Guard struct {
	once   sync.Once
	seen   chan struct{} // closed when damage was seen
	damage error         // set before that
}

// NewGuard returns one that has seen no damage.
func NewGuard() *Guard { return &Guard{seen: make(chan struct{})} }

// Note looks at how a transaction ended, and returns it.
func (g *Guard) Note(err error) error {
	if IsDamage(err) {
		g.Shut(err)
	}
	return err
}

// Shut keeps the damage that was seen first.
func (g *Guard) Shut(damage error) {
	g.once.Do(func() {
		g.damage = damage
		close(g.seen)
	})
}

// Seen is closed when damage was seen.
func (g *Guard) Seen() <-chan struct{} { return g.seen }

// Damage returns what was seen, or nil.
func (g *Guard) Damage() error {
	select {
	case <-g.seen:
		return g.damage
	default:
		return nil
	}
}
