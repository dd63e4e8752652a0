package evaluation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

const (
	maxWeeks         = 53
	maxDisagreements = 10
)

// Service measures the classifiers of sites. It changes nothing and is safe for concurrent use.
type Service struct{ work txn.Work[Tx] }

// New returns a Service of process p.
func New(p *txn.Process, store txn.Store[Tx]) *Service { return &Service{txn.NewWork(p, store)} }

// Tx is the part of a transaction that Service needs.
type Tx interface {
	auditlog.Tx
	Log

	// CountQueue counts the comments of a view, up to limit.
	CountQueue(sites comment.SiteSet, view comment.View, suspect comment.Threshold, limit int) (int, error)
	// Arrivals returns the newest comments of each state since a time, newest first, at most limit per state.
	Arrivals(site int64, since time.Time, limit int) ([]Arrival, error)
	// FlowEntries returns the newest log entries, newest first, at most limit.
	FlowEntries(site int64, limit int) ([]FlowEntry, error)
	PagesByID(site int64, ids []string) ([]site.Page, error) // unordered; unknown IDs are left out
}

// A QualityRequest asks how good the classifier's predictions were.
type QualityRequest struct {
	Since time.Time // zero: no limit
}

// A Report measures a site's classifier on the site's own decisions. For each comment it uses the decision in effect,
// and the prediction before that was learned. It reads at most the newest 10,000 log entries.
//
// A comment that a policy published counts only once a moderator decides on it. On such a site, mistakes are decided
// more often than correct comments, so the figures are worse than the classifier.
type Report struct {
	Suspect   float64 // the site's threshold
	Tally     Tally
	Decisions int  // number of evaluated comments
	Refused   int  // not measured: refused for a reason other than spam
	Cold      int  // not measured: the classifier had learned too little for a prediction
	Known     int  // excluded: the classifier had learned the comment before it predicted
	Withdrawn int  // excluded: the decisions of the account were withdrawn
	Undone    int  // number of undone decisions, which are skipped
	Capped    bool // older decisions exist that were not read
	From, To  time.Time

	// Filter measures the classifier's own probability at the thresholds 0.5, 0.9, 0.99 and Suspect, ascending, without
	// duplicates.
	Filter Quality
	// Queue measures the verdict's score at Suspect: which comments the queue shows as suspected.
	Queue         Cut
	Disagreements []Case                 // the ten largest errors, the largest first
	Weeks         []Week                 // with the threshold Suspect, oldest first, at most 53
	Reasons       map[comment.Reason]int // refusals by reason
	Followed      map[comment.Action]Share
	Effort        Effort
	Efforts       []Effort // by week, oldest first
}

// Quality measures the site's classifier. It needs a moderator.
func (s *Service) Quality(ctx context.Context, who authz.Actor, site site.Site, in QualityRequest) (Report, error) {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
		return Report{}, err
	}
	var q Report
	err := s.work.View(ctx, func(tx Tx) error {
		past, err := Read(tx, site.ID, in.Since)
		if err != nil {
			return err
		}
		q = measured(past, site.Settings.Threshold())
		if q.Tally, err = Count(tx, site.ID); err != nil {
			return err
		}
		return q.loadNames(tx)
	})
	if err != nil {
		return Report{}, fmt.Errorf("measure the classifier: %w", err)
	}
	return q, nil
}

// measured computes a Report without Tally and names.
func measured(p Decisions, suspect float64) Report {
	q := Report{
		Suspect:   suspect,
		Decisions: len(p.Cases),
		Known:     p.Known,
		Withdrawn: p.Withdrawn,
		Undone:    p.Undone,
		Capped:    p.Capped,
		Reasons:   p.Reasons,
	}
	cuts := []float64{0.5, 0.9, 0.99, suspect}
	slices.Sort(cuts)
	q.Filter = Measure(Samples(p.Cases), slices.Compact(cuts)...)
	q.Queue = CutAt(Scores(p.Cases), suspect)
	q.Weeks = Weeks(p.Cases, suspect, maxWeeks)
	q.Followed, q.Effort, q.Efforts = Followed(p.Cases), EffortOf(p.Cases), EffortByWeek(p.Cases)
	q.Disagreements = Disagreements(p.Cases, maxDisagreements)
	for _, c := range p.Cases {
		switch {
		case c.Action == comment.Reject:
			q.Refused++
		case !c.Warm:
			q.Cold++
		}
	}
	if n := len(p.Cases); n > 0 {
		q.From, q.To = p.Cases[n-1].At, p.Cases[0].At
	}
	return q
}

// loadNames replaces account IDs with names.
func (q *Report) loadNames(tx Tx) error {
	if len(q.Disagreements) == 0 {
		return nil
	}
	ids := make([]string, len(q.Disagreements))
	for i, d := range q.Disagreements {
		ids[i] = d.By
	}
	names, err := auditlog.Names(tx, ids...)
	if err != nil {
		return err
	}
	for i := range q.Disagreements {
		q.Disagreements[i].By = names[q.Disagreements[i].By]
	}
	return nil
}
