// Package spamcheck answers other programs that keep comments of their own and ask what to think of one, and lets them
// teach the filter what became of it.
//
// An inquiry is judged as a comment that is posted here is, by the same model, rules and blocks, and is no comment:
// for fifteen days a keyed hash of its content and a fingerprint are stored, to recognise the same content and similar
// content, and a keyed hash of the submission. Programs ask about one submission several times; it is counted once. A
// lesson that is taught is an entry of the site's log by the account of who teaches, and
// is withdrawn, retired and erased like any other. Its invariants: what was asked is in no queue and shown to nobody;
// the same content stands with one label, the last that was taught.
package spamcheck

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

const (
	// keptFor is how long a hash and a fingerprint are kept: as long as the programs that ask keep their spam.
	keptFor = 15 * 24 * time.Hour
	// compared is how many of the inquiries of a label a new one is compared with: the newest.
	compared = 200
)

// An Asked is a comment of another program. Its texts are UTF-8; what does not fit is cut off or left out, for
// somebody's comment has to be judged whatever it is like.
type Asked struct {
	Name, Email, Website string
	Body                 string
	Address              netip.Addr // zero: unknown
	Trap                 bool       // the honeypot was filled
	Trial                bool       // is about nothing: nothing is kept, and nothing taught

	// Page and Written are the permalink and the date of the comment, as the program spells them; "" if it sends none.
	// They tell two submissions of the same content apart.
	Page, Written string
	Recheck       bool // the program says that it asked about this submission before
}

// An Answer is what is thought of an inquiry.
type Answer uint8

// The answers. The zero Answer is the safe one.
const (
	Hold    Answer = iota // a person has to look: nothing could be said, a rule wants it, or it may be hateful
	Publish               // nothing is known against it
	Spam
)

// A Row is a stored inquiry. A second Row, with the hash of the submission and without a label, marks a
// submission that was counted.
type Row struct {
	Site  int64
	Hash  []byte
	Print campaign.Print
	Times int // how often the content was submitted
	Label int // 0: nothing was taught; else a label of the classifier's and one
	At    time.Time
}

// labelled is how a Row keeps a label.
func labelled(l classifier.Label) int { return int(l) + 1 }

// Tx is what inquiries ask of a transaction.
type Tx interface {
	auditlog.Tx

	Records(site int64, writers [][]byte) (map[string]comment.History, error)
	// InquiryByHash returns what is kept of an inquiry: ErrNotFound.
	InquiryByHash(site int64, hash []byte) (Row, error)
	PutInquiry(r Row) error
	// Inquiries returns those of a label, the newest first.
	Inquiries(site int64, label int, limit int) ([]Row, error)
	// PruneInquiries forgets those of before a time.
	PruneInquiries(before time.Time) error
}

// Judge says what a site's model thinks of a comment; package learning's Models do.
type Judge interface {
	Judge(ctx context.Context, c comment.Comment) comment.Judged
}

// Rules say what a site's rules and blocks find of comments; package rules' Service does.
type Rules interface {
	Look(ctx context.Context, site int64, comments ...comment.Comment) ([]comment.Findings, error)
}

// Campaigns count the refused comments that one is nearly the same as; package campaign's Service does.
type Campaigns interface {
	Alike(ctx context.Context, c comment.Comment) (refused int, err error)
}

// Options are what a Service is made of; all of them are required.
type Options struct {
	Process   *txn.Process
	Store     txn.Store[Tx]
	Secret    secret.Secret
	Judge     Judge
	Rules     Rules
	Campaigns Campaigns
}

// Service answers and is taught. It is safe for concurrent use.
type Service struct {
	work   txn.Work[Tx]
	log    *slog.Logger
	secret secret.Secret
	judge  Judge
	rules  Rules
	alike  Campaigns
}

// New returns a Service.
func New(o Options) *Service {
	return &Service{work: txn.NewWork(o.Process, o.Store), log: o.Process.Logger(), secret: o.Secret, judge: o.Judge,
		rules: o.Rules, alike: o.Campaigns}
}

// Run forgets old inquiries until ctx ends. It returns nil when ctx ends.
func (s *Service) Run(ctx context.Context) error {
	s.work.Sweep(ctx, "inquiries", func(ctx context.Context) error {
		before := s.work.Now().Add(-keptFor)
		if err := s.work.Update(ctx, func(tx Tx) error { return tx.PruneInquiries(before) }); err != nil {
			return fmt.Errorf("forget old inquiries: %w", err)
		}
		return nil
	})
	return nil
}

// Door finds the site that who asks about: their only one, else that of the page or front page at blog. It needs a
// moderator there; who has no such site is told authz.NoSite.
func (s *Service) Door(ctx context.Context, who authz.Actor, blog string) (site.Site, error) {
	sites, err := s.work.Sites(ctx, who)
	if err != nil {
		return site.Site{}, err
	}
	if len(sites) == 1 {
		return sites[0], who.May(sites[0].ID, authz.Moderator, authz.ScopeRead)
	}
	page, ok := text.ParseWeb(blog)
	for _, site := range sites {
		for _, origin := range site.Origins {
			if ok && origin == page.Origin {
				return site, who.May(site.ID, authz.Moderator, authz.ScopeRead)
			}
		}
	}
	return site.Site{}, authz.NoSite()
}

// Ask judges an inquiry. It needs a moderator.
func (s *Service) Ask(ctx context.Context, who authz.Actor, site site.Site, in Asked) (Answer, error) {
	if err := who.May(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
		return Hold, err
	}
	now := s.work.Now()
	c := s.draft(site, in, now)
	row := Row{Site: site.ID, Hash: s.hash(c), Print: campaign.PrintOf(c), Times: 1, At: now}
	found, err := s.rules.Look(ctx, site.ID, c)
	if err != nil {
		return Hold, fmt.Errorf("ask: %w", err)
	}
	judged := s.judge.Judge(ctx, c)
	alike, err := s.alike.Alike(ctx, c)
	if err != nil {
		return Hold, fmt.Errorf("ask: %w", err)
	}
	var h comment.History
	known, err := s.count(ctx, row, s.submission(row, in), in.Trial || in.Recheck, func(tx Tx) error {
		if h, err = history(tx, c); err != nil {
			return err
		}
		n, err := likeTaught(tx, row)
		alike = max(alike, n)
		return err
	})
	if err != nil {
		return Hold, fmt.Errorf("ask: %w", err)
	}
	c.Submissions = known.Times
	facts := c.Facts(h, found[0])
	facts.Alike = alike
	return answer(comment.VerdictOf(facts, judged, site.Settings.Threshold()), judged), nil
}

// answer says what a verdict means for who shows comments by it. What is likely to be refused for another reason
// than spam waits for a person, for reasons order and suggest, and never act alone.
func answer(v comment.Verdict, j comment.Judged) Answer {
	switch {
	case v.Action == comment.MarkSpam:
		return Spam
	case !j.OK || v.Held() || v.Action == comment.Reject:
		return Hold
	}
	return Publish
}

// count reads the stored inquiry, and counts a new submission of its content. It writes nothing if this submission was
// counted before or recheck is set.
func (s *Service) count(
	ctx context.Context, row Row, submission []byte, recheck bool, read func(Tx) error,
) (known Row, err error) {
	look := func(tx Tx) error {
		known = row
		stored, found, err := recent(tx, row.Site, row.Hash, row.At)
		if err != nil {
			return err
		}
		if found {
			known.Times, known.Label = stored.Times, stored.Label
		}
		if err := read(tx); err != nil || recheck {
			return err
		}
		if _, counted, err := recent(tx, row.Site, submission, row.At); err != nil || counted {
			return err
		}
		if found {
			known.Times++
		}
		if err := tx.PutInquiry(known); err != nil {
			return err
		}
		mark := row
		mark.Hash = submission
		return tx.PutInquiry(mark)
	}
	if recheck {
		err = s.work.View(ctx, look)
	} else {
		err = s.work.Update(ctx, look)
	}
	return known, err
}

// recent returns the row with a hash if it is not older than keptFor.
func recent(tx Tx, site int64, hash []byte, now time.Time) (row Row, found bool, err error) {
	row, err = tx.InquiryByHash(site, hash)
	if errors.Is(err, txn.ErrNotFound) {
		return Row{}, false, nil
	}
	return row, err == nil && now.Sub(row.At) < keptFor, err
}

// likeTaught counts what was taught to be spam and is nearly the same, where that is more than what was taught to be
// none.
func likeTaught(tx Tx, row Row) (int, error) {
	near := 0
	for label, weight := range map[classifier.Label]int{classifier.Spam: 1, classifier.Ham: -1} {
		list, err := tx.Inquiries(row.Site, labelled(label), compared)
		if err != nil {
			return 0, err
		}
		for _, other := range list {
			if row.At.Sub(other.At) < keptFor && row.Print.Like(other.Print) {
				near += weight
			}
		}
	}
	return max(0, near), nil
}

// draft makes a comment of an inquiry, as far as it is judged.
func (s *Service) draft(site site.Site, in Asked, now time.Time) comment.Comment {
	c := comment.Comment{
		ID:          txn.NewID(),
		Site:        site.ID,
		Version:     1,
		Submissions: 1,
		FormAge:     -1,
		Trap:        in.Trap,
		CreatedAt:   now,
	}
	utf8 := func(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
	name := text.First(text.CleanLine(utf8(in.Name)), comment.MaxName)
	email := utf8(in.Email)
	if c.Sign(name, email, "") != nil {
		email = ""
	}
	if c.Sign(name, email, utf8(in.Website)) != nil {
		_ = c.Sign(name, email, "") // it was fit just now
	}
	c.Write(text.First(text.Clean(utf8(in.Body)), comment.MaxLength))
	prefix := text.Prefix(in.Address)
	if c.Name != "" || c.Email != "" {
		c.Writer = s.secret.Hash("writer", site.ID, c.Identity(prefix)...)
	}
	if prefix != "" {
		c.Address = s.secret.Hash("address", site.ID, prefix)
	}
	return c
}

// hash is what an inquiry is known again by: who wrote what.
func (s *Service) hash(c comment.Comment) []byte {
	return s.secret.Hash("inquiry", c.Site, text.Fold(c.Name), text.AddressOf(c.Email).String(), c.Website, text.Fold(c.Source))
}

// submission returns the hash by which a submission of the row's content is recognised: its page and date. Without a
// date the same address on the same page is the same submission.
func (s *Service) submission(row Row, in Asked) []byte {
	written := in.Written
	if written == "" {
		written = in.Address.String()
	}
	return s.secret.Hash("submission", row.Site, string(row.Hash), in.Page, written)
}

// history is what the site knows of c's writer.
func history(tx Tx, c comment.Comment) (comment.History, error) {
	if c.Writer == nil {
		return comment.History{}, nil
	}
	known, err := tx.Records(c.Site, [][]byte{c.Writer})
	if err != nil {
		return comment.History{}, fmt.Errorf("read the writer's history: %w", err)
	}
	return known[string(c.Writer)], nil
}
