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

// A RebuildResult describes a model that was folded from scratch.
type RebuildResult struct {
	Lessons int
	Entry   uint64 // seq of the last log entry that it includes
	Bytes   int    // size of the model
	// Base is the snapshot that servers start from, or 0 if they fold from scratch. Same reports whether both models
	// have the same bytes.
	Base    uint64
	Same    bool
	Damaged []uint64 // invalid snapshots
	Dropped []uint64 // deleted snapshots
}

// Rebuild folds a site's model from scratch, compares it with the model that servers build from the newest valid
// snapshot, and stores a new snapshot. If the two differ, it deletes all other snapshots. It calls told for each
// lesson with its entry and the last entry. Requests do not wait for it. It needs an owner.
func (s *Models) Rebuild(
	ctx context.Context, who authz.Actor, site site.Site, told func(entry, last uint64),
) (RebuildResult, error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return RebuildResult{}, err
	}
	var out RebuildResult
	var renewed fold.Snapshot
	err := s.work.View(ctx, func(tx Tx) (err error) {
		served := fold.New(tx, site.ID)
		if err := served.FindBase(); err != nil {
			return err
		}
		out = RebuildResult{Entry: served.Seq, Base: served.Base, Damaged: served.Damaged, Same: true}
		model, err := fold.FromScratch(tx, site.ID, func(entry uint64) {
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
		if err := served.Build(); err != nil {
			return err
		}
		out.Same = bytes.Equal(served.Model.Bytes(), renewed.Model)
		return nil
	})
	if err != nil {
		return RebuildResult{}, fmt.Errorf("fold the model: %w", err)
	}
	if out.Entry == 0 { // no decisions yet
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
		return RebuildResult{}, fmt.Errorf("renew the snapshot: %w", err)
	}
	return out, nil
}
