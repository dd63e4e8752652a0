package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/txn"
)

// A follower reads the events of a database in batches and counts them by name.
type follower struct {
	testing.TB
	store txn.Store[store.Tx]
	at    event.Position
	seen  map[string]int
}

func newFollower(t testing.TB, db *store.DB) *follower {
	return &follower{TB: t, store: db, seen: map[string]int{}}
}

// readBatch reads one batch and returns the names of its events.
func (f *follower) readBatch(limit int) (told []string) {
	f.Helper()
	err := f.store.View(f.Context(), func(tx store.Tx) error {
		events, next, err := tx.EventsAfter(f.at, limit)
		for _, e := range events {
			told = append(told, e.Comment)
			f.seen[e.Comment]++
		}
		f.at = next
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	return told
}

// catchUp reads batches until there are no more events, and returns their names.
func (f *follower) catchUp(limit int) (told []string) {
	f.Helper()
	for {
		more := f.readBatch(limit)
		if len(more) == 0 {
			return told
		}
		told = append(told, more...)
	}
}

// emit writes events in one transaction and calls fn before the commit.
func emit(t testing.TB, db *store.DB, fn func(), names ...string) error {
	_, err := db.Update(t.Context(), func(tx store.Tx) error {
		var err error
		for _, name := range names {
			e := event.Event{Site: 1, Kind: event.Arrived, Comment: name, At: time.Now()}
			err = errors.Join(err, tx.Emit(e))
		}
		fn()
		return err
	})
	return err
}

// emitLate writes events in a transaction that commits when the returned function is called.
func emitLate(t testing.TB, db *store.DB, names ...string) (commit func()) {
	t.Helper()
	written, end, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() { done <- emit(t, db, func() { close(written); <-end }, names...) }()
	<-written
	return func() {
		t.Helper()
		close(end)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
}

// A follower must not wait for the oldest writing transaction of the cluster. Here that is a transaction in another
// database which stays open for nine seconds, or a prepared one that stays open forever.
func TestEventsAfter_IgnoresForeignTransactions(t *testing.T) {
	t.Run("open", func(t *testing.T) { testForeignTransaction(t, "") })
	t.Run("prepared", func(t *testing.T) { testForeignTransaction(t, "PREPARE TRANSACTION 'forgotten'") })
}

func testForeignTransaction(t *testing.T, end string) {
	t.Parallel()
	foreign, err := sql.Open("pgx", testkit.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.Close()
	neighbour, err := foreign.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer neighbour.Rollback()
	if _, err := neighbour.Exec("SELECT pg_current_xact_id()"); err != nil {
		t.Fatal(err)
	}
	if end != "" {
		if _, err := neighbour.Exec(end); err != nil {
			t.Fatal(err)
		}
		defer foreign.Exec("ROLLBACK PREPARED 'forgotten'")
	}
	db := open(t, testkit.Postgres(t), store.Options{})
	f := newFollower(t, db)
	const lasts, writers = 9 * time.Second, 4
	began := time.Now()
	var committed sync.Map // event name to time of the commit
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			pace := time.NewTicker(200 * time.Millisecond)
			defer pace.Stop()
			for i := 0; time.Since(began) < lasts; i++ {
				name := fmt.Sprintf("%d/%d", w, i)
				if err := emit(t, db, func() {}, name); err != nil {
					t.Error(err)
				}
				committed.Store(name, time.Now())
				<-pace.C
			}
		})
	}
	var worst time.Duration
	untold := func() (n int) {
		committed.Range(func(name, at any) bool {
			if f.seen[name.(string)] == 0 {
				n++
				worst = max(worst, time.Since(at.(time.Time)))
			}
			return true
		})
		return n
	}
	testkit.Until(t, "everything is read while the foreign transaction still runs", func() bool {
		over := time.Since(began) > lasts
		f.readBatch(10)
		return untold() == 0 && over
	})
	writing.Wait()
	f.catchUp(10)
	if n := untold(); n > 0 {
		t.Errorf("%d events were not read", n)
	}
	for name, n := range f.seen {
		if n != 1 {
			t.Errorf("%s was read %d times", name, n)
		}
	}
	t.Logf("%d events, worst lag %v", len(f.seen), worst)
	if worst > lasts/2 {
		t.Errorf("an event was read %v after its commit: it waited for the foreign transaction", worst)
	}
}

func TestEventsAfter_LateTransactionsReadOnce(t *testing.T) {
	db := open(t, testkit.Postgres(t), store.Options{})
	f := newFollower(t, db)
	a := emitLate(t, db, "a1", "a2", "a3")
	b := emitLate(t, db, "b1", "b2")
	c := emitLate(t, db, "c1", "c2", "c3")
	emitLate(t, db, "quick1", "quick2", "quick3")()
	if told := f.readBatch(2); !slices.Equal(told, []string{"quick1", "quick2"}) {
		t.Fatalf("told %v while others write", told)
	}
	if told := f.catchUp(2); !slices.Equal(told, []string{"quick3"}) {
		t.Errorf("then told %v", told)
	}
	a()
	c()
	if told := f.readBatch(4); !slices.Equal(told, []string{"a1", "a2", "a3", "c1"}) {
		t.Errorf("of two late ones told %v", told)
	}
	b()
	emitLate(t, db, "last")()
	if told := f.catchUp(1); !slices.Equal(told, []string{"b1", "b2", "c2", "c3", "last"}) {
		t.Errorf("at the end told %v", told)
	}
}

// After a restore into another cluster, the transaction IDs of the events may be higher than all current ones.
func TestMigrate_RestoredClusterRestartsFollowers(t *testing.T) {
	url := testkit.Postgres(t)
	db := open(t, url, store.Options{})
	s := db
	if err := emit(t, db, func() {}, "one", "two"); err != nil {
		t.Fatal(err)
	}
	_, err := s.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(tx.AddFollower("mail"), tx.AddFollower("behind"))
	})
	if err != nil {
		t.Fatal(err)
	}
	p := txn.NewProcess(txn.Options{Store: store.Narrow[txn.EventTx](db), Clock: testkit.NewClock(time.Now())})
	run := func(while func()) {
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.Run(ctx) }()
		while()
		stop()
		<-ended // Run may have returned an error
	}
	run(func() { testkit.Until(t, "it follows", func() bool { return p.Ready(t.Context()) == nil }) })
	elsewhere, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	for _, change := range []string{
		"UPDATE events SET xid = xid + 1000000000",
		"UPDATE followers SET lost = FALSE",
		"UPDATE followers SET position = (SELECT max(xid) || ':' || max(id) FROM events) WHERE name <> 'behind'",
	} {
		if _, err := elsewhere.ExecContext(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Ready(t.Context()); err == nil {
		t.Error("it is ready, although followers miss new events")
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.Ready(t.Context()); err != nil {
		t.Errorf("after a start: %v", err)
	}
	f := newFollower(t, db)
	if err := emit(t, db, func() {}, "three"); err != nil {
		t.Fatal(err)
	}
	if told := f.catchUp(10); !slices.Equal(told, []string{"three"}) {
		t.Errorf("told %v", told)
	}
	err = s.View(t.Context(), func(tx store.Tx) error {
		for _, name := range []string{"mail", "behind"} { // "behind" had unread events that were removed
			f, err := tx.Follower(name)
			if err != nil || !f.Lost || f.At != "" {
				t.Errorf("%s is %+v, %v, want it lost", name, f, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
