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

// Service measures the filter of a site. It changes nothing and is safe for concurrent use.
type Service struct{ work txn.Work[Tx] }

// New returns the Service of a process.
func New(p *txn.Process, store txn.Store[Tx]) *Service { return &Service{txn.NewWork(p, store)} }

// Tx reads what a Service measures.
type Tx interface {
	auditlog.Tx
	Log

	// CountQueue counts a view, at most up to limit.
	CountQueue(site int64, view comment.View, suspect float64, limit int) (int, error)
	// Arrivals returns of each state the newest comments since a time, at most limit of each, the newest first.
	Arrivals(site int64, since time.Time, limit int) ([]Arrival, error)
	// Ruled returns the newest entries of the log, at most limit, the newest first.
	Ruled(site int64, limit int) ([]Ruled, error)
	PagesByID(site int64, ids []string) ([]site.Page, error) // in any order; unknown ids are left out
}

// A QualityRequest asks how well the filter did.
type QualityRequest struct {
	Since time.Time // zero: as far back as is looked
}

// A Report is how well a site's filter did on the site's own decisions: of each comment the
// last decision that stands, and what was said of it before that was learned. At most the
// newest 10,000 entries of the log are looked at. What a policy published by itself counts only
// once somebody decided it: on such a site the mistakes are decided rather than the rest, and the
// figures are worse than the filter.
type Report struct {
	Suspect   float64 // the site's threshold
	Tally     Tally
	Decisions int  // comments whose decision was looked at
	Refused   int  // of them refused for another reason than spam: not measured
	Cold      int  // of them judged when the filter had nothing to say: not measured
	Known     int  // left out: the filter had been taught the comment already when it judged it
	Withdrawn int  // left out: their account's decisions were withdrawn
	Undone    int  // decisions passed over because they were taken back
	Capped    bool // there are older ones that were not looked at
	From, To  time.Time

	// Filter measures the classifier's own probability; its cuts are at 0.5, 0.9, 0.99 and
	// Suspect, ascending, each once.
	Filter Quality
	// Queue is the whole verdict's score at Suspect: what the queue calls suspected.
	Queue         Cut
	Disagreements []Case                 // the ten largest, the surest first
	Weeks         []Week                 // at Suspect, oldest first, at most 53
	Reasons       map[comment.Reason]int // refusals by reason
	Followed      map[comment.Action]Share
	Effort        Effort
}

// Quality says how well the filter did. It needs a moderator.
func (s *Service) Quality(ctx context.Context, who authz.Actor, site site.Site, in QualityRequest) (Report, error) {
	if err := who.May(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
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
		return q.name(tx)
	})
	if err != nil {
		return Report{}, fmt.Errorf("measure the filter: %w", err)
	}
	return q, nil
}

// measured is how well the filter did on a past.
func measured(p Past, suspect float64) Report {
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
	q.Followed, q.Effort = Followed(p.Cases), EffortOf(p.Cases)
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

// name puts names where the ids of accounts stand.
func (q *Report) name(tx Tx) error {
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
