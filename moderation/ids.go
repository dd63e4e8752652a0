package moderation

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
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

const segmentLen = 16

var segmentCode = base32.HexEncoding.WithPadding(base32.NoPadding)

// newSegment makes a comment's own part of its Path: 16 characters of 0-9 and A-V whose
// bytewise order is that of arrival, made of 7 bytes of microseconds and 3 random ones.
func newSegment(at time.Time) string {
	var b [8 + 3]byte
	binary.BigEndian.PutUint64(b[:8], uint64(at.UnixMicro()))
	_, _ = rand.Read(b[8:]) // never fails, says its documentation
	return segmentCode.EncodeToString(b[1:])
}
