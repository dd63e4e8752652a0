package campaign

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

const (
	follower    = "campaigns"
	metaVersion = "campaigns.tokeniser" // key in meta: tokeniser version of all stored prints
	metaCleared = "campaigns.emptied"   // key in meta: version for which prints of other versions were deleted
	batchSize   = 20                    // comments per transaction; other writers get their turn between
	pageSize    = 100
	sweepBatch  = 100
	maxPause    = 100 * time.Millisecond

	deleteBatch = 5_000
)

// A Judge scores a comment with a site's model. learning.Models implements it.
type Judge interface {
	Judge(ctx context.Context, c comment.Comment) comment.Prediction
}

// Rules evaluates a site's rules and blocks. rules.Service implements it.
type Rules interface {
	Find(ctx context.Context, site int64, comments ...comment.Comment) ([]comment.Findings, error)
}

// SpamLists matches comments with spam lists of other sites. spamlist.Service implements it.
type SpamLists interface {
	// Match returns the signals of each comment, or nil if the site reads no lists.
	Match(ctx context.Context, site int64, comments []comment.Comment) ([][]comment.Signal, error)
}

// Service maintains campaigns and answers questions about them. It also rescores comments that match spam lists. It
// is safe for concurrent use. Comments join only while Run runs.
type Service struct {
	work      txn.Work[Tx]
	judge     Judge
	rules     Rules
	spamLists SpamLists
	prints    *PrintCache
	// current caches that all prints are of this tokeniser; that changes only with the program.
	current  atomic.Bool
	approved approvedCache
	index    index
	arrived  recent[comment.Comment] // stored by this process, until they join
}

// New returns a Service. Other services that compare new comments share its print cache.
func New(
	p *txn.Process, store txn.Store[Tx], judge Judge, rules Rules, beside SpamLists, prints *PrintCache,
) *Service {
	s := &Service{work: txn.NewWork(p, store), judge: judge, rules: rules, spamLists: beside, prints: prints}
	p.OnEvent(s.approved.onEvent)
	return s
}

// Run follows events and deletes old members until ctx ends. It returns nil when ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var sweeping sync.WaitGroup
	defer sweeping.Wait()
	sweeping.Go(func() { s.work.Sweep(ctx, "campaigns", s.forgetOld) })
	s.work.Follow(ctx, follower, s.follow)
	return nil
}

// follow processes the comments of events. It rebuilds everything if events are missing or prints are of another
// tokeniser.
func (s *Service) follow(ctx context.Context, reset bool, events []event.Event) error {
	current, err := s.printsCurrent(ctx)
	if err != nil {
		return err
	}
	if reset || !current {
		return s.rebuild(ctx, current)
	}
	sites := map[int64][]string{}
	for _, e := range events {
		switch e.Kind {
		case event.Edited, event.Decided, event.Removed, event.Rescored:
			s.arrived.pop(e.Comment) // the cached comment is outdated
		case event.Arrived:
		default:
			continue
		}
		if e.Comment != "" {
			sites[e.Site] = append(sites[e.Site], e.Comment)
		}
	}
	for key, comments := range sites {
		site, known, err := s.work.SiteByID(ctx, key)
		if err != nil {
			return err
		}
		if !known { // it was deleted
			continue
		}
		slices.Sort(comments) // IDs start with their creation time
		for some := range slices.Chunk(slices.Compact(comments), batchSize) {
			if err := s.updateComments(ctx, site, some); err != nil {
				return err
			}
		}
	}
	return nil
}

// printsCurrent reports whether the stored prints are of this tokeniser.
func (s *Service) printsCurrent(ctx context.Context) (bool, error) {
	if s.current.Load() {
		return true, nil
	}
	current, err := s.metaIsCurrent(ctx, metaVersion)
	s.current.Store(current)
	return current, err
}

// metaIsCurrent reports whether a meta key has this tokeniser's version.
func (s *Service) metaIsCurrent(ctx context.Context, name string) (is bool, err error) {
	err = s.work.View(ctx, func(tx Tx) error {
		kept, err := tx.Meta(name)
		is = string(kept) == strconv.Itoa(version)
		if errors.Is(err, txn.ErrNotFound) {
			return nil
		}
		return err
	})
	return is, err
}

// rebuild processes all pending and recently refused comments of every site. It first deletes members and campaigns
// of another tokeniser. That happens once: the process may end halfway, and its successor continues with what was
// joined.
func (s *Service) rebuild(ctx context.Context, current bool) error {
	sites, err := s.work.StoredSites(ctx)
	if err != nil {
		return err
	}
	if !current {
		if err := s.clearMembers(ctx, sites); err != nil {
			return fmt.Errorf("forget prints of another tokeniser: %w", err)
		}
	}
	for _, site := range sites {
		for _, view := range []comment.View{comment.ViewPending, comment.ViewRejected, comment.ViewSpam} {
			if err := s.joinView(ctx, site, view); err != nil {
				return err
			}
		}
	}
	return s.setMetaVersion(ctx, metaVersion)
}

// setMetaVersion stores this tokeniser's version under a meta key.
func (s *Service) setMetaVersion(ctx context.Context, name string) error {
	return s.work.Update(ctx, func(tx Tx) error { return tx.SetMeta(name, []byte(strconv.Itoa(version))) })
}

// clearMembers deletes what another tokeniser made, unless that is done.
func (s *Service) clearMembers(ctx context.Context, sites []site.Site) error {
	if emptied, err := s.metaIsCurrent(ctx, metaCleared); emptied || err != nil {
		return err
	}
	for _, site := range sites {
		for more := true; more; { // other writers get their turn between
			err := s.work.Update(ctx, func(tx Tx) (err error) {
				more, err = tx.ForgetMembers(site.ID, deleteBatch)
				return err
			})
			if err != nil {
				return err
			}
		}
		s.index.forget(site.ID)
	}
	return s.setMetaVersion(ctx, metaCleared)
}

// joinView processes the comments of a view, oldest first. Of refused comments it reads those created within twice
// the retention.
func (s *Service) joinView(ctx context.Context, site site.Site, view comment.View) error {
	q := comment.QueueQuery{Sites: comment.OneSite(site.ID), View: view, Order: comment.OldestFirst, Limit: pageSize}
	if view != comment.ViewPending {
		q.Filter.Since = s.work.Now().Add(-2 * retention) // longer waits before a refusal are rare
	}
	for ctx.Err() == nil {
		var list []comment.Comment
		err := s.work.View(ctx, func(tx Tx) (err error) {
			list, err = tx.Queue(q)
			return err
		})
		if err != nil || len(list) == 0 {
			return err
		}
		for some := range slices.Chunk(list, batchSize) {
			if err := s.process(ctx, site, some); err != nil {
				return err
			}
		}
		q.After = comment.CursorOf(list[len(list)-1])
	}
	return ctx.Err()
}

// pause sleeps as long as the work before took, at most maxPause, so that requests get the machine.
func (s *Service) pause(ctx context.Context, worked time.Duration) {
	t := time.NewTimer(min(worked, maxPause))
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// process updates members for some comments in one transaction. Then it rescores pending comments that resemble
// refused ones, here or on spam lists, and pauses.
func (s *Service) process(ctx context.Context, site site.Site, list []comment.Comment) error {
	if len(list) == 0 {
		return nil
	}
	began, now := time.Now(), s.work.Now()
	fresh, given := make([]string, len(list)), make([]string, len(list))
	for i, c := range list {
		fresh[i], given[i] = txn.NewID(), c.ID
	}
	before, err := s.prepare(ctx, site.ID, list, given, now)
	if err != nil {
		return err
	}
	waiting := slices.DeleteFunc(slices.Clone(list), func(c comment.Comment) bool { return c.State != comment.Pending })
	refused, err := s.spamLists.Match(ctx, site.ID, waiting)
	if err != nil {
		return err
	}
	var r *changeset
	var touched []Campaign
	var suspects []string
	worked := time.Since(began)
	err = s.work.Update(ctx, func(tx Tx) (err error) {
		began := time.Now() // waiting for the lock is not work
		defer func() { worked += time.Since(began) }()
		used := 0
		r, err = openChangeset(tx, site.ID, before.members, func() string { used++; return fresh[used-1] })
		if err != nil {
			return err
		}
		if r.startNumber != before.lastNumber { // another transaction may have added them since
			if err := r.readMembers(given); err != nil {
				return err
			}
		}
		r.prepared, r.nearTo = before, s.nearToNow(tx, site.ID, r.startNumber, now)
		if err := r.readCampaigns(); err != nil {
			return err
		}
		for _, c := range list {
			p, made := before.prints[c.ID]
			if !made && r.shouldJoin(c, now) { // its member was deleted since
				p = PrintOf(c)
			}
			if err := r.update(c, p, now); err != nil {
				return err
			}
		}
		if err := r.close(); err != nil {
			return err
		}
		touched, suspects = r.outdatedCampaigns(), r.outdatedVerdicts(waiting, refused)
		if !r.joined {
			return nil
		}
		return tx.Emit(event.Event{Site: site.ID, Kind: event.Rescored, At: now})
	})
	if err != nil {
		return fmt.Errorf("join campaigns: %w", err)
	}
	s.index.apply(r)
	if err := s.rescore(ctx, site, suspects); err != nil {
		return err
	}
	for _, k := range touched {
		if err := s.rescoreCampaign(ctx, site, k); err != nil {
			return err
		}
	}
	s.pause(ctx, worked)
	return nil
}

// prepare reads members, computes prints of comments that will join and finds what is near them. It runs before the
// write transaction to keep that short.
func (s *Service) prepare(
	ctx context.Context, site int64, list []comment.Comment, ids []string, now time.Time,
) (before prepared, err error) {
	before = prepared{prints: map[string]Print{}, matches: map[string][]string{}}
	if err := s.refreshIndex(ctx, site); err != nil {
		return before, err
	}
	err = s.work.View(ctx, func(tx Tx) error {
		r, err := openChangeset(tx, site, ids, nil)
		if err != nil {
			return err
		}
		before.lastNumber, before.members = r.lastNumber, slices.Collect(maps.Keys(r.members))
		var prints []Print
		var of []string
		for _, c := range list {
			if !r.shouldJoin(c, now) {
				continue
			}
			p := s.prints.Of(c)
			before.prints[c.ID] = p
			if p.longEnough() {
				prints, of = append(prints, p), append(of, c.ID)
			}
		}
		if err := s.refreshInTx(tx, site, r.lastNumber, now); err != nil {
			return err
		}
		near, err := s.nearTo(tx, site, r.lastNumber, prints...)
		if err != nil {
			return fmt.Errorf("find near-duplicates: %w", err)
		}
		for i, id := range of {
			best := nearest(prints[i], near[i])
			before.matches[id] = joinTargets(best, prints[i], prints[:i], of)
			if best != nil {
				before.members = append(before.members, best.Comment)
			}
		}
		return nil
	})
	return before, err
}

// joinTargets returns what a comment with print p may join, nearest first: the other new comments that are nearer
// than best, then best, if there is one. IDs in of belong to others. The earlier of two equal ones comes first.
func joinTargets(best *Member, p Print, others []Print, of []string) []string {
	type mate struct {
		id   string
		same float64
	}
	var mates []mate
	least := -1.0
	if best != nil {
		least = p.Similarity(best.Print.Fingerprint)
	}
	for i, other := range others {
		if !p.Duplicate(other.Fingerprint) {
			continue
		}
		if same := p.Similarity(other.Fingerprint); same > least {
			mates = append(mates, mate{of[i], same})
		}
	}
	slices.SortStableFunc(mates, func(a, b mate) int { return cmp.Compare(b.same, a.same) })
	var ids []string
	for _, m := range mates {
		ids = append(ids, m.id)
	}
	if best != nil {
		ids = append(ids, best.Comment)
	}
	return ids
}

// outdatedCampaigns returns the campaigns whose pending members have outdated verdicts.
func (r *changeset) outdatedCampaigns() (all []Campaign) {
	for _, c := range r.campaigns {
		if c.Size() > 0 && c.Bad() != c.Told {
			all = append(all, *c)
		}
	}
	return all
}

// outdatedVerdicts returns pending comments whose verdicts disagree with their campaign or with the spam lists.
// refused is nil if the site reads no lists. It skips comments of outdated campaigns, which are rescored as a whole.
func (r *changeset) outdatedVerdicts(waiting []comment.Comment, refused [][]comment.Signal) (all []string) {
	for i, c := range waiting {
		if refused != nil && !c.Verdict.HasSharedFindings(refused[i]) {
			all = append(all, c.ID)
			continue
		}
		k := r.campaigns[r.members[c.ID].Campaign] // nil: alone
		if k != nil && k.Bad() != k.Told {
			continue
		}
		if (k != nil && k.Bad()) != (c.Verdict.Alike() > 0) {
			all = append(all, c.ID)
		}
	}
	return all
}

// forgetOld deletes members decided longer ago than the retention. Pending members keep their campaign.
func (s *Service) forgetOld(ctx context.Context) error {
	sites, err := s.work.StoredSites(ctx)
	if err != nil {
		return err
	}
	before := s.work.Now().Add(-retention)
	for _, site := range sites {
		for more := true; more && ctx.Err() == nil; {
			var r *changeset
			err := s.work.Update(ctx, func(tx Tx) error {
				old, err := tx.DecidedBefore(site.ID, before, sweepBatch)
				if err != nil {
					return err
				}
				more = len(old) == sweepBatch
				if r, err = openChangeset(tx, site.ID, nil, nil); err != nil {
					return err
				}
				for _, m := range old {
					if err := r.leave(m); err != nil {
						return err
					}
				}
				return r.close()
			})
			if err != nil {
				return fmt.Errorf("forget decided members at %s: %w", site.Key, err)
			}
			s.index.apply(r)
		}
	}
	return nil
}
