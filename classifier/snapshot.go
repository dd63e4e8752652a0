package classifier

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/aitys/aitys/classifier/table"
)

// A snapshot consists of the magic, the format, the tokeniser version, the length of the model, the model, and a
// SHA-256 of all that. Numbers are little-endian or varints. Keys and weights are in order of their hashes.
//
// snapshotFormat changes whenever the layout changes, or the result of a fold for the same documents.
const (
	snapshotMagic  = "aitysmdl"
	snapshotFormat = 11
	snapshotHeader = len(snapshotMagic) + 2 + 2 + 8
)

// ErrSnapshot is returned by Restore for bytes that are not a complete snapshot of this version. The model must then be
// folded from its lessons.
var ErrSnapshot = errors.New("not a snapshot of this version")

// Bytes returns the model's canonical encoding. Equal lessons make equal bytes, whether the model folded, learned or
// restored them, on one processor architecture. Others may round differently.
func (m *Model) Bytes() []byte {
	m.learning.Lock()
	defer m.learning.Unlock()
	b := append(make([]byte, 0, m.encodedSize()), snapshotMagic...)
	s := m.active.Load()
	b = binary.LittleEndian.AppendUint16(b, snapshotFormat)
	b = binary.LittleEndian.AppendUint16(b, TokeniserVersion)
	b = binary.LittleEndian.AppendUint64(b, 0) // the length, below
	b = binary.LittleEndian.AppendUint64(b, s.seq)
	for _, n := range slices.Concat(s.taught[:], s.copied[:], s.own[:], s.hard[:], s.counts.lessons[:]) {
		b = binary.AppendUvarint(b, uint64(n))
	}
	b = s.counts.appendTo(b)
	for i := range s.heads {
		b = s.heads[i].appendTo(b)
	}
	for hash := range m.copies.bands.All() {
		b = binary.LittleEndian.AppendUint64(b, hash)
	}
	binary.LittleEndian.PutUint64(b[snapshotHeader-8:], uint64(len(b)-snapshotHeader))
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// encodedSize returns an estimate of the length of Bytes, so that its buffer rarely grows. It takes two bytes for each
// number above 127, and assumes that there is one for eight tokens.
func (m *Model) encodedSize() int {
	const frame = snapshotHeader + 4096 // the header and all of constant length
	s := m.active.Load()
	tokens := s.counts.tokens.Len()
	n := frame + len(s.counts.keys) + int(labels)*tokens + tokens/8 + 8*m.copies.bands.Len()
	for i := range s.heads {
		n += (8+4+4+1+1)*s.heads[i].features.Len() + s.heads[i].features.Len()/8
	}
	return n
}

// appendTo appends the encoding of the tokens: for each the length of its key, the key, and the count of each label.
func (c *counts) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(c.tokens.Len()))
	for _, t := range c.tokens.All() {
		key := c.keyOf(t)
		b = binary.AppendUvarint(b, uint64(len(key)))
		b = append(b, key...)
		for _, n := range t.lessons {
			b = binary.AppendUvarint(b, uint64(n))
		}
	}
	return b
}

// readFrom reads the encoding of appendTo.
func (c *counts) readFrom(r *snapshotReader) {
	for range r.count(2 + len(tally{})) {
		key := r.take(r.uvarint())
		var n tally
		for l := range n {
			n[l] = uint32(r.uvarint())
		}
		if len(key) == 0 || n == (tally{}) {
			r.failed = true
			return
		}
		c.add(kind(key[0]), table.Hash(kind(key[0]), key[1:]), func() string { return string(key) }, n)
	}
}

// appendTo appends the head's encoding.
func (h *head) appendTo(b []byte) []byte {
	for _, f := range h.scalars() {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(*f))
	}
	b = binary.AppendUvarint(b, uint64(h.features.Len()))
	for hash, f := range h.features.All() {
		b = binary.LittleEndian.AppendUint64(b, hash)
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f.weight))
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f.square))
		b = binary.AppendUvarint(b, uint64(f.yes))
		b = binary.AppendUvarint(b, uint64(f.no))
	}
	return b
}

// readFrom reads the encoding of appendTo.
func (h *head) readFrom(r *snapshotReader) {
	for _, f := range h.scalars() {
		*f = math.Float64frombits(r.uint64())
	}
	for range r.count(8 + 4 + 4 + 2) {
		f := h.features.At(r.uint64())
		f.weight = math.Float32frombits(r.uint32())
		f.square = math.Float32frombits(r.uint32())
		f.yes, f.no = uint32(r.uvarint()), uint32(r.uvarint())
	}
}

// scalars returns pointers to the head's state outside its features, in the order of the snapshot.
func (h *head) scalars() []*float64 {
	s, e, p := &h.stack, &h.excerpt, &h.shown
	return []*float64{
		&s.Weight[0], &s.Weight[1], &s.Weight[2], &s.Weight[3], &s.Square[0], &s.Square[1], &s.Square[2], &s.Square[3],
		&s.Scale[0], &s.Scale[1], &s.Scale[2], &s.Lessons, &e.slope, &e.shift, &e.slopeSquare, &e.shiftSquare,
		&p.slope, &p.shift, &p.slopeSquare, &p.shiftSquare, &h.learned[0], &h.learned[1], &h.predicted[0], &h.predicted[1],
		&h.recent[0], &h.recent[1],
		&h.language.Lessons, &h.language.Words, &h.language.Grams,
	}
}

// Restore reads a snapshot that Bytes wrote. It returns an error that wraps ErrSnapshot for a damaged or truncated
// snapshot, and for one of another format or TokeniserVersion.
func Restore(b []byte) (*Model, error) { return restore(b, true) }

// RestoreFormer reads a snapshot that Bytes wrote with another TokeniserVersion. It returns an error that wraps
// ErrSnapshot for anything else. The model judges documents by the tokens that both versions read. It must not learn.
// It serves until the lessons are folded again.
func RestoreFormer(b []byte) (*Model, error) { return restore(b, false) }

// restore reads a snapshot of this TokeniserVersion, or if own is false, of another.
func restore(b []byte, own bool) (*Model, error) {
	body, tokeniser, err := checkSnapshot(b)
	if err != nil {
		return nil, err
	}
	if own != (tokeniser == TokeniserVersion) {
		return nil, fmt.Errorf("%w: tokeniser %d", ErrSnapshot, tokeniser)
	}
	m := newModel()
	s := m.active.Load()
	r := snapshotReader{b: body}
	s.seq = r.uint64()
	for _, n := range []*tally{&s.taught, &s.copied, &s.own, &s.hard, &s.counts.lessons} {
		for l := range n {
			n[l] = uint32(r.uvarint())
		}
	}
	s.counts.readFrom(&r)
	for i := range s.heads {
		s.heads[i].readFrom(&r)
	}
	for len(r.b) > 0 && !r.failed {
		m.copies.bands.At(r.uint64())
	}
	if r.failed {
		return nil, fmt.Errorf("%w: its length is wrong", ErrSnapshot)
	}
	return m, nil
}

// checkSnapshot returns the bytes between header and checksum, and the tokeniser version.
func checkSnapshot(b []byte) (body []byte, tokeniser uint16, err error) {
	if len(b) < snapshotHeader+sha256.Size || string(b[:len(snapshotMagic)]) != snapshotMagic {
		return nil, 0, ErrSnapshot
	}
	whole, sum := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if got := sha256.Sum256(whole); string(got[:]) != string(sum) {
		return nil, 0, fmt.Errorf("%w: its checksum is wrong", ErrSnapshot)
	}
	head := whole[len(snapshotMagic):snapshotHeader]
	if format := binary.LittleEndian.Uint16(head); format != snapshotFormat {
		return nil, 0, fmt.Errorf("%w: format %d", ErrSnapshot, format)
	}
	body = whole[snapshotHeader:]
	if n := binary.LittleEndian.Uint64(head[4:]); n != uint64(len(body)) {
		return nil, 0, fmt.Errorf("%w: %d bytes, not %d", ErrSnapshot, len(body), n)
	}
	return body, binary.LittleEndian.Uint16(head[2:]), nil
}

// snapshotReader reads numbers. Past the end it returns zeros and sets failed.
type snapshotReader struct {
	b      []byte
	failed bool
}

func (r *snapshotReader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.failed, r.b = true, nil
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *snapshotReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.failed, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count reads the number of items that follow. size is the minimum length of an item, by which it checks the number.
func (r *snapshotReader) count(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.b)/size) {
		r.failed, r.b = true, nil
		return 0
	}
	return int(n)
}

func (r *snapshotReader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *snapshotReader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}
