package comment_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/comment"
)

func TestQueueRequest_DefaultsAndErrors(t *testing.T) {
	q, err := comment.QueueRequest{Search: " ҚАЗАҚ\u00a0"}.Query(comment.OneSite(7), comment.Threshold{Score: 0.9})
	if err != nil || q.View != comment.ViewPending || q.Order != comment.OldestFirst || q.Limit != 50 ||
		q.Search != "қазақ" || !slices.Equal(q.Sites.IDs, []int64{7}) || q.Suspect.On(7) != 0.9 || q.After != nil {
		t.Errorf("without anything asked: %+v, %v", q, err)
	}
	for _, req := range []comment.QueueRequest{
		{View: "removed"}, {Order: "best"}, {Limit: 201}, {Limit: -1}, {Search: "\xff"}, {After: "nothing"},
	} {
		if q, err := req.Query(comment.OneSite(7), comment.Threshold{Score: 0.9}); err == nil {
			t.Errorf("%+v is taken for %+v", req, q)
		}
	}
}

func TestQueueCursor_ValidInOneOrder(t *testing.T) {
	c := comment.Comment{ID: "018f3c6e-0000-7000-8000-000000000000",
		CreatedAt: time.Date(2026, 11, 20, 12, 0, 0, 1000, time.UTC)}
	c.Verdict.Score = 0.75
	for _, order := range []comment.QueueOrder{comment.OldestFirst, comment.NewestFirst, comment.RiskiestFirst} {
		after := comment.CursorOf(c).Encode(order)
		q, err := comment.QueueRequest{Order: order, After: after}.Query(comment.OneSite(7), comment.Threshold{Score: 0.9})
		if err != nil || *q.After != *comment.CursorOf(c) {
			t.Errorf("%s: %q is read as %+v, %v", order, after, q.After, err)
		}
		for _, other := range []comment.QueueOrder{comment.OldestFirst, comment.NewestFirst, comment.RiskiestFirst} {
			if _, err := (comment.QueueRequest{Order: other, After: after}).Query(comment.OneSite(7), comment.Threshold{Score: 0.9}); (err == nil) != (other == order) {
				t.Errorf("a cursor of %s goes on in %s: %v", order, other, err)
			}
		}
	}
}

func FuzzQueueCursor(f *testing.F) {
	f.Add(comment.CursorOf(comment.Comment{ID: "018f3c6e", CreatedAt: time.Unix(1, 0)}).Encode(comment.RiskiestFirst))
	f.Add("cgAAAAAAAAAAf_AAAAAAAAAx")
	f.Fuzz(func(t *testing.T, after string) {
		q, err := comment.QueueRequest{Order: comment.RiskiestFirst, After: after}.Query(comment.OneSite(7), comment.Threshold{Score: 0.9})
		if err != nil || q.After == nil {
			return
		}
		if !(q.After.Score >= 0 && q.After.Score <= 1) || q.After.ID == "" {
			t.Errorf("%q is read as %+v", after, q.After)
		}
		next := comment.QueueRequest{Order: comment.RiskiestFirst, After: q.After.Encode(comment.RiskiestFirst)}
		again, err := next.Query(comment.OneSite(7), comment.Threshold{Score: 0.9})
		if err != nil || *again.After != *q.After {
			t.Errorf("%q is read as %+v, and written and read again as %+v, %v", after, q.After, again.After, err)
		}
	})
}
