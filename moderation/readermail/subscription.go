// Package readermail is readers who want to be told by mail what becomes of their comments, and who answers.
//
// It tells nobody: package mail follows what happens. Its invariants: nothing is mailed about a comment before
// whoever reads the address's mail said yes to it, or had proved the address when they wrote; a mail that asks for
// that yes comes at most once a day to an address, and holds nothing that a stranger wrote; who said that they want
// no mail is not asked again.
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

// A Subscription is the wish of who wrote a comment to be told of it. Box is of the address that stands with the
// comment; Confirmed is the zero time until whoever reads its mail said yes.
type Subscription struct {
	Site      int64
	Comment   string
	Box       []byte
	Lang      string
	Asked     time.Time
	Confirmed time.Time
}

// Tx is what the room asks of a transaction.
type Tx interface {
	txn.Tx
	mailbox.Tx

	CommentByID(site int64, id string) (comment.Comment, error) // ErrNotFound; in an Update it is locked
	CommentsByID(site int64, ids []string) ([]comment.Comment, error)
	PagesByID(site int64, ids []string) ([]site.Page, error)

	// SubscriptionsTo are those to some comments, SubscriptionsOf the oldest of an address.
	SubscriptionsTo(site int64, comments []string) ([]Subscription, error)
	SubscriptionsOf(site int64, box []byte, limit int) ([]Subscription, error)
	PutSubscription(s Subscription) error
	// ConfirmSubscriptions confirms those of an address that were asked for up to a time.
	ConfirmSubscriptions(site int64, box []byte, upTo, at time.Time) error
	DropSubscription(site int64, comment string) error
	DropSubscriptions(site int64, box []byte) error

	// StopMail notes that an address wants no mail from a site; AllowMail that it does again.
	StopMail(site int64, box []byte, at time.Time) error
	AllowMail(site int64, box []byte) error
	MailStopped(site int64, box []byte) (bool, error)
}

// Service keeps subscriptions. It is safe for concurrent use.
type Service struct {
	work   txn.Work[Tx]
	secret secret.Secret
}

// New returns a Service.
func New(p *txn.Process, store txn.Store[Tx], s secret.Secret) *Service {
	return &Service{work: txn.NewWork(p, store), secret: s}
}

// A Wish is what somebody wants to be told, and whether they are.
type Wish struct{ On, Confirmed bool }

// Subscribe has who wrote a comment, as its edit token shows, be told of it, or not any more. Unless they had proved
// their address, a mail asks first whether they want that: who asked is answered the same whether it is sent.
func (s *Service) Subscribe(
	ctx context.Context, site site.Site, id, token, lang string, on bool,
) (w Wish, err error) {
	if token == "" {
		return Wish{}, problem.SignIn()
	}
	if !s.secret.IsEditToken(site.ID, site.EditEpoch, id, token) {
		return Wish{}, unknown()
	}
	now, letter := s.work.Now(), txn.NewID()
	err = s.work.Update(ctx, func(tx Tx) error {
		w = Wish{On: on}
		c, err := tx.CommentByID(site.ID, id)
		if errors.Is(err, txn.ErrNotFound) || err == nil && c.State == comment.Removed {
			err = unknown()
		}
		if _, ok := text.ParseAddress(c.Email); err == nil && on && !ok {
			err = problem.Field("/on", "No e-mail address to which mail can go was given with this comment.")
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
		return Wish{}, fmt.Errorf("subscribe: %w", err)
	}
	return w, nil
}

// subscribe puts a subscription, and has its address be asked.
func (s *Service) subscribe(
	tx Tx, c comment.Comment, lang, letter string, now time.Time,
) (confirmed bool, err error) {
	to := text.AddressOf(c.Email)
	sub := Subscription{Site: c.Site, Comment: c.ID, Box: mailbox.Box(s.secret, to), Lang: lang, Asked: now}
	if c.Verified && bytes.Equal(c.Writer, mailbox.Writer(s.secret, c.Site, to)) {
		sub.Confirmed = now
		return true, errors.Join(tx.AllowMail(c.Site, sub.Box), tx.PutSubscription(sub))
	}
	stands, err := tx.SubscriptionsTo(c.Site, []string{c.ID})
	if err != nil {
		return false, err
	}
	if len(stands) > 0 && !stands[0].Confirmed.IsZero() && bytes.Equal(stands[0].Box, sub.Box) {
		return true, nil
	}
	stopped, err := tx.MailStopped(c.Site, sub.Box)
	if err != nil || stopped {
		return false, err
	}
	if err := tx.PutSubscription(sub); err != nil {
		return false, err
	}
	_, err = mailbox.Post(tx, s.secret, mailbox.Letter{
		Site:      c.Site,
		ID:        letter,
		Kind:      mailbox.Confirm,
		Box:       sub.Box,
		To:        to,
		Lang:      lang,
		CreatedAt: now,
		DueAt:     now,
	})
	return false, err
}

// mostShown is how many comments a link says that it is about.
const mostShown = 50

// An Asked is what a mailed link asks about.
type Asked struct {
	Link  mailbox.Link
	Site  site.Site
	About []About // oldest first; of a link to confirm those that wait for it
}

// An About is a comment that somebody wanted to be told of: when it was written, and where. What it says is not
// shown: it may be a stranger's.
type About struct {
	At   time.Time
	Page site.Page
}

// Asked returns what a mailed link asks about, and changes nothing: link.expired where it is none any more.
func (s *Service) Asked(ctx context.Context, token string) (a Asked, err error) {
	link, err := mailbox.Read(s.secret, token, s.work.Now())
	if err != nil {
		return Asked{}, err
	}
	if a, err = s.of(ctx, link); err != nil || a.Link.For != mailbox.ToConfirm {
		return a, err
	}
	err = s.work.View(ctx, func(tx Tx) error {
		a.About, err = s.waiting(tx, a.Site.ID, a.Link.Email)
		return err
	})
	if err != nil {
		return Asked{}, fmt.Errorf("look at a mailed link: %w", err)
	}
	return a, nil
}

// of is a link with its site: link.expired where that was removed.
func (s *Service) of(ctx context.Context, link mailbox.Link) (Asked, error) {
	site, known, err := s.work.SiteByID(ctx, link.Site)
	if err == nil && !known {
		err = mailbox.Expired()
	}
	return Asked{Link: link, Site: site}, err
}

// waiting are the comments of which an address would be told.
func (s *Service) waiting(tx Tx, blog int64, email text.Address) (all []About, err error) {
	subs, err := tx.SubscriptionsOf(blog, mailbox.Box(s.secret, email), mostShown)
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
		all = append(all, About{c.CreatedAt, of[c.Page]})
	}
	return all, nil
}

// Confirm says yes to being told of all comments that wait for it and were asked about up to a time: when the page
// with the button was shown.
func (s *Service) Confirm(ctx context.Context, token string, upTo time.Time) (Asked, error) {
	return s.answer(ctx, token, []string{mailbox.ToConfirm}, func(tx Tx, site int64, box []byte, now time.Time) error {
		return errors.Join(tx.AllowMail(site, box), tx.ConfirmSubscriptions(site, box, upTo, now))
	})
}

// Stop ends all mail about comments from a site to an address, for good.
func (s *Service) Stop(ctx context.Context, token string) (Asked, error) {
	return s.answer(ctx, token, []string{mailbox.ToConfirm, mailbox.ToStop},
		func(tx Tx, site int64, box []byte, now time.Time) error {
			return errors.Join(tx.DropSubscriptions(site, box), tx.StopMail(site, box, now))
		})
}

func (s *Service) answer(
	ctx context.Context, token string, may []string, do func(tx Tx, site int64, box []byte, now time.Time) error,
) (Asked, error) {
	a, err := s.Asked(ctx, token)
	if err == nil && !slices.Contains(may, a.Link.For) {
		err = mailbox.Expired()
	}
	if err != nil {
		return Asked{}, err
	}
	box, now := mailbox.Box(s.secret, a.Link.Email), s.work.Now()
	if err := s.work.Update(ctx, func(tx Tx) error { return do(tx, a.Site.ID, box, now) }); err != nil {
		return Asked{}, fmt.Errorf("answer a mailed link: %w", err)
	}
	return a, nil
}

// Lapsed returns whose a mailed link was until its time was over: link.expired for any other.
func (s *Service) Lapsed(ctx context.Context, token string) (Asked, error) {
	link, err := mailbox.Lapsed(s.secret, token, s.work.Now())
	if err != nil {
		return Asked{}, err
	}
	return s.of(ctx, link)
}

// AskAgain has a new link mailed in the place of one whose time is over, to the address that got it, as often as such a
// letter may come: whoever asks is answered the same whether it is sent.
func (s *Service) AskAgain(ctx context.Context, token string) (Asked, error) {
	a, err := s.Lapsed(ctx, token)
	if err != nil {
		return Asked{}, err
	}
	now := s.work.Now()
	l := mailbox.Letter{
		Site:      a.Site.ID,
		ID:        txn.NewID(),
		Kind:      mailbox.Held,
		Box:       mailbox.Box(s.secret, a.Link.Email),
		To:        a.Link.Email,
		Lang:      a.Link.Lang,
		CreatedAt: now,
		DueAt:     now,
	}
	if a.Link.For == mailbox.ToConfirm {
		l.Kind = mailbox.Confirm
	}
	err = s.work.Update(ctx, func(tx Tx) error {
		if l.Kind == mailbox.Confirm {
			stopped, err := tx.MailStopped(l.Site, l.Box)
			if err != nil || stopped {
				return err
			}
			if waits, err := s.waiting(tx, l.Site, l.To); err != nil || len(waits) == 0 {
				return err
			}
		}
		_, err := mailbox.Post(tx, s.secret, l)
		return err
	})
	if err != nil {
		return Asked{}, fmt.Errorf("mail a link again: %w", err)
	}
	return a, nil
}

func unknown() error {
	return problem.Missing("comment.unknown", "There is no such comment, or it is not shown to you.")
}
