package moderation

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
)

// look judges one comment, and says what its site's rules and blocks find of it. Where the site may publish it before
// the follower of campaigns has seen it, it says, too, what neighbours have refused, and how many refused comments are
// nearly the same: elsewhere nobody waits for that. Where rules cannot be read it is as if no model could be asked: the
// comment waits for a person, and is looked at again.
func (s *Service) look(
	ctx context.Context, site ground.Site, c comment.Comment,
) (j comment.Judged, ruled comment.Findings, like int, err error) {
	look := s.rules.ByRules
	if mayPublish(site, c) {
		look = s.rules.Look
		if like, err = s.alike.Alike(ctx, c); err != nil {
			return j, ruled, 0, err
		}
	}
	found, err := look(ctx, site.ID, c)
	if err != nil {
		s.log.WarnContext(ctx, "rules not read", "comment", c.ID, "error", err)
		s.ruled.mark(site.ID)
		return j, ruled, like, nil
	}
	return s.judge.Judge(ctx, c), found[0], like, nil
}

// ruled are the sites whose rules changed, so that what waits has to be looked at again.
type ruled struct {
	wake chan struct{}

	mu    sync.Mutex
	sites map[int64]bool
}

// event notes a site whose rules changed.
func (r *ruled) event(e ground.Event) {
	if e.Kind == ground.EventRules {
		r.mark(e.Site)
	}
}

func (r *ruled) mark(site int64) {
	r.mu.Lock()
	if r.sites == nil {
		r.sites = map[int64]bool{}
	}
	r.sites[site] = true
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default: // awake already
	}
}

// take empties the set and returns its sites.
func (r *ruled) take() map[int64]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	sites := r.sites
	r.sites = nil
	return sites
}

// ruling judges again what waits where a site's rules changed, until ctx ends. Each process does so; who comes
// second finds that nothing is to be done. At its beginning it looks at all sites that have rules: a process may
// have ended halfway.
func (s *Service) ruling(ctx context.Context) {
	if sites, err := s.work.StoredSites(ctx); err == nil {
		for _, site := range sites {
			if has, err := s.rules.Has(ctx, site.ID); has || err != nil {
				s.ruled.mark(site.ID)
			}
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.ruled.wake:
		}
		for site := range s.ruled.take() {
			if err := s.ruleWaiting(ctx, site); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "what waits was not looked at by new rules", "site", site, "error", err)
				time.AfterFunc(rejudgeEvery, func() { s.ruled.mark(site) })
			}
		}
	}
}

// ruleWaiting judges again what waits on a site and has other findings by its rules than its verdict says, or the word
// of a checker that is not the site's any more. Between its turns it rests three times as long, for people wait for
// the same machine.
func (s *Service) ruleWaiting(ctx context.Context, key int64) error {
	var after *comment.QueueCursor
	for {
		site, known, err := s.work.SiteByID(ctx, key)
		if err != nil || !known {
			return err
		}
		began := time.Now()
		var waiting []comment.Comment
		err = s.work.View(ctx, func(tx Tx) (err error) {
			waiting, err = tx.Queue(comment.QueueQuery{Site: key, View: comment.ViewPending, Order: comment.NewestFirst,
				After: after, Limit: rejudgeRead})
			return err
		})
		if err != nil {
			return fmt.Errorf("read what waits: %w", err)
		}
		found, err := s.rules.Look(ctx, key, waiting...)
		if err != nil {
			return err
		}
		var others []comment.Comment
		for i, c := range waiting {
			word := c.Verdict.Checked()
			foreign := word != nil && c.Verdict.CheckedBy(site.Settings.CheckerName()) == nil
			if foreign || !c.Verdict.Says(found[i]) {
				others = append(others, c)
			}
		}
		if err := s.rejudge(ctx, site, 0, others); err != nil {
			return err
		}
		if len(waiting) < rejudgeRead {
			return nil
		}
		after = comment.CursorOf(waiting[len(waiting)-1])
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(3 * time.Since(began)):
		}
	}
}
