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

// look returns the prediction for a comment and the findings of its site's rules and blocks. If the site may publish
// the comment before campaigns have seen it, look also returns findings of shared spam lists and the number of similar
// refused comments. It skips these otherwise, to save time. If rules cannot be read, look returns a prediction that is
// not OK, so the comment stays pending, and schedules rescoring.
func (s *Service) look(
	ctx context.Context, site site.Site, c comment.Comment,
) (j comment.Prediction, ruled comment.Findings, like int, err error) {
	look := s.rules.FindByRules
	if mayPublish(site, c) {
		look = s.rules.Find
		if like, err = s.campaigns.RefusedDuplicates(ctx, c); err != nil {
			return j, ruled, 0, err
		}
	}
	found, err := look(ctx, site.ID, c)
	if err != nil {
		s.log.WarnContext(ctx, "rules not read", "comment", c.ID, "error", err)
		s.rulesChanged.mark(site.ID)
		return j, ruled, like, nil
	}
	return s.judge.Judge(ctx, c), found[0], like, nil
}

// siteSet is a set of sites to process. Adding a site wakes the worker.
type siteSet struct {
	wake chan struct{}

	mu    sync.Mutex
	sites map[int64]bool
}

// event adds a site whose rules changed.
func (m *siteSet) event(e event.Event) {
	if e.Kind == event.Rules {
		m.mark(e.Site)
	}
}

func (m *siteSet) mark(site int64) {
	m.mu.Lock()
	if m.sites == nil {
		m.sites = map[int64]bool{}
	}
	m.sites[site] = true
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default: // a wake-up is already pending
	}
}

// take returns the sites and empties the set.
func (m *siteSet) take() map[int64]bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	sites := m.sites
	m.sites = nil
	return sites
}

// rulesLoop rescores pending comments of sites whose rules changed, until ctx ends. Every process does so; those that
// come later find nothing to do. At the start it checks all sites with rules, because an earlier process may have ended
// halfway.
func (s *Service) rulesLoop(ctx context.Context) {
	if sites, err := s.work.StoredSites(ctx); err == nil {
		for _, site := range sites {
			if has, err := s.rules.Has(ctx, site.ID); has || err != nil {
				s.rulesChanged.mark(site.ID)
			}
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.rulesChanged.wake:
		}
		for site := range s.rulesChanged.take() {
			all, err := s.rescoreByRules(ctx, site)
			if err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "pending comments not rescored after a change of rules", "site", site, "error", err)
			}
			if !all {
				time.AfterFunc(minRest, func() { s.rulesChanged.mark(site) })
			}
		}
	}
}

// rescoreByRules rescores the pending comments of a site whose verdict lacks current findings or contains outdated
// ones, or contains the result of a checker that the site no longer uses. It returns false after an error, if another
// process rescored some comments meanwhile, or if some could not be rescored. After each batch it rests three times as
// long as the batch took, because requests share the machine.
func (s *Service) rescoreByRules(ctx context.Context, key int64) (all bool, err error) {
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
			waiting, err = tx.Queue(comment.QueueQuery{Sites: comment.OneSite(key), View: comment.ViewPending, Order: comment.NewestFirst,
				After: after, Limit: rescoreBatch})
			return err
		})
		if err != nil {
			return false, fmt.Errorf("read pending comments: %w", err)
		}
		found, err := s.rules.Find(ctx, key, waiting...)
		if err != nil {
			return false, err
		}
		var others []comment.Comment
		for i, c := range waiting {
			word := c.Verdict.Checked()
			foreign := word != nil && c.Verdict.CheckedBy(site.Settings.CheckerName()) == nil
			if foreign || !c.Verdict.HasFindings(found[i]) {
				others = append(others, c)
			}
		}
		renewed, err := s.rescore(ctx, site, 0, others)
		if err != nil {
			return false, err
		}
		all = all && renewed
		if len(waiting) < rescoreBatch {
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
