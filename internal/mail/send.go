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

// send sends all due mails over one connection. After a failed connection it does nothing until s.again.
func (s *Service) send(ctx context.Context) error {
	if s.work.Now().Before(s.again) {
		return nil
	}
	var l *line
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
		if l == nil { // before any is leased: no writes while the server is down
			if l, err = s.server.open(ctx); err != nil {
				s.down(ctx, err)
				return nil
			}
			s.up(ctx)
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

// down records a failed connection, and delays the next one by up to a minute.
func (s *Service) down(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	s.failed++
	s.again = s.work.Now().Add(min(time.Second<<min(s.failed-1, 10), time.Minute))
	if s.failed == 1 {
		s.log.WarnContext(ctx, "the mail server cannot be used: mails wait for it", "error", err)
	}
}

func (s *Service) up(ctx context.Context) {
	if s.failed > 0 {
		s.log.InfoContext(ctx, "the mail server answers again", "server", s.server.String())
	}
	s.failed = 0
}

// sendOne composes and sends one mail. usable reports whether the connection can still be used.
func (s *Service) sendOne(ctx context.Context, l *line, m Message) (usable bool, err error) {
	t, err := s.compose(ctx, m)
	if err != nil {
		return true, err
	}
	m, mine, err := s.take(ctx, m, t)
	if err != nil || !mine {
		return true, err
	}
	became, failure := l.send(s.from, s.work.Now(), *t, func() error { return s.hand(ctx, &m) })
	return s.settle(context.WithoutCancel(ctx), m, became, failure)
}

// take leases a mail to this process and stores its links. It ends a mail that is not needed, and one that was being
// sent when its process was killed: it may have arrived, and a second copy would be worse than none.
func (s *Service) take(ctx context.Context, seen Message, t *letter) (m Message, mine bool, err error) {
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
			return nil // comments were added since it was composed
		case t == nil:
			m.EndedAt, m.Outcome = now, outcomeNotNeeded
		case t.Wait.After(now):
			m.DueAt = t.Wait
		default:
			mine = true
			m.TakenUntil = now.Add(leaseFor)
			for _, link := range t.Links {
				if err := tx.InsertMailLink(link); err != nil {
					return err
				}
			}
		}
		return tx.PutMail(m)
	})
	if err != nil {
		return Message{}, false, fmt.Errorf("take a mail: %w", err)
	}
	if lost {
		s.log.WarnContext(ctx, "a mail was under way when its process ended, and is not sent again", "mail", m.ID)
	}
	return m, mine, nil
}

var errOvertaken = errors.New("another process sends this mail")

// hand records that the text of a mail is being sent. From here on no other process sends it.
func (s *Service) hand(ctx context.Context, m *Message) error {
	now, own := s.work.Now(), m.TakenUntil
	return s.work.Update(ctx, func(tx Tx) (err error) {
		if *m, err = mine(tx, *m, own); err != nil {
			return err
		}
		m.HandedAt, m.TakenUntil = now, now.Add(sendingFor)
		return tx.PutMail(*m)
	})
}

// mine reads a mail again that this process leased until a time. It returns errOvertaken if the lease was lost.
func mine(tx Tx, m Message, until time.Time) (Message, error) {
	stored, err := tx.MailByID(m.Site, m.ID)
	if errors.Is(err, txn.ErrNotFound) || err == nil && !stored.TakenUntil.Equal(until) {
		err = errOvertaken
	}
	return stored, err
}

// settle records the result of sending a mail.
func (s *Service) settle(ctx context.Context, m Message, became result, failure error) (usable bool, err error) {
	if errors.Is(failure, errOvertaken) {
		return false, nil
	}
	now, own := s.work.Now(), m.TakenUntil
	err = s.work.Update(ctx, func(tx Tx) error {
		stored, err := mine(tx, m, own)
		if err != nil {
			return err
		}
		switch stored.Tries++; {
		case became == taken:
			stored.EndedAt, stored.Outcome = now, outcomeSent
		case became == never || now.Sub(stored.CreatedAt) > giveUpAfter:
			stored.EndedAt, stored.Outcome = now, outcomeRefused
		default:
			stored.DueAt, stored.HandedAt, stored.TakenUntil = now.Add(backoff(stored.Tries)), time.Time{}, time.Time{}
		}
		m = stored
		return tx.PutMail(stored)
	})
	if became == offline {
		s.down(ctx, failure)
	}
	switch {
	case errors.Is(err, errOvertaken):
		return became != offline, nil
	case err != nil:
		return became != offline, fmt.Errorf("note what became of a mail: %w", err)
	}
	facts := []any{"mail", m.ID, "kind", string(m.Kind), "account", m.Account, "tries", m.Tries}
	switch m.Outcome {
	case outcomeSent:
		s.log.InfoContext(ctx, "mail", facts...)
	case outcomeRefused:
		s.log.WarnContext(ctx, "a mail is given up", append(facts, "error", failure)...)
	default:
		s.log.WarnContext(ctx, "a mail is tried again later", append(facts, "at", m.DueAt, "error", failure)...)
	}
	return became != offline, nil
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
	return a, a.Told(m.Site), err
}
