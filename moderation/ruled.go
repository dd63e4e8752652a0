package moderation

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/site"
)

// look judges one comment, and says what its site's rules and blocks find of it. Where the site may publish it before
// the follower of campaigns has seen it, it says, too, what neighbours have refused, and how many refused comments are
// nearly the same: elsewhere nobody waits for that. Where rules cannot be read it is as if no model could be asked: the
// comment waits for a person, and is looked at again.
func (s *Service) look(
	ctx context.Context, site site.Site, c comment.Comment,
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

// marked are sites where what waits has to be looked at again.
type marked struct {
	wake chan struct{}

	mu    sync.Mutex
	sites map[int64]bool
}

// event marks a site whose rules changed.
func (m *marked) event(e event.Event) {
	if e.Kind == event.Rules {
		m.mark(e.Site)
	}
}

func (m *marked) mark(site int64) {
	m.mu.Lock()
	if m.sites == nil {
		m.sites = map[int64]bool{}
	}
	m.sites[site] = true
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default: // awake already
	}
}

// take empties the set and returns its sites.
func (m *marked) take() map[int64]bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	sites := m.sites
	m.sites = nil
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
			all, err := s.ruleWaiting(ctx, site)
			if err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "what waits was not looked at by new rules", "site", site, "error", err)
			}
			if !all {
				time.AfterFunc(rejudgeEvery, func() { s.ruled.mark(site) })
			}
		}
	}
}

// ruleWaiting judges again what waits on a site and has other findings by its rules than its verdict says, or the word
// of a checker that is not the site's any more. It is not all where there is an error, or where some were judged by
// somebody else meanwhile or could not be. Between its turns it rests three times as long, for people wait for the
// same machine.
func (s *Service) ruleWaiting(ctx context.Context, key int64) (all bool, err error) {
	var after *comment.QueueCursor
	all = true
	for {
		site, known, err := s.work.SiteByID(ctx, key)
		if err != nil || !known {
			return err == nil, err
		}
		began := time.Now()
		var waiting []comment.Comment
		err = s.work.View(ctx, func(tx Tx) (err error) {
			waiting, err = tx.Queue(comment.QueueQuery{Site: key, View: comment.ViewPending, Order: comment.NewestFirst,
				After: after, Limit: rejudgeRead})
			return err
		})
		if err != nil {
			return false, fmt.Errorf("read what waits: %w", err)
		}
		found, err := s.rules.Look(ctx, key, waiting...)
		if err != nil {
			return false, err
		}
		var others []comment.Comment
		for i, c := range waiting {
			word := c.Verdict.Checked()
			foreign := word != nil && c.Verdict.CheckedBy(site.Settings.CheckerName()) == nil
			if foreign || !c.Verdict.Says(found[i]) {
				others = append(others, c)
			}
		}
		renewed, err := s.rejudge(ctx, site, 0, others)
		if err != nil {
			return false, err
		}
		all = all && renewed
		if len(waiting) < rejudgeRead {
			return all, nil
		}
		after = comment.CursorOf(waiting[len(waiting)-1])
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(3 * time.Since(began)):
		}
	}
}
