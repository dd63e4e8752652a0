package learning

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/learning/fold"
	"github.com/aitys/aitys/moderation/site"
)

// A Rebuilt is what came of folding a site's model from nothing.
type Rebuilt struct {
	Lessons int
	Entry   uint64 // of the log, up to which it goes
	Bytes   int    // of the model
	// Base is the snapshot that servers begin with, 0 where they fold from nothing too. Same
	// reports whether that and what follows it makes the same bytes.
	Base    uint64
	Same    bool
	Damaged []uint64 // snapshots that were no good
	Dropped []uint64 // snapshots that were removed
}

// Rebuild folds a site's model from nothing, compares it with the one that servers make of the
// newest good snapshot, and stores a new snapshot; where the two differ it removes all others.
// told is called for each lesson with its entry of the log and the last one. Nobody waits for
// it. It needs an owner.
func (s *Models) Rebuild(
	ctx context.Context, who authz.Actor, site site.Site, told func(entry, last uint64),
) (Rebuilt, error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return Rebuilt{}, err
	}
	var out Rebuilt
	var renewed fold.Snapshot
	err := s.work.View(ctx, func(tx Tx) (err error) {
		served := fold.New(tx, site.ID)
		if err := served.Begin(); err != nil {
			return err
		}
		out = Rebuilt{Entry: served.Seq, Base: served.Base, Damaged: served.Damaged, Same: true}
		model, err := fold.FromNothing(tx, site.ID, func(entry uint64) {
			out.Lessons++
			told(entry, served.Seq)
		})
		if err != nil {
			return err
		}
		renewed = fold.SnapshotOf(site.ID, served.Seq, served.Seq, model)
		out.Bytes = len(renewed.Model)
		if served.Model == nil {
			return nil
		}
		if err := served.Make(); err != nil {
			return err
		}
		out.Same = bytes.Equal(served.Model.Bytes(), renewed.Model)
		return nil
	})
	if err != nil {
		return Rebuilt{}, fmt.Errorf("fold the model: %w", err)
	}
	if out.Entry == 0 { // nothing was decided yet
		return out, nil
	}
	err = s.work.Update(ctx, func(tx Tx) error {
		list, err := tx.Snapshots(site.ID)
		if err != nil {
			return err
		}
		out.Dropped = nil
		for _, snapshot := range list {
			if !out.Same || slices.Contains(out.Damaged, snapshot.Seq) {
				out.Dropped = append(out.Dropped, snapshot.Seq)
			}
		}
		return tx.DropSnapshots(site.ID, out.Dropped)
	})
	if err == nil {
		err = s.putSnapshot(ctx, site.ID, renewed)
	}
	if err != nil {
		return Rebuilt{}, fmt.Errorf("renew the snapshot: %w", err)
	}
	return out, nil
}
