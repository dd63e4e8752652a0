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

// outside is an app whose site A has an external checker.
type outside struct {
	*apptest.Env
	mu   sync.Mutex
	sent []map[string]any
	say  func(body string) (status int, answer string)
}

func newOutside(t *testing.T, w *apptest.Env) *outside {
	o := &outside{Env: w, say: func(body string) (int, string) {
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
	w.Run(w.App)
	apptest.WaitFollower(w, "checker")
	return o
}

func (o *outside) set(settings map[string]string) {
	o.T.Helper()
	site, err := o.App.SetSite(o.Ctx, authz.Operator, "a", settings)
	o.Must(err)
	o.A = site
}

// answers replaces the checker's behaviour.
func (o *outside) answers(say func(string) (int, string)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.say = say
}

// asked returns the comments that the checker received.
func (o *outside) asked() (all []map[string]any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, in := range o.sent {
		all = append(all, in["comment"].(map[string]any))
	}
	return all
}

// said reports whether a comment's verdict has the checker's signal.
func (o *outside) said(id string) bool { return o.Comment(o.A, id).Verdict.Checked() != nil }

// wait waits until no checks are queued.
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

func TestRun_AddsSignalToPendingComments(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
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
			t.Errorf("the checker received the e-mail or the address: %s", raw)
		}

		// A rescored verdict keeps the signal until the text changes.
		o.Decide(authz.Operator, o.A, comment.MarkSpam, o.Submit(o.A, "Casino bonus for everybody.").ID)
		o.Decide(authz.Operator, o.A, comment.Approve, good.ID)
		testkit.Until(t, "the verdict is renewed", func() bool {
			return o.Comment(o.A, bad.ID).Verdict.ModelSeq > c.Verdict.ModelSeq
		})
		if !o.said(bad.ID) {
			t.Error("a renewed verdict lost the checker's word")
		}
		own, token := o.SubmitWithToken(o.A, "Another oven, cheaper.")
		testkit.Until(t, "it is heeded again", func() bool { return o.said(own.ID) })
		_, _, err = o.App.Edit(o.Ctx, o.A, own.ID, token, "Another bakery, nearer.")
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
		asked, err := json.Marshal(o.asked()) // a request that was sent earlier may have arrived since
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

// hookedStore calls read after pending comments were read, newest first, and heeded before a checker's signal is
// stored.
type hookedStore struct {
	txn.Store[store.Tx]
	read, heeded atomic.Pointer[func()]
}

// runOnce calls the function that fn holds, once, if there is one.
func runOnce(fn *atomic.Pointer[func()]) {
	if f := fn.Swap(nil); f != nil {
		(*f)()
	}
}

// hookedTx notes whether pending comments were read, newest first.
type hookedTx struct {
	store.Tx
	in   *hookedStore
	read bool
}

func (s *hookedStore) View(ctx context.Context, fn func(store.Tx) error) error {
	var tx hookedTx
	err := s.Store.View(ctx, func(real store.Tx) error {
		tx = hookedTx{Tx: real, in: s}
		return fn(&tx)
	})
	if tx.read {
		runOnce(&s.read)
	}
	return err
}

func (s *hookedStore) Update(ctx context.Context, fn func(store.Tx) error) ([]event.Event, error) {
	return s.Store.Update(ctx, func(real store.Tx) error { return fn(&hookedTx{Tx: real, in: s}) })
}

func (t *hookedTx) Queue(q comment.QueueQuery) ([]comment.Comment, error) {
	t.read = t.read || q.View == comment.ViewPending && q.Order == comment.NewestFirst
	return t.Tx.Queue(q)
}

func (t *hookedTx) SetVerdict(c comment.Comment, v comment.Verdict) (bool, error) {
	if v.Checked() != nil {
		runOnce(&t.in.heeded)
	}
	return t.Tx.SetVerdict(c, v)
}

// newHooked is newOutside on a hookedStore.
func newHooked(t *testing.T, w *apptest.Env) (*outside, *hookedStore) {
	s := &hookedStore{Store: w.DB.Store}
	w.App = w.NewApp(s)
	return newOutside(t, w), s
}

// The checker is removed. Another process changes the verdict just when the signal is to be removed.
func TestRun_RemovesSignalDespiteConcurrentRescore(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		o, s := newHooked(t, w)
		bad := o.Submit(o.A, "A stone oven with free delivery.")
		testkit.Until(t, "the checker's word is heeded", func() bool { return o.said(bad.ID) })
		apptest.WaitFollower(w, "campaigns")
		meanwhile := func() {
			c := o.Comment(o.A, bad.ID)
			alike := c.Verdict.WithRepeats(comment.Facts{Alike: 3}, o.A.Settings.Threshold())
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

// The checker is removed and pending comments are rescored just before its last signal is stored.
func TestRun_RemovesLateSignal(t *testing.T) {
	t.Parallel()
	o, s := newHooked(t, apptest.NewOn(t, testkit.Postgres(t))) // SQLite has one writer at a time
	looked := make(chan struct{})
	meanwhile := func() {
		done := func() { close(looked) }
		s.read.Store(&done)
		_, err := o.App.SetSite(o.Ctx, authz.Operator, "a", map[string]string{"checker": ""})
		o.Must(err)
		<-looked
	}
	s.heeded.Store(&meanwhile)
	bad := o.Submit(o.A, "A stone oven with free delivery.")
	<-looked
	o.wait()
	testkit.Until(t, "its word is gone", func() bool { return !o.said(bad.ID) })
}

func TestRun_FailingCheckerBacksOff(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	o := newOutside(t, w)
	o.answers(func(string) (int, string) { return http.StatusOK, "<html>" })
	bad := o.Submit(o.A, "A stone oven with free delivery.")
	testkit.Until(t, "its failure is known", func() bool {
		state, err := o.App.CheckerState(o.Ctx, authz.Operator, o.A)
		o.Must(err)
		return state.Failures == 1 && state.Failure != "" && state.AnsweredAt.IsZero() && state.RetryAt.After(o.Clock.Now())
	})
	if c := o.Comment(o.A, bad.ID); c.State != comment.Pending || c.Verdict.Checked() != nil {
		t.Errorf("garbage made %+v", c.Verdict)
	}
	// During the backoff it is not called. The queued comment is checked later.
	o.Clock.Add(time.Second)
	more := o.Submit(o.A, "One more oven.")
	o.answers(func(string) (int, string) { return http.StatusOK, `{"spam":true}` })
	o.Clock.Add(time.Minute)
	testkit.Until(t, "both are heeded", func() bool { return o.said(bad.ID) && o.said(more.ID) })
	state, err := o.App.CheckerState(o.Ctx, authz.Operator, o.A)
	o.Must(err)
	if state.Failures != 0 || state.Failure != "" || state.AnsweredAt.IsZero() {
		t.Errorf("it answered, and is %+v", state)
	}
	// A comment that was decided before its check is not sent.
	o.answers(func(string) (int, string) { return http.StatusInternalServerError, "" })
	late := o.Submit(o.A, "A third oven.")
	testkit.Until(t, "it fails", func() bool {
		state, err := o.App.CheckerState(o.Ctx, authz.Operator, o.A)
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

func TestSetCheckerKey_EncryptsKey(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	const key = "a-key-of-the-checker-4711"
	w.Must(w.App.SetCheckerKey(w.Ctx, authz.Operator, w.A, key))
	state, err := w.App.CheckerState(w.Ctx, authz.Operator, w.A)
	w.Must(err)
	if !state.HasKey || state.KeySuffix != "4711" || state.Key != nil {
		t.Errorf("its owner is told %+v", state)
	}
	if n := w.CountInFile(key); n > 0 {
		t.Errorf("the key stands in the database %d times", n)
	}
	long := strings.Repeat("k", 201)
	apptest.WantCode(t, "a long key", w.App.SetCheckerKey(w.Ctx, authz.Operator, w.A, long), "field.invalid")
	w.Must(w.App.SetCheckerKey(w.Ctx, authz.Operator, w.A, ""))
	if state, err = w.App.CheckerState(w.Ctx, authz.Operator, w.A); err != nil || state.HasKey {
		t.Errorf("the key that was taken away is %+v, %v", state, err)
	}
}
