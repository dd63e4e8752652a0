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

// A fault is an error that one call of the database ends in: a statement of a transaction, or the
// end of it.
type fault struct {
	mu   sync.Mutex // guards what follows
	left int        // calls until it strikes; 0: it does not, or did
	err  error
	hit  bool
}

// arm has the n-th call from now on end in err.
func (f *fault) arm(n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left, f.err, f.hit = n, err, false
}

// disarm reports whether there were so many calls.
func (f *fault) disarm() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = 0
	return f.hit
}

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

// ending is a store whose transactions may fail at their end, too.
type ending struct {
	txn.Store[store.Tx]
	*fault
}

func (e ending) View(ctx context.Context, fn func(store.Tx) error) error {
	return e.Store.View(ctx, e.last(fn))
}

func (e ending) Views(ctx context.Context, n int, fn func([]store.Tx) error) error {
	return e.Store.Views(ctx, n, func(all []store.Tx) error {
		if err := fn(all); err != nil {
			return err
		}
		return e.call()
	})
}

func (e ending) Update(ctx context.Context, fn func(store.Tx) error) ([]event.Event, error) {
	return e.Store.Update(ctx, e.last(fn))
}

func (e ending) last(fn func(store.Tx) error) func(store.Tx) error {
	return func(tx store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return e.call()
	}
}

// A faulty world is one whose rooms stand on a database with a fault.
type faulty struct {
	*apptest.World
	fault
	postgres bool
	store    ending
	rows     rawDB
	told     int         // events
	made     int         // names given out
	staff    authz.Actor // once one is needed
}

func newFaulty(t *testing.T, url string) *faulty {
	w := &faulty{World: apptest.NewOn(t, url), rows: raw(t, url), postgres: !strings.HasPrefix(url, "sqlite:")}
	db := open(t, url, store.Options{})
	if err := db.OnStatement(w.call); err != nil {
		t.Fatal(err)
	}
	w.store = ending{db, &w.fault}
	w.S = w.other()
	w.Must(w.S.Learn(w.Ctx, w.A))    // a comment is taken although its model cannot be read: see package learning
	_, err := w.S.Has(w.Ctx, w.A.ID) // and although its site's rules cannot be: see package rules
	w.Must(err)
	w.S.OnEvent(func(event.Event) { w.told++ })
	return w
}

// kept is every row of every table.
func (w *faulty) kept() (lines []string) {
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

// At whatever call of the database a use case fails, nothing of it is kept or told, the answer is that
// the database is busy or a fault of ours, and the same again does what it would have done.
func TestAFaultAtAnyCallLeavesNothingHalfDone(t *testing.T) {
	for name, prepare := range useCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.OnDatabases(t, func(t *testing.T, d testkit.Database) {
				t.Parallel()
				newFaulty(t, d.New(t)).sweep(prepare, served[name])
			})
		})
	}
}

// manyCalls is more than any use case makes.
const manyCalls = 200

// served are use cases that answer although something failed, which is not kept; and why.
var served = map[string]string{
	"ActorBySession": "who only reads is served while the session cannot be prolonged",
	"ActorByToken":   "and while the token's use cannot be noted",
}

// sweep has a use case fail at its first call, at its second, and so on until it has no more.
func (w *faulty) sweep(prepare func(*faulty) func() error, served string) {
	for _, err := range []error{txn.ErrBusy, errFire} {
		for n := 1; ; n++ {
			use := prepare(w)
			if n > manyCalls {
				w.T.Fatalf("after %d calls there are still more: each time it has more to do", n)
			}
			before, told := w.kept(), w.told
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
			if after := w.kept(); !slices.Equal(after, before) {
				w.T.Errorf("%v at call %d: kept %s", err, n, difference(before, after))
			}
			if w.told != told {
				w.T.Errorf("%v at call %d: %d events were told", err, n, w.told-told)
			}
			if err := use(); err != nil {
				w.T.Errorf("after a fault at call %d, the second try: %v", n, err)
			}
		}
	}
}

// isAnswerTo reports whether a person is told what they should be: of a database that is busy to
// try again, and of anything else nothing.
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

// A use case that is added stands in the table, or is of these.
var noUseCases = map[string]string{
	"Run":    "works until it is told to end",
	"Follow": "works until it is told to end",
	"Sweep":  "works until it is told to end",
	"Ready":  "waits for Run",

	"Judge":    "answers whatever fails: tried beside the models",
	"Evidence": "answers whatever fails: tried by itself",
	"Claim":    "asks no database",
	"Knock":    "asks no database",
	"Knocks":   "asks no database",
	"LookAt":   "asks no database",
	"Leave":    "asks no database",
	"Present":  "asks no database",

	"DismissKnock": "asks no database",

	"Preview": "asks no database",
	"MayLink": "asks no database",
	"Lead":    "asks a sign-in provider, and no database",
	"Receive": "asks a sign-in provider, and no database",
	"Lapsed":  "asks no database",

	"MayBeCalled": "is asked by AdmitProof",
	"Note":        "asks no database",

	"NoteForgotten": "asks no database",

	"PreviewNeighbour": "asks no database",

	"EraseHeld":   "goes in parts, and on from where it was interrupted: tried by itself",
	"ErasePerson": "goes in parts, and on from where it was interrupted: tried by itself",
	"EraseAgain":  "goes in parts, into a copy that is thrown away when it fails: tried by a restore",
	"UnnameHeld":  "goes in parts, and on from where it was interrupted: tried by itself",

	"Beginning": "answers whatever fails: tried beside the evidence",
	"Likely":    "asks Judge and Evidence, and no database",
	"Usually":   "a hint beside a list: where reading fails it says what it said before",
}

func TestEveryUseCaseIsTriedWithFaults(t *testing.T) {
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
				t.Errorf("%v.%s is not tried with faults", room, m.Name)
			}
			delete(tried, m.Name)
		}
	}
	for name := range tried {
		t.Errorf("there is no %s", name)
	}
}
