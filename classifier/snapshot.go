package classifier

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/aitys/aitys/classifier/table"
)

// A snapshot consists of the magic, the format, the tokeniser version, the length of the model, the model, and a
// SHA-256 of all that. Numbers are little-endian. Keys and weights are sorted.
//
// snapshotFormat changes whenever the layout changes, or the result of a fold for the same documents.
const (
	snapshotMagic  = "aitysmdl"
	snapshotFormat = 10
	snapshotHeader = len(snapshotMagic) + 2 + 2 + 8
)

// ErrSnapshot is returned by Restore for bytes that are not a complete snapshot of this version. The model must then be
// folded from its lessons.
var ErrSnapshot = errors.New("not a snapshot of this version")

// Bytes returns the model's canonical encoding. Equal lessons make equal bytes, whether the model folded, learned or
// restored them.
func (m *Model) Bytes() []byte {
	m.learning.Lock()
	defer m.learning.Unlock()
	m.counts.compact()
	b := append(make([]byte, 0, m.encodedSize()), snapshotMagic...)
	s := m.active.Load()
	b = binary.LittleEndian.AppendUint16(b, snapshotFormat)
	b = binary.LittleEndian.AppendUint16(b, TokeniserVersion)
	b = binary.LittleEndian.AppendUint64(b, 0) // the length, below
	b = binary.LittleEndian.AppendUint64(b, s.seq)
	for _, n := range s.taught {
		b = binary.AppendUvarint(b, uint64(n))
	}
	b = binary.AppendUvarint(b, uint64(m.counts.keys))
	b = append(b, m.counts.compacted...)
	for i := range s.heads {
		b = s.heads[i].appendTo(b)
	}
	b = binary.AppendUvarint(b, uint64(m.shown.counts.Len()))
	for hash, n := range m.shown.counts.All() {
		b = binary.LittleEndian.AppendUint64(b, hash)
		b = binary.AppendUvarint(b, uint64(n))
	}
	for hash := range m.copies.bands.All() {
		b = binary.LittleEndian.AppendUint64(b, hash)
	}
	binary.LittleEndian.PutUint64(b[snapshotHeader-8:], uint64(len(b)-snapshotHeader))
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// encodedSize returns an upper bound on the length of Bytes, so that its buffer never grows.
func (m *Model) encodedSize() int {
	const number, frame = binary.MaxVarintLen32, snapshotHeader + 4096 // frame: the header and all of constant length
	n := frame + len(m.counts.compacted) + (8+number)*m.shown.counts.Len() + 8*m.copies.bands.Len()
	s := m.active.Load()
	for i := range s.heads {
		n += (8 + 4 + 4) * s.heads[i].features.Len()
	}
	return n
}

// appendTo appends the head's encoding, without the counts.
func (h *head) appendTo(b []byte) []byte {
	for _, f := range h.scalars() {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(*f))
	}
	b = binary.AppendUvarint(b, uint64(h.features.Len()))
	for hash, f := range h.features.All() {
		b = binary.LittleEndian.AppendUint64(b, hash)
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f.weight))
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f.square))
	}
	return b
}

// readFrom reads the encoding of appendTo.
func (h *head) readFrom(r *snapshotReader) {
	for _, f := range h.scalars() {
		*f = math.Float64frombits(r.uint64())
	}
	for range r.count(8 + 4 + 4) {
		f := h.features.At(r.uint64())
		f.weight = math.Float32frombits(r.uint32())
		f.square = math.Float32frombits(r.uint32())
	}
}

// scalars returns pointers to the head's state outside its features, in the order of the snapshot.
func (h *head) scalars() []*float64 {
	s, e, w, p := &h.stack, &h.excerpt, &h.window, &h.shown
	return []*float64{
		&h.bias, &s.Weight[0], &s.Weight[1], &s.Weight[2], &s.Square[0], &s.Square[1], &s.Square[2],
		&s.Scale[0], &s.Scale[1], &s.Lessons, &e.slope, &e.shift, &e.slopeSquare, &e.shiftSquare,
		&w.slope, &w.shift, &w.slopeSquare, &w.shiftSquare,
		&p.slope, &p.shift, &p.slopeSquare, &p.shiftSquare, &h.predicted[0], &h.predicted[1], &h.language.Lessons,
		&h.language.Words, &h.language.Grams,
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
	for i := range s.taught {
		s.taught[i] = uint32(r.uvarint())
	}
	m.counts.keys = r.count(1 + len(tally{}))
	counted := r.b
	for range m.counts.keys {
		key, t := r.entry()
		switch {
		case r.failed || len(key) == 0:
			return nil, fmt.Errorf("%w: its counts end early", ErrSnapshot)
		case string(key) == docsKey:
			s.docs = t
		default:
			hash := table.Hash(kind(key[0]), key[1:])
			for l, n := range t {
				s.addCount(hash, Label(l), n)
			}
		}
	}
	m.counts.compacted = bytes.Clone(counted[:len(counted)-len(r.b)])
	for i := range s.heads {
		s.heads[i].readFrom(&r)
	}
	for range r.count(8 + 1) {
		hash := r.uint64()
		*m.shown.counts.At(hash) = uint32(r.uvarint())
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
