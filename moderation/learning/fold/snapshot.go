package fold

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/aitys/aitys/classifier"
)

// A Snapshot is a site's model as of entry Seq of its log, from the lessons up to there that
// counted at entry AsOf. It is good until a later entry changes which of them count.
type Snapshot struct {
	Seq, AsOf uint64
	Model     []byte
	Sum       []byte // of all of it, with the site
}

// Snapshots stand 64, 512, 4,096 … entries back from the end of a log, or a quarter of the log where that
// is more, so that undoing what is n back folds not many more than 8·n lessons, or that quarter.
const (
	fewest  = 64 // entries from one to the next
	steps   = 8
	quarter = 4
)

// Due reports whether a log has grown enough for a new snapshot since the one at saved: a model grows with
// its log, so that all that is written stays in proportion to that. For the last one of a process a few
// entries are enough.
func Due(saved, seq uint64, last bool) bool {
	if last {
		return seq >= saved+fewest
	}
	return seq >= saved+max(fewest, saved/quarter)
}

// SnapshotOf returns the snapshot of a model made of the lessons up to seq that counted at asOf.
func SnapshotOf(site int64, seq, asOf uint64, model *classifier.Model) Snapshot {
	s := Snapshot{Seq: seq, AsOf: asOf, Model: model.Bytes()}
	s.Seal(site)
	return s
}

// Seal gives a snapshot the sum by which it is known to be whole.
func (s *Snapshot) Seal(site int64) { s.Sum = s.sum(site) }

// sum covers what the model's own bytes do not: which site's it is, and of which entries.
func (s Snapshot) sum(site int64) []byte {
	h := sha256.New()
	for _, n := range []uint64{uint64(site), s.Seq, s.AsOf} {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, n)) // a hash takes everything
	}
	_, _ = h.Write(s.Model)
	return h.Sum(nil)
}

// Open returns a snapshot's model, or why it has none: it is damaged, or of another program's
// format or tokeniser.
func (s Snapshot) Open(site int64) (*classifier.Model, error) {
	return s.open(site, classifier.Restore)
}

// OpenFormer returns the model of a snapshot that is whole, but of another tokeniser.
func (s Snapshot) OpenFormer(site int64) (*classifier.Model, error) {
	return s.open(site, classifier.RestoreFormer)
}

func (s Snapshot) open(site int64, restore func([]byte) (*classifier.Model, error)) (*classifier.Model, error) {
	if subtle.ConstantTimeCompare(s.Sum, s.sum(site)) != 1 {
		return nil, fmt.Errorf("snapshot %d: its checksum is wrong", s.Seq)
	}
	model, err := restore(s.Model)
	if err != nil {
		return nil, fmt.Errorf("snapshot %d: %w", s.Seq, err)
	}
	if seq := model.Seq(); seq > s.Seq {
		return nil, fmt.Errorf("snapshot %d: its model knows %d", s.Seq, seq)
	}
	return model, nil
}

// onTheWay is where a fold up to head makes a snapshot besides the one at its end: 512 to
// 1,023 entries back, so that an undo of one of the newest 500 needs no other long fold.
func onTheWay(head uint64) uint64 {
	const step = fewest * steps
	if head < 2*step {
		return 0
	}
	return (head/step - 1) * step
}

// Thin returns which snapshots of a log, newest first, are one too many: besides the newest
// there stays, for each distance, the first in each of the last three stretches of its length.
func Thin(seqs []uint64, head uint64) (drop []uint64) {
	keep := map[uint64]bool{}
	if len(seqs) > 0 {
		keep[seqs[0]] = true
	}
	for length := uint64(fewest); ; length *= steps {
		first := map[uint64]uint64{}
		for _, seq := range seqs {
			first[seq/length] = seq // the last one written is the lowest
		}
		for stretch, seq := range first {
			if head/length <= stretch+2 {
				keep[seq] = true
			}
		}
		if length > head {
			break
		}
	}
	return slices.DeleteFunc(slices.Clone(seqs), func(seq uint64) bool { return keep[seq] })
}
