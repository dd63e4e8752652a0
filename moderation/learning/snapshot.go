package learning

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/learning/fold"
)

const (
	snapshotClaim   = time.Minute
	snapshotPause   = time.Minute     // minimum between two snapshots of one site
	shutdownTimeout = 5 * time.Second // for all sites, when the process stops
	pieceSize       = 128 << 10       // bytes per transaction
)

// dropSnapshots deletes a site's snapshots from seq on.
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

// saveSnapshots writes a site's due snapshots, and deletes invalid and surplus ones. With last, the process is about
// to stop, and snapshots are due earlier.
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

// saveLast writes the due snapshots of all sites before the process stops.
func (s *Models) saveLast(ctx context.Context) {
	ctx, end := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
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

// putSnapshot writes a snapshot in pieces, one per transaction, so that other writers get their turn.
func (s *Models) putSnapshot(ctx context.Context, site int64, snapshot fold.Snapshot) error {
	pieces := slices.Collect(slices.Chunk(snapshot.Model, pieceSize))
	for i, piece := range pieces {
		snapshot.Model = piece
		var good bool
		err := s.work.Update(ctx, func(tx Tx) (err error) {
			if good, err = isValid(tx, site, snapshot); err != nil {
				return err
			}
			if !good {
				return tx.DropSnapshots(site, nil)
			}
			if i == 0 { // including pieces of an earlier attempt
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

// isValid reports whether no entry after a snapshot changed its lessons. Another process may have erased words that
// the snapshot contains. It locks the log to prevent that.
func isValid(tx Tx, site int64, s fold.Snapshot) (bool, error) {
	if _, err := tx.LockLog(site); err != nil {
		return false, fmt.Errorf("lock log: %w", err)
	}
	touched, err := tx.LowestTouched(site, s.AsOf)
	if err != nil {
		return false, fmt.Errorf("read the lowest touched seq: %w", err)
	}
	return touched == 0 || touched > s.Seq, nil
}

// dueSnapshots returns the snapshots to write for a site and those to delete.
func (s *Models) dueSnapshots(ctx context.Context, site int64, last bool) (put []fold.Snapshot, drop []uint64) {
	m := s.models.of(site)
	m.following.Lock()
	defer m.following.Unlock()
	// Only one of several processes at the same entry writes the snapshot.
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
		// Processes follow a log a few entries apart, so one snapshot by any of them is enough for a while.
		if last && mine(l.Seq, l.Seq) || !last && s.work.Claim(ctx, site, "snapshot", snapshotPause/2) {
			put = append(put, fold.SnapshotOf(site, l.Seq, l.Seq, l.Model))
		}
	}
	drop = slices.DeleteFunc(m.damaged, func(seq uint64) bool { // replacements are valid again
		return slices.ContainsFunc(put, func(p fold.Snapshot) bool { return p.Seq == seq })
	})
	m.unsaved, m.damaged = nil, nil
	return put, drop
}
