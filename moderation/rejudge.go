package moderation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/fold"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/queue"
	"github.com/aitys/aitys/moderation/verdict"
)

const (
	freshest     = 300 // of each order: these are what moderators look at
	rejudgeRead  = 100 // comments at a time: a transaction must not hold others up
	rejudgeRest  = 5   // such reads in a turn, besides the freshest
	rejudgeEvery = time.Second
)

// judging renews the verdicts of waiting comments after their site's model has changed, in
// one process at a time, until ctx ends: at once, and then in turns with a pause between
// them, for people wait for the same machine.
func (s *Service) judging(ctx context.Context) {
	turns := map[int64]*turn{}
	pause := time.NewTicker(rejudgeEvery)
	defer pause.Stop()
	for {
		wait := pause.C
		if len(turns) == 0 {
			wait = nil
		}
		select {
		case <-ctx.Done():
			return
		case <-s.models.judge:
			if len(turns) > 0 {
				continue // with the next turn
			}
		case <-wait:
		}
		for _, site := range s.models.take(&s.models.stale) {
			if turns[site] == nil {
				turns[site] = &turn{}
			}
		}
		for site, t := range turns {
			if !s.work.Claim(ctx, site, "rejudge", rejudgeEvery) {
				continue // another process is at it; look again whether it came to the end
			}
			done, err := s.takeTurn(ctx, site, t)
			if err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "verdicts not renewed", "site", site, "error", err)
			}
			if done {
				delete(turns, site)
			}
		}
		pause.Reset(rejudgeEvery)
	}
}

// renewIfOld has a stored verdict renewed that is older than the model: the model may have
// learned, and all that was stored been renewed, while the verdict was on its way.
func (s *Service) renewIfOld(site int64, j verdict.Judged) {
	if l := s.models.of(site).live.Load(); l == nil || !j.OK || l.Changed != j.Changed {
		s.models.mark(&s.models.stale, site)
		wake(s.models.judge)
	}
}

// turn is how far one site's waiting comments have been judged again.
type turn struct {
	changed uint64        // the model that the freshest were judged by
	after   *queue.Cursor // where the rest goes on
}

// takeTurn judges by a new model the oldest, newest and riskiest first, then some of the
// rest, going round. It is done when no verdict is older than the model.
func (s *Service) takeTurn(ctx context.Context, key int64, t *turn) (done bool, err error) {
	site, known, err := s.work.SiteByID(ctx, key)
	if err != nil || !known { // it was removed
		return !known, err
	}
	for range rejudgeRest {
		if t.after == nil { // at its beginning, or once round
			if stale, err := s.anyStale(ctx, site); err != nil || !stale {
				return err == nil, err
			}
		}
		l, err := s.model(ctx, key)
		if errors.Is(err, errLoading) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if t.changed != l.Changed {
			for _, order := range []queue.Order{queue.Oldest, queue.Newest, queue.Risk} {
				if err := s.rejudgeFreshest(ctx, site, l.Changed, order); err != nil {
					return false, err
				}
			}
			t.changed = l.Changed
		}
		if err := s.rejudgeNext(ctx, site, t); err != nil {
			return false, err
		}
	}
	return false, nil
}

// rejudgeFreshest judges the first of an order that were judged by an older model.
func (s *Service) rejudgeFreshest(ctx context.Context, site ground.Site, changed uint64, order queue.Order) error {
	var stale []comment.Comment
	err := s.work.View(ctx, func(tx Tx) (err error) {
		stale, err = tx.StalePending(site.ID, changed, order, freshest)
		return err
	})
	if err != nil {
		return fmt.Errorf("read stale verdicts: %w", err)
	}
	for some := range slices.Chunk(stale, rejudgeRead) {
		if err := s.rejudge(ctx, site, changed, some); err != nil {
			return err
		}
	}
	return nil
}

// rejudgeNext goes on through all that wait, whatever changes meanwhile, so that everybody's
// turn comes; at the end it begins again.
func (s *Service) rejudgeNext(ctx context.Context, site ground.Site, t *turn) error {
	var waiting []comment.Comment
	err := s.work.View(ctx, func(tx Tx) (err error) {
		waiting, err = tx.Queue(queue.Query{Site: site.ID, View: queue.ViewPending, Order: queue.Oldest, After: t.after, Limit: rejudgeRead})
		return err
	})
	if err != nil {
		return fmt.Errorf("read what waits: %w", err)
	}
	if len(waiting) == rejudgeRead {
		t.after = queue.CursorOf(waiting[len(waiting)-1])
	} else {
		t.after = nil
	}
	stale := slices.DeleteFunc(waiting, func(c comment.Comment) bool { return c.Verdict.ModelSeq >= t.changed })
	return s.rejudge(ctx, site, t.changed, stale)
}

// anyStale reports whether a waiting comment was judged by an older model. It loads none.
func (s *Service) anyStale(ctx context.Context, site ground.Site) (bool, error) {
	l := s.models.of(site.ID).live.Load()
	var stale []comment.Comment
	err := s.work.View(ctx, func(tx Tx) (err error) {
		var changed uint64
		if l != nil {
			changed = l.Changed
		} else if changed, err = fold.LastChange(tx, site.ID); err != nil {
			return err
		}
		stale, err = tx.StalePending(site.ID, changed, queue.Oldest, 1)
		return err
	})
	return len(stale) > 0, err
}

// rejudge renews the verdicts of comments that wait in the version given. What the model
// cannot judge keeps its verdict, and is not tried again by the same model.
func (s *Service) rejudge(ctx context.Context, site ground.Site, changed uint64, comments []comment.Comment) error {
	if len(comments) == 0 {
		return nil
	}
	histories, err := s.histories(ctx, site, comments)
	if err != nil {
		return err
	}
	verdicts := make([]verdict.Verdict, len(comments))
	for i, c := range comments {
		if j := s.ask(ctx, c); j.OK {
			verdicts[i] = verdict.Of(c.Facts(histories[string(c.Writer)]), j, site.Settings.Threshold())
		} else {
			verdicts[i] = c.Verdict
			verdicts[i].ModelSeq = changed
		}
	}
	now := s.work.Now()
	return s.work.Update(ctx, func(tx Tx) error {
		renewed := false
		for i, c := range comments {
			set, err := tx.SetVerdict(site.ID, c.ID, c.Version, verdicts[i])
			if err != nil {
				return fmt.Errorf("set verdict: %w", err)
			}
			renewed = renewed || set
		}
		if !renewed {
			return nil
		}
		return tx.Emit(ground.Event{Site: site.ID, Kind: ground.EventJudged, At: now})
	})
}

func (s *Service) histories(ctx context.Context, site ground.Site, comments []comment.Comment) (h map[string]comment.History, err error) {
	writers := make([][]byte, 0, len(comments))
	for _, c := range comments {
		if c.Writer != nil {
			writers = append(writers, c.Writer)
		}
	}
	err = s.work.View(ctx, func(tx Tx) (err error) {
		h, err = tx.Writers(site.ID, writers)
		return err
	})
	return h, err
}
