package moderation_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/people"
)

// delayed is a store whose next Update first lets something else happen.
type delayed struct {
	moderation.Store
	mu     sync.Mutex
	before func()
}

func (d *delayed) Update(ctx context.Context, fn func(moderation.Tx) error) error {
	d.mu.Lock()
	before := d.before
	d.before = nil
	d.mu.Unlock()
	if before != nil {
		before()
	}
	return d.Store.Update(ctx, fn)
}

// The model learns, and what waits is judged again, between a comment's being judged and its
// being stored.
func TestACommentJudgedByAModelThatLearnedMeanwhileIsJudgedAgain(t *testing.T) {
	w := newWorld(t)
	slow := &delayed{Store: w.db}
	var err error
	w.s, err = moderation.New(w.ctx, moderation.Options{Store: slow, Secret: testSecret, Clock: w.clock})
	w.must(err)
	w.taught(w.a, 10)
	waits := w.submit(w.a, "It waits already.")
	next := w.submit(w.a, "What is decided meanwhile.")
	w.run(w.s)
	// Both, so that no other write is under way when the late one is to be held up.
	w.until("what waits is judged", 10*time.Second, func() bool {
		return w.comment(w.a, waits.ID).Verdict.ModelSeq == 10 && w.comment(w.a, next.ID).Verdict.ModelSeq == 10
	})

	slow.mu.Lock()
	slow.before = func() {
		w.decide(people.Operator, w.a, decision.Approve, next.ID)
		w.until("what waits is judged again", 10*time.Second, func() bool { return w.comment(w.a, waits.ID).Verdict.ModelSeq == 11 })
	}
	slow.mu.Unlock()
	late := w.submit(w.a, "It was judged before that.")
	if late.Verdict.ModelSeq != 10 {
		t.Fatalf("it was judged by model %d, want 10", late.Verdict.ModelSeq)
	}
	w.until("the late one is judged again", 10*time.Second, func() bool { return w.comment(w.a, late.ID).Verdict.ModelSeq == 11 })
}
