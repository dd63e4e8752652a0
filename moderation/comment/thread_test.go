package comment_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/aitys/aitys/moderation/comment"
)

func TestThreadRequest_DefaultsAndErrors(t *testing.T) {
	q, err := comment.ThreadRequest{}.Query(7)
	if want := (comment.ThreadQuery{Site: 7, Order: comment.OldestRoots, Limit: 26}); q != want || err != nil {
		t.Errorf("without anything asked: %+v, %v", q, err)
	}
	if q, err := (comment.ThreadRequest{Sort: "newest", Limit: 100}).Query(7); err != nil ||
		q.Order != comment.NewestRoots || q.Limit != 101 {
		t.Errorf("the newest 100: %+v, %v", q, err)
	}
	after := comment.ThreadCursor(comment.OldestRoots, strings.Repeat("0", 16))
	for _, req := range []comment.ThreadRequest{
		{Sort: "best"}, {Limit: 101}, {Limit: -1}, {After: after, Around: "c"}, {After: "nothing"},
		{Sort: "newest", After: after},
	} {
		if q, err := req.Query(7); err == nil {
			t.Errorf("%+v is taken for %+v", req, q)
		}
	}
}

func FuzzThreadCursor(f *testing.F) {
	f.Add(comment.ThreadCursor(comment.OldestRoots, strings.Repeat("0", 16)))
	f.Add(base64.RawURLEncoding.EncodeToString([]byte("oldest:0123")))
	f.Fuzz(func(t *testing.T, after string) {
		q, err := comment.ThreadRequest{After: after}.Query(7)
		if err != nil || after == "" {
			return
		}
		if len(q.After) == 0 || len(q.After)%16 != 0 || strings.Trim(q.After, "0123456789ABCDEFGHIJKLMNOPQRSTUV") != "" {
			t.Errorf("%q is read as the path %q", after, q.After)
		}
		again, err := (comment.ThreadRequest{After: comment.ThreadCursor(comment.OldestRoots, q.After)}).Query(7)
		if err != nil || again.After != q.After {
			t.Errorf("%q is read as %q, and written and read again as %q, %v", after, q.After, again.After, err)
		}
	})
}
