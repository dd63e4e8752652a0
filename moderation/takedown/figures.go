package takedown

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

const (
	mostDays   = 366
	mostWaits  = 2_000       // decided comments whose waiting is looked at
	figuresFor = time.Minute // figures may be so old
	mostKept   = 100         // figures of so many times are kept
)

// A Period is a time that figures are about: from the beginning of a day of UTC to the end of another. A zero From
// is the first day of the year of To; a zero To, and one that is to come, is now.
type Period struct{ From, To time.Time }

// bounds are the times from which on and before which p is at a time.
func (p Period) bounds(now time.Time) (from, to time.Time, err error) {
	from, to = p.From, p.To.AddDate(0, 0, 1)
	if p.To.IsZero() || to.After(now) {
		to = now.Add(time.Microsecond) // what has just come is in
	}
	if from.IsZero() {
		from = time.Date(to.UTC().Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	}
	switch {
	case !from.Before(to):
		return from, to, problem.Query("from", "Figures are of a time that has begun, and ends after it began.")
	case to.Sub(from) > mostDays*24*time.Hour:
		return from, to, problem.Query("from", fmt.Sprintf("Ask for at most %d days at a time.", mostDays))
	}
	return from, to, nil
}

// Figures are what a site says in public of the comments that came in from From on and before To, as they stood
// at At. Received are all of them: published, refused, taken back by their writers, or waiting.
type Figures struct {
	From, To, At                          time.Time
	Received, Published, Removed, Waiting int
	Refused                               map[comment.Reason]int
	Suspected                             int // the program took them for spam, whatever became of them
	ByItself                              int // published by the site's setting, without a person
	Wait                                  Wait
	Appeals                               Outcomes // of the appeals that came in
	Answer                                Wait     // of these, for their answers
	Notices                               Notices
	ByReason                              map[comment.Reason]Outcomes
	Sealed                                int // demands entered of which nothing more is told
	Head                                  auditlog.Head
	Last                                  time.Time // of the log's newest entry; zero: there is none
}

// A Wait is how long comments waited for the decision that stands, or appeals for theirs: half of them at most Median,
// nine in ten at most Ninety. Of are the newest that were decided, 2,000 at most; of none it is empty.
type Wait struct {
	Of             int
	Median, Ninety time.Duration
}

// Notices are the reports of readers that came in and say that a comment is unlawful, about so many comments, and how
// many comments were refused for it, as unlawful or by its own rules. Action is how long readers of these waited.
type Notices struct {
	Received, Comments, Law, Terms int
	Action                         Wait
}

// A Noticed is how many reports, about so many comments, a decision to a state for a reason has answered; To is 0 of
// those that none has.
type Noticed struct {
	To          comment.State
	Reason      comment.Reason
	N, Comments int
}

// Outcomes are what appeals came to.
type Outcomes struct{ Received, Overturned, Upheld, Open int }

func (o *Outcomes) add(a Appealed) {
	o.Received += a.N
	switch {
	case !a.Settled || a.To == comment.Pending:
		o.Open += a.N
	case a.To == comment.Approved:
		o.Overturned += a.N
	default:
		o.Upheld += a.N
	}
}

// A Waited is when a comment or an appeal came and when it was decided.
type Waited struct{ Came, Decided time.Time }

// An Appealed is how many appeals against refusals for a reason led to a state, or to nothing yet.
type Appealed struct {
	Reason  comment.Reason
	Settled bool
	To      comment.State
	N       int
}

// registered is what the room's figures are made of.
type registered interface {
	// ReceivedIn counts a site's comments that came from a time on and before another, by their states. RefusedIn does
	// so by the reasons of what was refused and is no spam, ExpiredIn of what was refused and is kept no longer, and so
	// is counted as removed; SuspectedIn what the program takes or took for spam;
	// UndecidedIn what readers see though nobody decided on it.
	ReceivedIn(site int64, from, to time.Time) (map[comment.State]int, error)
	RefusedIn(site int64, from, to time.Time) (map[comment.Reason]int, error)
	ExpiredIn(site int64, from, to time.Time) (map[comment.Reason]int, error)
	SuspectedIn(site int64, from, to time.Time) (int, error)
	UndecidedIn(site int64, from, to time.Time) (int, error)
	// WaitsIn returns the newest of those that were decided on here, newest first.
	WaitsIn(site int64, from, to time.Time, limit int) ([]Waited, error)
	AppealsIn(site int64, from, to time.Time) ([]Appealed, error)
	// AnsweredIn returns when the newest of them that were answered came, and were answered; newest first.
	AnsweredIn(site int64, from, to time.Time, limit int) ([]Waited, error)
	// NoticesIn counts the reports for a reason. ActedIn returns when the newest of them came that a refusal has answered,
	// and when it did; newest first.
	NoticesIn(site int64, about comment.Reason, from, to time.Time) ([]Noticed, error)
	ActedIn(site int64, about comment.Reason, from, to time.Time, limit int) ([]Waited, error)
	// OpenTakedowns returns the demands that were entered from a time on and before another and are not sealed, newest
	// first, from before an entry of the log; 0: from the newest. SealedTakedowns counts the others.
	OpenTakedowns(site int64, from, to time.Time, before uint64, limit int) ([]Demand, error)
	SealedTakedowns(site int64, from, to time.Time) (int, error)
}

// Figures counts what a site says in public of a time, of 366 days at most. They may be a minute old: however many
// ask, they are counted once a minute, and in a process one after another.
func (s *Service) Figures(ctx context.Context, site site.Site, in Period) (Figures, error) {
	now := s.work.Now()
	from, to, err := in.bounds(now)
	if err != nil {
		return Figures{}, err
	}
	select {
	case s.counting <- struct{}{}:
		defer func() { <-s.counting }()
	case <-ctx.Done():
		return Figures{}, problem.TryAgain(ctx.Err())
	}
	of := counted{site.ID, in}
	if f, is := s.figures[of]; is && now.Sub(f.At) < figuresFor && !now.Before(f.At) {
		return f, nil
	}
	f := Figures{From: from, To: to, At: now}
	if err := s.work.View(ctx, func(tx Tx) error { return f.count(tx, site.ID) }); err != nil {
		return Figures{}, fmt.Errorf("count figures: %w", err)
	}
	if len(s.figures) >= mostKept {
		clear(s.figures)
	}
	s.figures[of] = f
	return f, nil
}

// A counted is what figures are of.
type counted struct {
	site int64
	in   Period
}

// count counts everything.
func (f *Figures) count(tx Tx, site int64) error {
	states, err := tx.ReceivedIn(site, f.From, f.To)
	if err != nil {
		return err
	}
	for _, n := range states {
		f.Received += n
	}
	f.Published, f.Removed, f.Waiting = states[comment.Approved], states[comment.Removed], states[comment.Pending]
	if f.Refused, err = tx.RefusedIn(site, f.From, f.To); err != nil {
		return err
	}
	expired, err := tx.ExpiredIn(site, f.From, f.To)
	if err != nil {
		return err
	}
	for reason, n := range expired {
		f.Refused[reason] += n
		f.Removed -= n
	}
	f.Refused[comment.ReasonOther] += f.Refused[comment.NoReason]
	delete(f.Refused, comment.NoReason)
	f.Refused[comment.ReasonSpam] += states[comment.Spam]
	if f.Suspected, err = tx.SuspectedIn(site, f.From, f.To); err != nil {
		return err
	}
	if f.ByItself, err = tx.UndecidedIn(site, f.From, f.To); err != nil {
		return err
	}
	waits, err := tx.WaitsIn(site, f.From, f.To, mostWaits)
	if err != nil {
		return err
	}
	f.Wait = waitOf(waits)
	return f.answered(tx, site)
}

// answered counts what was asked for: second looks, and that something be withheld.
func (f *Figures) answered(tx Tx, site int64) error {
	appeals, err := tx.AppealsIn(site, f.From, f.To)
	if err != nil {
		return err
	}
	answered, err := tx.AnsweredIn(site, f.From, f.To, mostWaits)
	if err != nil {
		return err
	}
	f.Answer = waitOf(answered)
	f.ByReason = map[comment.Reason]Outcomes{}
	for _, a := range appeals {
		f.Appeals.add(a)
		o := f.ByReason[a.Reason]
		o.add(a)
		f.ByReason[a.Reason] = o
	}
	if err := f.Notices.count(tx, site, f.From, f.To); err != nil {
		return err
	}
	if f.Sealed, err = tx.SealedTakedowns(site, f.From, f.To); err != nil {
		return err
	}
	newest, err := tx.DecisionsBefore(site, 0, 1)
	if err == nil && len(newest) > 0 {
		f.Head, f.Last = auditlog.Head{Seq: newest[0].Seq, Hash: newest[0].Hash}, newest[0].At
	}
	return err
}

func (n *Notices) count(tx Tx, site int64, from, to time.Time) error {
	noticed, err := tx.NoticesIn(site, comment.ReasonUnlawful, from, to)
	if err != nil {
		return err
	}
	for _, some := range noticed {
		n.Received += some.N
		n.Comments += some.Comments
		switch {
		case !some.To.Refused():
		case some.Reason == comment.ReasonUnlawful:
			n.Law += some.Comments
		default:
			n.Terms += some.Comments
		}
	}
	acted, err := tx.ActedIn(site, comment.ReasonUnlawful, from, to, mostWaits)
	n.Action = waitOf(acted)
	return err
}

func waitOf(waits []Waited) Wait {
	if len(waits) == 0 {
		return Wait{}
	}
	return Wait{Of: len(waits), Median: percentile(waits, 5), Ninety: percentile(waits, 9)}
}

// percentile is how long so many in ten of some waited at most, by the nearest rank.
func percentile(waits []Waited, of10 int) time.Duration {
	waited := make([]time.Duration, len(waits))
	for i, w := range waits {
		waited[i] = max(0, w.Decided.Sub(w.Came))
	}
	slices.Sort(waited)
	return waited[(len(waited)*of10+9)/10-1]
}

// OpenDemands returns the demands that were entered in a time, as far as everybody may know them, newest first, after
// the place where another list ended, and where this one ends; "": there is no more. Those that are sealed are left
// out, and who demands is named only in those that are full.
func (s *Service) OpenDemands(
	ctx context.Context, site site.Site, in Period, after string, limit int,
) (list []Demand, next string, err error) {
	from, to, err := in.bounds(s.work.Now())
	if err != nil {
		return nil, "", err
	}
	if limit, err = comment.PageSize(limit); err != nil {
		return nil, "", err
	}
	before, err := auditlog.Place(after)
	if err != nil {
		return nil, "", err
	}
	err = s.work.View(ctx, func(tx Tx) (err error) {
		list, err = tx.OpenTakedowns(site.ID, from, to, before, limit+1)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list the open register: %w", err)
	}
	if len(list) > limit {
		list = list[:limit]
		next = auditlog.Cursor(list[limit-1].Seq)
	}
	for i, d := range list {
		if d.Public != Full {
			list[i].By = ""
		}
		list[i].Reference, list[i].Account, list[i].EndedBy, list[i].Salt = "", "", "", ""
	}
	return list, next, nil
}
