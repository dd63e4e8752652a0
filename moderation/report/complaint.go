// Package report is what is said against comments and decisions: readers report what they see, and the writer of
// what was refused asks, once for each refusal, for a second look.
//
// Neither decides anything: a complaint stands until a moderator decides about its comment, whatever they decide, and
// stands again when that decision is undone. A reader has no account: who reported is known by a hash of their
// address and of the comment, which is dropped after thirty days, as is what they said once it was answered. That there
// was a report, and what for, is kept for the figures of a year. However many report a comment, no more than a bounded
// number of reports is kept of it.
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

// MostReports is how many open reports of a comment are kept: what comes then is thanked for, and adds nothing.
const MostReports = 100

// A report and an appeal have at most so many characters.
const (
	MaxDetail = 1_000
	MaxText   = 2_000
)

const (
	// keptFor is how long it is known who reported, and what a settled report said.
	keptFor = 30 * 24 * time.Hour
	// countedFor is how long a settled report is counted: a report on a year is made within two months of its end.
	countedFor = 430 * 24 * time.Hour
)

// Reasons are those for which a comment is reported, in the order in which they are listed.
var Reasons = []comment.Reason{
	comment.ReasonSpam, comment.ReasonHateSpeech, comment.ReasonObscenity, comment.ReasonPersonalAttack,
	comment.ReasonUnlawful, comment.ReasonOther,
}

// A Report is what one reader says against a comment. Reporter is a hash; it and Detail are dropped in time.
// Settled is the seq of the decision that answered it, 0 while it is open.
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

// An Appeal is what a writer says against the decision of seq Refusal. Settled is the seq of the decision that
// answered it, 0 while it is open.
type Appeal struct {
	Site    int64
	Comment string
	Refusal uint64
	Text    string
	Settled uint64
	At      time.Time
}

// Tx is what the room asks of a transaction.
type Tx interface {
	txn.Tx

	CommentByID(site int64, id string) (comment.Comment, error) // ErrNotFound; in an Update it is locked
	// HasReported reports whether a report by somebody stands, settled or not.
	HasReported(site int64, id string, reporter []byte) (bool, error)
	// AddReport stores an open report of an approved comment, unless that has most of them. It reports false, and
	// the transaction must end, where one by this reporter stands.
	AddReport(r Report, most int) (bool, error)
	// AddAppeal stores an open appeal and says so on the comment.
	AddAppeal(a Appeal) error
	// OpenReports returns what is open against comments, oldest first.
	OpenReports(site int64, comments []string) ([]Report, error)
	Appeals(site int64, comments []string) ([]Appeal, error) // open and settled, oldest first
	// DropReporters forgets, on all sites, who reported before a time, and what the reports from then say that are
	// settled; those from before counted are forgotten wholly.
	DropReporters(before, counted time.Time) error
}

// Service keeps complaints. It is safe for concurrent use. Run must be running for reporters to be forgotten.
type Service struct {
	work   txn.Work[Tx]
	secret secret.Secret
}

// New returns a Service.
func New(p *txn.Process, store txn.Store[Tx], s secret.Secret) *Service {
	return &Service{work: txn.NewWork(p, store), secret: s}
}

// A Charge is what a reader says against a comment.
type Charge struct {
	Reason comment.Reason
	Detail string // optional
	From   netip.Addr
	Key    *txn.Key
}

// Report has a moderator look at a comment that everybody sees, and changes nothing of it. A reader reports a comment
// once; whoever comes after MostReports others is heard, but not kept. again says that the POST of the key was
// answered before.
func (s *Service) Report(ctx context.Context, site site.Site, id string, in Charge) (again bool, err error) {
	if !slices.Contains(Reasons, in.Reason) {
		return false, problem.Field("/reason", "Report for spam, hate_speech, obscenity, personal_attack, unlawful or other.")
	}
	if in.Detail, err = checked(in.Detail, "/detail", MaxDetail); err != nil {
		return false, err
	}
	if err := s.work.Room(); err != nil {
		return false, err
	}
	if !txn.IsID(id) {
		return false, unknown()
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
	c, repeated, err := s.look(ctx, r)
	switch {
	case err != nil:
		return false, err
	case in.Key == nil && repeated:
		return false, reported()
	case !repeated && c.Reports >= MostReports:
		return false, nil
	}
	_, again, err = txn.Answered(ctx, s.work, in.Key, func(tx Tx) (struct{}, error) {
		added, err := tx.AddReport(r, MostReports)
		if err == nil && !added {
			err = reported()
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

// look reads what a report is about before anything is written: of those that change nothing none waits for another.
func (s *Service) look(ctx context.Context, r Report) (c comment.Comment, repeated bool, err error) {
	err = s.work.View(ctx, func(tx Tx) (err error) {
		if c, err = tx.CommentByID(r.Site, r.Comment); err == nil {
			repeated, err = tx.HasReported(r.Site, r.Comment, r.Reporter)
		}
		return err
	})
	if errors.Is(err, txn.ErrNotFound) || err == nil && !c.IsPublic() {
		return c, false, unknown()
	}
	if err != nil {
		return c, false, fmt.Errorf("read comment: %w", err)
	}
	return c, repeated, nil
}

// A Plea is what a writer says against a refusal, with the edit token that proves who they are.
type Plea struct {
	Token string
	Text  string
	Key   *txn.Key
}

// Appeal asks for a second look at a comment that was refused, once for each refusal: a decision that keeps it refused
// is the answer, and is not appealed itself. again says that the POST of the key was answered before.
func (s *Service) Appeal(ctx context.Context, site site.Site, id string, in Plea) (again bool, err error) {
	if in.Token == "" {
		return false, problem.SignIn()
	}
	if !txn.IsID(id) || !s.secret.IsEditToken(site.ID, site.EditEpoch, id, in.Token) {
		return false, unknown()
	}
	if in.Text, err = checked(in.Text, "/text", MaxText); err != nil {
		return false, err
	}
	if !text.Visible(in.Text) {
		return false, problem.Field("/text", "Say why the comment should be looked at again.")
	}
	if err := s.work.Room(); err != nil {
		return false, err
	}
	at := s.work.Now()
	_, again, err = txn.Answered(ctx, s.work, in.Key, func(tx Tx) (struct{}, error) {
		c, err := tx.CommentByID(site.ID, id)
		if errors.Is(err, txn.ErrNotFound) || err == nil && c.State == comment.Removed {
			return struct{}{}, unknown()
		}
		if err != nil {
			return struct{}{}, err
		}
		if !c.Refused() || c.Standing == 0 {
			return struct{}{}, problem.Field("/text", "Only a comment that was refused is looked at a second time.")
		}
		before, err := tx.Appeals(site.ID, []string{id})
		if err != nil {
			return struct{}{}, err
		}
		if _, is := Current(before, c); is {
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

// Current is the appeal against the decision by which a comment stands where it stands, or that this decision
// answered.
func Current(all []Appeal, c comment.Comment) (Appeal, bool) {
	i := slices.IndexFunc(all, func(a Appeal) bool {
		return c.Standing != 0 && (a.Refusal == c.Standing || a.Settled == c.Standing)
	})
	if i < 0 {
		return Appeal{}, false
	}
	return all[i], true
}

// Appealed returns a writer's appeal against the refusal of their comment, or the one that was answered by the
// decision that stands; false: there is none. Who asks has proved to be the writer.
func (s *Service) Appealed(ctx context.Context, c comment.Comment) (a Appeal, is bool, err error) {
	if c.Standing == 0 {
		return a, false, nil
	}
	err = s.work.View(ctx, func(tx Tx) error {
		all, err := tx.Appeals(c.Site, []string{c.ID})
		a, is = Current(all, c)
		return err
	})
	if err != nil {
		return a, false, fmt.Errorf("read appeals: %w", err)
	}
	return a, is, nil
}

// Open is what is open against a comment: reports, oldest first, and an appeal against its refusal.
type Open struct {
	Reports []Report
	Appeal  *Appeal
}

// Against returns what is open against those of some comments that anything is, by their ids. Who asks may see it.
func (s *Service) Against(ctx context.Context, site int64, list []comment.Comment) (map[string]Open, error) {
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
		return nil, fmt.Errorf("read complaints: %w", err)
	}
	return against, nil
}

// Run forgets who reported, and what the settled reports say, until ctx ends. It returns nil when ctx ends.
func (s *Service) Run(ctx context.Context) error {
	s.work.Sweep(ctx, "reporters", func(ctx context.Context) error {
		now := s.work.Now()
		return s.work.Update(ctx, func(tx Tx) error {
			return tx.DropReporters(now.Add(-keptFor), now.Add(-countedFor))
		})
	})
	return nil
}

func emit(tx Tx, c comment.Comment, at time.Time) error {
	return tx.Emit(event.Event{Site: c.Site, Kind: event.Complaint, Page: c.Page, Comment: c.ID, At: at})
}

// checked is a stranger's text as it is kept.
func checked(said, field string, most int) (string, error) {
	if !utf8.ValidString(said) || utf8.RuneCountInString(said) > most {
		return "", problem.Field(field, fmt.Sprintf("This is text of at most %d characters.", most))
	}
	return text.Clean(said), nil
}

func reported() error {
	return problem.Wrong("report.repeated", "", "You reported this comment already. A moderator reads it.")
}

func unknown() error {
	return problem.Missing("comment.unknown", "There is no such comment, or it is not yours to see.")
}

// A Count is how many reports have a reason.
type Count struct {
	Reason comment.Reason
	N      int
}

// Reasons counts the open reports by their reasons, the most frequent first.
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

// shownDetails is how many readers are quoted where reports stand together.
const shownDetails = 5

// Details are what the newest reports say besides their reason.
func (o Open) Details() (said []Report) {
	for _, r := range slices.Backward(o.Reports) {
		if r.Detail != "" && len(said) < shownDetails {
			said = append(said, r)
		}
	}
	return said
}
