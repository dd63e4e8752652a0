// Package campaign groups near-duplicate comments of a site into campaigns, across pages and writers. A moderator
// decides once about a whole campaign, and the next copy is recognised.
//
//	comment A ─ fingerprint ─ bands  7f3a  91c0  0b55  …    16 bands, each from 2 minima
//	comment B ─ fingerprint ─ bands  7f3a  22d1  0b55  …
//	                                   │           │
//	band index of the site        7f3a → A, B  0b55 → A, B   near-duplicates share a band
//	                                   │
//	up to 16 members per band, ranked by sketch; the 4 nearest are read and compared in full
//	                                   │ Duplicate(A, B)
//	                                   ▼
//	campaign K = {A, B}           more members refused than approved: pending members and the next copy are suspected
//
// A follower adds a comment right after the commit that stored it, so posting never waits for this package. The
// package decides nothing: it only makes comments suspected. Texts are compared by Fingerprint of package classifier.
//
// Invariants: a comment is in at most one campaign. Campaigns never merge. A comment that was split off stays apart
// until it is edited. An edited or removed comment leaves its campaign. The counts of a campaign are those of its
// members' states when they were last processed; each event updates them.
package campaign

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
)

const (
	// minLetters is the shortest text, in letters, that can have near-duplicates.
	minLetters = 24
	// maxIndexed limits how many members of a large campaign stay in the band index: the newest.
	maxIndexed = 50
	// maxCandidates limits how many of a band's newest members are ranked by their sketches. maxCompared limits how
	// many of the nearest, over all bands, are read and compared in full. The nearest sketches nearly always include
	// the nearest text.
	maxCandidates = 16
	maxCompared   = 4
	// retention is how long a refused comment makes its copies suspected.
	retention = 90 * 24 * time.Hour
)

// A Campaign is a set of comments, at least two of which were near-duplicates when they joined.
type Campaign struct {
	ID string
	// Joined counts every join, including members that left. It numbers the members, so a decision about members up
	// to a number excludes those that joined later.
	Joined                     int
	Waiting, Approved, Refused int    // members by state
	Sample                     string // ID of the member shown for the campaign: a pending one if there is any
	Told                       bool   // the verdicts of pending members say that they are suspected
	FirstSeen, LastSeen        time.Time
}

// Size returns the number of members.
func (c Campaign) Size() int { return c.Waiting + c.Approved + c.Refused }

// Bad reports whether more members were refused than approved, which makes the next copy suspected.
func (c Campaign) Bad() bool { return c.Refused > c.Approved }

// count adds n members with state s.
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

// A Spread counts the writers, addresses and pages of a campaign's newest 200 members.
type Spread struct{ Writers, Addresses, Pages int }

// A Member is a comment whose fingerprint is stored, alone or in a campaign.
type Member struct {
	Comment  string
	Number   int64         // ascending per site, never reused; at least the time of joining in microseconds
	Campaign string        // "" while alone
	Joined   int           // number of its join in the campaign; 0 while alone
	Apart    bool          // split off by a moderator
	State    comment.State // as last counted
	Banded   bool          // in the band index
	Print    Print
	// CreatedAt, EditedAt (the comment's TextAt) and DecidedAt are the comment's.
	CreatedAt, EditedAt, DecidedAt time.Time
}

// A Print is a fingerprint and the version of the tokeniser that made it.
type Print struct {
	Version int
	classifier.Fingerprint
}

// PrintOf computes the Print of a comment.
func PrintOf(c comment.Comment) Print {
	return Print{classifier.TokeniserVersion, classifier.FingerprintOf(c.Document())}
}

// bands returns the keys of the band index: the upper 32 bits of every other two-minima band of the fingerprint. That
// is enough. Two texts of similarity 0.5 share one of 16 bands with probability 0.99, of 0.35 with 0.88, and a campaign
// has many members.
func (p Print) bands() (bands [bandsPerPrint]uint32) {
	for i, b := range p.Bands() {
		if i%2 == 0 {
			bands[i/2] = uint32(b >> 32)
		}
	}
	return bands
}

// bandsPerPrint is the number of bands of a Print.
const bandsPerPrint = 16

// longEnough reports whether the text is long enough to have near-duplicates.
func (p Print) longEnough() bool { return p.Letters >= minLetters }

// NearDuplicate reports whether the texts of p and other are near-duplicates. Both prints must be of one tokeniser
// version.
func (p Print) NearDuplicate(other Print) bool {
	return p.longEnough() && p.Version == other.Version && p.Duplicate(other.Fingerprint)
}

// nearest returns the near-duplicate of p with the highest similarity, the older one of two that are equal. It
// returns nil if there is none.
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

// MarshalBinary implements encoding.BinaryMarshaler. The format is version, exact hash, letters and minima,
// big-endian.
func (p Print) MarshalBinary() ([]byte, error) {
	b := make([]byte, 0, printSize)
	b = binary.BigEndian.AppendUint32(b, uint32(p.Version))
	b = binary.BigEndian.AppendUint64(b, p.Exact)
	b = binary.BigEndian.AppendUint32(b, uint32(p.Letters))
	for _, m := range p.Minima {
		b = binary.BigEndian.AppendUint32(b, m)
	}
	return b, nil
}

func (p *Print) UnmarshalBinary(b []byte) error {
	if len(b) != printSize {
		return fmt.Errorf("a fingerprint of %d bytes, not %d", len(b), printSize)
	}
	p.Version = int(binary.BigEndian.Uint32(b))
	p.Exact = binary.BigEndian.Uint64(b[4:])
	p.Letters = int(binary.BigEndian.Uint32(b[12:]))
	for i := range p.Minima {
		p.Minima[i] = binary.BigEndian.Uint32(b[16+4*i:])
	}
	return nil
}

const printSize = 16 + 4*len(classifier.Fingerprint{}.Minima)
