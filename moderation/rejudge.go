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
	// freshest limits how many pending comments of each queue order are rescored first: those that moderators look at.
	freshest = 150
	// rejudgeRead is the batch size: a transaction must not block writers for long.
	rejudgeRead = 100
	// rejudgeRest is the number of batches in a turn, besides the freshest comments.
	rejudgeRest = 5
	// rejudgeEvery is the shortest rest between two turns.
	rejudgeEvery = time.Second
	// restPerWork is how many times as long as a turn the rest after it lasts: rescoring takes at most 1/80 of one core.
	restPerWork = 79
	// rejudgeLate limits the rest. With two turns it stays within the five seconds that moderators are promised.
	rejudgeLate = 4500 * time.Millisecond
)

// stale are the sites whose waiting comments may have old verdicts.
type stale struct {
	marked
	newest map[int64]uint64 // the stamp of a site's model, as far as was heard
}

// mark has a site's verdicts looked at, now that its model has a stamp; 0: it is not known.
func (s *stale) mark(site int64, stamp uint64) {
	s.mu.Lock()
	s.newest[site] = max(s.newest[site], stamp)
	s.mu.Unlock()
	s.marked.mark(site)
}

func (s *stale) isOld(site int64, j comment.Judged) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !j.OK || j.Changed < s.newest[site]
}

func (s *stale) newerThan(site int64, stamp uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newest[site] > stamp
}

// ModelChanged has the verdicts of a site's waiting comments renewed: its model is another one, by
// which verdicts are stamped with stamp, or 0 where that is not known yet.
func (s *Service) ModelChanged(site int64, stamp uint64) { s.stale.mark(site, stamp) }

// renewIfOld has a stored verdict renewed that is older than the model: the model may have
// learned, and all that was stored been renewed, while the verdict was on its way.
func (s *Service) renewIfOld(site int64, j comment.Judged) {
	if s.stale.isOld(site, j) {
		s.stale.mark(site, 0)
	}
}

// markAllStale has the verdicts of all sites looked at.
func (s *Service) markAllStale(ctx context.Context) error {
	sites, err := s.work.StoredSites(ctx)
	for _, site := range sites {
		s.stale.mark(site.ID, 0)
	}
	return err
}

// judging rescores pending comments after their site's model has changed, until ctx ends. One process works at a time.
// The first turn starts at once. After a turn that took d, all processes rest restPerWork·d, but not so long that a
// change just after the turn began would be handled later than rejudgeLate.
func (s *Service) judging(ctx context.Context) {
	turns := map[int64]*turn{}
	rest := rejudgeEvery
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
		case <-s.stale.wake:
			if len(turns) > 0 {
				continue // with the next turn
			}
		case <-wait:
		}
		began := time.Now()
		pause.Reset(rejudgeEvery / 4) // as long as another rests
		for site := range s.stale.take() {
			if turns[site] == nil {
				turns[site] = &turn{}
			}
		}
		for site, t := range turns {
			if !s.work.Claim(ctx, site, "rejudge", rest) {
				continue // another process is at it, or rests; look again whether it came to the end
			}
			done, err := s.takeTurn(ctx, site, t)
			if err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "verdicts not renewed", "site", site, "error", err)
			}
			if done {
				delete(turns, site)
			}
			took := time.Since(began)
			rest = max(rejudgeEvery, min(restPerWork*took, rejudgeLate-2*took))
			pause.Reset(rest)
		}
	}
}

// turn is how far one site's waiting comments have been judged again.
type turn struct {
	changed uint64               // the model that the freshest were judged by
	after   *comment.QueueCursor // where the rest goes on
}

// takeTurn judges by a new model the oldest, newest and riskiest first, once, then some of the
// rest, going round. It is done when no verdict is older than the model.
func (s *Service) takeTurn(ctx context.Context, key int64, t *turn) (done bool, err error) {
	site, known, err := s.work.SiteByID(ctx, key)
	if err != nil || !known { // it was removed
		return !known, err
	}
	for i := range rejudgeRest {
		if t.after == nil || i == 0 && s.stale.newerThan(key, t.changed) { // once round, or by another model
			old, found, err := s.anyStale(ctx, site)
			if err != nil || !found {
				return err == nil, err
			}
			changed := s.judge.Judge(ctx, old).Changed // this loads the model
			if changed == 0 || i > 0 && t.changed != changed {
				return false, nil // it is being folded, or its turn comes next
			}
			if t.changed != changed {
				for _, order := range comment.QueueOrders[:4] { // the last is of scores that are known
					if err := s.rejudgeFreshest(ctx, site, changed, order); err != nil {
						return false, err
					}
				}
				t.changed = changed
			}
		}
		if err := s.rejudgeNext(ctx, site, t); err != nil {
			return false, err
		}
	}
	return false, nil
}

// rejudgeFreshest judges the first of an order that were judged by an older model.
func (s *Service) rejudgeFreshest(
	ctx context.Context, site site.Site, changed uint64, order comment.QueueOrder,
) error {
	var stale []comment.Comment
	err := s.work.View(ctx, func(tx Tx) (err error) {
		stale, err = tx.StalePending(site.ID, changed, order, freshest)
		return err
	})
	if err != nil {
		return fmt.Errorf("read stale verdicts: %w", err)
	}
	for some := range slices.Chunk(stale, rejudgeRead) {
		if _, err := s.rejudge(ctx, site, changed, some); err != nil {
			return err
		}
	}
	return nil
}

// rejudgeNext goes on through all that wait, whatever changes meanwhile, so that everybody's
// turn comes; at the end it begins again.
func (s *Service) rejudgeNext(ctx context.Context, site site.Site, t *turn) error {
	var waiting []comment.Comment
	err := s.work.View(ctx, func(tx Tx) (err error) {
		waiting, err = tx.Queue(comment.QueueQuery{Site: site.ID, View: comment.ViewPending, Order: comment.OldestFirst,
			After: t.after, Limit: rejudgeRead})
		return err
	})
	if err != nil {
		return fmt.Errorf("read what waits: %w", err)
	}
	if len(waiting) == rejudgeRead {
		t.after = comment.CursorOf(waiting[len(waiting)-1])
	} else {
		t.after = nil
	}
	stale := slices.DeleteFunc(waiting, func(c comment.Comment) bool { return c.Verdict.ModelSeq >= t.changed })
	_, err = s.rejudge(ctx, site, t.changed, stale)
	return err
}

// anyStale finds a waiting comment that was judged before the last entry that could change the
// model, if there is one. It loads no model.
func (s *Service) anyStale(ctx context.Context, site site.Site) (old comment.Comment, found bool, err error) {
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

// rejudge renews the verdicts of comments that wait in the version given, and reports whether all were. What the model
// cannot judge keeps its verdict, and is not tried again by the same model.
func (s *Service) rejudge(
	ctx context.Context, site site.Site, changed uint64, comments []comment.Comment,
) (all bool, err error) {
	if len(comments) == 0 {
		return true, nil
	}
	histories, err := s.histories(ctx, site, comments)
	if err != nil {
		return false, err
	}
	found, err := s.rules.Look(ctx, site.ID, comments...)
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
			verdicts[i] = comment.VerdictOf(facts, j, suspect).Since(c.Verdict, suspect)
		} else {
			verdicts[i], judged = c.Verdict.By(changed), false
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
		return tx.Emit(event.Event{Site: site.ID, Kind: event.Judged, At: now})
	})
	return all, err
}

func (s *Service) histories(
	ctx context.Context, site site.Site, comments []comment.Comment,
) (h map[string]comment.History, err error) {
	err = s.work.View(ctx, func(tx Tx) (err error) {
		h, err = tx.Records(site.ID, comment.Writers(comments))
		return err
	})
	return h, err
}
