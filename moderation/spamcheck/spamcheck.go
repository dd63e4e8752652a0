// Package spamcheck checks comments of other programs for spam, scores them for reasons of refusal, and lets these
// programs teach the filter.
//
// A checked comment is judged by the same model, rules and blocks as one that is posted here, but is not stored. For
// fifteen days the package stores a keyed hash of its content, its fingerprint, and a keyed hash of the submission.
// With these it recognises the same content and near-duplicates. Programs may check one submission several times; it
// is counted once. A lesson is an entry of the site's log by the teaching account. It is withdrawn, retired and
// erased like any other. Invariants: a checked comment appears in no queue and is shown to no person. A content has
// one label: the last one taught.
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
	// retention is how long hashes and fingerprints are stored: as long as the calling programs keep their spam.
	retention = 15 * 24 * time.Hour
	// maxCompared limits how many of the newest rows of a label a comment is compared with.
	maxCompared = 200
)

// A Request is a comment of another program. Its texts are UTF-8. Values that are too long or invalid are cut off or
// left out, so that every comment is judged.
type Request struct {
	Name, Email, Website string
	Body                 string
	Address              netip.Addr // zero: unknown
	Trap                 bool       // the honeypot was filled
	Test                 bool       // a test: nothing is stored or taught

	// Page and Written are the permalink and the date of the comment as the program writes them, or "". They
	// distinguish submissions of the same content.
	Page, Written string
	Recheck       bool // the program says that it checked this submission before
}

// An Answer is the result of a check.
type Answer uint8

// The answers. The zero Answer is the safe one.
const (
	Hold    Answer = iota // needs a person: no verdict, a rule holds it, or it may be hateful
	Publish               // nothing speaks against it
	Spam
)

// A Row is the stored part of a checked comment. A second Row, with the hash of the submission and without a label,
// marks a submission that was counted.
type Row struct {
	Site  int64
	Hash  []byte
	Print campaign.Print
	Times int // number of submissions of the content
	Label int // 0: neither spam nor ham was taught; otherwise a classifier.Label plus one
	At    time.Time
}

// storedLabel returns the Row.Label of a classifier label. Only spam and ham are compared with near-duplicates.
func storedLabel(l classifier.Label) int {
	if l != classifier.Spam && l != classifier.Ham {
		return 0
	}
	return int(l) + 1
}

// Tx is the transaction that checks need.
type Tx interface {
	auditlog.Tx

	Records(site int64, writers [][]byte) (map[string]comment.History, error)
	// SpamCheckByHash returns the row with a hash, or ErrNotFound.
	SpamCheckByHash(site int64, hash []byte) (Row, error)
	PutSpamCheck(r Row) error
	// SpamChecks returns the rows with a label, newest first.
	SpamChecks(site int64, label int, limit int) ([]Row, error)
	// PruneSpamChecks deletes rows older than before.
	PruneSpamChecks(before time.Time) error
}

// A Judge scores a comment with a site's model. learning.Models implements it.
type Judge interface {
	Judge(ctx context.Context, c comment.Comment) comment.Prediction
	// OwnLessons returns the number of lessons of each label that were taught on the site itself.
	OwnLessons(ctx context.Context, site int64) ([5]int, error)
}

// Rules evaluates a site's rules and blocks. rules.Service implements it.
type Rules interface {
	Find(ctx context.Context, site int64, comments ...comment.Comment) ([]comment.Findings, error)
}

// Campaigns counts refused near-duplicates. campaign.Service implements it.
type Campaigns interface {
	RefusedDuplicates(ctx context.Context, c comment.Comment) (refused int, err error)
}

// Options of a Service; all of them are required.
type Options struct {
	Process   *txn.Process
	Store     txn.Store[Tx]
	Secret    secret.Secret
	Judge     Judge
	Rules     Rules
	Campaigns Campaigns
}

// Service checks comments and teaches the filter. It is safe for concurrent use.
type Service struct {
	work      txn.Work[Tx]
	log       *slog.Logger
	secret    secret.Secret
	judge     Judge
	rules     Rules
	campaigns Campaigns
}

// New returns a Service.
func New(o Options) *Service {
	return &Service{work: txn.NewWork(o.Process, o.Store), log: o.Process.Logger(), secret: o.Secret, judge: o.Judge,
		rules: o.Rules, campaigns: o.Campaigns}
}

// Run deletes old rows until ctx ends. It returns nil when ctx ends.
func (s *Service) Run(ctx context.Context) error {
	s.work.Sweep(ctx, "inquiries", func(ctx context.Context) error {
		before := s.work.Now().Add(-retention)
		if err := s.work.Update(ctx, func(tx Tx) error { return tx.PruneSpamChecks(before) }); err != nil {
			return fmt.Errorf("delete old spam checks: %w", err)
		}
		return nil
	})
	return nil
}

// SiteForCheck returns the site that a check is for: the caller's only site, or else the one with the origin of the
// URL blog. It needs a moderator of that site. Without a matching site it returns authz.NoSite.
func (s *Service) SiteForCheck(ctx context.Context, who authz.Actor, blog string) (site.Site, error) {
	sites, err := s.work.Sites(ctx, who)
	if err != nil {
		return site.Site{}, err
	}
	if len(sites) == 1 {
		return sites[0], who.Authorize(sites[0].ID, authz.Moderator, authz.ScopeRead)
	}
	page, ok := text.ParseWebURL(blog)
	for _, site := range sites {
		for _, origin := range site.Origins {
			if ok && origin == page.Origin {
				return site, who.Authorize(site.ID, authz.Moderator, authz.ScopeRead)
			}
		}
	}
	return site.Site{}, authz.NoSite()
}

// CheckComment judges a comment. It needs a moderator.
func (s *Service) CheckComment(ctx context.Context, who authz.Actor, site site.Site, in Request) (Answer, error) {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
		return Hold, err
	}
	now := s.work.Now()
	c := s.draft(site, in, now)
	row := Row{Site: site.ID, Hash: s.contentHash(c), Print: campaign.PrintOf(c), Times: 1, At: now}
	found, err := s.rules.Find(ctx, site.ID, c)
	if err != nil {
		return Hold, fmt.Errorf("check a comment: %w", err)
	}
	judged := s.judge.Judge(ctx, c)
	alike, err := s.campaigns.RefusedDuplicates(ctx, c)
	if err != nil {
		return Hold, fmt.Errorf("check a comment: %w", err)
	}
	var h comment.History
	known, err := s.count(ctx, row, s.submissionHash(row, in), in.Test || in.Recheck, func(tx Tx) error {
		if h, err = history(tx, c); err != nil {
			return err
		}
		n, err := similarSpam(tx, row)
		alike = max(alike, n)
		return err
	})
	if err != nil {
		return Hold, fmt.Errorf("check a comment: %w", err)
	}
	c.Submissions = known.Times
	facts := c.Facts(h, found[0])
	facts.Alike = alike
	return answer(comment.VerdictOf(facts, judged, site.Settings.Threshold()), judged), nil
}

// answer maps a verdict to an Answer. A suggested rejection for another reason than spam is Hold, because reasons
// only order and suggest.
func answer(v comment.Verdict, j comment.Prediction) Answer {
	switch {
	case v.Action == comment.MarkSpam:
		return Spam
	case !j.OK || v.Held() || v.Action == comment.Reject:
		return Hold
	}
	return Publish
}

// count reads the stored row and counts a new submission of its content. It writes nothing if this submission was
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
		if err := tx.PutSpamCheck(known); err != nil {
			return err
		}
		mark := row
		mark.Hash = submission
		return tx.PutSpamCheck(mark)
	}
	if recheck {
		err = s.work.View(ctx, look)
	} else {
		err = s.work.Update(ctx, look)
	}
	return known, err
}

// recent returns the row with a hash if it is younger than the retention.
func recent(tx Tx, site int64, hash []byte, now time.Time) (row Row, found bool, err error) {
	row, err = tx.SpamCheckByHash(site, hash)
	if errors.Is(err, txn.ErrNotFound) {
		return Row{}, false, nil
	}
	return row, err == nil && now.Sub(row.At) < retention, err
}

// similarSpam returns the number of near-duplicates taught as spam minus those taught as ham, and 0 if that is
// negative.
func similarSpam(tx Tx, row Row) (int, error) {
	near := 0
	for label, weight := range map[classifier.Label]int{classifier.Spam: 1, classifier.Ham: -1} {
		list, err := tx.SpamChecks(row.Site, storedLabel(label), maxCompared)
		if err != nil {
			return 0, err
		}
		for _, other := range list {
			if row.At.Sub(other.At) < retention && row.Print.NearDuplicate(other.Print) {
				near += weight
			}
		}
	}
	return max(0, near), nil
}

// draft returns the comment to be judged.
func (s *Service) draft(site site.Site, in Request, now time.Time) comment.Comment {
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
		_ = c.Sign(name, email, "") // it was valid a moment ago
	}
	c.Write(text.First(text.Clean(utf8(in.Body)), comment.MaxLength))
	prefix := text.Network(in.Address)
	if c.Name != "" || c.Email != "" {
		c.Writer = s.secret.Hash("writer", site.ID, c.Identity(prefix)...)
	}
	if prefix != "" {
		c.Address = s.secret.Hash("address", site.ID, prefix)
	}
	return c
}

// contentHash identifies content: the hash of name, e-mail, website and text.
func (s *Service) contentHash(c comment.Comment) []byte {
	return s.secret.Hash("inquiry", c.Site, text.Fold(c.Name), text.AddressOf(c.Email).String(), c.Website, text.Fold(c.Source))
}

// submissionHash identifies a submission of the row's content by its page and date. Without a date it uses the
// address instead.
func (s *Service) submissionHash(row Row, in Request) []byte {
	written := in.Written
	if written == "" {
		written = in.Address.String()
	}
	return s.secret.Hash("submission", row.Site, string(row.Hash), in.Page, written)
}

// history returns what the site knows about c's writer.
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
