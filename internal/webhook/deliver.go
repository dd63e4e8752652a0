package webhook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/txn"
)

const (
	leaseTTL      = 30 * time.Second       // another process may send a message after that
	startTimeout  = leaseTTL - postTimeout // messages that did not start by then stay pending for another round
	maxConcurrent = 8                      // concurrent messages to one receiver
	maxEndpoints  = 16                     // concurrent receivers
	firstBatch    = 16                     // batch size of the first round; two rounds end within leaseFor
	maxBatch      = 128                    // batch size after fast rounds; larger batches save transactions
	// roundTimeout is how long a round waits for its messages. Slower messages finish during the next round.
	roundTimeout = time.Second
	// probeBatch is the number of messages tried at a time while a receiver is down. maxProbePause is the longest pause
	// between probes.
	probeBatch         = 4
	maxProbePause      = 10 * time.Second
	maxBackoff         = 30 * time.Second // the longest backoff of a message that failed
	maxRejectedBackoff = 6 * time.Hour    // the longest backoff of a message that the receiver rejected
	// wakeAfter is the number of failed rounds after which a recovered receiver gets all pending messages at once.
	wakeAfter = 3

	giveUpAfter = 3 * 24 * time.Hour

	outcomeDelivered = "sent"
	outcomeGivenUp   = "given up"
)

// A receiverState is this process's state of sending to one receiver. Service.mu guards serving and users.
type receiverState struct {
	slots    chan struct{} // semaphore: one element for each message that is being sent
	answered atomic.Int64  // messages that the receiver accepted or rejected
	queued   atomic.Int64  // messages that wait for a slot
	serving  bool
	users    int // serve and late rounds in progress; the last one deletes the state
}

// startReceivers begins to serve receivers that have due messages and are not being served.
func (s *Service) startReceivers(ctx context.Context, wg *sync.WaitGroup) error {
	var ready []Endpoint
	err := s.work.View(ctx, func(tx Tx) (err error) {
		ready, err = tx.ReadyWebhooks(s.work.Now(), pollLimit)
		return err
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range ready {
		l := s.receivers[h.ID]
		if l == nil {
			l = &receiverState{slots: make(chan struct{}, maxConcurrent)}
		}
		if s.serving >= maxEndpoints || l.serving || l.queued.Load() > 0 || len(l.slots) == maxConcurrent {
			continue
		}
		s.receivers[h.ID], l.serving = l, true
		l.users++
		s.serving++
		wg.Go(func() {
			s.serve(ctx, h, l, wg)
			s.mu.Lock()
			l.serving = false
			s.serving--
			s.mu.Unlock()
			s.release(h, l)
		})
	}
	return nil
}

// release ends one use of a receiver's state.
func (s *Service) release(h Endpoint, l *receiverState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.users--; l.users == 0 {
		delete(s.receivers, h.ID)
	}
}

// serve sends due messages to one receiver in rounds, until a round delivers none.
func (s *Service) serve(ctx context.Context, h Endpoint, l *receiverState, wg *sync.WaitGroup) {
	most := firstBatch
	for more := true; more && ctx.Err() == nil; h.Failures = 0 {
		var err error
		began := time.Now()
		if more, err = s.round(ctx, h, l, most, wg); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "delivering to a webhook failed", "webhook", h.ID, "error", err)
			return
		}
		if most = min(2*most, maxBatch); time.Since(began) >= roundTimeout {
			most = firstBatch
		}
	}
}

// An attempt is a delivery with its message and its result. If it was not tried, sent is false and failed is nil.
type attempt struct {
	Delivery
	message message
	sent    bool
	failed  error
}

// round leases some deliveries, sends their messages and records the results. Messages that take longer than
// roundTimeout do not delay the next round: their results are recorded when they end. more reports whether another
// round may follow at once: the receiver accepted some messages, and none waits for a slot.
func (s *Service) round(
	ctx context.Context, h Endpoint, l *receiverState, most int, wg *sync.WaitGroup,
) (more bool, err error) {
	taken := time.Now()
	attempts, err := s.lease(ctx, h, most)
	if err != nil || len(attempts) == 0 {
		return false, err
	}
	before := l.answered.Load()
	l.queued.Add(int64(len(attempts)))
	results := make(chan attempt, len(attempts))
	wg.Go(func() {
		var failed atomic.Int64
		for _, p := range attempts {
			l.slots <- struct{}{}
			l.queued.Add(-1)
			wg.Go(func() {
				defer func() { <-l.slots }()
				down := failed.Load() >= maxConcurrent && l.answered.Load() == before // skip the rest of the round
				if !down && ctx.Err() == nil && time.Since(taken) < startTimeout {
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
	late := time.NewTimer(roundTimeout)
	defer late.Stop()
	var ended []attempt
	took := false
	for waiting := true; waiting && len(ended) < len(attempts); {
		select {
		case p := <-results:
			ended = append(ended, p)
			took = took || p.sent
		case <-late.C:
			waiting = false
		}
	}
	if rest := len(attempts) - len(ended); rest > 0 {
		s.mu.Lock()
		l.users++
		s.mu.Unlock()
		wg.Go(func() {
			defer s.release(h, l)
			var slow []attempt
			for range rest {
				slow = append(slow, <-results)
			}
			if err := s.settle(ctx, h, l, before, slow); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "delivering to a webhook failed", "webhook", h.ID, "error", err)
			}
		})
	}
	return took && l.queued.Load() == 0, s.settle(ctx, h, l, before, ended)
}

// lease leases due deliveries to this process, and composes their messages.
func (s *Service) lease(ctx context.Context, h Endpoint, most int) (attempts []attempt, err error) {
	site, known, err := s.work.SiteByID(ctx, h.Site)
	if err != nil || !known {
		return nil, err
	}
	now := s.work.Now()
	if h.Failures > 0 {
		most = probeBatch
	}
	err = s.work.Update(ctx, func(tx Tx) error {
		attempts = nil
		due, err := tx.DueDeliveries(h.Site, h.ID, now, most)
		if err != nil {
			return err
		}
		lang, err := language(tx, h)
		if err != nil {
			return err
		}
		about, err := readSubjects(tx, h.Site, due)
		if err != nil {
			return err
		}
		for i, d := range due {
			st := about[d.Comment]
			if d.Event == Added || d.Event == Restored {
				if st, err = readTakedown(tx, d); err != nil {
					return err
				}
			}
			d.TakenUntil = now.Add(leaseTTL)
			due[i] = d
			attempts = append(attempts, attempt{Delivery: d, message: s.compose(h, site, d, st, lang)})
		}
		return tx.PutDeliveries(due...)
	})
	if err != nil {
		return nil, fmt.Errorf("lease deliveries: %w", err)
	}
	return attempts, nil
}

// language returns the mail language of the account that added a webhook.
func language(tx Tx, h Endpoint) (string, error) {
	a, err := tx.AccountByID(h.By)
	if errors.Is(err, txn.ErrNotFound) {
		err = nil
	}
	return cmp.Or(a.MailLang, i18n.Languages[0].Key), err
}

// readSubjects returns the current comments of deliveries, by ID.
func readSubjects(tx Tx, blog int64, due []Delivery) (map[string]subject, error) {
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
	about := map[string]subject{}
	for _, c := range comments {
		if page, known := at[c.Page]; known {
			about[c.ID] = subject{comment: c, page: page}
		}
	}
	return about, nil
}

// readTakedown returns the current takedown of a delivery and, unless it is sealed, its page.
func readTakedown(tx Tx, d Delivery) (st subject, err error) {
	if st.takedown, err = tx.Takedown(d.Site, d.Comment); errors.Is(err, txn.ErrNotFound) {
		return subject{}, nil
	}
	if err != nil || st.takedown.Page == "" || st.takedown.Public == takedown.Sealed {
		return st, err
	}
	pages, err := tx.PagesByID(d.Site, []string{st.takedown.Page})
	if err == nil && len(pages) > 0 {
		st.page = pages[0]
	}
	return st, err
}

// settle records the results of a round and the state of the receiver. before is the value of l.answered when the round
// began. If ctx has ended it records nothing, and another process sends the messages again when the leases end.
func (s *Service) settle(ctx context.Context, h Endpoint, l *receiverState, before int64, attempts []attempt) error {
	if ctx.Err() != nil || len(attempts) == 0 {
		return nil
	}
	now := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		stored, err := tx.WebhookByID(h.Site, h.ID)
		if err != nil {
			return err
		}
		sent, failed, offline := 0, 0, false
		settled := make([]Delivery, len(attempts))
		for i, p := range attempts {
			d := p.Delivery
			d.TakenUntil = time.Time{}
			switch {
			case p.sent:
				sent++
				d.Tries++
				d.EndedAt, d.Outcome = now, outcomeDelivered
			case p.failed != nil:
				f, _ := errors.AsType[failure](p.failed)
				failed++
				offline = offline || f.offline
				d.Tries++
				d.DueAt = now.Add(backoff(d.Tries, f))
				stored.Failure = p.failed.Error()
			}
			if d.EndedAt.IsZero() && now.Sub(d.At) > giveUpAfter {
				d.EndedAt, d.Outcome = now, outcomeGivenUp
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
		case l.answered.Load() > before: // the receiver is up; failed messages keep their own backoff
			back = stored.Failures >= wakeAfter
			stored.Failures, stored.RetryAt = 0, time.Time{}
		case failed > 1 || failed > 0 && (offline || stored.Failures > 0):
			stored.Failures++
			stored.RetryAt = now.Add(min(time.Second<<min(stored.Failures-1, 10), maxProbePause))
		}
		if err := tx.PutWebhook(stored); err != nil || !back {
			return err
		}
		return tx.WakeDeliveries(h.Site, h.ID, now)
	})
	if err != nil {
		return fmt.Errorf("record results of deliveries: %w", err)
	}
	for _, p := range attempts {
		if p.failed != nil {
			s.log.WarnContext(ctx, "delivery failed", "webhook", h.ID, "delivery", p.ID, "error", p.failed)
		}
	}
	return nil
}

// backoff returns the delay of a message after its n-th try. It doubles from one second, or from five if the receiver
// rejected the message.
func backoff(tries int, f failure) time.Duration {
	if f.rejected {
		return min(5*time.Second<<min(tries-1, 14), maxRejectedBackoff)
	}
	return min(time.Second<<min(tries-1, 10), maxBackoff)
}
