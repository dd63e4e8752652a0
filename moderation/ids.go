package moderation

import (
	"time"
)

// now is the time as the databases keep it.
func (s *Service) now() time.Time { return s.clock.Now().UTC().Truncate(time.Microsecond) }
