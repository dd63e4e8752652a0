package externalcheck_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/txn"
)

// outside is a world whose site A asks a checker.
type outside struct {
	*apptest.World
	mu   sync.Mutex
	sent []map[string]any
	say  func(body string) (status int, answer string)
}

func newOutside(t *testing.T, w *apptest.World) *outside {
	o := &outside{World: w, say: func(body string) (int, string) {
		if strings.Contains(body, "oven") {
			return http.StatusOK, `{"spam": true}`
		}
		return http.StatusOK, `{"spam": false}`
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in map[string]any
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Errorf("it was sent no JSON: %v", err)
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		o.sent = append(o.sent, in)
		status, answer := o.say(in["comment"].(map[string]any)["body"].(string))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	o.set(map[string]string{"checker": server.URL + "/check"})
	w.Run(w.S)
	apptest.Followed(w, "checker")
	return o
}

func (o *outside) set(settings map[string]string) {
	o.T.Helper()
	site, err := o.S.SetSite(o.Ctx, authz.Operator, "a", settings)
	o.Must(err)
	o.A = site
}

// answers has the checker say something else from now on.
func (o *outside) answers(say func(string) (int, string)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.say = say
}

// asked are the comments that the checker was asked about, as it was sent them.
func (o *outside) asked() (all []map[string]any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, in := range o.sent {
		all = append(all, in["comment"].(map[string]any))
	}
	return all
}

// said is whether a comment's verdict has the checker's word.
func (o *outside) said(id string) bool { return o.Comment(o.A, id).Verdict.Checked() != nil }

// wait waits until nothing is to be asked.
func (o *outside) wait() {
	o.T.Helper()
	testkit.Until(o.T, "nothing is to be asked", func() (done bool) {
		o.View(func(tx store.Tx) error {
			checks, err := tx.Checks(o.A.ID, 9)
			done = len(checks) == 0
			return err
		})
		return done
	})
}

func TestACheckersWordIsASignalOnWhatWaits(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.World) {
		o := newOutside(t, w)
		bad := o.Submit(o.A, "A stone oven with free delivery.")
		if bad.Verdict.Checked() != nil {
			t.Fatal("a post waited for the checker")
		}
		good := o.Submit(o.A, "The bread of that bakery was good.")
		testkit.Until(t, "the checker's word is heeded", func() bool { return o.said(bad.ID) })
		testkit.Until(t, "it was asked about both", func() bool { return len(o.asked()) == 2 })
		o.wait()
		if o.said(good.ID) {
			t.Error("what it has nothing against has its word")
		}
		c := o.Comment(o.A, bad.ID)
		if s := c.Verdict.Checked(); c.State != comment.Pending || c.Version != bad.Version || s.Weight != 2.5 ||
			s.Args["name"] != "127.0.0.1" || c.Verdict.Action != comment.MarkSpam || c.Verdict.Score < 0.9 {
			t.Errorf("its word makes %+v of %s", c.Verdict, c.State)
		}
		raw, err := json.Marshal(o.asked())
		o.Must(err)
		if strings.Contains(string(raw), "10.0.0.") || strings.Contains(string(raw), "mail.example") {
			t.Errorf("it was told who wrote from where: %s", raw)
		}

		// A verdict that is renewed keeps it, until the text is another.
		o.Decide(authz.Operator, o.A, comment.MarkSpam, o.Submit(o.A, "Casino bonus for everybody.").ID)
		o.Decide(authz.Operator, o.A, comment.Approve, good.ID)
		testkit.Until(t, "the verdict is renewed", func() bool {
			return o.Comment(o.A, bad.ID).Verdict.ModelSeq > c.Verdict.ModelSeq
		})
		if !o.said(bad.ID) {
			t.Error("a renewed verdict lost the checker's word")
		}
		own, token := o.SubmitOwn(o.A, "Another oven, cheaper.")
		testkit.Until(t, "it is heeded again", func() bool { return o.said(own.ID) })
		_, _, err = o.S.Edit(o.Ctx, o.A, own.ID, token, "Another bakery, nearer.")
		o.Must(err)
		if o.said(own.ID) {
			t.Error("an edited comment has the word on its old text")
		}
		o.wait()
		if o.said(own.ID) {
			t.Error("the new text has a word against it")
		}

		o.set(map[string]string{"checker_email": "on"})
		o.Submit(o.A, "One with an e-mail.")
		testkit.Until(t, "the e-mail is told", func() bool {
			all := o.asked()
			email, _ := all[len(all)-1]["email"].(string)
			return strings.HasSuffix(email, "@mail.example")
		})
		o.set(map[string]string{"checker": ""})
		last := o.Submit(o.A, "An oven that nobody is asked about.")
		o.wait()
		asked, err := json.Marshal(o.asked()) // a request that was under way before may arrive since
		o.Must(err)
		if strings.Contains(string(asked), "nobody is asked") || o.said(last.ID) {
			t.Error("a checker that was taken out was asked")
		}
		testkit.Until(t, "what it said goes with it", func() bool { return !o.said(bad.ID) })
		if c := o.Comment(o.A, bad.ID); c.State != comment.Pending || c.Verdict.Score >= 0.9 {
			t.Errorf("without the checker the verdict is %+v", c.Verdict)
		}
	})
}

// meddled is a store where, once they are set, something happens after it was read what waits, newest first, or before
// a checker's word is written down.
type meddled struct {
	txn.Store[store.Tx]
	read, heeded atomic.Pointer[func()]
}

// happens calls once what fn is, if it is set.
func happens(fn *atomic.Pointer[func()]) {
	if f := fn.Swap(nil); f != nil {
		(*f)()
	}
}

// meddledTx notes whether it was read what waits, newest first.
type meddledTx struct {
	store.Tx
	in   *meddled
	read bool
}

func (s *meddled) View(ctx context.Context, fn func(store.Tx) error) error {
	var tx meddledTx
	err := s.Store.View(ctx, func(real store.Tx) error {
		tx = meddledTx{Tx: real, in: s}
		return fn(&tx)
	})
	if tx.read {
		happens(&s.read)
	}
	return err
}

func (s *meddled) Update(ctx context.Context, fn func(store.Tx) error) ([]event.Event, error) {
	return s.Store.Update(ctx, func(real store.Tx) error { return fn(&meddledTx{Tx: real, in: s}) })
}

func (t *meddledTx) Queue(q comment.QueueQuery) ([]comment.Comment, error) {
	t.read = t.read || q.View == comment.ViewPending && q.Order == comment.NewestFirst
	return t.Tx.Queue(q)
}

func (t *meddledTx) SetVerdict(c comment.Comment, v comment.Verdict) (bool, error) {
	if v.Checked() != nil {
		happens(&t.in.heeded)
	}
	return t.Tx.SetVerdict(c, v)
}

// newMeddled is newOutside on a store that is meddled with.
func newMeddled(t *testing.T, w *apptest.World) (*outside, *meddled) {
	s := &meddled{Store: w.DB.Store}
	w.S = w.NewApp(s)
	return newOutside(t, w), s
}

// A checker is taken out, and somebody else judges what it spoke of just when its word is to be taken away.
func TestAWordIsTakenAwayWhoeverJudgesMeanwhile(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.World) {
		o, s := newMeddled(t, w)
		bad := o.Submit(o.A, "A stone oven with free delivery.")
		testkit.Until(t, "the checker's word is heeded", func() bool { return o.said(bad.ID) })
		apptest.Followed(w, "campaigns")
		meanwhile := func() {
			c := o.Comment(o.A, bad.ID)
			alike := c.Verdict.Again(comment.Facts{Alike: 3}, o.A.Settings.Threshold())
			o.Must(o.DB.Update(o.Ctx, func(tx store.Tx) error {
				set, err := tx.SetVerdict(c, alike)
				if !set {
					t.Error("nobody else judged it")
				}
				return err
			}))
		}
		s.read.Store(&meanwhile)
		o.set(map[string]string{"checker": ""})
		testkit.Until(t, "what it said goes with it", func() bool { return !o.said(bad.ID) })
		if n := o.Comment(o.A, bad.ID).Verdict.Alike(); n != 3 {
			t.Errorf("it is like %d refused comments, want 3", n)
		}
	})
}

// A checker is taken out, and what waits was looked at for that, just before its last word is written down.
func TestNoWordStaysThatComesTooLate(t *testing.T) {
	t.Parallel()
	o, s := newMeddled(t, apptest.NewOn(t, testkit.Postgres(t))) // on SQLite one writes at a time
	looked := make(chan struct{})
	meanwhile := func() {
		done := func() { close(looked) }
		s.read.Store(&done)
		_, err := o.S.SetSite(o.Ctx, authz.Operator, "a", map[string]string{"checker": ""})
		o.Must(err)
		<-looked
	}
	s.heeded.Store(&meanwhile)
	bad := o.Submit(o.A, "A stone oven with free delivery.")
	<-looked
	o.wait()
	testkit.Until(t, "its word is gone", func() bool { return !o.said(bad.ID) })
}

func TestACheckerThatFailsCostsNobodyAnything(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	o := newOutside(t, w)
	o.answers(func(string) (int, string) { return http.StatusOK, "<html>" })
	bad := o.Submit(o.A, "A stone oven with free delivery.")
	testkit.Until(t, "its failure is known", func() bool {
		state, err := o.S.CheckerState(o.Ctx, authz.Operator, o.A)
		o.Must(err)
		return state.Failures == 1 && state.Failure != "" && state.AnsweredAt.IsZero() && state.RetryAt.After(o.Clock.Now())
	})
	if c := o.Comment(o.A, bad.ID); c.State != comment.Pending || c.Verdict.Checked() != nil {
		t.Errorf("garbage made %+v", c.Verdict)
	}
	// It rests, and is asked again later; the comment has not been forgotten.
	o.Clock.Add(time.Second)
	more := o.Submit(o.A, "One more oven.")
	o.answers(func(string) (int, string) { return http.StatusOK, `{"spam":true}` })
	o.Clock.Add(time.Minute)
	testkit.Until(t, "both are heeded", func() bool { return o.said(bad.ID) && o.said(more.ID) })
	state, err := o.S.CheckerState(o.Ctx, authz.Operator, o.A)
	o.Must(err)
	if state.Failures != 0 || state.Failure != "" || state.AnsweredAt.IsZero() {
		t.Errorf("it answered, and is %+v", state)
	}
	// What was decided before it could be asked is not asked about.
	o.answers(func(string) (int, string) { return http.StatusInternalServerError, "" })
	late := o.Submit(o.A, "A third oven.")
	testkit.Until(t, "it fails", func() bool {
		state, err := o.S.CheckerState(o.Ctx, authz.Operator, o.A)
		o.Must(err)
		return state.Failures > 0
	})
	o.Decide(authz.Operator, o.A, comment.Approve, late.ID)
	o.Clock.Add(time.Hour)
	o.wait()
	if c := o.Comment(o.A, late.ID); c.State != comment.Approved || c.Verdict.Checked() != nil {
		t.Errorf("it is %s, with %+v", c.State, c.Verdict)
	}
}

func TestACheckersKeyIsSealed(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	const key = "a-key-of-the-checker-4711"
	w.Must(w.S.SetCheckerKey(w.Ctx, authz.Operator, w.A, key))
	state, err := w.S.CheckerState(w.Ctx, authz.Operator, w.A)
	w.Must(err)
	if !state.HasKey || state.Ending != "4711" || state.Key != nil {
		t.Errorf("its owner is told %+v", state)
	}
	if n := w.InFile(key); n > 0 {
		t.Errorf("the key stands in the database %d times", n)
	}
	long := strings.Repeat("k", 201)
	apptest.WantCode(t, "a long key", w.S.SetCheckerKey(w.Ctx, authz.Operator, w.A, long), "field.invalid")
	w.Must(w.S.SetCheckerKey(w.Ctx, authz.Operator, w.A, ""))
	if state, err = w.S.CheckerState(w.Ctx, authz.Operator, w.A); err != nil || state.HasKey {
		t.Errorf("the key that was taken away is %+v, %v", state, err)
	}
}
