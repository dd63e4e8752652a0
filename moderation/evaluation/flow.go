package evaluation

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

const (
	maxFlow     = 10_000 // comments of a state, and entries of the log, that are looked at
	maxFlowDays = 366
	spanDays    = 62 // shown day by day, and longer times week by week
	maxBusy     = 10 // pages
)

// A Flow is what came in on a site and what was decided for the first time, in days or weeks of UTC.
// At most the newest 10,000 comments of each state and the newest 10,000 entries of the log are looked at.
type Flow struct {
	Days      int    // of a span: 1 or 7
	Spans     []Span // oldest first, without gaps; the last one is not over
	CameIn    int    // in all spans
	Published int    // of what came in, public now
	Refused   int    // of what came in, refused or spam now
	Wait      Wait   // of all that was decided
	Pages     []Busy // on which most came in, at most ten
	Capped    bool   // there is more: the spans begin where what was looked at does
}

// A Span is a day or a week.
type Span struct {
	From            time.Time
	CameIn, Decided int
	Wait            Wait // of what was decided
}

// A Wait is how long comments waited for the first decision of a person that was not taken back: half of
// them at most Median, nine in ten at most Ninety. Of none it is empty.
type Wait struct {
	Of             int
	Median, Ninety time.Duration
}

// A Busy is a page with many comments. What was refused came in as well.
type Busy struct {
	Page            site.Page
	CameIn, Refused int
}

// An Arrival is a comment as far as a Flow looks at it.
type Arrival struct {
	At    time.Time
	Page  string
	State comment.State
}

// A Ruled is an entry of the log as far as a Flow looks at it.
type Ruled struct {
	Seq, Undoes, Before uint64
	Comment             string
	At, Came            time.Time // Came: the comment; zero: the entry is about none, or was imported
}

// Flow says what came in and what was decided in the last days, of which today is one: 1 to 366, and more
// than 62 are whole weeks. It needs a moderator.
func (s *Service) Flow(ctx context.Context, who authz.Actor, site site.Site, days int) (Flow, error) {
	if err := who.May(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
		return Flow{}, err
	}
	if days < 1 || days > maxFlowDays {
		return Flow{}, problem.Query("days", fmt.Sprintf("Look at the last 1 to %d days.", maxFlowDays))
	}
	var f Flow
	now := s.work.Now()
	err := s.work.View(ctx, func(tx Tx) error {
		came, err := tx.Arrivals(site.ID, emptyFlow(now, days).Spans[0].From, maxFlow)
		if err != nil {
			return err
		}
		ruled, err := tx.Ruled(site.ID, maxFlow)
		if err != nil {
			return err
		}
		f = flowOf(now, days, came, ruled)
		return f.name(tx, site.ID)
	})
	if err != nil {
		return Flow{}, fmt.Errorf("see what came in: %w", err)
	}
	return f, nil
}

// emptyFlow has the spans up to a time.
func emptyFlow(now time.Time, days int) Flow {
	f := Flow{Days: 1}
	if days > spanDays {
		f.Days, days = 7, (days+6)/7
	}
	last := now.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-f.Days) // days since the zero time are days of UTC
	for i := range days {
		f.Spans = append(f.Spans, Span{From: last.AddDate(0, 0, f.Days*(i+1-days))})
	}
	return f
}

// flowOf counts what was read.
func flowOf(now time.Time, days int, came []Arrival, ruled []Ruled) Flow {
	f := emptyFlow(now, days)
	f.cut(reach(came, ruled))
	f.came(came)
	f.decided(ruled)
	return f
}

// reach is since when everything was looked at.
func reach(came []Arrival, ruled []Ruled) (from time.Time) {
	if len(ruled) == maxFlow {
		from = ruled[maxFlow-1].At
	}
	n := map[comment.State]int{}
	for _, a := range came { // of a state the newest first
		if n[a.State]++; n[a.State] == maxFlow && a.At.After(from) {
			from = a.At
		}
	}
	return from
}

// cut leaves out the spans that were not looked at as a whole, but for the last.
func (f *Flow) cut(from time.Time) {
	for len(f.Spans) > 1 && f.Spans[0].From.Before(from) {
		f.Spans, f.Capped = f.Spans[1:], true
	}
	f.Capped = f.Capped || f.Spans[0].From.Before(from)
}

// span is that of a time, or nil.
func (f *Flow) span(at time.Time) *Span {
	i := int(math.Floor(at.Sub(f.Spans[0].From).Hours() / float64(24*f.Days)))
	if i < 0 || i >= len(f.Spans) {
		return nil
	}
	return &f.Spans[i]
}

// came counts what came in, and on which pages.
func (f *Flow) came(came []Arrival) {
	pages := map[string]*Busy{}
	for _, a := range came {
		in := f.span(a.At)
		if in == nil {
			continue
		}
		page := pages[a.Page]
		if page == nil {
			page = &Busy{Page: site.Page{ID: a.Page}}
			pages[a.Page] = page
		}
		f.CameIn++
		in.CameIn++
		page.CameIn++
		switch a.State {
		case comment.Approved:
			f.Published++
		case comment.Rejected, comment.Spam:
			f.Refused++
			page.Refused++
		}
	}
	for _, page := range pages {
		f.Pages = append(f.Pages, *page)
	}
	slices.SortFunc(f.Pages, func(a, b Busy) int {
		return cmp.Or(cmp.Compare(b.CameIn, a.CameIn), cmp.Compare(a.Page.ID, b.Page.ID))
	})
	f.Pages = f.Pages[:min(maxBusy, len(f.Pages))]
}

// name puts pages where their ids stand.
func (f *Flow) name(tx Tx, site int64) error {
	ids := make([]string, len(f.Pages))
	for i, page := range f.Pages {
		ids[i] = page.Page.ID
	}
	known, err := tx.PagesByID(site, ids)
	for i := range f.Pages {
		for _, page := range known {
			if page.ID == f.Pages[i].Page.ID {
				f.Pages[i].Page = page
			}
		}
	}
	return err
}

// decided counts the first decisions, of entries that come newest first.
func (f *Flow) decided(ruled []Ruled) {
	undone := map[uint64]bool{}
	firsts := map[string]Ruled{} // by comment
	for _, d := range ruled {
		switch {
		case d.Undoes > 0:
			undone[d.Undoes] = true
		case d.Before == 0 && !undone[d.Seq] && !d.Came.IsZero():
			firsts[d.Comment] = d
		}
	}
	var all []time.Duration
	waits := map[*Span][]time.Duration{}
	for _, d := range firsts {
		in := f.span(d.At)
		if in == nil {
			continue
		}
		in.Decided++
		waited := max(0, d.At.Sub(d.Came))
		all, waits[in] = append(all, waited), append(waits[in], waited)
	}
	f.Wait = waitOf(all)
	for in, some := range waits {
		in.Wait = waitOf(some)
	}
}

// waitOf takes percentiles by the nearest rank.
func waitOf(waited []time.Duration) Wait {
	if len(waited) == 0 {
		return Wait{}
	}
	slices.Sort(waited)
	rank := func(of10 int) time.Duration { return waited[(len(waited)*of10+9)/10-1] }
	return Wait{Of: len(waited), Median: rank(5), Ninety: rank(9)}
}
