package coord

import "time"

// Patient lets a call of Redis take as long as a busy machine needs: what the two sides promise alike is not what
// a process does alone when Redis is late, which has tests of its own.
func (c *Coord) Patient() *Coord {
	if c.shared != nil {
		c.shared.limit = time.Minute
	}
	return c
}
