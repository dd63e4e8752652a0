// Package readermail manages subscriptions: commenters who want mail about decisions on their comments and about
// replies.
//
// It sends no mail; internal/mail follows the events. Invariants: no mail about a comment is sent before the address's
// owner confirmed it, or had verified the address when commenting. A confirmation request is sent at most once a day
// to an address, and contains no text of commenters. Addresses that unsubscribed get no confirmation requests.
package readermail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// A Subscription is a commenter's request for mail about a comment. AddressHash is that of the comment's e-mail
// address. Confirmed is zero until the address's owner confirms.
type Subscription struct {
	Site        int64
	Comment     string
	AddressHash []byte
	Lang        string
	Requested   time.Time
	Confirmed   time.Time
}

// Tx contains the queries that this package needs.
type Tx interface {
	txn.Tx
	mailbox.Tx

	CommentByID(site int64, id string) (comment.Comment, error) // ErrNotFound; in an Update it is locked
	CommentsByID(site int64, ids []string) ([]comment.Comment, error)
	PagesByID(site int64, ids []string) ([]site.Page, error)

	// SubscriptionsTo returns the subscriptions to comments, SubscriptionsOf the oldest ones of an address.
	SubscriptionsTo(site int64, comments []string) ([]Subscription, error)
	SubscriptionsOf(site int64, box []byte, limit int) ([]Subscription, error)
	PutSubscription(s Subscription) error
	// ConfirmSubscriptions confirms the subscriptions of an address that were requested up to a time.
	ConfirmSubscriptions(site int64, box []byte, upTo, at time.Time) error
	DropSubscription(site int64, comment string) error
	DropSubscriptions(site int64, box []byte) error

	// StopMail stores that an address wants no mail from a site. AllowMail deletes that.
	StopMail(site int64, box []byte, at time.Time) error
	AllowMail(site int64, box []byte) error
	MailStopped(site int64, box []byte) (bool, error)
}

// Service manages subscriptions. It is safe for concurrent use.
type Service struct {
	work   txn.Work[Tx]
	secret secret.Secret
}

// New returns a Service.
func New(p *txn.Process, store txn.Store[Tx], s secret.Secret) *Service {
	return &Service{work: txn.NewWork(p, store), secret: s}
}

// A Status is whether a comment has a subscription, and whether it is confirmed.
type Status struct{ On, Confirmed bool }

// Subscribe adds or removes the subscription to a comment. token is the comment's edit token. Unless the commenter had
// verified the address, a mail asks for confirmation. The result does not show whether that mail is sent.
func (s *Service) Subscribe(
	ctx context.Context, site site.Site, id, token, lang string, on bool,
) (w Status, err error) {
	if token == "" {
		return Status{}, problem.SignIn()
	}
	if !s.secret.IsEditToken(site.ID, site.EditEpoch, id, token) {
		return Status{}, errUnknown()
	}
	now, letter := s.work.Now(), txn.NewID()
	err = s.work.Update(ctx, func(tx Tx) error {
		w = Status{On: on}
		c, err := tx.CommentByID(site.ID, id)
		if errors.Is(err, txn.ErrNotFound) || err == nil && c.State == comment.Removed {
			err = errUnknown()
		}
		if _, ok := text.ParseAddress(c.Email); err == nil && on && !ok {
			err = problem.Field("/on", "This comment has no valid e-mail address.")
		}
		switch {
		case err != nil:
			return err
		case !on:
			return tx.DropSubscription(site.ID, id)
		}
		w.Confirmed, err = s.subscribe(tx, c, lang, letter, now)
		return err
	})
	if err != nil {
		return Status{}, fmt.Errorf("subscribe: %w", err)
	}
	return w, nil
}

// subscribe stores a subscription and, if necessary, queues the confirmation request with the ID letter.
func (s *Service) subscribe(
	tx Tx, c comment.Comment, lang, letter string, now time.Time,
) (confirmed bool, err error) {
	to := text.AddressOf(c.Email)
	sub := Subscription{Site: c.Site, Comment: c.ID, AddressHash: mailbox.AddressHash(s.secret, to), Lang: lang, Requested: now}
	if c.Verified && bytes.Equal(c.Writer, mailbox.WriterHash(s.secret, c.Site, to)) {
		sub.Confirmed = now
		return true, errors.Join(tx.AllowMail(c.Site, sub.AddressHash), tx.PutSubscription(sub))
	}
	stands, err := tx.SubscriptionsTo(c.Site, []string{c.ID})
	if err != nil {
		return false, err
	}
	if len(stands) > 0 && !stands[0].Confirmed.IsZero() && bytes.Equal(stands[0].AddressHash, sub.AddressHash) {
		return true, nil
	}
	stopped, err := tx.MailStopped(c.Site, sub.AddressHash)
	if err != nil || stopped {
		return false, err
	}
	if err := tx.PutSubscription(sub); err != nil {
		return false, err
	}
	_, err = mailbox.Enqueue(tx, s.secret, mailbox.Letter{
		Site:        c.Site,
		ID:          letter,
		Kind:        mailbox.Confirm,
		AddressHash: sub.AddressHash,
		To:          to,
		Lang:        lang,
		CreatedAt:   now,
		DueAt:       now,
	})
	return false, err
}

// maxPending limits the comments that a link shows.
const maxPending = 50

// A LinkInfo is a mailed link with its site. Pending are the comments that a confirmation link confirms, oldest first.
type LinkInfo struct {
	Link    mailbox.Link
	Site    site.Site
	Pending []PendingComment // only with mailbox.ToConfirm
}

// A PendingComment is a comment with an unconfirmed subscription. It contains no text, because the comment may be a
// stranger's.
type PendingComment struct {
	At   time.Time
	Page site.Page
}

// ReadLink returns a mailed link's details and changes nothing. It returns link.expired for an invalid or expired
// link.
func (s *Service) ReadLink(ctx context.Context, token string) (a LinkInfo, err error) {
	link, err := mailbox.Read(s.secret, token, s.work.Now())
	if err != nil {
		return LinkInfo{}, err
	}
	if a, err = s.withSite(ctx, link); err != nil || a.Link.For != mailbox.ToConfirm {
		return a, err
	}
	err = s.work.View(ctx, func(tx Tx) error {
		a.Pending, err = s.pending(tx, a.Site.ID, a.Link.Email)
		return err
	})
	if err != nil {
		return LinkInfo{}, fmt.Errorf("read mailed link: %w", err)
	}
	return a, nil
}

// withSite adds the site to a link. It returns link.expired if the site was removed.
func (s *Service) withSite(ctx context.Context, link mailbox.Link) (LinkInfo, error) {
	site, known, err := s.work.SiteByID(ctx, link.Site)
	if err == nil && !known {
		err = mailbox.Expired()
	}
	return LinkInfo{Link: link, Site: site}, err
}

// pending returns the comments with unconfirmed subscriptions of an address.
func (s *Service) pending(tx Tx, blog int64, email text.Address) (all []PendingComment, err error) {
	subs, err := tx.SubscriptionsOf(blog, mailbox.AddressHash(s.secret, email), maxPending)
	if err != nil {
		return nil, err
	}
	var ids, pages []string
	for _, sub := range subs {
		if sub.Confirmed.IsZero() {
			ids = append(ids, sub.Comment)
		}
	}
	comments, err := tx.CommentsByID(blog, ids)
	if err != nil {
		return nil, err
	}
	for _, c := range comments {
		pages = append(pages, c.Page)
	}
	found, err := tx.PagesByID(blog, pages)
	if err != nil {
		return nil, err
	}
	of := map[string]site.Page{}
	for _, p := range found {
		of[p.ID] = p
	}
	for _, c := range comments {
		all = append(all, PendingComment{c.CreatedAt, of[c.Page]})
	}
	return all, nil
}

// Confirm confirms all pending subscriptions that were requested up to the time upTo, when the page with the button
// was shown.
func (s *Service) Confirm(ctx context.Context, token string, upTo time.Time) (LinkInfo, error) {
	return s.useLink(ctx, token, []string{mailbox.ToConfirm}, func(tx Tx, site int64, box []byte, now time.Time) error {
		return errors.Join(tx.AllowMail(site, box), tx.ConfirmSubscriptions(site, box, upTo, now))
	})
}

// Stop unsubscribes an address from all mail about comments of a site, permanently.
func (s *Service) Stop(ctx context.Context, token string) (LinkInfo, error) {
	return s.useLink(ctx, token, []string{mailbox.ToConfirm, mailbox.ToStop},
		func(tx Tx, site int64, box []byte, now time.Time) error {
			return errors.Join(tx.DropSubscriptions(site, box), tx.StopMail(site, box, now))
		})
}

// useLink runs do in a transaction if the link has one of the purposes may.
func (s *Service) useLink(
	ctx context.Context, token string, may []string, do func(tx Tx, site int64, box []byte, now time.Time) error,
) (LinkInfo, error) {
	a, err := s.ReadLink(ctx, token)
	if err == nil && !slices.Contains(may, a.Link.For) {
		err = mailbox.Expired()
	}
	if err != nil {
		return LinkInfo{}, err
	}
	box, now := mailbox.AddressHash(s.secret, a.Link.Email), s.work.Now()
	if err := s.work.Update(ctx, func(tx Tx) error { return do(tx, a.Site.ID, box, now) }); err != nil {
		return LinkInfo{}, fmt.Errorf("use mailed link: %w", err)
	}
	return a, nil
}

// ReadExpiredLink returns the details of an expired link, and link.expired for any other token.
func (s *Service) ReadExpiredLink(ctx context.Context, token string) (LinkInfo, error) {
	link, err := mailbox.ReadExpired(s.secret, token, s.work.Now())
	if err != nil {
		return LinkInfo{}, err
	}
	return s.withSite(ctx, link)
}

// ResendLink mails a new link in place of an expired one to the same address, within the limits of its kind. The
// result does not show whether a mail is sent.
func (s *Service) ResendLink(ctx context.Context, token string) (LinkInfo, error) {
	a, err := s.ReadExpiredLink(ctx, token)
	if err != nil {
		return LinkInfo{}, err
	}
	now := s.work.Now()
	l := mailbox.Letter{
		Site:        a.Site.ID,
		ID:          txn.NewID(),
		Kind:        mailbox.DataLink,
		AddressHash: mailbox.AddressHash(s.secret, a.Link.Email),
		To:          a.Link.Email,
		Lang:        a.Link.Lang,
		CreatedAt:   now,
		DueAt:       now,
	}
	if a.Link.For == mailbox.ToConfirm {
		l.Kind = mailbox.Confirm
	}
	err = s.work.Update(ctx, func(tx Tx) error {
		if l.Kind == mailbox.Confirm {
			stopped, err := tx.MailStopped(l.Site, l.AddressHash)
			if err != nil || stopped {
				return err
			}
			if waits, err := s.pending(tx, l.Site, l.To); err != nil || len(waits) == 0 {
				return err
			}
		}
		_, err := mailbox.Enqueue(tx, s.secret, l)
		return err
	})
	if err != nil {
		return LinkInfo{}, fmt.Errorf("mail new link: %w", err)
	}
	return a, nil
}

func errUnknown() error {
	return problem.Missing("comment.unknown", "There is no such comment, or it is not shown to you.")
}
