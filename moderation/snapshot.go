package moderation

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/classifier"
)

// Snapshots stand 64, 512, 4,096 … entries back from the end of a log, so that undoing what
// is n back folds not many more than 8·n lessons.
const (
	snapshotEvery = 64
	snapshotSteps = 8
	snapshotClaim = time.Minute
)

// sealed returns the snapshot of a model made of the lessons up to seq that counted at asOf.
func sealed(site int64, seq, asOf uint64, model *classifier.Model) Snapshot {
	s := Snapshot{Seq: seq, AsOf: asOf, Model: model.Bytes()}
	s.Sum = s.sum(site)
	return s
}

// sum covers what the model's own bytes do not: which site's it is, and of which entries.
func (s Snapshot) sum(site int64) []byte {
	h := sha256.New()
	for _, n := range []uint64{uint64(site), s.Seq, s.AsOf} {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, n)) // a hash takes everything
	}
	_, _ = h.Write(s.Model)
	return h.Sum(nil)
}

// open returns a snapshot's model, or why it has none: it is damaged, or of another program's
// format or tokeniser.
func (s Snapshot) open(site int64) (*classifier.Model, error) {
	if subtle.ConstantTimeCompare(s.Sum, s.sum(site)) != 1 {
		return nil, fmt.Errorf("snapshot %d: its checksum is wrong", s.Seq)
	}
	model, err := classifier.Restore(s.Model)
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
	const step = snapshotEvery * snapshotSteps
	if head < 2*step {
		return 0
	}
	return (head/step - 1) * step
}

// thin returns which snapshots of a log, newest first, are one too many: besides the newest
// there stays, for each distance, the first in each of the last three stretches of its length.
func thin(seqs []uint64, head uint64) (drop []uint64) {
	keep := map[uint64]bool{}
	if len(seqs) > 0 {
		keep[seqs[0]] = true
	}
	for length := uint64(snapshotEvery); ; length *= snapshotSteps {
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

// dropSnapshots removes a site's snapshots from seq on.
func dropSnapshots(tx Tx, site int64, seq uint64) error {
	list, err := tx.Snapshots(site)
	if err != nil {
		return fmt.Errorf("list snapshots: %w", err)
	}
	var drop []uint64
	for _, s := range list {
		if s.Seq >= seq {
			drop = append(drop, s.Seq)
		}
	}
	if err := tx.DropSnapshots(site, drop); err != nil {
		return fmt.Errorf("drop snapshots: %w", err)
	}
	return nil
}

// saveSnapshots writes the snapshots of a site that are due, and removes those that are no
// good or too many.
func (s *Service) saveSnapshots(ctx context.Context, site int64) error {
	put, drop := s.dueSnapshots(ctx, site)
	if len(put)+len(drop) == 0 {
		return nil
	}
	for _, snapshot := range put { // one a transaction: others write too
		err := s.update(ctx, func(tx Tx) error { return putSnapshot(tx, site, snapshot) })
		if err != nil {
			return fmt.Errorf("save snapshot: %w", err)
		}
	}
	err := s.update(ctx, func(tx Tx) error {
		head, err := tx.Head(site)
		if err != nil {
			return err
		}
		if err := tx.DropSnapshots(site, drop); err != nil {
			return err
		}
		list, err := tx.Snapshots(site)
		if err != nil {
			return err
		}
		seqs := make([]uint64, len(list))
		for i, snapshot := range list {
			seqs[i] = snapshot.Seq
		}
		return tx.DropSnapshots(site, thin(seqs, head.Seq))
	})
	if err != nil {
		return fmt.Errorf("thin snapshots: %w", err)
	}
	return nil
}

// putSnapshot writes a snapshot, unless an entry after it touched what it holds: another process
// may have erased words that it still knows. The log is locked, so nobody does so just now.
func putSnapshot(tx Tx, site int64, s Snapshot) error {
	if _, err := tx.LockLog(site); err != nil {
		return fmt.Errorf("lock log: %w", err)
	}
	touched, err := tx.LowestTouched(site, s.AsOf)
	if err != nil {
		return fmt.Errorf("read what was touched: %w", err)
	}
	if touched != 0 && touched <= s.Seq {
		return nil
	}
	return tx.PutSnapshot(site, s)
}

// dueSnapshots takes what is to be written for a site and what is to be removed.
func (s *Service) dueSnapshots(ctx context.Context, site int64) (put []Snapshot, drop []uint64) {
	m := s.models.of(site)
	m.following.Lock()
	defer m.following.Unlock()
	// Of several processes that stand at one place of the log, one does it.
	mine := func(seq, asOf uint64) bool {
		return s.claim(ctx, fmt.Sprintf("snapshot {%d} %d %d", site, seq, asOf), snapshotClaim)
	}
	for _, made := range m.unsaved {
		if mine(made.Seq, made.AsOf) {
			put = append(put, made)
		}
	}
	if l := m.live.Load(); l != nil && l.seq/snapshotEvery > m.saved/snapshotEvery {
		if m.saved = l.seq; mine(l.seq, l.seq) {
			put = append(put, sealed(site, l.seq, l.seq, l.model))
		}
	}
	drop = slices.DeleteFunc(m.damaged, func(seq uint64) bool { // what is replaced is good again
		return slices.ContainsFunc(put, func(p Snapshot) bool { return p.Seq == seq })
	})
	m.unsaved, m.damaged = nil, nil
	return put, drop
}
