package moderation_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/store/storetest"
)

// delayed is a store that first lets something else happen where a write's context has it.
type delayed struct{ ground.Store[storetest.Tx] }

type meanwhile struct{}

func (d delayed) Update(ctx context.Context, fn func(storetest.Tx) error) ([]ground.Event, error) {
	if happens, ok := ctx.Value(meanwhile{}).(func()); ok {
		happens()
	}
	return d.Store.Update(ctx, fn)
}

// The model learns, and what waits is judged again, between a comment's being judged and its
// being stored.
func TestACommentJudgedByAModelThatLearnedMeanwhileIsJudgedAgain(t *testing.T) {
	w := newWorld(t)
	var err error
	w.s, err = storetest.Furnish(w.ctx, delayed{w.db.Store}, testSecret, ground.Options{Clock: w.clock})
	w.must(err)
	w.taught(w.a, 10)
	waits := w.submit(w.a, "It waits already.")
	next := w.submit(w.a, "What is decided meanwhile.")
	w.run(w.s)
	w.until("what waits is judged", 30*time.Second, func() bool {
		return w.comment(w.a, waits.ID).Verdict.ModelSeq == 10 && w.comment(w.a, next.ID).Verdict.ModelSeq == 10
	})

	ctx := context.WithValue(w.ctx, meanwhile{}, sync.OnceFunc(func() {
		w.decide(people.Operator, w.a, decision.Approve, next.ID)
		w.until("what waits is judged again", 30*time.Second, func() bool { return w.comment(w.a, waits.ID).Verdict.ModelSeq == 11 })
	}))
	out, err := w.s.Submit(ctx, w.a, moderation.Submission{PageURL: "https://a.example/post", Name: "Late", Body: "It was judged before that."})
	w.must(err)
	w.until("the late one is judged again", 30*time.Second, func() bool { return w.comment(w.a, out.ID).Verdict.ModelSeq == 11 })
}
