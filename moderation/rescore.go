package moderation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/site"
)

const (
	// maxFirst limits how many pending comments of each queue order are rescored first: those that moderators look at.
	maxFirst = 150
	// rescoreBatch is the batch size: a transaction must not block writers for long.
	rescoreBatch = 100
	// batchesPerTurn is the number of batches in a turn, in addition to the comments rescored first.
	batchesPerTurn = 5
	// minRest is the shortest rest between two turns.
	minRest = time.Second
	// restPerWork is how many times as long as a turn the rest after it lasts: rescoring takes at most 1/80 of one core.
	restPerWork = 79
	// maxRest limits the rest. With two turns it stays within the five seconds that moderators are promised.
	maxRest = 4500 * time.Millisecond
)

// dirtyModels is the set of sites whose pending comments may have outdated verdicts.
type dirtyModels struct {
	siteSet
	newest map[int64]uint64 // latest known model sequence number of each site
}

// mark adds a site whose model now has the sequence number stamp; 0 means unknown.
func (s *dirtyModels) mark(site int64, stamp uint64) {
	s.mu.Lock()
	s.newest[site] = max(s.newest[site], stamp)
	s.mu.Unlock()
	s.siteSet.mark(site)
}

func (s *dirtyModels) isOutdated(site int64, j comment.Prediction) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !j.OK || j.ModelSeq < s.newest[site]
}

func (s *dirtyModels) hasNewer(site int64, stamp uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newest[site] > stamp
}

// ModelChanged schedules rescoring of the site's pending comments. stamp is the sequence number of the new model, or 0
// if it is not known yet.
func (s *Service) ModelChanged(site int64, stamp uint64) { s.dirty.mark(site, stamp) }

// rescoreIfStale schedules rescoring if a stored verdict is older than the model. The model may have changed, and all
// stored verdicts been rescored, before this one was stored.
func (s *Service) rescoreIfStale(site int64, j comment.Prediction) {
	if s.dirty.isOutdated(site, j) {
		s.dirty.mark(site, 0)
	}
}

// markAllDirty schedules a check of the verdicts of all sites.
func (s *Service) markAllDirty(ctx context.Context) error {
	sites, err := s.work.StoredSites(ctx)
	for _, site := range sites {
		s.dirty.mark(site.ID, 0)
	}
	return err
}

// rescoreLoop rescores pending comments after their site's model has changed, until ctx ends. One process works at a
// time. The first turn starts at once. After a turn that took d, all processes rest restPerWork·d, but not so long that
// a change just after the turn began would be handled later than maxRest.
func (s *Service) rescoreLoop(ctx context.Context) {
	turns := map[int64]*rescoreProgress{}
	rest := minRest
	pause := time.NewTicker(rest)
	defer pause.Stop()
	for {
		wait := pause.C
		if len(turns) == 0 {
			wait = nil
		}
		select {
		case <-ctx.Done():
			return
		case <-s.dirty.wake:
			if len(turns) > 0 {
				continue // with the next turn
			}
		case <-wait:
		}
		began := time.Now()
		pause.Reset(minRest / 4) // as long as another rests
		for site := range s.dirty.take() {
			if turns[site] == nil {
				turns[site] = &rescoreProgress{}
			}
		}
		for site, t := range turns {
			if !s.work.Claim(ctx, site, "rejudge", rest) {
				continue // another process works or rests; check later whether it has finished
			}
			done, err := s.rescoreTurn(ctx, site, t)
			if err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "verdicts not rescored", "site", site, "error", err)
			}
			if done {
				delete(turns, site)
			}
			took := time.Since(began)
			rest = max(minRest, min(restPerWork*took, maxRest-2*took))
			pause.Reset(rest)
		}
	}
}

// rescoreProgress is the progress of rescoring one site.
type rescoreProgress struct {
	changed uint64               // model by which the first comments of each order were rescored
	after   *comment.QueueCursor // where to continue with all comments
}

// rescoreTurn rescores the oldest, newest, riskiest and calmest comments once per model, then some batches of all
// pending comments, in a cycle. It returns done when no verdict is older than the model.
func (s *Service) rescoreTurn(ctx context.Context, key int64, t *rescoreProgress) (done bool, err error) {
	site, known, err := s.work.SiteByID(ctx, key)
	if err != nil || !known { // the site was removed
		return !known, err
	}
	for i := range batchesPerTurn {
		if t.after == nil || i == 0 && s.dirty.hasNewer(key, t.changed) { // a cycle ended, or the model changed
			old, found, err := s.findStale(ctx, site)
			if err != nil || !found {
				return err == nil, err
			}
			changed := s.judge.Judge(ctx, old).ModelSeq // this loads the model
			if changed == 0 || i > 0 && t.changed != changed {
				return false, nil // the model is being built, or the new one comes in the next turn
			}
			if t.changed != changed {
				for _, order := range comment.QueueOrders[:4] { // the last order only helps if scores are current
					if err := s.rescoreFirst(ctx, site, changed, order); err != nil {
						return false, err
					}
				}
				t.changed = changed
			}
		}
		if err := s.rescoreNext(ctx, site, t); err != nil {
			return false, err
		}
	}
	return false, nil
}

// rescoreFirst rescores the first comments of an order whose verdicts are from an older model.
func (s *Service) rescoreFirst(
	ctx context.Context, site site.Site, changed uint64, order comment.QueueOrder,
) error {
	var stale []comment.Comment
	err := s.work.View(ctx, func(tx Tx) (err error) {
		stale, err = tx.StalePending(site.ID, changed, order, maxFirst)
		return err
	})
	if err != nil {
		return fmt.Errorf("read stale verdicts: %w", err)
	}
	for some := range slices.Chunk(stale, rescoreBatch) {
		if _, err := s.rescore(ctx, site, changed, some); err != nil {
			return err
		}
	}
	return nil
}

// rescoreNext rescores the next batch of all pending comments. It continues even if the model changes meanwhile, so
// that every comment is reached. After the last one it starts again.
func (s *Service) rescoreNext(ctx context.Context, site site.Site, t *rescoreProgress) error {
	var waiting []comment.Comment
	err := s.work.View(ctx, func(tx Tx) (err error) {
		waiting, err = tx.Queue(comment.QueueQuery{Sites: comment.OneSite(site.ID), View: comment.ViewPending, Order: comment.OldestFirst,
			After: t.after, Limit: rescoreBatch})
		return err
	})
	if err != nil {
		return fmt.Errorf("read pending comments: %w", err)
	}
	if len(waiting) == rescoreBatch {
		t.after = comment.CursorOf(waiting[len(waiting)-1])
	} else {
		t.after = nil
	}
	stale := slices.DeleteFunc(waiting, func(c comment.Comment) bool { return c.Verdict.ModelSeq >= t.changed })
	_, err = s.rescore(ctx, site, t.changed, stale)
	return err
}

// findStale returns a pending comment whose verdict is older than the last log entry that could change the model, if
// any. It loads no model.
func (s *Service) findStale(ctx context.Context, site site.Site) (old comment.Comment, found bool, err error) {
	err = s.work.View(ctx, func(tx Tx) error {
		changed, err := auditlog.LastChange(tx, site.ID)
		if err != nil {
			return err
		}
		list, err := tx.StalePending(site.ID, changed, comment.OldestFirst, 1)
		if found = len(list) > 0; found {
			old = list[0]
		}
		return err
	})
	return old, found, err
}

// rescore updates the verdicts of pending comments, and reports whether all were updated. Where the model makes no
// prediction, the comment keeps its verdict, stamped with changed. So the same model does not try it again.
func (s *Service) rescore(
	ctx context.Context, site site.Site, changed uint64, comments []comment.Comment,
) (all bool, err error) {
	if len(comments) == 0 {
		return true, nil
	}
	histories, err := s.histories(ctx, site, comments)
	if err != nil {
		return false, err
	}
	found, err := s.rules.Find(ctx, site.ID, comments...)
	if err != nil {
		return false, err
	}
	judged := true
	verdicts := make([]comment.Verdict, len(comments))
	for i, c := range comments {
		if j := s.judge.Judge(ctx, c); j.OK {
			facts := c.Facts(histories[string(c.Writer)], found[i])
			facts.Checked = c.Verdict.CheckedBy(site.Settings.CheckerName())
			suspect := site.Settings.Threshold()
			verdicts[i] = comment.VerdictOf(facts, j, suspect).KeepIfClose(c.Verdict, suspect)
		} else {
			verdicts[i], judged = c.Verdict.WithModelSeq(changed), false
		}
	}
	now := s.work.Now()
	err = s.work.Update(ctx, func(tx Tx) error {
		renewed := false
		all = judged
		for i, c := range comments {
			set, err := tx.SetVerdict(c, verdicts[i])
			if err != nil {
				return fmt.Errorf("set verdict: %w", err)
			}
			renewed, all = renewed || set, all && set
		}
		if !renewed {
			return nil
		}
		return tx.Emit(event.Event{Site: site.ID, Kind: event.Rescored, At: now})
	})
	return all, err
}

func (s *Service) histories(
	ctx context.Context, site site.Site, comments []comment.Comment,
) (h map[string]comment.History, err error) {
	err = s.work.View(ctx, func(tx Tx) (err error) {
		h, err = tx.Records(site.ID, comment.WriterHashes(comments))
		return err
	})
	return h, err
}
