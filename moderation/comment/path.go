package comment

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/problem"
)

// SegmentLength is the length of a comment's own part of its Path.
const SegmentLength = 16

var segmentCode = base32.HexEncoding.WithPadding(base32.NoPadding)

// NewSegment returns a comment's own part of its Path: 16 characters of 0-9 and A-V, from 7 bytes of microseconds and 3
// random bytes. Segments sort bytewise by time.
func NewSegment(at time.Time) string {
	var b [8 + 3]byte
	binary.BigEndian.PutUint64(b[:8], uint64(at.UnixMicro()))
	_, _ = rand.Read(b[8:]) // documented to never fail
	return segmentCode.EncodeToString(b[1:])
}

// MaxDepth limits the nesting of replies. Reading a page walks through all levels.
const MaxDepth = 64

// Under places c below parent, or at the root if parent is nil. segment comes from NewSegment.
func (c *Comment) Under(parent *Comment, segment string) error {
	if parent == nil {
		c.Parent, c.Depth, c.Path = "", 0, segment
		return nil
	}
	if parent.Depth+1 >= MaxDepth {
		return problem.Field("/parent",
			"This conversation is nested as deeply as it can be. Answer a comment further up.")
	}
	c.Parent, c.Depth, c.Path = parent.ID, parent.Depth+1, parent.Path+segment
	return nil
}

// IsPath reports whether an untrusted string has the form of a Path.
func IsPath(path string) bool {
	return path != "" && len(path)%SegmentLength == 0 && len(path) <= MaxDepth*SegmentLength &&
		!strings.ContainsFunc(path, func(r rune) bool { return (r < '0' || r > '9') && (r < 'A' || r > 'V') })
}
