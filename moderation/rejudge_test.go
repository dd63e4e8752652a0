package moderation_test

import (
	"context"
	"sync"
	"testing"

	"github.com/aitys/aitys/e2e/kit"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/roomstest"
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
	w.S, err = roomstest.Furnish(w.Ctx, delayed{w.DB.Store}, roomstest.Secret, ground.Options{Clock: w.Clock})
	w.Must(err)
	w.Taught(w.A, 10)
	waits := w.Submit(w.A, "It waits already.")
	next := w.Submit(w.A, "What is decided meanwhile.")
	w.Run(w.S)
	kit.Until(w.T, "what waits is judged", func() bool {
		return w.Comment(w.A, waits.ID).Verdict.ModelSeq == 10 && w.Comment(w.A, next.ID).Verdict.ModelSeq == 10
	})

	ctx := context.WithValue(w.Ctx, meanwhile{}, sync.OnceFunc(func() {
		w.Decide(people.Operator, w.A, comment.Approve, next.ID)
		kit.Until(w.T, "what waits is judged again",
			func() bool { return w.Comment(w.A, waits.ID).Verdict.ModelSeq == 11 })
	}))
	out, err := w.S.Submit(ctx, w.A, moderation.Submission{PageURL: "https://a.example/post", Name: "Late",
		Body: "It was judged before that."})
	w.Must(err)
	kit.Until(w.T, "the late one is judged again",
		func() bool { return w.Comment(w.A, out.ID).Verdict.ModelSeq == 11 })
}
