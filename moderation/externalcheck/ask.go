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
	lookEvery     = time.Second
	askedTogether = 8
	askedFor      = 30 * time.Second // a process asks for a site, until another may
	restFirst     = 10 * time.Second // after a failure; then twice as long
	restMost      = 10 * time.Minute

	// weighs is what a checker's word weighs, in nats: as a neighbour's of weight 1.
	weighs = 2.5
)

// Run writes down what checkers are to be asked about, and asks them, until ctx ends. It returns nil when ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() {
		s.work.Sweep(ctx, "checks", func(ctx context.Context) error {
			before := s.work.Now().Add(-keptFor)
			return s.work.Update(ctx, func(tx Tx) error { return tx.PruneChecks(before) })
		})
	})
	beside.Go(func() { txn.FollowIn(ctx, s.work, follower, s.gather) })
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		if err := s.start(ctx, &beside); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "checks not read", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}

// gather writes down what a checker is to be asked about. What happened while nobody followed is not asked about.
func (s *Service) gather(ctx context.Context, reset bool, events []event.Event) (func(Tx) error, error) {
	if reset {
		return nil, nil
	}
	var fresh []Check
	changed := map[int64]bool{} // sites whose checker may be another now
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
				return fmt.Errorf("write down a check: %w", err)
			}
		}
		for site := range changed {
			c, err := known(tx, site)
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

// start has the checker of each site asked that has checks, unless this process is at it.
func (s *Service) start(ctx context.Context, asking *sync.WaitGroup) error {
	if s.asker == nil {
		return nil
	}
	var sites []int64
	err := s.work.View(ctx, func(tx Tx) (err error) {
		sites, err = tx.CheckedSites()
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
		if !there || !s.take(ctx, id) {
			continue
		}
		asking.Go(func() {
			defer s.leave(id)
			for more := true; more && ctx.Err() == nil && s.mine(ctx, id); {
				var err error
				if more, err = s.askSome(ctx, site); err != nil && ctx.Err() == nil {
					s.log.WarnContext(ctx, "checker not asked", "site", site.Key, "error", err)
				}
			}
		})
	}
	return nil
}

// take reports whether this process begins to ask for a site now.
func (s *Service) take(ctx context.Context, site int64) bool {
	s.mu.Lock()
	busy := s.busy[site]
	s.busy[site] = true
	s.mu.Unlock()
	if busy {
		return false
	}
	if !s.mine(ctx, site) {
		s.leave(site)
		return false
	}
	return true
}

func (s *Service) leave(site int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, site)
}

// mine reports whether it is this process that asks for a site: a claim is granted once, and not renewed.
func (s *Service) mine(ctx context.Context, site int64) bool {
	now := s.work.Now()
	s.mu.Lock()
	until := s.own[site]
	s.mu.Unlock()
	if now.Before(until) {
		return true
	}
	if !s.work.Claim(ctx, site, "checker", askedFor) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own[site] = now.Add(askedFor)
	return true
}

// An answer is what a checker said of a comment as it was then.
type answer struct {
	of   comment.Comment
	spam bool
	err  error
}

// some are checks that wait the longest, and what is to be asked about them.
type some struct {
	to       Checker
	checks   []Check
	comments []comment.Comment
	pages    map[string]site.Page
}

// askSome asks about those that wait the longest, and reports whether there are more and the checker answers.
func (s *Service) askSome(ctx context.Context, site site.Site) (more bool, err error) {
	in, err := s.next(ctx, site)
	if err != nil || len(in.checks) == 0 {
		return false, err
	}
	answers := s.ask(ctx, site, in)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	now := s.work.Now()
	if there, known, err := s.work.SiteByID(ctx, site.ID); err != nil || !known ||
		there.Settings.Checker != site.Settings.Checker { // it was taken out meanwhile: its word is not heard
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
		if err := s.settle(tx, site, in.checks, answers, now); err != nil || len(answers) == 0 {
			return err
		}
		return note(tx, site.ID, answered, failed, now)
	})
	if err == nil {
		err = s.takeBack(ctx, site, now)
	}
	return err == nil && failed == nil, err
}

// takeBack has what waits looked at anew where a site's checker is another since it was asked: its word may have been
// written down after that was done for the change, which this process knows of by then.
func (s *Service) takeBack(ctx context.Context, site site.Site, now time.Time) error {
	there, known, err := s.work.SiteByID(ctx, site.ID)
	if err != nil || !known || there.Settings.CheckerName() == site.Settings.CheckerName() {
		return err
	}
	return s.work.Update(ctx, func(tx Tx) error {
		return tx.Emit(event.Event{Site: site.ID, Kind: event.Rules, At: now})
	})
}

// next reads the checks of a site that wait the longest; none while its checker rests.
func (s *Service) next(ctx context.Context, blog site.Site) (in some, err error) {
	now := s.work.Now()
	err = s.work.View(ctx, func(tx Tx) (err error) {
		in = some{pages: map[string]site.Page{}}
		if in.to, err = known(tx, blog.ID); err != nil || now.Before(in.to.RetryAt) {
			return err
		}
		if in.checks, err = tx.Checks(blog.ID, askedTogether); err != nil {
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

// ask asks about those that wait still, all at once.
func (s *Service) ask(ctx context.Context, site site.Site, in some) (answers []*answer) {
	var asking sync.WaitGroup
	key := s.key(in.to)
	for _, c := range in.comments {
		if c.State != comment.Pending || site.Settings.Checker == "" {
			continue
		}
		a := &answer{of: c}
		answers = append(answers, a)
		asking.Go(func() {
			a.spam, a.err = s.asker.Ask(ctx, site.Settings.Checker, key, question(site, c, in.pages[c.Page]))
		})
	}
	asking.Wait()
	return answers
}

// settle heeds what was answered, and drops the checks that nobody was asked about: they were decided, or are gone.
func (s *Service) settle(tx Tx, site site.Site, checks []Check, answers []*answer, now time.Time) error {
	for _, c := range checks {
		if slices.ContainsFunc(answers, func(a *answer) bool { return a.of.ID == c.Comment }) {
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
		if err := s.heed(tx, site, a, now); err != nil {
			return err
		}
	}
	return nil
}

// heed gives a comment's verdict what was said of it. One that moved meanwhile is asked about again.
func (s *Service) heed(tx Tx, site site.Site, a *answer, now time.Time) error {
	found, err := tx.CommentsByID(site.ID, []string{a.of.ID})
	if err != nil || len(found) == 0 || found[0].Version != a.of.Version {
		return err
	}
	if a.spam {
		c := found[0]
		set, err := tx.SetVerdict(c, c.Verdict.Check(signal(site.Settings.CheckerName()), site.Settings.Threshold()))
		if err != nil || !set {
			return err
		}
		err = tx.Emit(event.Event{Site: site.ID, Kind: event.Judged, Page: c.Page, Comment: c.ID, At: now})
		if err != nil {
			return err
		}
	}
	return tx.DropCheck(site.ID, a.of.ID)
}

// note keeps how a checker did.
func note(tx Tx, site int64, answered bool, failed error, now time.Time) error {
	c, err := known(tx, site)
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
	c.Failure, c.RetryAt = failed.Error(), now.Add(min(restFirst<<min(c.Failures-1, 10), restMost))
	return tx.PutChecker(c)
}

func signal(name string) comment.Signal {
	return comment.Signal{Name: "checker", Code: "checker.spam", Weight: weighs, Args: map[string]any{"name": name},
		Text: fmt.Sprintf("%s takes it for spam.", name)}
}

func question(site site.Site, c comment.Comment, p site.Page) Question {
	q := Question{
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
