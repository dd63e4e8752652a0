package auditlog

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"strconv"
	"time"

	"github.com/aitys/aitys/classifier"
)

// Hash returns the hash of the log entry that follows the one with the hash before. An entry with a salt is hashed by
// its public side, see Public.After. Older entries use earlier formats, or their Proof if their texts were erased.
func Hash(before []byte, d Entry) []byte {
	p := d.Public()
	switch {
	case p.Open != nil:
		return p.After(before)
	case d.Proof != nil:
		return d.Proof
	}
	return olderHash(before, d)
}

// A Public is what anybody may know of an entry, and what the hashes of a log are made of. Kind, action and reason
// are named as in the API, "" where there is none. Open binds what is not told; it is nil in older entries, whose
// hashes cannot be followed from outside.
type Public struct {
	Seq                  uint64
	At                   time.Time // to the microsecond
	Kind, Action, Reason string
	Open, Hash           []byte
}

// Public is an entry's public side.
func (d Entry) Public() Public {
	p := Public{Seq: d.Seq, At: d.At.UTC(), Kind: d.Kind.String(), Hash: d.Hash}
	switch {
	case d.Redacts():
		p.Kind = "redaction"
	case d.Kind == OnComment:
		p.Action, p.Reason = d.Action.String(), d.Reason.String()
	}
	switch {
	case d.Salt != nil:
		p.Open = d.open()
	case !bytes.Equal(d.Proof, d.Hash):
		p.Open = d.Proof
	}
	return p
}

// After is the hash of an entry that follows one whose hash is before, nil for the first one. It is SHA-256 over the
// canonical encoding of: 5, which is the format's number, before, seq, the time as RFC 3339 has it in UTC to the
// microsecond, with all six digits, kind, action, reason, and open. A number is eight bytes, big-endian, text and
// bytes are their length as such a number and then themselves: no two entries have one encoding.
func (p Public) After(before []byte) []byte {
	at := p.At.Format(timeFormat)
	return encoding{}.number(5).bytes(before).number(p.Seq).text(at).text(p.Kind).text(p.Action).text(p.Reason).
		bytes(p.Open).sum()
}

const timeFormat = "2006-01-02T15:04:05.000000Z"

// open is SHA-256 over an entry's salt and all that is not told of it, encoded as in After: first the site's key.
func (d Entry) open() []byte {
	e := encoding{}.bytes(d.Salt).text(d.Under).text(d.Batch).text(d.Comment).number(uint64(d.Version))
	e = e.text(d.By).bytes(encoding{}.bytes(d.Salt).text(d.Note).sum()).number(uint64(d.From)).number(uint64(d.To))
	e = e.number(d.Touches()).number(d.Undoes).number(d.Restores)
	e = e.number(math.Float64bits(d.Score)).number(uint64(d.Suggested)).number(d.ModelSeq)
	e = e.number(math.Float64bits(d.Spam)).bool(d.Warm)
	return e.bytes(d.Lesson).text(d.Subject).number(uint64(d.Lessons)).sum()
}

// olderHash is Hash of an entry from before the log had a public side. It covers the number of the site that it was
// written on.
//
// It is SHA-256 over the encoding of: the format's number, the hash before, and the entry's fields in the order
// below, a score as its IEEE 754 bits, a time as its microseconds since 1970. Undone is left out, since a later entry
// sets it. An entry about no comment has format 2 and three fields more; one that keeps what the classifier said has
// format 3 and that besides; one that takes a part out of a text has format 4 and besides why, and what the classifier
// said. Entries from before this was kept have neither a probability nor Warm, and format 1.
func olderHash(before []byte, d Entry) []byte {
	format, said, site := uint64(1), d.Spam != 0 || d.Warm, uint64(d.Site)
	switch {
	case d.Kind != OnComment:
		format = 2
	case d.Redacts():
		format = 4
	case said:
		format = 3
	}
	if d.Under != "" {
		site, _ = strconv.ParseUint(d.Under, 10, 64) // of what is none no hash is right
	}
	e := encoding{}.number(format).bytes(before)
	e = e.number(d.Seq).number(site).text(d.Batch).text(d.Comment).number(uint64(d.Version))
	e = e.text(d.By).number(uint64(d.Action)).number(uint64(d.Reason)).text(d.Note)
	e = e.number(uint64(d.From)).number(uint64(d.To))
	e = e.number(d.Touches()).number(d.Undoes).number(d.Restores)
	e = e.number(math.Float64bits(d.Score)).number(uint64(d.Suggested)).number(d.ModelSeq)
	e = e.bytes(d.Lesson).number(uint64(d.At.UnixMicro()))
	if d.Kind != OnComment {
		e = e.number(uint64(d.Kind)).text(d.Subject).number(uint64(d.Lessons))
	} else if format > 2 {
		if format == 4 {
			e = e.text(d.Subject)
		}
		e = e.number(math.Float64bits(d.Spam)).bool(d.Warm)
	}
	return e.sum()
}

// LessonHash binds a lesson to the log entry that stores it. The salt goes with the lesson,
// so that once both are erased the hash says nothing of the text.
func LessonHash(salt []byte, l classifier.Lesson) []byte {
	e := encoding{}.bytes(salt).number(uint64(l.Label))
	e = e.text(l.Comment.Text).text(l.Comment.Author).text(l.Comment.Email).text(l.Comment.URL)
	return e.sum()
}

// PartSalt is the salt of one of the lessons that an entry copies. One says nothing of another, so
// that each lesson can be erased for itself.
func PartSalt(secret []byte, part int) []byte {
	return encoding{}.bytes(secret).number(uint64(part)).sum()[:16]
}

// TaughtHash is what an entry keeps of the lessons that it stores: of a decision's its
// LessonHash, of a copy's the hash over them all; nil when they are none, or not the entry's.
func TaughtHash(d Entry, lessons []Lesson) []byte {
	if d.Kind == OnComment {
		if len(lessons) == 1 && lessons[0].Of == d.Comment {
			return lessons[0].Hash()
		}
		return nil
	}
	if len(lessons) == 0 {
		return nil
	}
	var e encoding
	for _, l := range lessons {
		e = e.text(l.Of).bytes(l.Hash())
	}
	return e.sum()
}

// ErasedHash is what an entry of erasure keeps of what it erased, ascending.
func ErasedHash(lessons []Lesson) []byte {
	var e encoding
	for _, l := range lessons {
		e = e.number(l.Seq).number(uint64(l.Part)).bytes(l.Proof)
	}
	return e.sum()
}

// An encoding is bytes that can be read in one way only.
type encoding []byte

func (e encoding) number(n uint64) encoding { return binary.BigEndian.AppendUint64(e, n) }

func (e encoding) bool(b bool) encoding {
	if b {
		return e.number(1)
	}
	return e.number(0)
}

func (e encoding) text(s string) encoding { return append(e.number(uint64(len(s))), s...) }

func (e encoding) bytes(b []byte) encoding { return append(e.number(uint64(len(b))), b...) }

func (e encoding) sum() []byte {
	sum := sha256.Sum256(e)
	return sum[:]
}
