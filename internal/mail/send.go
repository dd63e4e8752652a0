package mail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/txn"
)

// send sends all due mails over one connection. After a failed connection it does nothing until s.nextConnect.
func (s *Service) send(ctx context.Context) error {
	if s.work.Now().Before(s.nextConnect) {
		return nil
	}
	var l *connection
	defer func() {
		if l != nil {
			l.close()
		}
	}()
	for ctx.Err() == nil {
		var due []Message
		err := s.work.View(ctx, func(tx Tx) (err error) {
			due, err = tx.DueMails(s.work.Now(), batchSize)
			return err
		})
		if err != nil || len(due) == 0 {
			return err
		}
		if l == nil { // connect before leasing a mail, so that nothing is written while the server is down
			if l, err = s.server.open(ctx); err != nil {
				s.connectFailed(ctx, err)
				return nil
			}
			s.connected(ctx)
		}
		for _, m := range due {
			usable, err := s.sendOne(ctx, l, m)
			if !usable {
				l.drop()
				l = nil
			}
			if err != nil || !usable || ctx.Err() != nil {
				return err
			}
		}
	}
	return nil
}

// connectFailed records a failed connection, and delays the next one by up to a minute.
func (s *Service) connectFailed(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	s.failures++
	s.nextConnect = s.work.Now().Add(min(time.Second<<min(s.failures-1, 10), time.Minute))
	if s.failures == 1 {
		s.log.WarnContext(ctx, "mail server is unavailable: mails stay in the queue", "error", err)
	}
}

// connected resets the count of failed connections.
func (s *Service) connected(ctx context.Context) {
	if s.failures > 0 {
		s.log.InfoContext(ctx, "mail server is reachable again", "server", s.server.String())
	}
	s.failures = 0
}

// sendOne composes and sends one mail. usable reports whether the connection can still be used.
func (s *Service) sendOne(ctx context.Context, l *connection, m Message) (usable bool, err error) {
	t, err := s.compose(ctx, m)
	if err != nil {
		return true, err
	}
	m, mine, err := s.lease(ctx, m, t)
	if err != nil || !mine {
		return true, err
	}
	became, failure := l.send(s.from, s.work.Now(), *t, func() error { return s.markSending(ctx, &m) })
	return s.settle(context.WithoutCancel(ctx), m, became, failure)
}

// lease leases a mail to this process, stores its links, and reports whether the lease was granted. It ends a mail that
// is not needed. It also ends a mail whose process was killed while sending: the mail may have arrived, and a second
// copy would be worse than none.
func (s *Service) lease(ctx context.Context, seen Message, t *letter) (m Message, mine bool, err error) {
	now := s.work.Now()
	var lost bool
	err = s.work.Update(ctx, func(tx Tx) error {
		mine, lost = false, false
		if m, err = tx.MailByID(seen.Site, seen.ID); errors.Is(err, txn.ErrNotFound) {
			return nil
		} else if err != nil {
			return err
		}
		switch {
		case !m.EndedAt.IsZero() || m.TakenUntil.After(now) || m.DueAt.After(now):
			return nil
		case !m.HandedAt.IsZero():
			lost = true
			m.EndedAt, m.Outcome = now, outcomeUnknown
		case m.More != seen.More || !slices.Equal(m.Comments, seen.Comments):
			return nil // comments were added after it was composed
		case t == nil:
			m.EndedAt, m.Outcome = now, outcomeNotNeeded
		case t.Wait.After(now):
			m.DueAt = t.Wait
		default:
			mine = true
			m.TakenUntil = now.Add(leaseTTL)
			for _, link := range t.Links {
				if err := tx.InsertMailLink(link); err != nil {
					return err
				}
			}
		}
		return tx.PutMail(m)
	})
	if err != nil {
		return Message{}, false, fmt.Errorf("lease a mail: %w", err)
	}
	if lost {
		s.log.WarnContext(ctx, "a process ended while it sent a mail: the mail is not sent again", "mail", m.ID)
	}
	return m, mine, nil
}

var errLeaseLost = errors.New("another process sends this mail")

// markSending records that the text of a mail is about to be sent. From then on no other process sends the mail.
func (s *Service) markSending(ctx context.Context, m *Message) error {
	now, own := s.work.Now(), m.TakenUntil
	return s.work.Update(ctx, func(tx Tx) (err error) {
		if *m, err = readLeased(tx, *m, own); err != nil {
			return err
		}
		m.HandedAt, m.TakenUntil = now, now.Add(sendLease)
		return tx.PutMail(*m)
	})
}

// readLeased reads a mail again that this process leased until a time. It returns errLeaseLost if another process has
// the lease or the mail is gone.
func readLeased(tx Tx, m Message, until time.Time) (Message, error) {
	stored, err := tx.MailByID(m.Site, m.ID)
	if errors.Is(err, txn.ErrNotFound) || err == nil && !stored.TakenUntil.Equal(until) {
		err = errLeaseLost
	}
	return stored, err
}

// settle records the result of sending a mail. usable reports whether the connection can still be used.
func (s *Service) settle(ctx context.Context, m Message, became result, failure error) (usable bool, err error) {
	if errors.Is(failure, errLeaseLost) {
		return false, nil
	}
	now, own := s.work.Now(), m.TakenUntil
	err = s.work.Update(ctx, func(tx Tx) error {
		stored, err := readLeased(tx, m, own)
		if err != nil {
			return err
		}
		switch stored.Tries++; {
		case became == accepted:
			stored.EndedAt, stored.Outcome = now, outcomeSent
		case became == refusedForever || now.Sub(stored.CreatedAt) > giveUpAfter:
			stored.EndedAt, stored.Outcome = now, outcomeRefused
		default:
			stored.DueAt, stored.HandedAt, stored.TakenUntil = now.Add(backoff(stored.Tries)), time.Time{}, time.Time{}
		}
		m = stored
		return tx.PutMail(stored)
	})
	if became == disconnected {
		s.connectFailed(ctx, failure)
	}
	switch {
	case errors.Is(err, errLeaseLost):
		return became != disconnected, nil
	case err != nil:
		return became != disconnected, fmt.Errorf("record the result of a mail: %w", err)
	}
	facts := []any{"mail", m.ID, "kind", string(m.Kind), "account", m.Account, "tries", m.Tries}
	switch m.Outcome {
	case outcomeSent:
		s.log.InfoContext(ctx, "mail", facts...)
	case outcomeRefused:
		s.log.WarnContext(ctx, "mail was given up", append(facts, "error", failure)...)
	default:
		s.log.WarnContext(ctx, "mail failed: it will be retried", append(facts, "at", m.DueAt, "error", failure)...)
	}
	return became != disconnected, nil
}

// recipient returns the account of a mail, and whether it may still get it.
func (s *Service) recipient(tx Tx, m Message) (authz.Account, bool, error) {
	a, err := tx.AccountByID(m.Account)
	if errors.Is(err, txn.ErrNotFound) {
		return a, false, nil
	}
	if m.Kind == Stalled {
		return a, a.Role(m.Site) == authz.Owner, err
	}
	return a, a.WantsMail(m.Site), err
}
