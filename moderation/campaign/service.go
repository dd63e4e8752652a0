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
	madeBy      = "campaigns.tokeniser" // of meta: the version that all prints were made by
	emptiedFor  = "campaigns.emptied"   // of meta: the version for which those of others were thrown away
	together    = 20                    // comments in a transaction: others write between
	readAtOnce  = 100
	sweptAtOnce = 100
	restMost    = 100 * time.Millisecond

	forgottenAtOnce = 5_000
)

// A Judge says what a site's model thinks of a comment; package learning's Models do.
type Judge interface {
	Judge(ctx context.Context, c comment.Comment) comment.Judged
}

// Rules say what a site's own rules find of comments; package rules' Service does.
type Rules interface {
	Look(ctx context.Context, site int64, comments ...comment.Comment) ([]comment.Findings, error)
}

// Neighbours say what other sites have refused that is like comments; package neighbour's Service does.
type Neighbours interface {
	// Beside returns signals of each comment, or nil where there is nothing that could be found.
	Beside(ctx context.Context, site int64, comments []comment.Comment) ([][]comment.Signal, error)
}

// Service keeps campaigns, and tells of them, and of what neighbours have refused. It is safe for concurrent use. Run
// must be running for comments to join.
type Service struct {
	work   txn.Work[Tx]
	judge  Judge
	rules  Rules
	beside Neighbours
	prints *Prints
	// current: prints were seen to be of this tokeniser, which is another only in another program.
	current  atomic.Bool
	approved approved
	known    known
	arrived  recent[comment.Comment] // in this process, until they join
}

// New returns a Service. It remembers prints together with who else looks at comments as they arrive.
func New(
	p *txn.Process, store txn.Store[Tx], judge Judge, rules Rules, beside Neighbours, prints *Prints,
) *Service {
	s := &Service{work: txn.NewWork(p, store), judge: judge, rules: rules, beside: beside, prints: prints}
	p.OnEvent(s.approved.heard)
	return s
}

// Run joins what arrives, and forgets what is old, until ctx ends. It returns nil when ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var sweeping sync.WaitGroup
	defer sweeping.Wait()
	sweeping.Go(func() { s.work.Sweep(ctx, "campaigns", s.forgetOld) })
	s.work.Follow(ctx, follower, s.follow)
	return nil
}

// follow looks at the comments of events, or at all that wait or are remembered, where events are missing or
// the prints were made by another tokeniser.
func (s *Service) follow(ctx context.Context, reset bool, events []event.Event) error {
	current, err := s.areCurrent(ctx)
	if err != nil {
		return err
	}
	if reset || !current {
		return s.begin(ctx, current)
	}
	sites := map[int64][]string{}
	for _, e := range events {
		switch e.Kind {
		case event.Edited, event.Decided, event.Removed, event.Judged:
			s.arrived.take(e.Comment) // it is another one now
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
		if !known { // it was removed
			continue
		}
		slices.Sort(comments) // ids begin with when they were made
		for some := range slices.Chunk(slices.Compact(comments), together) {
			if err := s.look(ctx, site, some); err != nil {
				return err
			}
		}
	}
	return nil
}

// areCurrent reports whether the prints that are kept were made by this tokeniser.
func (s *Service) areCurrent(ctx context.Context) (bool, error) {
	if s.current.Load() {
		return true, nil
	}
	current, err := s.isOfThis(ctx, madeBy)
	s.current.Store(current)
	return current, err
}

// isOfThis reports whether an entry of meta is the version of this tokeniser.
func (s *Service) isOfThis(ctx context.Context, name string) (is bool, err error) {
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

// begin goes through all comments that belong here, of every site. Prints of another tokeniser are thrown
// away first, with the campaigns: once, for a process may end halfway, and what it had joined is suspected.
func (s *Service) begin(ctx context.Context, current bool) error {
	sites, err := s.work.StoredSites(ctx)
	if err != nil {
		return err
	}
	if !current {
		if err := s.empty(ctx, sites); err != nil {
			return fmt.Errorf("forget prints of another tokeniser: %w", err)
		}
	}
	for _, site := range sites {
		for _, view := range []comment.View{comment.ViewPending, comment.ViewRejected, comment.ViewSpam} {
			if err := s.lookAll(ctx, site, view); err != nil {
				return err
			}
		}
	}
	return s.madeFor(ctx, madeBy)
}

// madeFor notes this tokeniser's version in an entry of meta.
func (s *Service) madeFor(ctx context.Context, name string) error {
	return s.work.Update(ctx, func(tx Tx) error { return tx.SetMeta(name, []byte(strconv.Itoa(version))) })
}

// empty throws away what was made by another tokeniser, if that was not done before.
func (s *Service) empty(ctx context.Context, sites []site.Site) error {
	if emptied, err := s.isOfThis(ctx, emptiedFor); emptied || err != nil {
		return err
	}
	for _, site := range sites {
		for more := true; more; { // others write between
			err := s.work.Update(ctx, func(tx Tx) (err error) {
				more, err = tx.ForgetMembers(site.ID, forgottenAtOnce)
				return err
			})
			if err != nil {
				return err
			}
		}
		s.known.forget(site.ID)
	}
	return s.madeFor(ctx, emptiedFor)
}

// lookAll looks at a view, the oldest first, as far back as refused comments are remembered.
func (s *Service) lookAll(ctx context.Context, site site.Site, view comment.View) error {
	q := comment.QueueQuery{Site: site.ID, View: view, Order: comment.OldestFirst, Limit: readAtOnce}
	if view != comment.ViewPending {
		q.Filter.Since = s.work.Now().Add(-2 * rememberedFor) // what waited longer before it was refused is rare
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
		for some := range slices.Chunk(list, together) {
			if err := s.take(ctx, site, some); err != nil {
				return err
			}
		}
		q.After = comment.CursorOf(list[len(list)-1])
	}
	return ctx.Err()
}

// rest leaves the machine to people, who may be posting, for as long as the work before has taken.
func (s *Service) rest(ctx context.Context, worked time.Duration) {
	t := time.NewTimer(min(worked, restMost))
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// take follows some comments in one transaction, and then has suspected what is like refused ones, here or at
// neighbours. Then it rests.
func (s *Service) take(ctx context.Context, site site.Site, list []comment.Comment) error {
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
	refused, err := s.beside.Beside(ctx, site.ID, waiting)
	if err != nil {
		return err
	}
	var r *register
	var touched []Campaign
	var suspects []string
	worked := time.Since(began)
	err = s.work.Update(ctx, func(tx Tx) (err error) {
		began := time.Now() // to wait for it is no work
		defer func() { worked += time.Since(began) }()
		used := 0
		r, err = look(tx, site.ID, before.members, func() string { used++; return fresh[used-1] })
		if err != nil {
			return err
		}
		if r.opened != before.last { // others may be members by now
			if err := r.meet(given); err != nil {
				return err
			}
		}
		r.before, r.nearTo = before, s.nearToNow(tx, site.ID, r.opened, now)
		if err := r.readAll(); err != nil {
			return err
		}
		for _, c := range list {
			p, made := before.prints[c.ID]
			if !made && r.joins(c, now) { // what was kept is gone since
				p = PrintOf(c)
			}
			if err := r.follow(c, p, now); err != nil {
				return err
			}
		}
		if err := r.close(); err != nil {
			return err
		}
		touched, suspects = r.untold(), r.misjudged(waiting, refused)
		if !r.joined {
			return nil
		}
		return tx.Emit(event.Event{Site: site.ID, Kind: event.Judged, At: now})
	})
	if err != nil {
		return fmt.Errorf("join campaigns: %w", err)
	}
	s.known.changed(r)
	if err := s.suspect(ctx, site, suspects); err != nil {
		return err
	}
	for _, k := range touched {
		if err := s.tell(ctx, site, k); err != nil {
			return err
		}
	}
	s.rest(ctx, worked)
	return nil
}

// prepare reads what is known of comments, and makes prints of those that will join: outside of the transaction that
// others wait for.
func (s *Service) prepare(
	ctx context.Context, site int64, list []comment.Comment, ids []string, now time.Time,
) (before prepared, err error) {
	before = prepared{prints: map[string]Print{}, alike: map[string][]string{}}
	if err := s.readMembers(ctx, site); err != nil {
		return before, err
	}
	err = s.work.View(ctx, func(tx Tx) error {
		r, err := look(tx, site, ids, nil)
		if err != nil {
			return err
		}
		before.last, before.members = r.last, slices.Collect(maps.Keys(r.members))
		var prints []Print
		var of []string
		for _, c := range list {
			if !r.joins(c, now) {
				continue
			}
			p := s.prints.Of(c)
			before.prints[c.ID] = p
			if p.compares() {
				prints, of = append(prints, p), append(of, c.ID)
			}
		}
		if err := s.readIn(tx, site, r.last, now); err != nil {
			return err
		}
		near, err := s.nearTo(tx, site, r.last, prints...)
		if err != nil {
			return fmt.Errorf("find what is alike: %w", err)
		}
		for i, id := range of {
			best := nearest(prints[i], near[i])
			before.alike[id] = alike(best, prints[i], prints[:i], of)
			if best != nil {
				before.members = append(before.members, best.Comment)
			}
		}
		return nil
	})
	return before, err
}

// alike are what a comment with print p may join: those of comments with others, of, that are nearer to it than best,
// the nearest first, and of two that are as near the first; then best, the nearest of members, if there is one.
func alike(best *Member, p Print, others []Print, of []string) []string {
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

// untold are campaigns whose waiting members do not know what became of the others.
func (r *register) untold() (all []Campaign) {
	for _, c := range r.campaigns {
		if c.Size() > 0 && c.Bad() != c.Told {
			all = append(all, *c)
		}
	}
	return all
}

// misjudged are those of waiting comments that are suspected for their campaign when they should not be, or are
// not when they should, or whose verdicts do not say what neighbours refused: nil, none did. A campaign that is untold
// is told as a whole.
func (r *register) misjudged(waiting []comment.Comment, refused [][]comment.Signal) (all []string) {
	for i, c := range waiting {
		if refused != nil && !c.Verdict.SaysBeside(refused[i]) {
			all = append(all, c.ID)
			continue
		}
		k := r.campaigns[r.members[c.ID].Campaign] // nil: it is alone
		if k != nil && k.Bad() != k.Told {
			continue
		}
		if (k != nil && k.Bad()) != (c.Verdict.Alike() > 0) {
			all = append(all, c.ID)
		}
	}
	return all
}

// forgetOld forgets what was decided longer ago than it is remembered. What waits keeps its campaign.
func (s *Service) forgetOld(ctx context.Context) error {
	sites, err := s.work.StoredSites(ctx)
	if err != nil {
		return err
	}
	before := s.work.Now().Add(-rememberedFor)
	for _, site := range sites {
		for more := true; more && ctx.Err() == nil; {
			var r *register
			err := s.work.Update(ctx, func(tx Tx) error {
				old, err := tx.DecidedBefore(site.ID, before, sweptAtOnce)
				if err != nil {
					return err
				}
				more = len(old) == sweptAtOnce
				if r, err = look(tx, site.ID, nil, nil); err != nil {
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
			s.known.changed(r)
		}
	}
	return nil
}
