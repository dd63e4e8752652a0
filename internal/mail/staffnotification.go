package mail

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// A staffNotification notifies one account of pending comments on one site.
type staffNotification struct {
	site     int64
	account  authz.Account
	comments []string
	more     int
	newID    string // ID for the mail if a new one is needed
}

// gather adds events to mails of accounts and of readers. reset means that events were missed: accounts are then
// notified of all pending comments. The function it returns runs in the transaction that moves the position of the
// follower, so that an event goes into one mail.
func (s *Service) gather(ctx context.Context, reset bool, events []event.Event) (func(Tx) error, error) {
	told, err := s.staffNotifications(ctx, reset, events)
	if err != nil {
		return nil, err
	}
	readers, err := s.readerNotifications(ctx, events)
	if err != nil || len(told)+len(readers) == 0 {
		return nil, err
	}
	now := s.work.Now()
	return func(tx Tx) error {
		for _, n := range told {
			if err := s.addForStaff(tx, n, now); err != nil {
				return fmt.Errorf("queue a mail to an account: %w", err)
			}
		}
		for _, n := range readers {
			if err := s.addForReader(tx, n, now); err != nil {
				return fmt.Errorf("queue a mail to a reader: %w", err)
			}
		}
		return nil
	}, nil
}

// staffNotifications returns which accounts to notify of which pending comments.
func (s *Service) staffNotifications(
	ctx context.Context, reset bool, events []event.Event,
) (told []staffNotification, err error) {
	bySite := map[int64][]string{}
	for _, e := range events {
		// An edit of a published comment makes it pending again.
		if e.Kind == event.Arrived || e.Kind == event.Edited && e.Shown {
			bySite[e.Site] = append(bySite[e.Site], e.Comment)
		}
	}
	if !reset && len(bySite) == 0 {
		return nil, nil
	}
	sites, err := s.work.StoredSites(ctx)
	if err != nil {
		return nil, err
	}
	err = s.work.View(ctx, func(tx Tx) error {
		told = nil
		for _, site := range sites {
			if !reset && bySite[site.ID] == nil {
				continue
			}
			accounts, err := tx.AccountsToNotify(site.ID)
			if err != nil {
				return err
			}
			if len(accounts) == 0 {
				continue
			}
			list, more, err := commentsToList(tx, site, reset, bySite[site.ID])
			if err != nil {
				return err
			}
			for _, a := range accounts {
				if n := staffNotificationFor(a, site, list, more); len(n.comments) > 0 {
					told = append(told, n)
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read notifications of accounts: %w", err)
	}
	for i := range told {
		told[i].newID = txn.NewID()
	}
	return told, nil
}

// commentsToList reads the comments of events or, if reset, the oldest pending comments and the number of the others.
func commentsToList(tx Tx, site site.Site, reset bool, ids []string) (list []comment.Comment, more int, err error) {
	if !reset {
		list, err = tx.CommentsByID(site.ID, ids)
		return list, 0, err
	}
	if list, err = oldest(tx, site, 0, maxListed); err != nil || len(list) < maxListed {
		return list, 0, err
	}
	n, _, err := countPending(tx, site, 0)
	return list, max(0, n-len(list)), err
}

// staffNotificationFor returns the notification of an account about some comments.
func staffNotificationFor(a authz.Account, site site.Site, list []comment.Comment, more int) staffNotification {
	n := staffNotification{site: site.ID, account: a, more: more}
	for _, c := range list {
		if shouldNotify(c, site, a.MailFrom) {
			n.comments = append(n.comments, c.ID)
		}
	}
	return n
}

// shouldNotify reports whether a comment is pending, not suspected, and scores at least from.
func shouldNotify(c comment.Comment, site site.Site, from float64) bool {
	return c.State == comment.Pending && c.Verdict.Score < site.Settings.Suspect && c.Verdict.Score >= from
}

// addForStaff adds a notification to the open mail of its account, or creates one.
func (s *Service) addForStaff(tx Tx, n staffNotification, now time.Time) error {
	kind, due := Each, now.Add(collectDelay)
	switch n.account.Mail {
	case authz.MailDigest:
		kind, due = Digest, nextDaytime(now.Add(digestDelay), s.zone)
	case authz.MailDaily:
		kind, due = Digest, nextMorning(now, s.zone)
	}
	m, err := tx.OpenMail(n.site, n.account.ID, now)
	switch {
	case errors.Is(err, txn.ErrNotFound):
		m = Message{Site: n.site, ID: n.newID, Account: n.account.ID, Kind: kind, CreatedAt: now, DueAt: due}
		if kind == Each {
			if m.DueAt, err = dueAfterFlood(tx, m); err != nil {
				return err
			}
		}
	case err != nil:
		return err
	case m.Kind == Digest && kind == Digest:
		return nil // it counts pending comments when it is sent
	case m.Kind != kind:
		m.Kind, m.DueAt = kind, due
	}
	for _, id := range n.comments {
		if kind == Each && len(m.Comments) < maxListed {
			m.Comments = append(m.Comments, id)
		} else {
			m.More++
		}
	}
	m.More += n.more
	m.TakenUntil = time.Time{} // ends the lease of a slow process, which would miss the addition
	return tx.PutMail(m)
}

// dueAfterFlood returns when a mail about each comment is due: later if the last one could not list all comments.
func dueAfterFlood(tx Tx, m Message) (time.Time, error) {
	last, err := tx.LastMail(m.Site, m.Account, Each)
	if errors.Is(err, txn.ErrNotFound) {
		return m.DueAt, nil
	}
	if pause := last.EndedAt.Add(floodPause); err == nil && last.More > 0 && pause.After(m.DueAt) {
		return pause, nil
	}
	return m.DueAt, err
}
