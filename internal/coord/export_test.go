package coord

import "time"

// WithLongTimeout sets the timeout of Redis calls to a minute, for tests on busy machines. Other tests cover a late
// Redis.
func (c *Coord) WithLongTimeout() *Coord {
	if c.shared != nil {
		c.shared.callTimeout = time.Minute
	}
	return c
}
