// Package privacy shows the owner of an e-mail address what a site stores about that address, and erases it.
//
// Data is read only through a mailed link, never for a typed address: the answer to a request, and its timing, does
// not show whether the address is known. Invariants: the mail contains no text of commenters. A link is valid for an
// hour, and ends with the erasure. Of comments written under the address before it was verified, only date and page
// are shown, because a stranger may have written them. Erasure uses the same path as expiry; it can be interrupted
// anywhere and repeated.
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
	maxComments      = 10_000 // newest comments of an address that are counted and listed
	pageSize         = 100    // comments per page
	eraseBatch       = 20     // comments per transaction; few, so that each try on a slow database makes progress
	maxSubscriptions = 1_000
	maxLetters       = 100
	maxSent          = 1_000 // more letters than an address can get in a link's lifetime of an hour
)

// Tx contains the queries that this package needs.
type Tx interface {
	txn.Tx
	mailbox.Tx

	// CommentsUnder returns the IDs of the newest comments under an address, newest first.
	CommentsUnder(site int64, a text.Address, limit int) ([]string, error)
	CommentsByID(site int64, ids []string) ([]comment.Comment, error)
	// EmailsAfter returns the e-mails of a site's comments by ascending comment ID, after an ID.
	EmailsAfter(site int64, after string, limit int) ([]CommentEmail, error)
	Appeals(site int64, comments []string) ([]report.Appeal, error)
	PagesByID(site int64, ids []string) ([]site.Page, error)

	SubscriptionsOf(site int64, box []byte, limit int) ([]readermail.Subscription, error)
	DropSubscriptions(site int64, box []byte) error
	MailStopped(site int64, box []byte) (bool, error)
	DropMailedCode(site int64, box []byte) error

	// LettersTo returns the letters to an address, newest first. To is "" in letters that were sent or given up.
	LettersTo(site int64, box []byte, limit int) ([]mailbox.Letter, error)
	DropLetters(site int64, box []byte) error
}

// Comments erases a commenter's comments, or anonymizes them. moderation.Service implements it.
type Comments interface {
	Erase(ctx context.Context, site site.Site, ids []string) error
	Anonymize(ctx context.Context, site site.Site, ids []string) error
}

// Lessons finds and erases lessons of a data subject's comments. learning.Models implements it.
type Lessons interface {
	LessonsOf(ctx context.Context, who authz.Actor, site site.Site, p learning.DataSubject) (learning.Erasure, error)
	EraseLessons(ctx context.Context, who authz.Actor, site site.Site, p learning.DataSubject, key *txn.IdempotencyKey,
	) (learning.Erasure, error)
	MarkErasure(site site.Site, p learning.DataSubject) error
}

// Service answers data requests and erases data. It is safe for concurrent use.
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

// RequestData mails a link to an address's data. It returns field.invalid for an invalid address. If the address has
// reached its mail limit, it sends nothing and returns nil. It reads no data about the address.
func (s *Service) RequestData(ctx context.Context, site site.Site, email, lang string) error {
	to, ok := text.ParseAddress(email)
	if !ok {
		return problem.Field("/email", "This does not look like an e-mail address.")
	}
	now := s.work.Now()
	l := mailbox.Letter{
		Site:        site.ID,
		ID:          txn.NewID(),
		Kind:        mailbox.DataLink,
		AddressHash: mailbox.AddressHash(s.secret, to),
		To:          to,
		Lang:        lang,
		CreatedAt:   now,
		DueAt:       now,
	}
	err := s.work.Update(ctx, func(tx Tx) error {
		_, err := mailbox.Enqueue(tx, s.secret, l)
		return err
	})
	if err != nil {
		return fmt.Errorf("mail link to personal data: %w", err)
	}
	return nil
}

// PersonalData is what a site stores about an address.
type PersonalData struct {
	Link mailbox.Link
	Site site.Site
	At   time.Time

	Count    int // number of comments
	Comments []Comment
	Next     string // cursor of the next page of comments, or ""

	Subscriptions []Subscription
	Stopped       bool             // the address wants no mail about comments
	Stop          string           // token of the unsubscribe link, or ""
	Letters       []mailbox.Letter // queued, or sent and not deleted yet

	Lessons learning.Erasure // number of lessons on this site and copies on others
}

// A Comment is a comment under the address. Unless Proven, only CreatedAt and OnPage are set, because a stranger may
// have written it.
type Comment struct {
	comment.Comment
	OnPage  site.Page
	Proven  bool
	Appeals []report.Appeal
}

// A Subscription is a subscription with its comment's time and page.
type Subscription struct {
	readermail.Subscription
	Written time.Time // creation time of the comment
	OnPage  site.Page
}

// openLink returns the link and site of a token. It returns link.expired unless the token is a valid link to personal
// data.
func (s *Service) openLink(ctx context.Context, token string) (h PersonalData, err error) {
	h.At = s.work.Now()
	if h.Link, err = mailbox.Read(s.secret, token, h.At); err != nil {
		return h, err
	}
	var known bool
	if h.Site, known, err = s.work.SiteByID(ctx, h.Link.Site); err != nil {
		return h, err
	}
	if known = known && h.Link.For == mailbox.ToViewData; known {
		err = s.work.View(ctx, func(tx Tx) error {
			sent, err := tx.LettersTo(h.Site.ID, s.box(h), maxSent)
			known = slices.ContainsFunc(sent, func(l mailbox.Letter) bool { return l.ID == h.Link.Letter })
			return err
		})
	}
	if err == nil && !known {
		err = mailbox.Expired()
	}
	return h, err
}

func (s *Service) box(h PersonalData) []byte { return mailbox.AddressHash(s.secret, h.Link.Email) }

// ReadPersonalData returns the data behind a mailed link and changes nothing. after is the Next of the previous page.
func (s *Service) ReadPersonalData(ctx context.Context, token, after string) (PersonalData, error) {
	h, err := s.openLink(ctx, token)
	if err != nil {
		return PersonalData{}, err
	}
	from := 0
	if after != "" {
		if from, err = strconv.Atoi(after); err != nil || from < 0 {
			return PersonalData{}, problem.Cursor()
		}
	}
	err = s.work.View(ctx, func(tx Tx) error {
		if err := s.readComments(tx, &h, from); err != nil {
			return err
		}
		return s.readMail(tx, &h)
	})
	if err == nil {
		h.Lessons, err = s.lessons.LessonsOf(ctx, authz.Operator, h.Site, learning.DataSubject{Email: h.Link.Email.String()})
	}
	if err != nil {
		return PersonalData{}, fmt.Errorf("read personal data: %w", err)
	}
	return h, nil
}

// readComments reads a page of the comments under the address.
func (s *Service) readComments(tx Tx, h *PersonalData, from int) error {
	ids, err := tx.CommentsUnder(h.Site.ID, h.Link.Email, maxComments)
	if err != nil {
		return fmt.Errorf("find comments: %w", err)
	}
	h.Count = len(ids)
	ids = ids[min(from, len(ids)):]
	if len(ids) > pageSize {
		ids, h.Next = ids[:pageSize], strconv.Itoa(from+pageSize)
	}
	byID, pages, err := withPages(tx, h.Site.ID, ids)
	if err != nil {
		return err
	}
	appeals, err := tx.Appeals(h.Site.ID, ids)
	if err != nil {
		return err
	}
	theirs := mailbox.WriterHash(s.secret, h.Site.ID, h.Link.Email)
	for _, id := range ids {
		c := byID[id]
		in := Comment{OnPage: pages[c.Page], Proven: c.Verified && slices.Equal(c.Writer, theirs)}
		if in.Comment.CreatedAt = c.CreatedAt; in.Proven {
			in.Comment = c
			in.Appeals = slices.DeleteFunc(slices.Clone(appeals), func(a report.Appeal) bool { return a.Comment != id })
		}
		h.Comments = append(h.Comments, in)
	}
	return nil
}

// withPages returns comments and their pages by ID.
func withPages(tx Tx, blog int64, ids []string) (map[string]comment.Comment, map[string]site.Page, error) {
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

// readMail reads the subscriptions and letters of the address.
func (s *Service) readMail(tx Tx, h *PersonalData) error {
	box, site := s.box(*h), h.Site.ID
	subs, err := tx.SubscriptionsOf(site, box, maxSubscriptions)
	if err != nil {
		return err
	}
	var ids []string
	for _, sub := range subs {
		ids = append(ids, sub.Comment)
	}
	byID, pages, err := withPages(tx, site, ids)
	if err != nil {
		return err
	}
	for _, sub := range subs {
		c := byID[sub.Comment]
		h.Subscriptions = append(h.Subscriptions, Subscription{sub, c.CreatedAt, pages[c.Page]})
	}
	if h.Stopped, err = tx.MailStopped(site, box); err != nil {
		return err
	}
	if !h.Stopped && len(subs) > 0 {
		h.Stop = mailbox.Link{For: mailbox.ToStop, Site: site, Email: h.Link.Email, Lang: h.Link.Lang}.Token(s.secret)
	}
	h.Letters, err = tx.LettersTo(site, box, maxLetters)
	return err
}
