package moderation_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/app"
	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/txn"
)

// delayed is a store that calls a function from the context before each write.
type delayed struct{ txn.Store[store.Tx] }

type meanwhile struct{}

func (d delayed) Update(ctx context.Context, fn func(store.Tx) error) ([]event.Event, error) {
	if happens, ok := ctx.Value(meanwhile{}).(func()); ok {
		happens()
	}
	return d.Store.Update(ctx, fn)
}

// The model learns, and pending comments are rescored, after a comment got its verdict and before it is stored.
func TestRescore_ModelLearnedDuringSubmit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.App = w.NewApp(delayed{w.DB.Store})
	w.DecideTexts(w.A, 10)
	waits := w.Submit(w.A, "It waits already.")
	next := w.Submit(w.A, "What is decided meanwhile.")
	w.Run(w.App)
	testkit.Until(w.T, "what waits is judged", func() bool {
		return w.Comment(w.A, waits.ID).Verdict.ModelSeq == 10 && w.Comment(w.A, next.ID).Verdict.ModelSeq == 10
	})

	ctx := context.WithValue(w.Ctx, meanwhile{}, sync.OnceFunc(func() {
		w.Decide(authz.Operator, w.A, comment.Approve, next.ID)
		testkit.Until(w.T, "what waits is judged again",
			func() bool { return w.Comment(w.A, waits.ID).Verdict.ModelSeq == 11 })
	}))
	out, err := w.App.Submit(ctx, w.A, moderation.Submission{PageURL: "https://a.example/post", Name: "Late",
		Body: "It was judged before that."})
	w.Must(err)
	testkit.Until(w.T, "the late one is judged again",
		func() bool { return w.Comment(w.A, out.ID).Verdict.ModelSeq == 11 })
}

// taught is a store that calls a function after each update of verdicts.
type taught struct {
	txn.Store[store.Tx]
	then atomic.Pointer[func()]
}

func (s *taught) Update(ctx context.Context, fn func(store.Tx) error) ([]event.Event, error) {
	events, err := s.Store.Update(ctx, fn)
	judged := slices.ContainsFunc(events, func(e event.Event) bool { return e.Kind == event.Rescored })
	if then := s.then.Load(); judged && then != nil {
		(*then)()
	}
	return events, err
}

// turnStarts grants each claim, and sends the number of writes so far at each start of a rescoring turn.
type turnStarts struct {
	writes atomic.Int64
	starts chan int64
}

func (c *turnStarts) Claim(_ context.Context, _ int64, name string, _ time.Duration) bool {
	if name == "rejudge" {
		c.starts <- c.writes.Load()
	}
	return true
}

// A moderator decides faster than pending comments are rescored. The first comments of each order are rescored once,
// and then the process rests.
func TestRescore_TurnEndsWhileModelLearns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := &taught{Store: w.DB.Store}
	turns := &turnStarts{starts: make(chan int64, 1000)}
	w.App = w.NewAppWith(s, app.Coordination{Claims: turns}, app.Options{})
	w.DecideTexts(w.A, 10)
	ids := w.AddTexts(w.A, apptest.RandomTexts(380, rand.New(rand.NewPCG(6, 6))))
	decide := func(n int64) {
		w.Decide(authz.Operator, w.A, comment.Approve, ids[n])
		w.Must(w.App.Learn(w.Ctx, w.A))
	}
	then := func() {
		if n := turns.writes.Add(1); n < int64(len(ids)) {
			decide(n)
		}
	}
	w.Run(w.App)
	testkit.Until(t, "all are judged by the model that there is", func() (all bool) {
		w.View(func(tx store.Tx) error {
			stale, err := tx.StalePending(w.A.ID, 10, comment.OldestFirst, 1)
			all = len(stale) == 0
			return err
		})
		return all
	})
	s.then.Store(&then)
	decide(0)
	for before := int64(0); ; {
		select {
		case n := <-turns.starts:
			if before == 0 { // the first turn may have begun before the decision
				before = n
				continue
			}
			if n < before+4 || n > before+5 { // the remaining comments may end the turn
				t.Errorf("a turn wrote %d times, want 4 or 5, a hundred verdicts each", n-before)
			}
			return
		case <-time.After(time.Minute):
			t.Fatal("no further turn starts")
		}
	}
}

// claimed grants a rescoring claim for its whole duration, and sends the duration.
type claimed struct {
	until time.Time
	ttls  chan time.Duration
}

func (c *claimed) Claim(_ context.Context, _ int64, name string, ttl time.Duration) bool {
	if name != "rejudge" {
		return true
	}
	now := time.Now()
	if now.Before(c.until) {
		return false
	}
	c.until = now.Add(ttl)
	c.ttls <- ttl
	return true
}

// After a turn, the claim is held during the rest, so that no other process starts the next turn.
func TestRescore_ClaimHeldDuringRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	claims := &claimed{ttls: make(chan time.Duration, 100)}
	s := &taught{Store: w.DB.Store}
	slow := func() { time.Sleep(60 * time.Millisecond) } // a slow disk
	s.then.Store(&slow)
	w.App = w.NewAppWith(s, app.Coordination{Claims: claims}, app.Options{})
	w.DecideTexts(w.A, 10)
	ids := w.AddTexts(w.A, apptest.RandomTexts(3, rand.New(rand.NewPCG(6, 6))))
	w.Run(w.App)
	judged := func(by uint64) {
		t.Helper()
		testkit.Until(t, "what waits is judged", func() bool { return w.Comment(w.A, ids[2]).Verdict.ModelSeq == by })
	}
	judged(10)
	w.Decide(authz.Operator, w.A, comment.Approve, ids[0])
	judged(11)
	for len(claims.ttls) > 0 {
		<-claims.ttls
	}
	w.Decide(authz.Operator, w.A, comment.Approve, ids[1])
	judged(12)
	// The rest is 79 times 60 ms. It is shorter after a turn on a slow machine, but longer than the one second after an
	// idle turn.
	if got := <-claims.ttls; got < 2*time.Second {
		t.Errorf("after a turn of 60 ms others take the next %v later, want more than two seconds", got)
	}
}
