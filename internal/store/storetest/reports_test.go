package storetest

import (
	"fmt"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/txn"
)

var complaintRules = []rule{
	{"a reader reports a comment once, and the number of stored reports is limited", reportsOnce},
	{"concurrent reports are limited and counted", reportsAtOnce},
	{"a decision settles open reports and appeals, and its undo reopens them", complaintsSettle},
	{"the views of reported and appealed comments contain the open ones in each state", complaintViews},
	{"reporters are forgotten, and settled reports with them", reportersAreForgotten},
	{"forgetting a comment deletes its reports and appeals", complaintsAreForgotten},
}

func (w *env) reportOf(c comment.Comment, reporter string, at time.Time) report.Report {
	return report.Report{
		Site: c.Site, Comment: c.ID, ID: w.id("report"), Reporter: []byte(reporter), Reason: comment.ReasonUnlawful,
		Detail: hostile, At: at,
	}
}

// report stores a report and checks the result of AddReport.
func (w *env) report(r report.Report, most int, want bool) {
	w.Helper()
	w.update(func(tx store.Tx) error {
		if got, err := tx.AddReport(r, most); got != want || err != nil {
			w.Errorf("a report by %s: %v, %v, want %v", r.Reporter, got, err, want)
		}
		return nil
	})
}

// against returns the open reports and all appeals of comments.
func (w *env) against(of ...comment.Comment) (reports []report.Report, appeals []report.Appeal) {
	w.Helper()
	w.view(func(tx store.Tx) (err error) {
		if reports, err = tx.OpenReports(w.site.ID, ids(of)); err == nil {
			appeals, err = tx.Appeals(w.site.ID, ids(of))
		}
		return err
	})
	return reports, appeals
}

func reportsOnce(w *env) {
	c, waiting := w.comment(in(comment.Approved)), w.comment()
	first := w.reportOf(c, "one reader", began)
	w.report(first, 2, true)
	err := fmt.Errorf("take it back")
	_, got := w.store.Update(w.ctx(), func(tx store.Tx) error {
		if added, failed := tx.AddReport(w.reportOf(c, "one reader", began), 2); added || failed != nil {
			w.Errorf("the same reader again: %v, %v", added, failed)
		}
		return err
	})
	w.wants("what the refusal of a second report ends with", got, err)
	w.report(w.reportOf(c, "another", began.Add(time.Second)), 2, true)
	w.report(w.reportOf(c, "a third reader, whose report is not stored", began), 2, true)
	w.report(w.reportOf(waiting, "one reader", began), 2, true) // the comment is not public
	reports, _ := w.against(c, waiting)
	if len(reports) != 2 || fmt.Sprint(reports[0]) != fmt.Sprint(first) {
		w.Errorf("open are %+v, want two, the first of them %+v", reports, first)
	}
	if n := w.stored(c.ID).Reports; n != 2 {
		w.Errorf("the comment counts %d reports, want 2", n)
	}
	w.view(func(tx store.Tx) error {
		for reporter, want := range map[string]bool{"one reader": true, "a third reader, whose report is not stored": false} {
			if got, err := tx.HasReported(w.site.ID, c.ID, []byte(reporter)); got != want || err != nil {
				w.Errorf("%s has reported: %v, %v, want %v", reporter, got, err, want)
			}
		}
		return nil
	})
}

func reportsAtOnce(w *env) {
	c := w.comment(in(comment.Approved))
	const readers, most = 12, 7
	all := make([]report.Report, readers)
	for i := range all {
		all[i] = w.reportOf(c, fmt.Sprint("reader ", i), began)
	}
	runConcurrently(readers, func(i int) {
		_, err := w.store.Update(w.ctx(), func(tx store.Tx) error {
			_, err := tx.AddReport(all[i], most)
			return err
		})
		if err != nil {
			w.Errorf("report %d: %v", i, err)
		}
	})
	reports, _ := w.against(c)
	if n := w.stored(c.ID).Reports; n != most || len(reports) != most {
		w.Errorf("%d are counted and %d kept, want %d", n, len(reports), most)
	}
}

// decided returns an edit that sets the state and the seq of the decision.
func decided(s comment.State, seq uint64) edit {
	return func(c *comment.Comment) { c.State, c.Standing = s, seq }
}

func complaintsSettle(w *env) {
	shown, refused := w.comment(decided(comment.Approved, 3)), w.comment(decided(comment.Rejected, 4))
	other := w.comment(decided(comment.Rejected, 5))
	appeal := func(c comment.Comment, refusal uint64) error {
		_, err := w.store.Update(w.ctx(), func(tx store.Tx) error {
			return tx.AddAppeal(report.Appeal{Site: c.Site, Comment: c.ID, Refusal: refusal, Text: hostile, At: began})
		})
		return err
	}
	w.report(w.reportOf(shown, "reader", began), 9, true)
	for _, c := range []comment.Comment{refused, other} {
		w.wants("an appeal", appeal(c, c.Standing), nil)
	}
	w.wants("an appeal against what does not stand", appeal(refused, 2), txn.ErrNotFound)
	says := func(when string, reports int, settled ...uint64) {
		w.Helper()
		open, appeals := w.against(shown, refused)
		var got []uint64
		for _, a := range appeals {
			got = append(got, a.Settled)
			if a.Text != hostile || !a.At.Equal(began) {
				w.Errorf("%s: the appeal is %+v", when, a)
			}
		}
		if len(open) != reports || w.stored(shown.ID).Reports != reports || fmt.Sprint(got) != fmt.Sprint(settled) ||
			w.stored(refused.ID).Appealed() != (settled[0] == 0) {
			w.Errorf("%s: %d reports open, %d counted, appeals settled by %v, on the comment %v; want %d and %v", when,
				len(open), w.stored(shown.ID).Reports, got, w.stored(refused.ID).AppealedAt, reports, settled)
		}
	}
	says("at first", 1, 0)
	w.update(func(tx store.Tx) error {
		ch := comment.StateChange{State: comment.Approved, Standing: 9, DecidedAt: began}
		if ok, err := tx.SetState(w.site.ID, refused.ID, refused.Version, ch); !ok || err != nil {
			return fmt.Errorf("set state: %v, %w", ok, err)
		}
		return tx.Settle(w.site.ID, []string{shown.ID, refused.ID}, nil)
	})
	says("settled", 0, 9)
	if _, left := w.against(other); left[0].Settled != 0 {
		w.Errorf("another comment's appeal was settled too, by %d", left[0].Settled)
	}
	w.update(func(tx store.Tx) error { return tx.Settle(w.site.ID, nil, []uint64{9, 77}) })
	says("undone", 0, 0)
	w.update(func(tx store.Tx) error { return tx.Settle(w.site.ID, nil, []uint64{3}) })
	says("undone altogether", 1, 0)
}

func complaintViews(w *env) {
	var reported, appealed []string
	for s := comment.Pending; s <= comment.Removed; s++ {
		complained := func(c *comment.Comment) { c.Reports, c.AppealedAt = 1, began }
		c := w.comment(in(s), complained)
		w.comment(in(s))
		if s != comment.Removed {
			reported = append(reported, c.ID)
		}
		if s == comment.Rejected || s == comment.Spam {
			appealed = append(appealed, c.ID)
		}
	}
	for view, want := range map[comment.View][]string{comment.ViewReported: reported, comment.ViewAppealed: appealed} {
		q := comment.QueueQuery{Sites: comment.OneSite(w.site.ID), View: view, Order: comment.OldestFirst, Limit: 1}
		if got := ids(pages(w, q, func() {})); fmt.Sprint(got) != fmt.Sprint(want) {
			w.Errorf("%s holds %v, want %v", view, got, want)
		}
		w.view(func(tx store.Tx) error {
			n, err := tx.CountQueue(comment.OneSite(w.site.ID), view, comment.Threshold{Score: 0.9}, 100)
			if n != len(want) {
				w.Errorf("%s is counted as %d, want %d", view, n, len(want))
			}
			return err
		})
	}
}

func reportersAreForgotten(w *env) {
	open, settled := w.comment(in(comment.Approved)), w.comment(decided(comment.Approved, 3))
	w.report(w.reportOf(open, "early", began), 9, true)
	w.report(w.reportOf(open, "late", began.Add(time.Hour)), 9, true)
	w.report(w.reportOf(settled, "early", began), 9, true)
	w.update(func(tx store.Tx) error {
		if err := tx.Settle(w.site.ID, []string{settled.ID}, nil); err != nil {
			return err
		}
		return tx.DropReporters(began.Add(time.Minute), began)
	})
	w.update(func(tx store.Tx) error { return tx.Settle(w.site.ID, nil, []uint64{3}) })
	reports, _ := w.against(open, settled)
	left := map[string]string{}
	for _, r := range reports {
		left[r.Comment] += fmt.Sprintf("%s said %t. ", r.Reporter, r.Detail != "")
	}
	if left[open.ID] != " said true. late said true. " || left[settled.ID] != " said false. " {
		w.Errorf("left are %q", left)
	}
	w.update(func(tx store.Tx) error {
		if err := tx.Settle(w.site.ID, []string{settled.ID}, nil); err != nil {
			return err
		}
		return tx.DropReporters(began.Add(time.Minute), began.Add(time.Minute))
	})
	w.update(func(tx store.Tx) error { return tx.Settle(w.site.ID, nil, []uint64{3}) })
	if reports, _ := w.against(open, settled); len(reports) != 2 {
		w.Errorf("left are %+v, want what is open", reports)
	}
}

func complaintsAreForgotten(w *env) {
	c := w.comment(decided(comment.Rejected, 4), func(c *comment.Comment) { c.Path = "forgotten0000000" })
	shown := w.comment(in(comment.Approved))
	w.report(w.reportOf(shown, "reader", began), 9, true)
	w.update(func(tx store.Tx) error {
		return tx.AddAppeal(report.Appeal{Site: c.Site, Comment: c.ID, Refusal: 4, Text: hostile, At: began})
	})
	w.update(func(tx store.Tx) error {
		for _, c := range []comment.Comment{c, shown} {
			if err := tx.ForgetComment(c, []byte(`{"id":"`+c.ID+`"}`)); err != nil {
				return err
			}
		}
		return nil
	})
	reports, appeals := w.against(c, shown)
	if len(reports)+len(appeals) > 0 || w.stored(c.ID).Appealed() || w.stored(shown.ID).Reports > 0 {
		w.Errorf("left are %+v and %+v", reports, appeals)
	}
}
