package desk_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
)

func TestTrainingNeeds_ShownOnceInQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := 0
	decide := func(a comment.Action, times int) {
		t.Helper()
		for range times {
			n++
			c := w.post(fmt.Sprintf("Remark number %d about the ferries.", n))
			_, err := w.App.Decide(w.Ctx, authz.Operator, w.site,
				moderation.Choice{Action: a, Comments: []moderation.Ref{{ID: c.ID, Version: c.Version}}})
			w.Must(err)
		}
		w.Must(w.App.Learn(w.Ctx, w.site))
	}
	waiting := w.post("One that waits.")
	b := w.as("Olga")
	const needs = "The filter starts after ten of each. Missing: "
	for _, tt := range []struct {
		action comment.Action
		times  int
		want   string
	}{
		{comment.Approve, 0, "None approved, none marked as spam. " + needs + "10 approvals, 10 spam."},
		{comment.Approve, 4, "4 approved, none marked as spam. " + needs + "6 approvals, 10 spam."},
		{comment.MarkSpam, 1, "4 approved, 1 marked as spam. " + needs + "6 approvals, 9 spam."},
		{comment.Approve, 5, "9 approved, 1 marked as spam. " + needs + "1 approval, 9 spam."},
		{comment.Approve, 3, "12 approved, 1 marked as spam. " + needs + "9 spam."},
	} {
		decide(tt.action, tt.times)
		b.open("/moderate/blog/queue").sees(tt.want)
		if got := strings.Count(b.raw, needs); got != 1 {
			t.Errorf("after %v: it is said %d times, want once", tt, got)
		}
		b.open("/moderate/blog/queue?state=suspected").sees(tt.want)
	}
	b.open("/moderate/blog/queue?state=approved").misses(needs)
	decide(comment.MarkSpam, 9)
	b.open("/moderate/blog/queue").misses(needs)
	w.stands(waiting, comment.Pending)
}

func TestTrainingNeeds_ShownOnCommentPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.post("One that waits.")
	w.as("Olga").open("/moderate/blog/comments/" + c.ID).sees("Not enough decisions yet").
		sees("None approved, none marked as spam.")
}
