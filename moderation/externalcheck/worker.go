package externalcheck

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

const (
	pollInterval = time.Second
	batchSize    = 8
	leaseTTL     = 30 * time.Second // how long a process checks for a site before another may
	minBackoff   = 10 * time.Second // after a failure; doubled after each further one
	maxBackoff   = 10 * time.Minute

	// signalWeight is the weight of a checker's signal in nats: that of a spam list of weight 1.
	signalWeight = 2.5
)

// Run queues and performs checks until ctx ends. It returns nil when ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() {
		s.work.Sweep(ctx, "checks", func(ctx context.Context) error {
			before := s.work.Now().Add(-retention)
			return s.work.Update(ctx, func(tx Tx) error { return tx.PruneChecks(before) })
		})
	})
	beside.Go(func() { txn.FollowIn(ctx, s.work, follower, s.enqueue) })
	look := time.NewTicker(pollInterval)
	defer look.Stop()
	for {
		if err := s.startWorkers(ctx, &beside); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "checks not read", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}

// enqueue queues checks of new and edited comments. Comments from a time without a follower are not checked.
func (s *Service) enqueue(ctx context.Context, reset bool, events []event.Event) (func(Tx) error, error) {
	if reset {
		return nil, nil
	}
	var fresh []Check
	changed := map[int64]bool{} // sites whose checker may have changed
	for _, e := range events {
		if e.Kind == event.Site {
			changed[e.Site] = true
		}
		if e.Kind != event.Arrived && e.Kind != event.Edited {
			continue
		}
		site, there, err := s.work.SiteByID(ctx, e.Site)
		if err != nil {
			return nil, err
		}
		if there && site.Settings.Checker != "" {
			fresh = append(fresh, Check{Site: e.Site, Comment: e.Comment, At: e.At})
		}
	}
	if len(fresh) == 0 && len(changed) == 0 {
		return nil, nil
	}
	return func(tx Tx) error {
		for _, c := range fresh {
			if err := tx.PutCheck(c); err != nil {
				return fmt.Errorf("queue a check: %w", err)
			}
		}
		for site := range changed {
			c, err := checkerState(tx, site)
			if err != nil {
				return err
			}
			if c.RetryAt.IsZero() {
				continue
			}
			c.RetryAt = time.Time{}
			if err := tx.PutChecker(c); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// startWorkers starts a worker for each site that has queued checks, unless this process has one already or another
// process holds the lease.
func (s *Service) startWorkers(ctx context.Context, asking *sync.WaitGroup) error {
	if s.client == nil {
		return nil
	}
	var sites []int64
	err := s.work.View(ctx, func(tx Tx) (err error) {
		sites, err = tx.SitesWithChecks()
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range sites {
		site, there, err := s.work.SiteByID(ctx, id)
		if err != nil {
			return err
		}
		if !there || !s.acquire(ctx, id) {
			continue
		}
		asking.Go(func() {
			defer s.release(id)
			for more := true; more && ctx.Err() == nil && s.hasLease(ctx, id); {
				var err error
				if more, err = s.checkBatch(ctx, site); err != nil && ctx.Err() == nil {
					s.log.WarnContext(ctx, "checker not called", "site", site.Key, "error", err)
				}
			}
		})
	}
	return nil
}

// acquire reports whether this process starts a worker for a site now.
func (s *Service) acquire(ctx context.Context, site int64) bool {
	s.mu.Lock()
	busy := s.busy[site]
	s.busy[site] = true
	s.mu.Unlock()
	if busy {
		return false
	}
	if !s.hasLease(ctx, site) {
		s.release(site)
		return false
	}
	return true
}

func (s *Service) release(site int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, site)
}

// hasLease reports whether this process may check for a site. A claim is granted once and cannot be renewed, so the
// end of the lease is kept in memory.
func (s *Service) hasLease(ctx context.Context, site int64) bool {
	now := s.work.Now()
	s.mu.Lock()
	until := s.leases[site]
	s.mu.Unlock()
	if now.Before(until) {
		return true
	}
	if !s.work.Claim(ctx, site, "checker", leaseTTL) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leases[site] = now.Add(leaseTTL)
	return true
}

// A result is a checker's result about a comment as it was sent.
type result struct {
	of   comment.Comment
	spam bool
	err  error
}

// A batch is the oldest queued checks of a site and the data to send.
type batch struct {
	checker  Checker
	checks   []Check
	comments []comment.Comment
	pages    map[string]site.Page
}

// checkBatch performs the oldest checks. It reports whether the checker works and more checks may be queued.
func (s *Service) checkBatch(ctx context.Context, site site.Site) (more bool, err error) {
	in, err := s.nextBatch(ctx, site)
	if err != nil || len(in.checks) == 0 {
		return false, err
	}
	answers := s.checkAll(ctx, site, in)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	now := s.work.Now()
	if there, known, err := s.work.SiteByID(ctx, site.ID); err != nil || !known ||
		there.Settings.Checker != site.Settings.Checker { // the checker was removed or replaced meanwhile: ignore its answers
		return false, err
	}
	var failed error
	answered := false
	for _, a := range answers {
		if a.err != nil {
			failed = a.err
		} else {
			answered = true
		}
	}
	err = s.work.Update(ctx, func(tx Tx) error {
		if err := s.apply(tx, site, in.checks, answers, now); err != nil || len(answers) == 0 {
			return err
		}
		return recordState(tx, site.ID, answered, failed, now)
	})
	if err == nil {
		err = s.rescoreIfReplaced(ctx, site, now)
	}
	return err == nil && failed == nil, err
}

// rescoreIfReplaced requests a rescore of pending comments if the site's checker changed since the request. Its
// signal may have been stored after the rescore that the change caused, which this process knows of by then.
func (s *Service) rescoreIfReplaced(ctx context.Context, site site.Site, now time.Time) error {
	there, known, err := s.work.SiteByID(ctx, site.ID)
	if err != nil || !known || there.Settings.CheckerName() == site.Settings.CheckerName() {
		return err
	}
	return s.work.Update(ctx, func(tx Tx) error {
		return tx.Emit(event.Event{Site: site.ID, Kind: event.Rules, At: now})
	})
}

// nextBatch reads the oldest checks of a site, and none during the checker's backoff.
func (s *Service) nextBatch(ctx context.Context, blog site.Site) (in batch, err error) {
	now := s.work.Now()
	err = s.work.View(ctx, func(tx Tx) (err error) {
		in = batch{pages: map[string]site.Page{}}
		if in.checker, err = checkerState(tx, blog.ID); err != nil || now.Before(in.checker.RetryAt) {
			return err
		}
		if in.checks, err = tx.Checks(blog.ID, batchSize); err != nil {
			return err
		}
		var ids, of []string
		for _, c := range in.checks {
			ids = append(ids, c.Comment)
		}
		if in.comments, err = tx.CommentsByID(blog.ID, ids); err != nil {
			return err
		}
		for _, c := range in.comments {
			of = append(of, c.Page)
		}
		list, err := tx.PagesByID(blog.ID, of)
		for _, p := range list {
			in.pages[p.ID] = p
		}
		return err
	})
	return in, err
}

// checkAll sends the comments that are still pending, concurrently.
func (s *Service) checkAll(ctx context.Context, site site.Site, in batch) (answers []*result) {
	var asking sync.WaitGroup
	key := s.key(in.checker)
	for _, c := range in.comments {
		if c.State != comment.Pending || site.Settings.Checker == "" {
			continue
		}
		a := &result{of: c}
		answers = append(answers, a)
		asking.Go(func() {
			a.spam, a.err = s.client.Ask(ctx, site.Settings.Checker, key, newRequest(site, c, in.pages[c.Page]))
		})
	}
	asking.Wait()
	return answers
}

// apply stores the answers. It drops checks of comments that were not sent, because they were decided or deleted.
func (s *Service) apply(tx Tx, site site.Site, checks []Check, answers []*result, now time.Time) error {
	for _, c := range checks {
		if slices.ContainsFunc(answers, func(a *result) bool { return a.of.ID == c.Comment }) {
			continue
		}
		if err := tx.DropCheck(site.ID, c.Comment); err != nil {
			return err
		}
	}
	for _, a := range answers {
		if a.err != nil {
			continue
		}
		if err := s.applyResult(tx, site, a, now); err != nil {
			return err
		}
	}
	return nil
}

// applyResult adds the signal to a comment's verdict. A comment that was edited meanwhile is checked again.
func (s *Service) applyResult(tx Tx, site site.Site, a *result, now time.Time) error {
	found, err := tx.CommentsByID(site.ID, []string{a.of.ID})
	if err != nil || len(found) == 0 || found[0].Version != a.of.Version {
		return err
	}
	if a.spam {
		c := found[0]
		set, err := tx.SetVerdict(c, c.Verdict.WithChecker(signal(site.Settings.CheckerName()), site.Settings.Threshold()))
		if err != nil || !set {
			return err
		}
		err = tx.Emit(event.Event{Site: site.ID, Kind: event.Rescored, Page: c.Page, Comment: c.ID, At: now})
		if err != nil {
			return err
		}
	}
	return tx.DropCheck(site.ID, a.of.ID)
}

// recordState stores whether the checker answered.
func recordState(tx Tx, site int64, answered bool, failed error, now time.Time) error {
	c, err := checkerState(tx, site)
	if err != nil {
		return err
	}
	if answered {
		c.AnsweredAt = now
	}
	if failed == nil {
		c.Failures, c.FailedAt, c.Failure, c.RetryAt = 0, time.Time{}, "", time.Time{}
		return tx.PutChecker(c)
	}
	if c.Failures == 0 {
		c.FailedAt = now
	}
	c.Failures++
	c.Failure, c.RetryAt = failed.Error(), now.Add(min(minBackoff<<min(c.Failures-1, 10), maxBackoff))
	return tx.PutChecker(c)
}

func signal(name string) comment.Signal {
	return comment.Signal{Name: "checker", Code: "checker.spam", Weight: signalWeight, Args: map[string]any{"name": name},
		Text: fmt.Sprintf("%s takes it for spam.", name)}
}

func newRequest(site site.Site, c comment.Comment, p site.Page) Request {
	q := Request{
		Site:      site.Key,
		ID:        c.ID,
		Version:   c.Version,
		PageURL:   p.URL,
		PageTitle: p.Title,
		Name:      c.Name,
		Website:   c.Website,
		Body:      c.Source,
		Lang:      c.Lang,
		At:        c.CreatedAt,
	}
	if len(site.Origins) > 0 {
		q.Home = site.Origins[0]
	}
	if site.Settings.CheckerEmail {
		q.Email = c.Email
	}
	return q
}
