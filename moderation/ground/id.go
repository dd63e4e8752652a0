package ground

import "github.com/google/uuid"

// NewID makes a name for a thing. It orders nothing, although it holds the time.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// IsID reports whether a stranger's string can be an id at all, and may reach the database.
func IsID(id string) bool {
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
