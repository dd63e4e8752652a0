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
	maxDays          = 366
	maxWaits         = 2_000       // comments or appeals per waiting time
	figuresTTL       = time.Minute // lifetime in the cache
	maxCachedFigures = 100         // figures in the cache
)

// A Period is a range of days in UTC. It includes both days. If From is zero, it is the first day of the year of To.
// If To is zero or later than now, the period ends now.
type Period struct{ From, To time.Time }

// bounds returns the period as the half-open interval [from, to).
func (p Period) bounds(now time.Time) (from, to time.Time, err error) {
	from, to = p.From, p.To.AddDate(0, 0, 1)
	if p.To.IsZero() || to.After(now) {
		to = now.Add(time.Microsecond) // includes comments of this microsecond
	}
	if from.IsZero() {
		from = time.Date(to.UTC().Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	}
	switch {
	case !from.Before(to):
		return from, to, problem.Query("from", "The period must start in the past and end after its start.")
	case to.Sub(from) > maxDays*24*time.Hour:
		return from, to, problem.Query("from", fmt.Sprintf("Ask for at most %d days at a time.", maxDays))
	}
	return from, to, nil
}

// Figures are a site's public statistics of the comments received in [From, To), counted at At. Received includes
// published, refused, withdrawn and pending comments.
type Figures struct {
	From, To, At                          time.Time
	Received, Published, Removed, Waiting int
	Refused                               map[comment.Reason]int
	Suspected                             int // classified as spam, whatever their state is
	AutoPublished                         int // published without a moderator's decision
	Wait                                  WaitStats
	Appeals                               Outcomes  // of appeals received in the period
	Answer                                WaitStats // from these appeals to their decisions
	Notices                               Notices
	ByReason                              map[comment.Reason]Outcomes
	Sealed                                int // sealed takedowns entered in the period
	Head                                  auditlog.Head
	Last                                  time.Time // of the log's newest entry; zero if the log is empty
}

// A WaitStats summarizes waiting times until a decision: the 50th percentile is Median, the 90th is P90. Count is the
// number of decided comments or appeals; only the newest 2,000 are read. Without any, it is zero.
type WaitStats struct {
	Count       int
	Median, P90 time.Duration
}

// Notices counts readers' reports of unlawful comments. Received counts reports, Comments the reported comments. Law
// counts comments refused as unlawful, Terms those refused for another reason. Action is the time from report to
// refusal.
type Notices struct {
	Received, Comments, Law, Terms int
	Action                         WaitStats
}

// A NoticeCount counts reports, and their comments, that were answered by a decision to the state To for Reason. If To
// is 0, they are open.
type NoticeCount struct {
	To          comment.State
	Reason      comment.Reason
	N, Comments int
}

// Outcomes counts appeals by their result.
type Outcomes struct{ Received, Overturned, Upheld, Open int }

func (o *Outcomes) add(a AppealCount) {
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

// A WaitTime is when a comment, an appeal or a report was received, and when it was decided.
type WaitTime struct{ Received, Decided time.Time }

// An AppealCount counts appeals against refusals for Reason. If Settled, a decision to the state To answered them.
type AppealCount struct {
	Reason  comment.Reason
	Settled bool
	To      comment.State
	N       int
}

// figuresTx reads the data of Figures. All intervals are [from, to).
type figuresTx interface {
	// ReceivedIn counts a site's received comments by state. RefusedIn counts those refused for a reason other than
	// spam, by reason. ExpiredIn counts, by reason, refused comments whose content has expired; ReceivedIn counts
	// those as removed. SuspectedIn counts comments that the classifier takes or took for spam. UndecidedIn counts
	// public comments without a moderator's decision.
	ReceivedIn(site int64, from, to time.Time) (map[comment.State]int, error)
	RefusedIn(site int64, from, to time.Time) (map[comment.Reason]int, error)
	ExpiredIn(site int64, from, to time.Time) (map[comment.Reason]int, error)
	SuspectedIn(site int64, from, to time.Time) (int, error)
	UndecidedIn(site int64, from, to time.Time) (int, error)
	// WaitsIn returns the waiting times of received comments that were decided on this site, newest first.
	WaitsIn(site int64, from, to time.Time, limit int) ([]WaitTime, error)
	AppealsIn(site int64, from, to time.Time) ([]AppealCount, error)
	// AppealWaitsIn returns the waiting times of decided appeals, newest first.
	AppealWaitsIn(site int64, from, to time.Time, limit int) ([]WaitTime, error)
	// NoticesIn counts the reports for a reason. NoticeWaitsIn returns the waiting times of those that a refusal
	// answered, newest first.
	NoticesIn(site int64, about comment.Reason, from, to time.Time) ([]NoticeCount, error)
	NoticeWaitsIn(site int64, about comment.Reason, from, to time.Time, limit int) ([]WaitTime, error)
	// OpenTakedowns returns the takedowns that are not sealed and were entered in the interval, newest first. It
	// starts before the log entry before, or at the newest if before is 0. SealedTakedowns counts the sealed ones.
	OpenTakedowns(site int64, from, to time.Time, before uint64, limit int) ([]Takedown, error)
	SealedTakedowns(site int64, from, to time.Time) (int, error)
}

// Figures returns a site's public statistics of a period of at most 366 days. It caches them for a minute. One caller
// per process counts at a time; the others wait.
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
	of := figuresKey{site.ID, in}
	if f, is := s.figures[of]; is && now.Sub(f.At) < figuresTTL && !now.Before(f.At) {
		return f, nil
	}
	f := Figures{From: from, To: to, At: now}
	if err := s.work.View(ctx, func(tx Tx) error { return f.count(tx, site.ID) }); err != nil {
		return Figures{}, fmt.Errorf("count figures: %w", err)
	}
	if len(s.figures) >= maxCachedFigures {
		clear(s.figures)
	}
	s.figures[of] = f
	return f, nil
}

// A figuresKey is the cache key of Figures.
type figuresKey struct {
	site int64
	in   Period
}

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
	if f.AutoPublished, err = tx.UndecidedIn(site, f.From, f.To); err != nil {
		return err
	}
	waits, err := tx.WaitsIn(site, f.From, f.To, maxWaits)
	if err != nil {
		return err
	}
	f.Wait = waitStats(waits)
	return f.countAppeals(tx, site)
}

// countAppeals counts appeals, reports of unlawful comments and sealed takedowns, and reads the log's head.
func (f *Figures) countAppeals(tx Tx, site int64) error {
	appeals, err := tx.AppealsIn(site, f.From, f.To)
	if err != nil {
		return err
	}
	answered, err := tx.AppealWaitsIn(site, f.From, f.To, maxWaits)
	if err != nil {
		return err
	}
	f.Answer = waitStats(answered)
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
	acted, err := tx.NoticeWaitsIn(site, comment.ReasonUnlawful, from, to, maxWaits)
	n.Action = waitStats(acted)
	return err
}

func waitStats(waits []WaitTime) WaitStats {
	if len(waits) == 0 {
		return WaitStats{}
	}
	return WaitStats{Count: len(waits), Median: percentile(waits, 5), P90: percentile(waits, 9)}
}

// percentile returns the waiting time at of10 tenths, by the nearest-rank method. waits must not be empty.
func percentile(waits []WaitTime, of10 int) time.Duration {
	waited := make([]time.Duration, len(waits))
	for i, w := range waits {
		waited[i] = max(0, w.Decided.Sub(w.Received))
	}
	slices.Sort(waited)
	return waited[(len(waited)*of10+9)/10-1]
}

// PublicTakedowns returns the takedowns that were entered in a period and are not sealed, newest first. after is the
// next of the previous page; next is "" on the last page. By is set only in takedowns with full disclosure. Reference,
// Account, EndedBy and Salt are always empty.
func (s *Service) PublicTakedowns(
	ctx context.Context, site site.Site, in Period, after string, limit int,
) (list []Takedown, next string, err error) {
	from, to, err := in.bounds(s.work.Now())
	if err != nil {
		return nil, "", err
	}
	if limit, err = comment.PageSize(limit); err != nil {
		return nil, "", err
	}
	before, err := auditlog.ParseCursor(after)
	if err != nil {
		return nil, "", err
	}
	err = s.work.View(ctx, func(tx Tx) (err error) {
		list, err = tx.OpenTakedowns(site.ID, from, to, before, limit+1)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list public takedowns: %w", err)
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
