package evaluation_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/site"
)

func (w *world) flow(site site.Site, days int) evaluation.Flow {
	w.T.Helper()
	f, err := w.App.Flow(w.Ctx, authz.Operator, site, days)
	w.Must(err)
	return f
}

// on posts a comment on a page.
func (w *world) on(site site.Site, page, text string) string {
	w.T.Helper()
	in := moderation.Submission{PageURL: "https://" + site.Key + ".example/" + page, Body: text}
	got, err := w.App.Submit(w.Ctx, site, in)
	w.Must(err)
	return got.ID
}

func TestFlow_CountsByDay(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		midnight := w.Clock.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
		at := func(days, hours int) {
			w.Clock.Add(midnight.AddDate(0, 0, days).Add(time.Duration(hours) * time.Hour).Sub(w.Clock.Now()))
		}
		at(0, 9)
		early := w.on(w.A, "bread", "The first of them all, early in the morning.")
		at(1, 9)
		second, third := w.on(w.A, "bread", "Second of four remarks here."), w.on(w.A, "salt", "A third remark, about salt.")
		w.on(w.B, "salt", "Not of this site at all.")
		at(1, 11)
		w.Decide(authz.Operator, w.A, comment.Approve, second)
		slip := w.Decide(authz.Operator, w.A, comment.Approve, third)
		w.Undo(authz.Operator, w.A, slip.Batch)
		at(2, 9)
		w.Decide(authz.Operator, w.A, comment.MarkSpam, third)
		w.Decide(authz.Operator, w.A, comment.Approve, early)
		w.Decide(authz.Operator, w.A, comment.MarkSpam, early) // its second decision
		w.on(w.A, "bread", "The last, which waits.")

		f := w.flow(w.A, 2)
		if f.Days != 1 || len(f.Spans) != 2 || !f.Spans[0].From.Equal(midnight.AddDate(0, 0, 1)) || f.Capped {
			t.Fatalf("spans: %+v", f)
		}
		if f.CameIn != 3 || f.Published != 1 || f.Refused != 1 {
			t.Errorf("came in %d, of them public %d and refused %d; want 3, 1, 1", f.CameIn, f.Published, f.Refused)
		}
		first, last := f.Spans[0], f.Spans[1]
		if first.CameIn != 2 || first.Decided != 1 || last.CameIn != 1 || last.Decided != 2 {
			t.Errorf("by day: %+v, %+v; want 2 and 1, 1 and 2", first, last)
		}
		if want := (evaluation.Wait{Count: 1, Median: 2 * time.Hour, P90: 2 * time.Hour}); first.Wait != want {
			t.Errorf("waited on the first day: %+v, want %+v", first.Wait, want)
		}
		if want := (evaluation.Wait{Count: 3, Median: 24 * time.Hour, P90: 48 * time.Hour}); f.Wait != want {
			t.Errorf("waited: %+v, want %+v", f.Wait, want)
		}
		if len(f.Pages) != 2 || f.Pages[0].Page.URL != "https://a.example/bread" || f.Pages[0].CameIn != 2 ||
			f.Pages[1].Page.URL != "https://a.example/salt" || f.Pages[1].Refused != 1 {
			t.Errorf("pages: %+v", f.Pages)
		}
	})
}

func TestFlow_LongPeriodsByWeek(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.flow(w.A, 366)
	if f.Days != 7 || len(f.Spans) != 53 {
		t.Fatalf("%d spans of %d days", len(f.Spans), f.Days)
	}
	today := w.Clock.Now().UTC().Truncate(24 * time.Hour)
	if last := f.Spans[52].From; !last.Equal(today.AddDate(0, 0, -6)) {
		t.Errorf("the last week begins on %v, today is %v", last, today)
	}
	if f.Wait.Count+f.CameIn+len(f.Pages) != 0 {
		t.Errorf("of nothing: %+v", f)
	}
	for _, days := range []int{0, -1, 367} {
		_, err := w.App.Flow(w.Ctx, authz.Operator, w.A, days)
		apptest.WantCode(t, fmt.Sprint(days), err, "query.invalid")
	}
}

// If a limit is reached, only completely read days are shown and counted.
func TestFlow_CappedStartsAtCompleteDay(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	var came []evaluation.Arrival
	for i := range 10_000 {
		came = append(came, evaluation.Arrival{At: now.Add(-time.Duration(i) * time.Minute), State: comment.Spam})
	}
	came = append(came, evaluation.Arrival{At: now.AddDate(0, 0, -20), State: comment.Approved})
	f := evaluation.FlowOf(now, 28, came, nil)
	if !f.Capped || len(f.Spans) != 7 || f.CameIn != 12*60+1+6*24*60 { // today and six complete days
		t.Errorf("%d came in within %d days, capped %t", f.CameIn, len(f.Spans), f.Capped)
	}
	if f := evaluation.FlowOf(now, 3, came[:9_999], nil); f.Capped || len(f.Spans) != 3 {
		t.Errorf("of less: capped %t, %d days", f.Capped, len(f.Spans))
	}
}
