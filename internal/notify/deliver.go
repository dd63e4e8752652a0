package notify

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

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/txn"
)

const (
	atOnce      = 8                  // concurrent messages to one receiver
	batch       = 16                 // messages of the first round; two rounds end within takenFor
	mostTaken   = 128                // messages of a round after fast ones, to save transactions
	freshFor    = takenFor - postFor // since they were taken: what was not begun by then is taken anew
	hooksAtOnce = 16
	// patience is how long a round waits for its messages. Slower ones finish during the next round.
	patience = time.Second
	// probes is the number of messages tried at a time while a receiver is down. probeEvery is the longest pause
	// between probes.
	probes       = 4
	probeEvery   = 10 * time.Second
	retryAfter   = 30 * time.Second // the longest backoff of a message that the receiver could not take
	rejectedRest = 6 * time.Hour    // the longest backoff of a message that the receiver does not want
	// woken is the number of failed rounds after which a recovered receiver gets all waiting messages at once.
	woken = 3

	hookFollower = "webhooks"

	delivered = "sent"
	givenUp   = "given up"
)

// Run follows and sends until ctx ends. It returns nil when ctx ends.
func (s *Hooks) Run(ctx context.Context) error {
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() {
		s.work.Sweep(ctx, "deliveries", func(ctx context.Context) error {
			now := s.work.Now()
			return s.work.Update(ctx, func(tx HookTx) error {
				return tx.PruneDeliveries(now.Add(-endedFor), now.Add(-keepRemoved))
			})
		})
	})
	beside.Go(func() { txn.FollowIn(ctx, s.work, hookFollower, s.gather) })
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		if err := s.start(ctx, &beside); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "webhooks not read", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}

// gather writes down what receivers are to be told of events. A follower that missed some says so: what happened then
// is not told.
func (s *Hooks) gather(ctx context.Context, reset bool, events []event.Event) (func(HookTx) error, error) {
	if reset {
		s.log.InfoContext(ctx, "webhooks are told of what happens from now on")
		return nil, nil
	}
	var fresh []Delivery
	err := s.work.View(ctx, func(tx HookTx) error {
		fresh = nil
		all, err := tx.Webhooks(0)
		if err != nil || len(all) == 0 {
			return err
		}
		hooks := map[int64][]Hook{}
		for _, h := range all {
			hooks[h.Site] = append(hooks[h.Site], h)
		}
		for _, e := range events {
			if len(hooks[e.Site]) == 0 || e.Comment == "" {
				continue
			}
			kinds, seq, err := happened(tx, e)
			if err != nil {
				return err
			}
			for _, kind := range kinds {
				for _, h := range hooks[e.Site] {
					if slices.Contains(h.Events, kind) {
						fresh = append(fresh, Delivery{
							Site:    e.Site,
							Hook:    h.ID,
							Event:   kind,
							Comment: e.Comment,
							Seq:     seq,
							At:      e.At,
							DueAt:   e.At,
							ID:      txn.IDAt(e.At, "delivery", h.ID, strconv.FormatInt(e.ID, 10), kind),
						})
					}
				}
			}
		}
		return nil
	})
	if err != nil || len(fresh) == 0 {
		return nil, err
	}
	return func(tx HookTx) error {
		if err := number(tx, fresh); err != nil {
			return fmt.Errorf("number deliveries: %w", err)
		}
		if err := tx.PutDeliveries(fresh...); err != nil {
			return fmt.Errorf("write down deliveries: %w", err)
		}
		return nil
	}, nil
}

// number numbers the deliveries of each webhook consecutively. The webhook's row stays locked until the transaction
// ends.
func number(tx HookTx, fresh []Delivery) error {
	next := map[string]*Hook{}
	for i := range fresh {
		d := &fresh[i]
		if next[d.Hook] == nil {
			h, err := tx.WebhookByID(d.Site, d.Hook)
			if err != nil {
				return err
			}
			next[d.Hook] = &h
		}
		next[d.Hook].Messages++
		d.Number = next[d.Hook].Messages
	}
	for _, h := range next {
		if err := tx.PutWebhook(*h); err != nil {
			return err
		}
	}
	return nil
}

// happened says what an event is to receivers, and which entry of the log it tells of.
func happened(tx HookTx, e event.Event) (kinds []string, seq uint64, err error) {
	switch e.Kind {
	case event.Arrived:
		if e.Shown {
			return []string{Arrived, Published}, 0, nil
		}
		return []string{Arrived}, 0, nil
	case event.Edited:
		if e.Shown { // it is out of the page, and waits anew
			return []string{Removed, Arrived}, 0, nil
		}
	case event.Removed:
		return []string{Removed}, 0, nil
	case event.Demand:
		d, err := tx.Takedown(e.Site, e.Comment)
		switch {
		case errors.Is(err, txn.ErrNotFound): // in a database that was restored
			return nil, 0, nil
		case d.Ended.Equal(e.At):
			return []string{Restored}, d.EndSeq, err
		}
		return []string{Added}, d.Seq, err
	case event.Decided:
		entries, err := tx.DecisionsOf(e.Site, e.Comment)
		for _, d := range entries {
			if d.Kind == auditlog.OnComment && d.At.Equal(e.At) && d.From != d.To {
				kinds, seq = ruled(d), d.Seq
			}
		}
		return kinds, seq, err
	}
	return nil, 0, nil
}

// ruled says what a decision is to receivers.
func ruled(d auditlog.Entry) []string {
	switch {
	case d.To == comment.Approved:
		return []string{Published}
	case d.To.Refused():
		return []string{Refused}
	case d.From == comment.Approved:
		return []string{Removed}
	}
	return nil
}

// A lane is the state of this process's sending to one receiver.
type lane struct {
	places   chan struct{} // one for each message that is being sent
	answered atomic.Int64  // messages that the receiver took or rejected
	queued   atomic.Int64  // messages that wait for a place
	serving  bool          // guarded by Hooks.mu, as users is
	users    int           // rounds in progress; the last one deletes the lane
}

// start begins to serve receivers that have due messages and are not being served.
func (s *Hooks) start(ctx context.Context, beside *sync.WaitGroup) error {
	var ready []Hook
	err := s.work.View(ctx, func(tx HookTx) (err error) {
		ready, err = tx.ReadyWebhooks(s.work.Now(), lookAtOnce)
		return err
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range ready {
		l := s.lanes[h.ID]
		if l == nil {
			l = &lane{places: make(chan struct{}, atOnce)}
		}
		if s.serving >= hooksAtOnce || l.serving || l.queued.Load() > 0 || len(l.places) == atOnce {
			continue
		}
		s.lanes[h.ID], l.serving = l, true
		l.users++
		s.serving++
		beside.Go(func() {
			s.serve(ctx, h, l, beside)
			s.mu.Lock()
			l.serving = false
			s.serving--
			s.mu.Unlock()
			s.leave(h, l)
		})
	}
	return nil
}

// leave ends the use of a lane.
func (s *Hooks) leave(h Hook, l *lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.users--; l.users == 0 {
		delete(s.lanes, h.ID)
	}
}

// serve sends due messages to one receiver in rounds, until a round delivers none.
func (s *Hooks) serve(ctx context.Context, h Hook, l *lane, beside *sync.WaitGroup) {
	most := batch
	for more := true; more && ctx.Err() == nil; h.Failures = 0 {
		var err error
		began := time.Now()
		if more, err = s.round(ctx, h, l, most, beside); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "not delivered", "webhook", h.ID, "error", err)
			return
		}
		if most = min(2*most, mostTaken); time.Since(began) >= patience {
			most = batch
		}
	}
}

// A parcel is a delivery with its message and its result: neither sent nor failed if it was not tried.
type parcel struct {
	Delivery
	message message
	sent    bool
	failed  error
}

// round takes some messages, sends them and records the results. Messages that take longer than patience do not hold up
// the next round: their results are recorded when they end. more reports whether there may be another round at once:
// the receiver took some messages, and none is queued.
func (s *Hooks) round(ctx context.Context, h Hook, l *lane, most int, beside *sync.WaitGroup) (more bool, err error) {
	taken := time.Now()
	parcels, err := s.take(ctx, h, most)
	if err != nil || len(parcels) == 0 {
		return false, err
	}
	before := l.answered.Load()
	l.queued.Add(int64(len(parcels)))
	results := make(chan parcel, len(parcels))
	beside.Go(func() {
		var failed atomic.Int64
		for _, p := range parcels {
			l.places <- struct{}{}
			l.queued.Add(-1)
			beside.Go(func() {
				defer func() { <-l.places }()
				down := failed.Load() >= atOnce && l.answered.Load() == before // the rest of the round waits
				if !down && ctx.Err() == nil && time.Since(taken) < freshFor {
					p.failed = s.post(ctx, h, p.message)
					p.sent = p.failed == nil
					if f, _ := errors.AsType[failure](p.failed); p.sent || f.rejected {
						l.answered.Add(1)
					}
					if !p.sent {
						failed.Add(1)
					}
				}
				results <- p
			})
		}
	})
	late := time.NewTimer(patience)
	defer late.Stop()
	var ended []parcel
	took := false
	for waiting := true; waiting && len(ended) < len(parcels); {
		select {
		case p := <-results:
			ended = append(ended, p)
			took = took || p.sent
		case <-late.C:
			waiting = false
		}
	}
	if rest := len(parcels) - len(ended); rest > 0 {
		s.mu.Lock()
		l.users++
		s.mu.Unlock()
		beside.Go(func() {
			defer s.leave(h, l)
			var slow []parcel
			for range rest {
				slow = append(slow, <-results)
			}
			if err := s.settle(ctx, h, l, before, slow); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "not delivered", "webhook", h.ID, "error", err)
			}
		})
	}
	return took && l.queued.Load() == 0, s.settle(ctx, h, l, before, ended)
}

// take has this process send some messages, and writes them.
func (s *Hooks) take(ctx context.Context, h Hook, most int) (parcels []parcel, err error) {
	site, known, err := s.work.SiteByID(ctx, h.Site)
	if err != nil || !known {
		return nil, err
	}
	now := s.work.Now()
	if h.Failures > 0 {
		most = probes
	}
	err = s.work.Update(ctx, func(tx HookTx) error {
		parcels = nil
		due, err := tx.DueDeliveries(h.Site, h.ID, now, most)
		if err != nil {
			return err
		}
		lang, err := language(tx, h)
		if err != nil {
			return err
		}
		about, err := read(tx, h.Site, due)
		if err != nil {
			return err
		}
		for i, d := range due {
			st := about[d.Comment]
			if d.Event == Added || d.Event == Restored {
				if st, err = readDemand(tx, d); err != nil {
					return err
				}
			}
			d.TakenUntil = now.Add(takenFor)
			due[i] = d
			parcels = append(parcels, parcel{Delivery: d, message: s.say(h, site, d, st, lang)})
		}
		return tx.PutDeliveries(due...)
	})
	if err != nil {
		return nil, fmt.Errorf("take deliveries: %w", err)
	}
	return parcels, nil
}

// language is that in which who added a receiver reads mails.
func language(tx HookTx, h Hook) (string, error) {
	a, err := tx.AccountByID(h.By)
	if errors.Is(err, txn.ErrNotFound) {
		err = nil
	}
	return cmp.Or(a.MailLang, i18n.Languages[0].Key), err
}

// read finds the comments that deliveries tell of, as they are now.
func read(tx HookTx, blog int64, due []Delivery) (map[string]story, error) {
	ids, pages := map[string]bool{}, map[string]bool{}
	for _, d := range due {
		if d.Event != Added && d.Event != Restored {
			ids[d.Comment] = true
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	comments, err := tx.CommentsByID(blog, slices.Sorted(maps.Keys(ids)))
	if err != nil {
		return nil, err
	}
	for _, c := range comments {
		pages[c.Page] = true
	}
	found, err := tx.PagesByID(blog, slices.Sorted(maps.Keys(pages)))
	if err != nil {
		return nil, err
	}
	at := map[string]site.Page{}
	for _, p := range found {
		at[p.ID] = p
	}
	about := map[string]story{}
	for _, c := range comments {
		if page, known := at[c.Page]; known {
			about[c.ID] = story{comment: c, page: page}
		}
	}
	return about, nil
}

// readDemand finds the demand that a delivery tells of, and the page that it is about, as far as each may be known.
func readDemand(tx HookTx, d Delivery) (st story, err error) {
	if st.demand, err = tx.Takedown(d.Site, d.Comment); errors.Is(err, txn.ErrNotFound) {
		return story{}, nil
	}
	if err != nil || st.demand.Page == "" || st.demand.Public == takedown.Sealed {
		return st, err
	}
	pages, err := tx.PagesByID(d.Site, []string{st.demand.Page})
	if err == nil && len(pages) > 0 {
		st.page = pages[0]
	}
	return st, err
}

// settle records the results of a round and the state of the receiver. before is the value of l.answered when the round
// began. If ctx has ended it records nothing, and the next process sends the messages again.
func (s *Hooks) settle(ctx context.Context, h Hook, l *lane, before int64, parcels []parcel) error {
	if ctx.Err() != nil || len(parcels) == 0 {
		return nil
	}
	now := s.work.Now()
	err := s.work.Update(ctx, func(tx HookTx) error {
		stored, err := tx.WebhookByID(h.Site, h.ID)
		if err != nil {
			return err
		}
		sent, failed, away := 0, 0, false
		settled := make([]Delivery, len(parcels))
		for i, p := range parcels {
			d := p.Delivery
			d.TakenUntil = time.Time{}
			switch {
			case p.sent:
				sent++
				d.Tries++
				d.EndedAt, d.Outcome = now, delivered
			case p.failed != nil:
				f, _ := errors.AsType[failure](p.failed)
				failed++
				away = away || f.away
				d.Tries++
				d.DueAt = now.Add(backoff(d.Tries, f))
				stored.Failure = p.failed.Error()
			}
			if d.EndedAt.IsZero() && now.Sub(d.At) > giveUp {
				d.EndedAt, d.Outcome = now, givenUp
			}
			settled[i] = d
		}
		if err := tx.PutDeliveries(settled...); err != nil {
			return err
		}
		switch {
		case failed > 0 && stored.FailedAt.IsZero():
			stored.FailedAt = now
		case failed == 0 && sent > 0:
			stored.FailedAt, stored.Failure = time.Time{}, ""
		}
		back := false
		switch {
		case l.answered.Load() > before: // messages that failed beside it are retried on their own
			back = stored.Failures >= woken
			stored.Failures, stored.RetryAt = 0, time.Time{}
		case failed > 1 || failed > 0 && (away || stored.Failures > 0):
			stored.Failures++
			stored.RetryAt = now.Add(min(time.Second<<min(stored.Failures-1, 10), probeEvery))
		}
		if err := tx.PutWebhook(stored); err != nil || !back {
			return err
		}
		return tx.WakeDeliveries(h.Site, h.ID, now)
	})
	if err != nil {
		return fmt.Errorf("note what became of deliveries: %w", err)
	}
	for _, p := range parcels {
		if p.failed != nil {
			s.log.WarnContext(ctx, "a webhook was not taken", "webhook", h.ID, "delivery", p.ID, "error", p.failed)
		}
	}
	return nil
}

// backoff returns the delay of a message after its n-th try. It doubles from one second, or from five if the receiver
// rejected the message.
func backoff(tries int, f failure) time.Duration {
	if f.rejected {
		return min(5*time.Second<<min(tries-1, 14), rejectedRest)
	}
	return min(time.Second<<min(tries-1, 10), retryAfter)
}
