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

// Hash returns the hash of entry d, which follows the entry with hash before. For an entry with a salt it is the hash
// of the public side, see Public.HashAfter. Older entries use earlier formats, or their Proof if their texts were
// erased.
func Hash(before []byte, d Entry) []byte {
	p := d.Public()
	switch {
	case p.Open != nil:
		return p.HashAfter(before)
	case d.Proof != nil:
		return d.Proof
	}
	return legacyHash(before, d)
}

// A Public is the public side of an entry, from which the hashes of a log are made. Kind, Action and Reason are named
// as in the API, and "" if there is none. Open commits to the private fields. It is nil in older entries, whose
// hashes cannot be verified from the published log.
type Public struct {
	Seq                  uint64
	At                   time.Time // with microseconds
	Kind, Action, Reason string
	Open, Hash           []byte
}

// Public returns an entry's public side.
func (d Entry) Public() Public {
	p := Public{Seq: d.Seq, At: d.At.UTC(), Kind: d.Kind.String(), Hash: d.Hash}
	switch {
	case d.Redacts():
		p.Kind = "redaction"
	case d.Kind == Decision:
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

// HashAfter returns the hash of an entry that follows the one with hash before, which is nil for the first entry. It
// is SHA-256 over the canonical encoding of: 5 (the format's number), before, seq, the time, kind, action, reason,
// and open. The time is RFC 3339 in UTC with all six digits of microseconds. A number is eight bytes, big-endian.
// Text and bytes are their length as such a number, then themselves. So no two entries have the same encoding.
func (p Public) HashAfter(before []byte) []byte {
	at := p.At.Format(timeFormat)
	return encoding{}.number(5).bytes(before).number(p.Seq).text(at).text(p.Kind).text(p.Action).text(p.Reason).
		bytes(p.Open).sum()
}

const timeFormat = "2006-01-02T15:04:05.000000Z"

// open returns SHA-256 over an entry's salt and private fields, encoded as in HashAfter. The first field is the
// site's key.
func (d Entry) open() []byte {
	e := encoding{}.bytes(d.Salt).text(d.Under).text(d.Batch).text(d.Comment).number(uint64(d.Version))
	e = e.text(d.By).bytes(encoding{}.bytes(d.Salt).text(d.Note).sum()).number(uint64(d.From)).number(uint64(d.To))
	e = e.number(d.Touches()).number(d.Undoes).number(d.Restores)
	e = e.number(math.Float64bits(d.Score)).number(uint64(d.Suggested)).number(d.ModelSeq)
	e = e.number(math.Float64bits(d.Spam)).bool(d.Warm)
	return e.bytes(d.Lesson).text(d.Subject).number(uint64(d.Lessons)).sum()
}

// legacyHash is Hash for an entry from before the log had a public side. It covers the number of the site that the
// entry was written on.
//
// It is SHA-256 over the encoding of the format's number, the hash before, and the entry's fields in the order below.
// A score is its IEEE 754 bits, a time its microseconds since 1970. Undone is left out, since a later entry sets it.
//
// Format 1 has neither a probability nor Warm. Format 2 is an entry about the model, with three more fields. Format 3
// adds what the classifier returned. Format 4 is a redaction, with its reason and what the classifier returned.
func legacyHash(before []byte, d Entry) []byte {
	format, said, site := uint64(1), d.Spam != 0 || d.Warm, uint64(d.Site)
	switch {
	case d.Kind != Decision:
		format = 2
	case d.Redacts():
		format = 4
	case said:
		format = 3
	}
	if d.Under != "" {
		site, _ = strconv.ParseUint(d.Under, 10, 64) // if it is not a number, no hash matches
	}
	e := encoding{}.number(format).bytes(before)
	e = e.number(d.Seq).number(site).text(d.Batch).text(d.Comment).number(uint64(d.Version))
	e = e.text(d.By).number(uint64(d.Action)).number(uint64(d.Reason)).text(d.Note)
	e = e.number(uint64(d.From)).number(uint64(d.To))
	e = e.number(d.Touches()).number(d.Undoes).number(d.Restores)
	e = e.number(math.Float64bits(d.Score)).number(uint64(d.Suggested)).number(d.ModelSeq)
	e = e.bytes(d.Lesson).number(uint64(d.At.UnixMicro()))
	if d.Kind != Decision {
		e = e.number(uint64(d.Kind)).text(d.Subject).number(uint64(d.Lessons))
	} else if format > 2 {
		if format == 4 {
			e = e.text(d.Subject)
		}
		e = e.number(math.Float64bits(d.Spam)).bool(d.Warm)
	}
	return e.sum()
}

// LessonHash binds a lesson to the log entry that stores it. The salt is erased together with the lesson, so that the
// hash then reveals nothing about the text.
func LessonHash(salt []byte, l classifier.Lesson) []byte {
	e := encoding{}.bytes(salt).number(uint64(l.Label))
	e = e.text(l.Comment.Text).text(l.Comment.Author).text(l.Comment.Email).text(l.Comment.URL)
	return e.sum()
}

// PartSalt derives the salt of one of the lessons that an entry copies. One salt reveals nothing about another, so
// each lesson can be erased alone.
func PartSalt(secret []byte, part int) []byte {
	return encoding{}.bytes(secret).number(uint64(part)).sum()[:16]
}

// LessonsHash returns the hash that an entry keeps of its lessons: the LessonHash for a decision, the hash over all
// lessons for a copy. It is nil if there are none, or if they do not belong to the entry.
func LessonsHash(d Entry, lessons []Lesson) []byte {
	if d.Kind == Decision {
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

// ErasedHash returns the hash that an erasure keeps of the erased lessons, in ascending order.
func ErasedHash(lessons []Lesson) []byte {
	var e encoding
	for _, l := range lessons {
		e = e.number(l.Seq).number(uint64(l.Part)).bytes(l.Proof)
	}
	return e.sum()
}

// An encoding is an unambiguous encoding of a sequence of values.
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
