package store_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/txn"
)

// A fault makes one call of the database fail: a statement of a transaction, or its commit.
type fault struct {
	mu   sync.Mutex // guards the fields below
	left int        // calls until the failing one; 0: disarmed or done
	err  error
	hit  bool
}

// arm makes the n-th call from now on fail with err.
func (f *fault) arm(n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left, f.err, f.hit = n, err, false
}

// disarm disarms the fault and reports whether the call was reached.
func (f *fault) disarm() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = 0
	return f.hit
}

// call returns the error of the current call.
func (f *fault) call() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left == 0 {
		return nil
	}
	if f.left--; f.left > 0 {
		return nil
	}
	f.hit = true
	return f.err
}

// faultyStore is a store whose transactions can also fail at their commit.
type faultyStore struct {
	txn.Store[store.Tx]
	*fault
}

func (e faultyStore) View(ctx context.Context, fn func(store.Tx) error) error {
	return e.Store.View(ctx, e.failAtEnd(fn))
}

func (e faultyStore) Views(ctx context.Context, n int, fn func([]store.Tx) error) error {
	return e.Store.Views(ctx, n, func(all []store.Tx) error {
		if err := fn(all); err != nil {
			return err
		}
		return e.call()
	})
}

func (e faultyStore) Update(ctx context.Context, fn func(store.Tx) error) ([]event.Event, error) {
	return e.Store.Update(ctx, e.failAtEnd(fn))
}

func (e faultyStore) failAtEnd(fn func(store.Tx) error) func(store.Tx) error {
	return func(tx store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return e.call()
	}
}

// faulty is an Env whose App uses a database with a fault.
type faulty struct {
	*apptest.Env
	fault
	postgres  bool
	store     faultyStore
	rows      rawDB
	delivered int         // number of events delivered
	serial    int         // number of names generated
	staff     authz.Actor // see moderator
}

func newFaulty(t *testing.T, url string) *faulty {
	w := &faulty{Env: apptest.NewOn(t, url), rows: raw(t, url), postgres: !strings.HasPrefix(url, "sqlite:")}
	db := open(t, url, store.Options{})
	if err := db.OnStatement(w.call); err != nil {
		t.Fatal(err)
	}
	w.store = faultyStore{db, &w.fault}
	w.App = w.other()
	w.Must(w.App.Learn(w.Ctx, w.A))    // load the model: without it, Submit ignores errors (see package learning)
	_, err := w.App.Has(w.Ctx, w.A.ID) // load the rules, for the same reason (see package rules)
	w.Must(err)
	w.App.OnEvent(func(event.Event) { w.delivered++ })
	return w
}

// allRows returns every row of every table, sorted.
func (w *faulty) allRows() (lines []string) {
	w.T.Helper()
	list := "SELECT name FROM sqlite_schema WHERE type = 'table'"
	if w.postgres {
		list = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
	}
	for _, table := range w.read(list) {
		for _, row := range w.read(`SELECT * FROM "` + table + `"`) {
			lines = append(lines, table+": "+row)
		}
	}
	slices.Sort(lines)
	return lines
}

func (w *faulty) read(query string) (lines []string) {
	w.T.Helper()
	rows, err := w.rows.QueryContext(w.Ctx, query)
	w.Must(err)
	defer rows.Close()
	columns, err := rows.Columns()
	w.Must(err)
	for rows.Next() {
		row := make([]any, len(columns))
		for i := range row {
			row[i] = new(any)
		}
		w.Must(rows.Scan(row...))
		text := make([]string, len(row))
		for i, v := range row {
			text[i] = fmt.Sprint(*v.(*any))
		}
		lines = append(lines, strings.Join(text, " "))
	}
	w.Must(rows.Err())
	return lines
}

var errFire = errors.New("the disk is on fire")

// If any database call of a use case fails, nothing is stored and no event is delivered. The use case returns a busy or
// an internal error, and succeeds when it is repeated.
func TestUseCases_FaultAtAnyCallChangesNothing(t *testing.T) {
	for name, prepare := range useCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.OnDatabases(t, func(t *testing.T, d testkit.Database) {
				t.Parallel()
				newFaulty(t, d.New(t)).sweep(prepare, tolerated[name])
			})
		})
	}
}

// manyCalls is more than the number of calls of any use case.
const manyCalls = 200

// tolerated are the use cases that succeed although a write failed, and the reason.
var tolerated = map[string]string{
	"ActorBySession": "reading works although the session cannot be extended",
	"ActorByToken":   "reading works although the use of the token cannot be recorded",
}

// sweep makes a use case fail at its first database call, at its second, and so on, until it has no more calls.
func (w *faulty) sweep(prepare func(*faulty) func() error, served string) {
	for _, err := range []error{txn.ErrBusy, errFire} {
		for n := 1; ; n++ {
			use := prepare(w)
			if n > manyCalls {
				w.T.Fatalf("more than %d calls: each try adds calls", n)
			}
			before, told := w.allRows(), w.delivered
			w.arm(n, err)
			got := use()
			if !w.disarm() {
				if got != nil || n == 1 {
					w.T.Fatalf("without a fault, after %d calls: %v", n-1, got)
				}
				break
			}
			if !isAnswerTo(got, err) && (got != nil || served == "") {
				w.T.Errorf("%v at call %d: answered %v", err, n, got)
			}
			if after := w.allRows(); !slices.Equal(after, before) {
				w.T.Errorf("%v at call %d: kept %s", err, n, difference(before, after))
			}
			if w.delivered != told {
				w.T.Errorf("%v at call %d: %d events were delivered", err, n, w.delivered-told)
			}
			if err := use(); err != nil {
				w.T.Errorf("after a fault at call %d, the second try: %v", n, err)
			}
		}
	}
}

// isAnswerTo reports whether got is the right error for a fault: busy for txn.ErrBusy, internal for any other.
func isAnswerTo(got, fault error) bool {
	e, known := errors.AsType[*problem.Error](got)
	if errors.Is(fault, txn.ErrBusy) {
		return known && e.Kind == problem.Busy
	}
	return errors.Is(got, fault) && (!known || e.Kind == problem.Internal)
}

func difference(before, after []string) string {
	var text strings.Builder
	for _, line := range before {
		if !slices.Contains(after, line) {
			fmt.Fprintf(&text, "\n- %s", line)
		}
	}
	for _, line := range after {
		if !slices.Contains(before, line) {
			fmt.Fprintf(&text, "\n+ %s", line)
		}
	}
	return text.String()
}

// noUseCases are the service methods that are not in useCases, and the reason.
var noUseCases = map[string]string{
	"Run":    "runs until its context ends",
	"Follow": "runs until its context ends",
	"Sweep":  "runs until its context ends",
	"Ready":  "waits for Run",

	"RunWhileCurrent": "runs until its context ends",

	"Judge":          "never fails; tested with the models",
	"Evidence":       "never fails; has a test of its own",
	"Claim":          "uses no database",
	"RecordOrigin":   "uses no database",
	"OriginRequests": "uses no database",
	"LookAt":         "uses no database",
	"Leave":          "uses no database",
	"LookAtOfAny":    "uses no database",
	"LeaveAll":       "uses no database",
	"Present":        "uses no database",

	"PresentAnywhere": "uses no database",

	"DismissOrigin": "uses no database",

	"WaitUpload": "uses no database",

	"Preview":         "uses no database",
	"CheckLink":       "uses no database",
	"StartSignIn":     "calls a sign-in provider, not the database",
	"FinishSignIn":    "calls a sign-in provider, not the database",
	"ReadExpiredLink": "uses no database",

	"CheckDisplayName": "called by AdmitProof",
	"MarkErasure":      "uses no database",

	"MarkForgotten": "uses no database",

	"PreviewSpamList": "uses no database",

	"EraseByLink":      "works in batches and resumes after an interruption; has a test of its own",
	"EraseDataSubject": "works in batches and resumes after an interruption; has a test of its own",
	"ReapplyErasures":  "works in batches on a copy that is deleted on failure; tested with restore",
	"AnonymizeByLink":  "works in batches and resumes after an interruption; has a test of its own",

	"OwnLessons":       "called by Score",
	"TrainingProgress": "never fails; tested with the evidence",
	"RefusalHint":      "calls Judge and Evidence, not the database",
	"TypicalHours":     "a hint beside a list; returns its last result on failure",
}

func TestUseCases_AllAreTestedWithFaults(t *testing.T) {
	tried := map[string]bool{}
	for name := range useCases {
		method, _, _ := strings.Cut(name, ":")
		tried[method] = true
	}
	ctx := reflect.TypeFor[context.Context]()
	for _, room := range apptest.ServiceTypes() {
		for i := range room.NumMethod() {
			m := room.Method(i)
			if m.Type.NumIn() < 2 || m.Type.In(1) != ctx || noUseCases[m.Name] != "" {
				continue
			}
			if !tried[m.Name] {
				t.Errorf("%v.%s is not tested with faults", room, m.Name)
			}
			delete(tried, m.Name)
		}
	}
	for name := range tried {
		t.Errorf("no service has a method %s", name)
	}
}
