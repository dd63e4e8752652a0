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

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/ledger"
	"github.com/aitys/aitys/moderation/register"
	"github.com/aitys/aitys/words"
)

const (
	atOnce      = 8   // messages to one receiver
	batch       = 16  // that one process takes at first: two rounds of them end before takenFor is over
	mostTaken   = 128 // of a receiver that took the last ones within quickly: fewer transactions for those who post
	quickly     = time.Second
	freshFor    = takenFor - postFor // since they were taken: what was not begun by then is taken anew
	hooksAtOnce = 16
	probeEvery  = 30 * time.Second // a receiver that is away
	restAfter   = 6 * time.Hour    // at most, for a message that is not wanted
	// woken is after how many failures in a row all that waits is sent at once when the receiver is there again.
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
	beside.Go(func() { ground.FollowIn(ctx, s.work, hookFollower, s.gather) })
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
func (s *Hooks) gather(ctx context.Context, reset bool, events []ground.Event) (func(HookTx) error, error) {
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
						fresh = append(fresh, Delivery{Site: e.Site, Hook: h.ID, Event: kind, Comment: e.Comment, Seq: seq, At: e.At,
							DueAt: e.At, ID: ground.IDAt(e.At, "delivery", h.ID, strconv.FormatInt(e.ID, 10), kind)})
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
		if err := tx.PutDeliveries(fresh...); err != nil {
			return fmt.Errorf("write down deliveries: %w", err)
		}
		return nil
	}, nil
}

// happened says what an event is to receivers, and which entry of the log it tells of.
func happened(tx HookTx, e ground.Event) (kinds []string, seq uint64, err error) {
	switch e.Kind {
	case ground.EventArrived:
		if e.Shown {
			return []string{Arrived, Published}, 0, nil
		}
		return []string{Arrived}, 0, nil
	case ground.EventEdited:
		if e.Shown { // it is out of the page, and waits anew
			return []string{Removed, Arrived}, 0, nil
		}
	case ground.EventRemoved:
		return []string{Removed}, 0, nil
	case ground.EventDemand:
		d, err := tx.Takedown(e.Site, e.Comment)
		switch {
		case errors.Is(err, ground.ErrNotFound): // in a database that was restored
			return nil, 0, nil
		case d.Ended.Equal(e.At):
			return []string{Restored}, d.EndSeq, err
		}
		return []string{Added}, d.Seq, err
	case ground.EventDecided:
		entries, err := tx.DecisionsOf(e.Site, e.Comment)
		for _, d := range entries {
			if d.Kind == ledger.OnComment && d.At.Equal(e.At) && d.From != d.To {
				kinds, seq = ruled(d), d.Seq
			}
		}
		return kinds, seq, err
	}
	return nil, 0, nil
}

// ruled says what a decision is to receivers.
func ruled(d ledger.Entry) []string {
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

// start begins to send to the receivers that something is due for, and that nothing is sent to yet.
func (s *Hooks) start(ctx context.Context, beside *sync.WaitGroup) error {
	var ready []Hook
	err := s.work.View(ctx, func(tx HookTx) (err error) {
		ready, err = tx.ReadyWebhooks(s.work.Now(), lookAtOnce)
		return err
	})
	if err != nil {
		return err
	}
	for _, h := range ready {
		s.mu.Lock()
		if !s.busy[h.ID] && len(s.busy) < hooksAtOnce {
			s.busy[h.ID] = true
			beside.Go(func() {
				s.serve(ctx, h)
				s.mu.Lock()
				delete(s.busy, h.ID)
				s.mu.Unlock()
			})
		}
		s.mu.Unlock()
	}
	return nil
}

// serve sends to one receiver what is due, until there is no more or something failed.
func (s *Hooks) serve(ctx context.Context, h Hook) {
	most := batch
	for more := true; more && ctx.Err() == nil; {
		var err error
		began := time.Now()
		if more, err = s.some(ctx, h, most); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "not delivered", "webhook", h.ID, "error", err)
			return
		}
		if most = min(2*most, mostTaken); time.Since(began) > quickly {
			most = batch
		}
	}
}

// A parcel is a delivery with its message, and what became of it.
type parcel struct {
	Delivery
	message message
	sent    bool
	failed  error
}

// some takes a few messages, sends them and writes down what became of them.
func (s *Hooks) some(ctx context.Context, h Hook, most int) (more bool, err error) {
	taken := time.Now()
	parcels, err := s.take(ctx, h, most)
	if err != nil || len(parcels) == 0 {
		return false, err
	}
	var failed atomic.Bool
	var sending sync.WaitGroup
	places := make(chan struct{}, atOnce)
	for i := range parcels {
		places <- struct{}{}
		sending.Go(func() {
			defer func() { <-places }()
			if p := &parcels[i]; !failed.Load() && ctx.Err() == nil && time.Since(taken) < freshFor {
				p.failed = s.post(ctx, h, p.message)
				p.sent = p.failed == nil
				if !p.sent {
					failed.Store(true)
				}
			}
		})
	}
	sending.Wait()
	if ctx.Err() != nil { // who comes next sends them again
		return false, nil
	}
	return !failed.Load(), s.settle(ctx, h, parcels)
}

// take has this process send some messages, and writes them.
func (s *Hooks) take(ctx context.Context, h Hook, most int) (parcels []parcel, err error) {
	site, known, err := s.work.SiteByID(ctx, h.Site)
	if err != nil || !known {
		return nil, err
	}
	now := s.work.Now()
	if h.Failures > 0 {
		most = 1
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
	if errors.Is(err, ground.ErrNotFound) {
		err = nil
	}
	return cmp.Or(a.MailLang, words.Languages[0].Key), err
}

// read finds the comments that deliveries tell of, as they are now.
func read(tx HookTx, site int64, due []Delivery) (map[string]story, error) {
	ids, pages := map[string]bool{}, map[string]bool{}
	for _, d := range due {
		if d.Event != Added && d.Event != Restored {
			ids[d.Comment] = true
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	comments, err := tx.CommentsByID(site, slices.Sorted(maps.Keys(ids)))
	if err != nil {
		return nil, err
	}
	for _, c := range comments {
		pages[c.Page] = true
	}
	found, err := tx.PagesByID(site, slices.Sorted(maps.Keys(pages)))
	if err != nil {
		return nil, err
	}
	at := map[string]ground.Page{}
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
	if st.demand, err = tx.Takedown(d.Site, d.Comment); errors.Is(err, ground.ErrNotFound) {
		return story{}, nil
	}
	if err != nil || st.demand.Page == "" || st.demand.Public == register.Sealed {
		return st, err
	}
	pages, err := tx.PagesByID(d.Site, []string{st.demand.Page})
	if err == nil && len(pages) > 0 {
		st.page = pages[0]
	}
	return st, err
}

// settle writes down what became of messages, and how the receiver is.
func (s *Hooks) settle(ctx context.Context, h Hook, parcels []parcel) error {
	now := s.work.Now()
	err := s.work.Update(ctx, func(tx HookTx) error {
		stored, err := tx.WebhookByID(h.Site, h.ID)
		if err != nil {
			return err
		}
		failures := stored.Failures
		settled := make([]Delivery, len(parcels))
		for i, p := range parcels {
			d := p.Delivery
			d.TakenUntil = time.Time{}
			switch {
			case p.sent:
				d.Tries++
				d.EndedAt, d.Outcome, failures = now, delivered, 0
			case p.failed != nil:
				d.Tries++
				d.DueAt = now.Add(rest(d.Tries, p.failed))
				if failures == 0 {
					stored.FailedAt = now
				}
				failures++
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
		back := stored.Failures >= woken && failures == 0
		stored.Failures, stored.RetryAt = failures, time.Time{}
		if failures > 0 {
			stored.RetryAt = now.Add(min(time.Second<<min(failures-1, 10), probeEvery))
		} else {
			stored.FailedAt, stored.Failure = time.Time{}, ""
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

// rest is how long a message waits after so many tries: not long for a receiver that is away, whom one message at a
// time looks for, and ever longer where it is there and does not want this one.
func rest(tries int, failed error) time.Duration {
	f, ok := errors.AsType[failure](failed)
	if ok && f.hers {
		return min(5*time.Second<<min(tries-1, 14), restAfter)
	}
	return min(time.Second<<min(tries-1, 10), probeEvery)
}
