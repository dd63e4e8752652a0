package moderation

import (
	"time"

	"github.com/google/uuid"
)

// newID makes a name for a thing. It orders nothing, although it holds the time.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// isID reports whether a stranger's string can be an id at all, and may reach the database.
func isID(id string) bool {
	if len(id) != 36 {
		return false
	}
	for _, b := range []byte(id) {
		if (b < '0' || b > '9') && (b < 'a' || b > 'f') && b != '-' {
			return false
		}
	}
	return true
}

// now is the time as the databases keep it.
func (s *Service) now() time.Time { return s.clock.Now().UTC().Truncate(time.Microsecond) }
