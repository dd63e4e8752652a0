// Package privacy tells whoever reads an address's mail what a site holds about that address, and erases it.
//
// An address is looked up only once a mailed link has come back, never for who merely types it: that is answered the
// same, and after the same work, whatever is known. Its invariants: the mail holds nothing that a stranger wrote; a
// link is good for an hour, and ends with the erasing; of what was written under the address before anybody proved it
// to be theirs only date and page are told, for it may be a stranger's; what is erased goes the way of all that is
// forgotten, and may be interrupted anywhere and done again.
package privacy

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/readermail"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

const (
	mostFound      = 10_000 // comments of an address that are counted and listed: the newest
	shownTogether  = 100    // of them at a time
	erasedTogether = 100    // in a transaction
	mostWishes     = 1_000
	mostLetters    = 100
	mostSent       = 1_000 // letters to an address in the hour that a link is good: more than there can be
)

// Tx is what the room asks of a transaction.
type Tx interface {
	txn.Tx
	mailbox.Tx

	// CommentsUnder returns the IDs of the newest comments under an address, newest first.
	CommentsUnder(site int64, a text.Address, limit int) ([]string, error)
	CommentsByID(site int64, ids []string) ([]comment.Comment, error)
	// EmailsAfter returns by whom a site's comments say they are, by their ids, ascending, after one.
	EmailsAfter(site int64, after string, limit int) ([]Emailed, error)
	Appeals(site int64, comments []string) ([]report.Appeal, error)
	PagesByID(site int64, ids []string) ([]site.Page, error)

	SubscriptionsOf(site int64, box []byte, limit int) ([]readermail.Subscription, error)
	DropSubscriptions(site int64, box []byte) error
	MailStopped(site int64, box []byte) (bool, error)
	DropMailedCode(site int64, box []byte) error

	// LettersTo are those to an address, the newest first; To is "" once one has ended.
	LettersTo(site int64, box []byte, limit int) ([]mailbox.Letter, error)
	DropLetters(site int64, box []byte) error
}

// Comments empties comments of all that is their writer's, or of all that says who that is; package moderation's
// Service does.
type Comments interface {
	Erase(ctx context.Context, site site.Site, ids []string) error
	Unname(ctx context.Context, site site.Site, ids []string) error
}

// Lessons knows and erases what somebody's comments taught; package learning's Models do.
type Lessons interface {
	LessonsOf(ctx context.Context, who authz.Actor, site site.Site, p learning.Erasee) (learning.Erasure, error)
	EraseLessons(ctx context.Context, who authz.Actor, site site.Site, p learning.Erasee, key *txn.Key,
	) (learning.Erasure, error)
	Note(site site.Site, p learning.Erasee) error
}

// Service answers who asks. It is safe for concurrent use.
type Service struct {
	work     txn.Work[Tx]
	secret   secret.Secret
	comments Comments
	lessons  Lessons
}

// New returns a Service.
func New(p *txn.Process, store txn.Store[Tx], s secret.Secret, comments Comments, lessons Lessons) *Service {
	return &Service{work: txn.NewWork(p, store), secret: s, comments: comments, lessons: lessons}
}

// AskHeld has a link mailed to an address, behind which stands what a site holds about it: field.invalid for what is
// no address. One that got too many today gets none, and nobody is told. Nothing is looked up.
func (s *Service) AskHeld(ctx context.Context, site site.Site, email, lang string) error {
	to, ok := text.ParseAddress(email)
	if !ok {
		return problem.Field("/email", "This does not look like an e-mail address.")
	}
	now := s.work.Now()
	l := mailbox.Letter{
		Site:      site.ID,
		ID:        txn.NewID(),
		Kind:      mailbox.Held,
		Box:       mailbox.Box(s.secret, to),
		To:        to,
		Lang:      lang,
		CreatedAt: now,
		DueAt:     now,
	}
	err := s.work.Update(ctx, func(tx Tx) error {
		_, err := mailbox.Post(tx, s.secret, l)
		return err
	})
	if err != nil {
		return fmt.Errorf("mail what is held: %w", err)
	}
	return nil
}

// A Held is what a site holds about an address.
type Held struct {
	Link mailbox.Link
	Site site.Site
	At   time.Time

	Count    int // of comments
	Comments []Comment
	Next     string // where the next of them begin, or ""

	Wishes  []Wish
	Stopped bool             // it wants no mail about comments
	Stop    string           // token of the link that ends such mail
	Letters []mailbox.Letter // that wait, or were sent and are not forgotten yet

	Lessons learning.Erasure // what the filter learned, here and on other sites
}

// A Comment is one under an address. Unless Proven, all of it but CreatedAt is zero: it may be a stranger's.
type Comment struct {
	comment.Comment
	On      site.Page
	Proven  bool
	Appeals []report.Appeal
}

// A Wish is to be told of a comment.
type Wish struct {
	readermail.Subscription
	Written time.Time // the comment
	On      site.Page
}

// open finds out what a link is for: link.expired where it is for nothing any more.
func (s *Service) open(ctx context.Context, token string) (h Held, err error) {
	h.At = s.work.Now()
	if h.Link, err = mailbox.Read(s.secret, token, h.At); err != nil {
		return h, err
	}
	var known bool
	if h.Site, known, err = s.work.SiteByID(ctx, h.Link.Site); err != nil {
		return h, err
	}
	if known = known && h.Link.For == mailbox.ToSee; known {
		err = s.work.View(ctx, func(tx Tx) error {
			sent, err := tx.LettersTo(h.Site.ID, s.box(h), mostSent)
			known = slices.ContainsFunc(sent, func(l mailbox.Letter) bool { return l.ID == h.Link.Letter })
			return err
		})
	}
	if err == nil && !known {
		err = mailbox.Expired()
	}
	return h, err
}

func (s *Service) box(h Held) []byte { return mailbox.Box(s.secret, h.Link.Email) }

// Held returns what is behind a mailed link, and changes nothing. after is the Next of the page before.
func (s *Service) Held(ctx context.Context, token, after string) (Held, error) {
	h, err := s.open(ctx, token)
	if err != nil {
		return Held{}, err
	}
	from := 0
	if after != "" {
		if from, err = strconv.Atoi(after); err != nil || from < 0 {
			return Held{}, problem.Cursor()
		}
	}
	err = s.work.View(ctx, func(tx Tx) error {
		if err := s.wrote(tx, &h, from); err != nil {
			return err
		}
		return s.mails(tx, &h)
	})
	if err == nil {
		h.Lessons, err = s.lessons.LessonsOf(ctx, authz.Operator, h.Site, learning.Erasee{Email: h.Link.Email.String()})
	}
	if err != nil {
		return Held{}, fmt.Errorf("read what is held: %w", err)
	}
	return h, nil
}

// wrote reads some of the comments under the address.
func (s *Service) wrote(tx Tx, h *Held, from int) error {
	ids, err := tx.CommentsUnder(h.Site.ID, h.Link.Email, mostFound)
	if err != nil {
		return fmt.Errorf("find comments: %w", err)
	}
	h.Count = len(ids)
	ids = ids[min(from, len(ids)):]
	if len(ids) > shownTogether {
		ids, h.Next = ids[:shownTogether], strconv.Itoa(from+shownTogether)
	}
	byID, pages, err := written(tx, h.Site.ID, ids)
	if err != nil {
		return err
	}
	appeals, err := tx.Appeals(h.Site.ID, ids)
	if err != nil {
		return err
	}
	theirs := mailbox.Writer(s.secret, h.Site.ID, h.Link.Email)
	for _, id := range ids {
		c := byID[id].Fresh()
		in := Comment{On: pages[c.Page], Proven: c.Verified && slices.Equal(c.Writer, theirs)}
		if in.Comment.CreatedAt = c.CreatedAt; in.Proven {
			in.Comment = c
			in.Appeals = slices.DeleteFunc(slices.Clone(appeals), func(a report.Appeal) bool { return a.Comment != id })
		}
		h.Comments = append(h.Comments, in)
	}
	return nil
}

// written reads comments and their pages.
func written(tx Tx, blog int64, ids []string) (map[string]comment.Comment, map[string]site.Page, error) {
	all, err := tx.CommentsByID(blog, ids)
	if err != nil {
		return nil, nil, err
	}
	byID, pages, on := map[string]comment.Comment{}, map[string]site.Page{}, []string{}
	for _, c := range all {
		byID[c.ID], on = c, append(on, c.Page)
	}
	slices.Sort(on)
	found, err := tx.PagesByID(blog, slices.Compact(on))
	for _, p := range found {
		pages[p.ID] = p
	}
	return byID, pages, err
}

// mails reads what is kept of the address's mail.
func (s *Service) mails(tx Tx, h *Held) error {
	box, site := s.box(*h), h.Site.ID
	subs, err := tx.SubscriptionsOf(site, box, mostWishes)
	if err != nil {
		return err
	}
	var ids []string
	for _, sub := range subs {
		ids = append(ids, sub.Comment)
	}
	byID, pages, err := written(tx, site, ids)
	if err != nil {
		return err
	}
	for _, sub := range subs {
		c := byID[sub.Comment]
		h.Wishes = append(h.Wishes, Wish{sub, c.CreatedAt, pages[c.Page]})
	}
	if h.Stopped, err = tx.MailStopped(site, box); err != nil {
		return err
	}
	if !h.Stopped && len(subs) > 0 {
		h.Stop = mailbox.Link{For: mailbox.ToStop, Site: site, Email: h.Link.Email, Lang: h.Link.Lang}.Token(s.secret)
	}
	h.Letters, err = tx.LettersTo(site, box, mostLetters)
	return err
}
