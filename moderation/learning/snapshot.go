package learning

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/learning/fold"
)

const (
	snapshotClaim = time.Minute
	snapshotPause = time.Minute     // between two of one site's, however fast its log grows
	lastSnapshots = 5 * time.Second // for all of them, when the process stops
	snapshotPiece = 128 << 10       // bytes that are written in one transaction
)

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
// good or too many. Last says that there will be no later time for what is due too soon.
func (s *Models) saveSnapshots(ctx context.Context, site int64, last bool) error {
	put, drop := s.dueSnapshots(ctx, site, last)
	if len(put)+len(drop) == 0 {
		return nil
	}
	for _, snapshot := range put {
		if err := s.putSnapshot(ctx, site, snapshot); err != nil {
			return fmt.Errorf("save snapshot: %w", err)
		}
	}
	err := s.work.Update(ctx, func(tx Tx) error {
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
		return tx.DropSnapshots(site, fold.Thin(seqs, head.Seq))
	})
	if err != nil {
		return fmt.Errorf("thin snapshots: %w", err)
	}
	return nil
}

// saveLast writes what is due of all sites before the process stops.
func (s *Models) saveLast(ctx context.Context) {
	ctx, end := context.WithTimeout(context.WithoutCancel(ctx), lastSnapshots)
	defer end()
	for _, site := range s.models.sites() {
		if err := s.saveSnapshots(ctx, site, true); err != nil {
			s.log.WarnContext(ctx, "snapshots not saved", "site", site, "error", err)
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// putSnapshot writes a snapshot, a piece of its model in a transaction: others write between.
func (s *Models) putSnapshot(ctx context.Context, site int64, snapshot fold.Snapshot) error {
	pieces := slices.Collect(slices.Chunk(snapshot.Model, snapshotPiece))
	for i, piece := range pieces {
		snapshot.Model = piece
		var good bool
		err := s.work.Update(ctx, func(tx Tx) (err error) {
			if good, err = isGood(tx, site, snapshot); err != nil {
				return err
			}
			if !good {
				return tx.DropSnapshots(site, nil)
			}
			if i == 0 { // with what was left of another try
				if err := tx.DropSnapshots(site, []uint64{snapshot.Seq}); err != nil {
					return err
				}
			}
			if i < len(pieces)-1 {
				return tx.PutPiece(site, snapshot, i)
			}
			return tx.PutSnapshot(site, snapshot, i)
		})
		if err != nil || !good {
			return err
		}
	}
	return nil
}

// isGood reports whether no entry after a snapshot touched what it holds: another process may have erased words that
// it still knows. The log is locked, so nobody does so just now.
func isGood(tx Tx, site int64, s fold.Snapshot) (bool, error) {
	if _, err := tx.LockLog(site); err != nil {
		return false, fmt.Errorf("lock log: %w", err)
	}
	touched, err := tx.LowestTouched(site, s.AsOf)
	if err != nil {
		return false, fmt.Errorf("read what was touched: %w", err)
	}
	return touched == 0 || touched > s.Seq, nil
}

// dueSnapshots takes what is to be written for a site and what is to be removed.
func (s *Models) dueSnapshots(ctx context.Context, site int64, last bool) (put []fold.Snapshot, drop []uint64) {
	m := s.models.of(site)
	m.following.Lock()
	defer m.following.Unlock()
	// Of several processes that stand at one place of the log, one does it.
	mine := func(seq, asOf uint64) bool {
		return s.work.Claim(ctx, site, fmt.Sprintf("snapshot %d %d", seq, asOf), snapshotClaim)
	}
	for _, made := range m.unsaved {
		if mine(made.Seq, made.AsOf) {
			put = append(put, made)
		}
	}
	now := s.work.Now()
	soon := now.Before(m.savedAt.Add(snapshotPause)) && !last
	if l := m.live.Load(); l != nil && !soon && fold.Due(m.saved, l.Seq, last) {
		m.saved, m.savedAt = l.Seq, now
		// Processes follow a log a few entries apart: one of them has written enough for a while.
		if last && mine(l.Seq, l.Seq) || !last && s.work.Claim(ctx, site, "snapshot", snapshotPause/2) {
			put = append(put, fold.SnapshotOf(site, l.Seq, l.Seq, l.Model))
		}
	}
	drop = slices.DeleteFunc(m.damaged, func(seq uint64) bool { // what is replaced is good again
		return slices.ContainsFunc(put, func(p fold.Snapshot) bool { return p.Seq == seq })
	})
	m.unsaved, m.damaged = nil, nil
	return put, drop
}
