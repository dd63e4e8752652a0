package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gorm.io/gorm"

	"github.com/aitys/aitys/internal/store/sqlite"
	"github.com/aitys/aitys/moderation/txn"
)

// openFile returns a new database without tables.
func openFile(t *testing.T) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), sqlite.Options{Wait: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// migrated returns a new database with tables.
func migrated(t *testing.T) *sqlite.DB {
	t.Helper()
	db := openFile(t)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func count(t *testing.T, db *sqlite.DB, query string, args ...any) (n int) {
	t.Helper()
	err := db.View(t.Context(), func(g *gorm.DB) error { return g.Raw(query, args...).Scan(&n).Error })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// With synchronous=NORMAL a power failure loses acknowledged writes. Only migrations use it: the next start repeats
// them.
func TestOpen_SyncsEveryCommit(t *testing.T) {
	for when, db := range map[string]*sqlite.DB{"opened": openFile(t), "migrated": migrated(t)} {
		for pragma, want := range map[string]string{
			"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "0", "query_only": "0",
		} {
			var got string
			err := db.Update(t.Context(), func(g *gorm.DB) error { return g.Raw("PRAGMA " + pragma).Row().Scan(&got) })
			if err != nil || got != want {
				t.Errorf("PRAGMA %s of the writer of a file that was %s is %s (%v), want %s", pragma, when, got, err, want)
			}
		}
	}
}

// oneGroup runs writers in one group: the first one blocks until all others wait. Call it in a synctest bubble.
func oneGroup(t *testing.T, db *sqlite.DB, writers []func(*gorm.DB) error) []error {
	t.Helper()
	answers := make([]error, len(writers))
	begun := make(chan struct{})
	var all sync.WaitGroup
	var once sync.Once
	all.Go(func() {
		answers[0] = db.Update(t.Context(), func(tx *gorm.DB) error {
			once.Do(func() {
				close(begun)
				synctest.Wait()
			})
			return writers[0](tx)
		})
	})
	<-begun
	for i, write := range writers[1:] {
		all.Go(func() { answers[i+1] = db.Update(t.Context(), write) })
	}
	all.Wait()
	return answers
}

// COMMIT itself can fail. SQLite then keeps the transaction open, while database/sql considers it ended.
func TestGroup_FailedCommitAffectsOnlyItsWriter(t *testing.T) {
	synctest.Test(t, failedCommit)
}

func failedCommit(t *testing.T) {
	db := migrated(t)
	var writers []func(*gorm.DB) error
	for i := range 12 {
		writers = append(writers, func(g *gorm.DB) error {
			if i == 5 { // only COMMIT checks deferred foreign keys
				if err := g.Exec("PRAGMA defer_foreign_keys = 1").Error; err != nil {
					return err
				}
				return g.Exec("INSERT INTO heads (site_id, seq) VALUES (99, 0)").Error
			}
			return g.Exec("INSERT INTO meta (name, value) VALUES (?, x'78')", fmt.Sprint("name", i)).Error
		})
	}
	for i, err := range oneGroup(t, db, writers) {
		if (err != nil) != (i == 5) {
			t.Errorf("writer %d: %v", i, err)
		}
		if kept := count(t, db, "SELECT COUNT(*) FROM meta WHERE name = ?", fmt.Sprint("name", i)); (kept != 1) != (i == 5) {
			t.Errorf("writer %d: %d rows are stored", i, kept)
		}
	}
}

// Some failures roll back the whole transaction: its members run again.
func TestGroup_LostTransactionRunsAgain(t *testing.T) {
	synctest.Test(t, lostTransaction)
}

func lostTransaction(t *testing.T) {
	db := migrated(t)
	var runs [12]int
	var writers []func(*gorm.DB) error
	for i := range runs {
		writers = append(writers, func(g *gorm.DB) error {
			runs[i]++
			if i == 7 {
				g.Exec("ROLLBACK") // as SQLite does when the disk is full
				return errors.New("disk full")
			}
			return g.Exec("INSERT INTO meta (name, value) VALUES (?, x'78')", fmt.Sprint("name", i)).Error
		})
	}
	for i, err := range oneGroup(t, db, writers) {
		kept := count(t, db, "SELECT COUNT(*) FROM meta WHERE name = ?", fmt.Sprint("name", i))
		if (err != nil) != (i == 7) || (kept != 1) != (i == 7) {
			t.Errorf("writer %d: %v; %d rows are stored", i, err, kept)
		}
	}
	if runs[0] != 2 {
		t.Errorf("the first writer ran %d times, want 2: once in the lost group, once alone", runs[0])
	}
}

func TestGroup_PanicAffectsNoOther(t *testing.T) { synctest.Test(t, panicInGroup) }

func panicInGroup(t *testing.T) {
	db := migrated(t)
	panicked := make(chan any, 1)
	writers := []func(*gorm.DB) error{
		func(g *gorm.DB) error { return g.Exec("INSERT INTO meta (name, value) VALUES ('a', x'78')").Error },
		func(g *gorm.DB) error { return g.Exec("INSERT INTO meta (name, value) VALUES ('b', x'78')").Error },
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { panicked <- recover() }()
		_ = db.Update(t.Context(), func(g *gorm.DB) error {
			g.Exec("INSERT INTO meta (name, value) VALUES ('c', x'78')")
			panic("oh")
		})
	}()
	for i, err := range oneGroup(t, db, writers) {
		if err != nil {
			t.Errorf("writer %d: %v", i, err)
		}
	}
	<-done
	if p := <-panicked; p != "oh" {
		t.Errorf("recovered %v", p)
	}
	if n := count(t, db, "SELECT COUNT(*) FROM meta"); n != 2 {
		t.Errorf("%d values are kept, want 2", n)
	}
}

// A low-priority writer runs when no other writer waits. If others always wait, it runs after maxIdleWait as the last
// member of a group.
func TestGroup_LowPriorityRunsWhenIdle(t *testing.T) {
	synctest.Test(t, lowPriority)
}

func lowPriority(t *testing.T) {
	db := migrated(t)
	type turn struct {
		by        string
		committed int // number of earlier writes that were committed when it ran
	}
	var turns []turn
	made := 0
	var all sync.WaitGroup
	write := func(ctx context.Context, by string, first func()) {
		all.Go(func() {
			err := db.Update(ctx, func(g *gorm.DB) error {
				first()
				turns = append(turns, turn{by, count(t, db, "SELECT COUNT(*) FROM meta")})
				made++
				return g.Exec("INSERT INTO meta (name, value) VALUES (?, x'78')", fmt.Sprint("name", made)).Error
			})
			if err != nil {
				t.Errorf("%s: %v", by, err)
			}
		})
	}
	rest := func() {}
	idle := func() { write(txn.LowPriority(t.Context()), "idler", rest) }
	// after starts a writer that calls next and then holds its turn for longer than groupTime.
	after := func(next func()) {
		write(t.Context(), "somebody", func() {
			next()
			time.Sleep(21 * time.Millisecond)
		})
	}
	once := func() { write(t.Context(), "somebody", rest) }
	check := func(want ...turn) {
		t.Helper()
		all.Wait()
		if !slices.Equal(turns, want) {
			t.Errorf("turns were taken in the order %v, want %v", turns, want)
		}
		turns = nil
	}
	after(func() { idle(); once() })
	check(turn{"somebody", 0}, turn{"somebody", 1}, turn{"idler", 2})
	after(func() { idle(); after(func() { after(once) }) })
	check(turn{"somebody", 3}, turn{"somebody", 4}, turn{"idler", 4}, turn{"somebody", 6}, turn{"somebody", 7})
	began := time.Now()
	write(txn.LowPriority(t.Context()), "idler", rest)
	all.Wait()
	if waited := time.Since(began); waited > 10*time.Millisecond {
		t.Errorf("without other writers it took %v", waited)
	}
}

func TestHung_ReportsAWriteOfMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := migrated(t)
		release, done := make(chan struct{}), make(chan error, 1)
		go func() {
			done <- db.Update(t.Context(), func(*gorm.DB) error {
				<-release
				return nil
			})
		}()
		time.Sleep(4 * time.Minute)
		if err := db.Hung(); err != nil {
			t.Errorf("after four minutes: %v", err)
		}
		time.Sleep(2 * time.Minute)
		if err := db.Hung(); err == nil {
			t.Error("after six minutes a write is not reported")
		}
		close(release)
		if err := <-done; err != nil {
			t.Error(err)
		}
		synctest.Wait() // until the group has ended
		if err := db.Hung(); err != nil {
			t.Errorf("after the write: %v", err)
		}
	})
}
