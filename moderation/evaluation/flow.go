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
	maxFlow     = 10_000 // number of comments per state, and of log entries, that are read
	maxFlowDays = 366
	spanDays    = 62 // longest period shown by day; longer ones are shown by week
	maxPages    = 10 // pages
)

// A Flow reports the comments that came in on a site, and the first decisions, by day or week in UTC. It reads at most
// the newest 10,000 comments of each state and the newest 10,000 log entries.
type Flow struct {
	Days      int        // length of a span: 1 or 7
	Spans     []Span     // oldest first, without gaps; the last one is incomplete
	CameIn    int        // total of all spans
	Published int        // comments of these that are approved now
	Refused   int        // comments of these that are refused now
	Wait      Wait       // waiting times of all decided comments
	Pages     []PageFlow // pages with the most comments, at most ten
	Capped    bool       // a limit was reached: the spans start at the oldest time that was read completely
}

// A Span is a day or a week.
type Span struct {
	From            time.Time
	CameIn, Decided int
	Published       int  // comments that came in and are approved now
	Refused         int  // comments that came in and are refused now
	Wait            Wait // waiting times of the decided comments
}

// A Wait summarizes how long comments waited for the first decision by a person that was not undone: the number of
// comments, the median and the 90th percentile. It is zero for no comments.
type Wait struct {
	Count       int
	Median, P90 time.Duration
}

// A PageFlow counts the comments of a page. CameIn includes refused comments.
type PageFlow struct {
	Page            site.Page
	CameIn, Refused int
}

// An Arrival is the part of a comment that a Flow needs.
type Arrival struct {
	At    time.Time
	Page  string
	State comment.State
}

// A FlowEntry is the part of a log entry that a Flow needs.
type FlowEntry struct {
	Seq, Undoes, Before uint64
	Comment             string
	At, SubmittedAt     time.Time // Came: when the comment was submitted; zero: the entry has no comment, or was imported
}

// Flow returns the flow of the last days, including today. days is 1 to 366; more than 62 days are reported as whole
// weeks. It needs a moderator.
func (s *Service) Flow(ctx context.Context, who authz.Actor, site site.Site, days int) (Flow, error) {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
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
		ruled, err := tx.FlowEntries(site.ID, maxFlow)
		if err != nil {
			return err
		}
		f = flowOf(now, days, came, ruled)
		return f.loadPages(tx, site.ID)
	})
	if err != nil {
		return Flow{}, fmt.Errorf("read flow: %w", err)
	}
	return f, nil
}

// emptyFlow returns a Flow with empty spans up to now.
func emptyFlow(now time.Time, days int) Flow {
	f := Flow{Days: 1}
	if days > spanDays {
		f.Days, days = 7, (days+6)/7
	}
	last := now.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-f.Days) // midnight UTC
	for i := range days {
		f.Spans = append(f.Spans, Span{From: last.AddDate(0, 0, f.Days*(i+1-days))})
	}
	return f
}

// flowOf computes the Flow of the comments and entries that were read.
func flowOf(now time.Time, days int, came []Arrival, ruled []FlowEntry) Flow {
	f := emptyFlow(now, days)
	f.cut(completeSince(came, ruled))
	f.came(came)
	f.decided(ruled)
	return f
}

// completeSince returns the time since which all comments and entries were read.
func completeSince(came []Arrival, ruled []FlowEntry) (from time.Time) {
	if len(ruled) == maxFlow {
		from = ruled[maxFlow-1].At
	}
	n := map[comment.State]int{}
	for _, a := range came { // newest first within each state
		if n[a.State]++; n[a.State] == maxFlow && a.At.After(from) {
			from = a.At
		}
	}
	return from
}

// cut removes the spans that were not read completely, except for the last span.
func (f *Flow) cut(from time.Time) {
	for len(f.Spans) > 1 && f.Spans[0].From.Before(from) {
		f.Spans, f.Capped = f.Spans[1:], true
	}
	f.Capped = f.Capped || f.Spans[0].From.Before(from)
}

// span returns the span of a time, or nil.
func (f *Flow) span(at time.Time) *Span {
	i := int(math.Floor(at.Sub(f.Spans[0].From).Hours() / float64(24*f.Days)))
	if i < 0 || i >= len(f.Spans) {
		return nil
	}
	return &f.Spans[i]
}

// came counts the arrivals, in total and by page.
func (f *Flow) came(came []Arrival) {
	pages := map[string]*PageFlow{}
	for _, a := range came {
		in := f.span(a.At)
		if in == nil {
			continue
		}
		page := pages[a.Page]
		if page == nil {
			page = &PageFlow{Page: site.Page{ID: a.Page}}
			pages[a.Page] = page
		}
		f.CameIn++
		in.CameIn++
		page.CameIn++
		switch a.State {
		case comment.Approved:
			f.Published++
			in.Published++
		case comment.Rejected, comment.Spam:
			f.Refused++
			in.Refused++
			page.Refused++
		}
	}
	for _, page := range pages {
		f.Pages = append(f.Pages, *page)
	}
	slices.SortFunc(f.Pages, func(a, b PageFlow) int {
		return cmp.Or(cmp.Compare(b.CameIn, a.CameIn), cmp.Compare(a.Page.ID, b.Page.ID))
	})
	f.Pages = f.Pages[:min(maxPages, len(f.Pages))]
}

// loadPages replaces the page IDs in f with pages.
func (f *Flow) loadPages(tx Tx, site int64) error {
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

// decided counts the first decisions. The entries are ordered newest first.
func (f *Flow) decided(ruled []FlowEntry) {
	undone := map[uint64]bool{}
	firsts := map[string]FlowEntry{} // by comment
	for _, d := range ruled {
		switch {
		case d.Undoes > 0:
			undone[d.Undoes] = true
		case d.Before == 0 && !undone[d.Seq] && !d.SubmittedAt.IsZero():
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
		waited := max(0, d.At.Sub(d.SubmittedAt))
		all, waits[in] = append(all, waited), append(waits[in], waited)
	}
	f.Wait = waitOf(all)
	for in, some := range waits {
		in.Wait = waitOf(some)
	}
}

// waitOf computes percentiles by the nearest-rank method.
func waitOf(waited []time.Duration) Wait {
	if len(waited) == 0 {
		return Wait{}
	}
	slices.Sort(waited)
	rank := func(of10 int) time.Duration { return waited[(len(waited)*of10+9)/10-1] }
	return Wait{Count: len(waited), Median: rank(5), P90: rank(9)}
}
