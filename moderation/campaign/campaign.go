// Package campaign finds comments of a site that say nearly the same, across pages and writers, and keeps
// them together, so that a person decides once about all of them and the next copy is known.
//
// What is compared is what package classifier's Fingerprint compares. Nothing waits for it: a follower joins
// a comment right after the commit that brought it. It decides nothing: a campaign whose members were refused
// makes the next copy suspected, and a person decides about that. Its invariants: a comment is in at most one
// campaign; campaigns never merge; what was split off stays apart until it is edited; an edited or removed
// comment leaves; counts are those of the members' states as they were last looked at, and follow each event.
package campaign

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
)

const (
	// leastLetters is how long a text must be to be nearly the same as another.
	leastLetters = 24
	// candidates is how many comments of a campaign stay under their bands where there are many: the newest.
	candidates = 50
	// looked is how many comments under one band are looked at, the newest, and compared how many of them all are read:
	// those whose sketches are nearest, which nearly always know the nearest.
	looked   = 16
	compared = 4
	// rememberedFor is how long a refused comment makes the next copy of it known.
	rememberedFor = 90 * 24 * time.Hour
)

// A Campaign is at least two comments that were nearly the same when they joined.
type Campaign struct {
	ID string
	// Joined counts joinings, also of those who have left: who decides about members up to a number
	// decides about none that came later.
	Joined                     int
	Waiting, Approved, Refused int    // members by their state
	Sample                     string // the id of the member that stands for all: one that waits, if any does
	Told                       bool   // the members that wait are suspected for it
	FirstSeen, LastSeen        time.Time
}

// Size is how many comments are in a campaign.
func (c Campaign) Size() int { return c.Waiting + c.Approved + c.Refused }

// Bad reports whether the next copy is suspected: more members were refused than approved.
func (c Campaign) Bad() bool { return c.Refused > c.Approved }

// count adds n members of a state.
func (c *Campaign) count(s comment.State, n int) {
	switch s {
	case comment.Pending:
		c.Waiting += n
	case comment.Approved:
		c.Approved += n
	case comment.Rejected, comment.Spam:
		c.Refused += n
	}
}

// A Spread is how far a campaign has spread, among its newest 200 members.
type Spread struct{ Writers, Addresses, Pages int }

// A Member is a comment whose fingerprint is kept: alone, or in a campaign.
type Member struct {
	Comment  string
	Number   int64         // of the site's members, ascending; at least its time, in microseconds: none comes again
	Campaign string        // "" while alone
	Joined   int           // which joining of its campaign; 0 while alone
	Apart    bool          // split off
	State    comment.State // as it was last counted
	Banded   bool          // found by its bands
	Print    Print
	// CreatedAt, EditedAt (TextAt) and DecidedAt are the comment's.
	CreatedAt, EditedAt, DecidedAt time.Time
}

// A Print is a comment's fingerprint, made by a version of the tokeniser.
type Print struct {
	Version int
	classifier.Fingerprint
}

// PrintOf makes a comment's.
func PrintOf(c comment.Comment) Print {
	return Print{classifier.TokeniserVersion, classifier.FingerprintOf(c.Document())}
}

// bands are what near-duplicates are found by, of each its upper half. Every other one of the fingerprint's bands of
// two is enough: two texts with half of their runs of letters in common meet in one of 16 with probability 0.99, and a
// campaign has many members to be met.
func (p Print) bands() (bands [bandsOfPrint]uint32) {
	for i, b := range p.Bands() {
		if i%2 == 0 {
			bands[i/2] = uint32(b >> 32)
		}
	}
	return bands
}

// bandsOfPrint is how many bands a print has.
const bandsOfPrint = 16

// compares reports whether a comment can be nearly the same as another at all.
func (p Print) compares() bool { return p.Letters >= leastLetters }

// Like reports whether what has one print is nearly the same as what has another.
func (p Print) Like(other Print) bool {
	return p.compares() && p.Version == other.Version && p.Duplicate(other.Fingerprint)
}

// Nearest is the member whose text is nearest to a print among those that are nearly the same, the older of
// two that are as near; nil: none is.
func nearest(p Print, among []Member) *Member {
	var best *Member
	most := 0.0
	for i, m := range among {
		if m.Apart || m.Print.Version != p.Version || !p.Duplicate(m.Print.Fingerprint) {
			continue
		}
		s := p.Similarity(m.Print.Fingerprint)
		if best == nil || s > most || s == most && m.Number < best.Number {
			best, most = &among[i], s
		}
	}
	return best
}

// MarshalBinary implements encoding.BinaryMarshaler: version, the exact hash, letters, minima, big-endian.
func (p Print) MarshalBinary() ([]byte, error) {
	b := make([]byte, 0, printBytes)
	b = binary.BigEndian.AppendUint32(b, uint32(p.Version))
	b = binary.BigEndian.AppendUint64(b, p.Exact)
	b = binary.BigEndian.AppendUint32(b, uint32(p.Letters))
	for _, m := range p.Minima {
		b = binary.BigEndian.AppendUint32(b, m)
	}
	return b, nil
}

func (p *Print) UnmarshalBinary(b []byte) error {
	if len(b) != printBytes {
		return fmt.Errorf("a fingerprint of %d bytes, not %d", len(b), printBytes)
	}
	p.Version = int(binary.BigEndian.Uint32(b))
	p.Exact = binary.BigEndian.Uint64(b[4:])
	p.Letters = int(binary.BigEndian.Uint32(b[12:]))
	for i := range p.Minima {
		p.Minima[i] = binary.BigEndian.Uint32(b[16+4*i:])
	}
	return nil
}

const printBytes = 16 + 4*len(classifier.Fingerprint{}.Minima)
