package outbound

import "time"

// WithTimeout sets the timeout of a Getter, so that tests need not wait for the real one.
func (g *Getter) WithTimeout(d time.Duration) *Getter {
	g.client.Timeout = d
	return g
}
