// Package report stores readers' reports of comments and commenters' appeals against refusals.
//
// Neither decides anything. A report or an appeal is open until a moderator decides about its comment, whatever the
// decision, and opens again if that decision is undone. Each refusal can be appealed once. A reporter has no account:
// Reporter is a hash of the network of their address and of the comment. It is deleted after 30 days, as is the text
// of a settled report. The report's reason is kept for 430 days for the public statistics. The number of open reports
// per comment is limited.
package report

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// MaxReports limits the stored open reports of a comment. Later reports are accepted but not stored.
const MaxReports = 100

// Limits of texts, in characters.
const (
	MaxDetail = 1_000
	MaxText   = 2_000
)

const (
	// reporterRetention is how long reporters, and the texts of settled reports, are kept.
	reporterRetention = 30 * 24 * time.Hour
	// countRetention is how long settled reports are kept for statistics. It allows two months after a year's end to
	// make the report of that year.
	countRetention = 430 * 24 * time.Hour
)

// Reasons lists the reasons of reports in the order of display.
var Reasons = []comment.Reason{
	comment.ReasonSpam, comment.ReasonHateSpeech, comment.ReasonObscenity, comment.ReasonPersonalAttack,
	comment.ReasonUnlawful, comment.ReasonOther,
}

// A Report is one reader's report of a comment. Reporter is a hash; it and Detail are deleted in time. Settled is the
// sequence number of the decision that answered the report, 0 while it is open.
type Report struct {
	Site     int64
	Comment  string
	ID       string
	Reporter []byte
	Reason   comment.Reason
	Detail   string
	Settled  uint64
	At       time.Time
}

// An Appeal is a commenter's objection to the decision with the sequence number Refusal. Settled is the sequence
// number of the decision that answered the appeal, 0 while it is open.
type Appeal struct {
	Site    int64
	Comment string
	Refusal uint64
	Text    string
	Settled uint64
	At      time.Time
}

// Answer returns "open", "upheld" if the comment is still refused, or "overturned".
func (a Appeal) Answer(c comment.Comment) string {
	switch {
	case a.Settled == 0:
		return "open"
	case c.Refused():
		return "upheld"
	}
	return "overturned"
}

// Tx contains the queries that this package needs.
type Tx interface {
	txn.Tx

	CommentByID(site int64, id string) (comment.Comment, error) // ErrNotFound; in an Update it is locked
	// HasReported reports whether the reporter has a report of the comment, open or settled.
	HasReported(site int64, id string, reporter []byte) (bool, error)
	// AddReport stores an open report of an approved comment, unless the comment has most open reports. It reports
	// false if the reporter has reported the comment before; the transaction must then end.
	AddReport(r Report, most int) (bool, error)
	// AddAppeal stores an open appeal and marks the comment as appealed.
	AddAppeal(a Appeal) error
	// OpenReports returns the open reports of comments, oldest first.
	OpenReports(site int64, comments []string) ([]Report, error)
	Appeals(site int64, comments []string) ([]Appeal, error) // open and settled, oldest first
	// DropReporters deletes, on all sites, the reporters of reports older than before and the texts of those that are
	// settled. It deletes settled reports older than counted.
	DropReporters(before, counted time.Time) error
}

// Service manages reports and appeals. It is safe for concurrent use. Reporters are deleted only while Run is running.
type Service struct {
	work   txn.Work[Tx]
	secret secret.Secret
}

// New returns a Service.
func New(p *txn.Process, store txn.Store[Tx], s secret.Secret) *Service {
	return &Service{work: txn.NewWork(p, store), secret: s}
}

// A NewReport is a report as a reader sends it.
type NewReport struct {
	Reason comment.Reason
	Detail string // optional
	From   netip.Addr
	Key    *txn.IdempotencyKey
}

// Report stores a report of a public comment. It changes nothing else of the comment. A reader can report a comment
// once. After MaxReports, further reports succeed but are not stored. again reports that the request with this
// idempotency key was answered before.
func (s *Service) Report(ctx context.Context, site site.Site, id string, in NewReport) (again bool, err error) {
	if !slices.Contains(Reasons, in.Reason) {
		return false, problem.Field("/reason", "Report for spam, hate_speech, obscenity, personal_attack, unlawful or other.")
	}
	if in.Detail, err = cleanText(in.Detail, "/detail", MaxDetail); err != nil {
		return false, err
	}
	if err := s.work.CheckSpace(); err != nil {
		return false, err
	}
	if !txn.IsID(id) {
		return false, errUnknown()
	}
	r := Report{
		Site:     site.ID,
		Comment:  id,
		ID:       txn.NewID(),
		Reason:   in.Reason,
		Detail:   in.Detail,
		At:       s.work.Now(),
		Reporter: s.secret.Hash("reporter", site.ID, id, text.Networks(in.From)[0]),
	}
	c, repeated, err := s.precheck(ctx, r)
	switch {
	case err != nil:
		return false, err
	case in.Key == nil && repeated:
		return false, errRepeated()
	case !repeated && c.Reports >= MaxReports:
		return false, nil
	}
	_, again, err = txn.Idempotent(ctx, s.work, in.Key, func(tx Tx) (struct{}, error) {
		added, err := tx.AddReport(r, MaxReports)
		if err == nil && !added {
			err = errRepeated()
		}
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, emit(tx, c, r.At)
	})
	if err != nil {
		return false, fmt.Errorf("report: %w", err)
	}
	return again, nil
}

// precheck reads the comment in a read-only transaction, so that requests which store nothing take no write lock.
// repeated reports that the reader has reported the comment before.
func (s *Service) precheck(ctx context.Context, r Report) (c comment.Comment, repeated bool, err error) {
	err = s.work.View(ctx, func(tx Tx) (err error) {
		if c, err = tx.CommentByID(r.Site, r.Comment); err == nil {
			repeated, err = tx.HasReported(r.Site, r.Comment, r.Reporter)
		}
		return err
	})
	if errors.Is(err, txn.ErrNotFound) || err == nil && !c.IsPublic() {
		return c, false, errUnknown()
	}
	if err != nil {
		return c, false, fmt.Errorf("read comment: %w", err)
	}
	return c, repeated, nil
}

// A NewAppeal is an appeal as a commenter sends it. Token is the comment's edit token.
type NewAppeal struct {
	Token string
	Text  string
	Key   *txn.IdempotencyKey
}

// Appeal stores an appeal against the refusal of a comment. Each refusal can be appealed once. A decision that upholds
// a refusal is the answer to the appeal, and cannot be appealed. again reports that the request with this idempotency
// key was answered before.
func (s *Service) Appeal(ctx context.Context, site site.Site, id string, in NewAppeal) (again bool, err error) {
	if in.Token == "" {
		return false, problem.SignIn()
	}
	if !txn.IsID(id) || !s.secret.IsEditToken(site.ID, site.EditEpoch, id, in.Token) {
		return false, errUnknown()
	}
	if in.Text, err = cleanText(in.Text, "/text", MaxText); err != nil {
		return false, err
	}
	if !text.Visible(in.Text) {
		return false, problem.Field("/text", "Say why the decision should be reviewed.")
	}
	if err := s.work.CheckSpace(); err != nil {
		return false, err
	}
	at := s.work.Now()
	_, again, err = txn.Idempotent(ctx, s.work, in.Key, func(tx Tx) (struct{}, error) {
		c, err := tx.CommentByID(site.ID, id)
		if errors.Is(err, txn.ErrNotFound) || err == nil && c.State == comment.Removed {
			return struct{}{}, errUnknown()
		}
		if err != nil {
			return struct{}{}, err
		}
		if !c.Refused() || c.Standing == 0 {
			return struct{}{}, problem.Field("/text", "Only a refused comment can be appealed.")
		}
		before, err := tx.Appeals(site.ID, []string{id})
		if err != nil {
			return struct{}{}, err
		}
		if _, is := CurrentAppeal(before, c); is {
			return struct{}{}, problem.Wrong("appeal.repeated", "", "A second look at this refusal was asked for already.")
		}
		if err := tx.AddAppeal(Appeal{Site: site.ID, Comment: id, Refusal: c.Standing, Text: in.Text, At: at}); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, emit(tx, c, at)
	})
	if err != nil {
		return false, fmt.Errorf("appeal: %w", err)
	}
	return again, nil
}

// CurrentAppeal returns the appeal against the comment's current decision, or the appeal that this decision answered.
func CurrentAppeal(all []Appeal, c comment.Comment) (Appeal, bool) {
	i := slices.IndexFunc(all, func(a Appeal) bool {
		return c.Standing != 0 && (a.Refusal == c.Standing || a.Settled == c.Standing)
	})
	if i < 0 {
		return Appeal{}, false
	}
	return all[i], true
}

// FindAppeal returns the CurrentAppeal of a comment, if there is one. The caller must have checked the comment's edit
// token.
func (s *Service) FindAppeal(ctx context.Context, c comment.Comment) (a Appeal, is bool, err error) {
	if c.Standing == 0 {
		return a, false, nil
	}
	err = s.work.View(ctx, func(tx Tx) error {
		all, err := tx.Appeals(c.Site, []string{c.ID})
		a, is = CurrentAppeal(all, c)
		return err
	})
	if err != nil {
		return a, false, fmt.Errorf("read appeals: %w", err)
	}
	return a, is, nil
}

// Open holds the open reports of a comment, oldest first, and its open appeal.
type Open struct {
	Reports []Report
	Appeal  *Appeal
}

// OpenByComment returns the open reports and appeals of comments, by comment ID. Comments without any are left out.
// The caller must have checked that the actor may see them.
func (s *Service) OpenByComment(ctx context.Context, site int64, list []comment.Comment) (map[string]Open, error) {
	var ids []string
	for _, c := range list {
		if c.Reports > 0 || c.Appealed() {
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	against := make(map[string]Open, len(ids))
	err := s.work.View(ctx, func(tx Tx) error {
		reports, err := tx.OpenReports(site, ids)
		if err != nil {
			return err
		}
		for _, r := range reports {
			o := against[r.Comment]
			o.Reports = append(o.Reports, r)
			against[r.Comment] = o
		}
		appeals, err := tx.Appeals(site, ids)
		for _, a := range appeals {
			if a.Settled == 0 {
				o := against[a.Comment]
				o.Appeal = &a
				against[a.Comment] = o
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read reports: %w", err)
	}
	return against, nil
}

// Run deletes old reporters and reports until ctx ends. Then it returns nil.
func (s *Service) Run(ctx context.Context) error {
	s.work.Sweep(ctx, "reporters", func(ctx context.Context) error {
		now := s.work.Now()
		return s.work.Update(ctx, func(tx Tx) error {
			return tx.DropReporters(now.Add(-reporterRetention), now.Add(-countRetention))
		})
	})
	return nil
}

func emit(tx Tx, c comment.Comment, at time.Time) error {
	return tx.Emit(event.Event{Site: c.Site, Kind: event.Reported, Page: c.Page, Comment: c.ID, At: at})
}

// cleanText validates and cleans a text of at most most characters.
func cleanText(said, field string, most int) (string, error) {
	if !utf8.ValidString(said) || utf8.RuneCountInString(said) > most {
		return "", problem.Field(field, fmt.Sprintf("This text has at most %d characters.", most))
	}
	return text.Clean(said), nil
}

func errRepeated() error {
	return problem.Wrong("report.repeated", "", "You reported this comment already. A moderator reads it.")
}

func errUnknown() error {
	return problem.Missing("comment.unknown", "There is no such comment, or it is not yours to see.")
}

// A Count is the number of reports with a reason.
type Count struct {
	Reason comment.Reason
	N      int
}

// Reasons counts the open reports by reason, the most frequent first.
func (o Open) Reasons() []Count {
	var counts []Count
	for _, reason := range Reasons {
		n := 0
		for _, r := range o.Reports {
			if r.Reason == reason {
				n++
			}
		}
		if n > 0 {
			counts = append(counts, Count{reason, n})
		}
	}
	slices.SortStableFunc(counts, func(a, b Count) int { return b.N - a.N })
	return counts
}

// maxDetails limits the texts of reports that Details returns.
const maxDetails = 5

// Details returns the newest open reports with a text.
func (o Open) Details() (said []Report) {
	for _, r := range slices.Backward(o.Reports) {
		if r.Detail != "" && len(said) < maxDetails {
			said = append(said, r)
		}
	}
	return said
}
