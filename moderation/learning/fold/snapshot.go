package fold

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/aitys/aitys/classifier"
)

// A Snapshot is a site's model as of entry Seq: it includes the lessons up to Seq that counted at entry AsOf. It is
// valid until a later entry changes which of them count.
type Snapshot struct {
	Seq, AsOf uint64
	Model     []byte
	Sum       []byte // checksum over all of it and the site
}

// Snapshots are kept 64, 512, 4,096 … entries before the end of a log, or a quarter of the log if that is more. So
// the undo of an entry n back folds little more than 8·n lessons, or that quarter.
const (
	minGap        = 64 // entries between two snapshots
	gapFactor     = 8
	growthDivisor = 4
)

// Due reports whether a log has grown enough for a new snapshot since the one at saved. The gap grows with the log,
// because a model does, so the bytes written stay proportional to the log. The last snapshot of a process is due
// after minGap entries.
func Due(saved, seq uint64, last bool) bool {
	if last {
		return seq >= saved+minGap
	}
	return seq >= saved+max(minGap, saved/growthDivisor)
}

// SnapshotOf returns the snapshot of a model made of the lessons up to seq that counted at asOf.
func SnapshotOf(site int64, seq, asOf uint64, model *classifier.Model) Snapshot {
	s := Snapshot{Seq: seq, AsOf: asOf, Model: model.Bytes()}
	s.Seal(site)
	return s
}

// Seal sets the checksum.
func (s *Snapshot) Seal(site int64) { s.Sum = s.sum(site) }

// sum covers what the model's own checksum does not: the site and the entries.
func (s Snapshot) sum(site int64) []byte {
	h := sha256.New()
	for _, n := range []uint64{uint64(site), s.Seq, s.AsOf} {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, n)) // a hash never fails
	}
	_, _ = h.Write(s.Model)
	return h.Sum(nil)
}

// Open returns a snapshot's model. It returns an error if the snapshot is damaged or has another format or tokeniser.
func (s Snapshot) Open(site int64) (*classifier.Model, error) {
	return s.open(site, classifier.Restore)
}

// OpenFormer returns the model of an undamaged snapshot of another tokeniser.
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
		return nil, fmt.Errorf("snapshot %d: its model includes entry %d", s.Seq, seq)
	}
	return model, nil
}

// checkpointSeq returns where a fold up to head takes an extra snapshot: 512 to 1,023 entries back. So the undo of
// one of the newest 500 entries needs no second long fold.
func checkpointSeq(head uint64) uint64 {
	const step = minGap * gapFactor
	if head < 2*step {
		return 0
	}
	return (head/step - 1) * step
}

// Thin returns the surplus snapshots of a log; seqs are newest first. It keeps the newest, and for each distance the
// first snapshot in each of the last three stretches of that length.
func Thin(seqs []uint64, head uint64) (drop []uint64) {
	keep := map[uint64]bool{}
	if len(seqs) > 0 {
		keep[seqs[0]] = true
	}
	for length := uint64(minGap); ; length *= gapFactor {
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
