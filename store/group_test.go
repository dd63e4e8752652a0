package store

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"gorm.io/gorm"

	"github.com/aitys/aitys/store/storetest"
)

// oneGroup runs writers in one group: the first holds its turn until all others wait for theirs.
// It must be called in a synctest bubble.
func oneGroup(t *testing.T, db *DB, writers []func(*gorm.DB) error) []error {
	t.Helper()
	answers := make([]error, len(writers))
	begun := make(chan struct{})
	var all sync.WaitGroup
	var once sync.Once
	all.Go(func() {
		answers[0] = db.update(t.Context(), func(tx *gorm.DB) error {
			once.Do(func() {
				close(begun)
				synctest.Wait()
			})
			return writers[0](tx)
		})
	})
	<-begun
	for i, write := range writers[1:] {
		all.Go(func() { answers[i+1] = db.update(t.Context(), write) })
	}
	all.Wait()
	return answers
}

// COMMIT itself can fail, and then SQLite goes on with the transaction while database/sql
// thinks that it has ended.
func TestAFailedCommitIsToldOnlyToWhoCausedIt(t *testing.T) {
	synctest.Test(t, aFailedCommitIsToldOnlyToWhoCausedIt)
}

func aFailedCommitIsToldOnlyToWhoCausedIt(t *testing.T) {
	db := openedSQLite(t)
	var writers []func(*gorm.DB) error
	for i := range 12 {
		writers = append(writers, func(g *gorm.DB) error {
			if i == 5 { // what only COMMIT looks at
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
			t.Errorf("writer %d is told %v", i, err)
		}
		found := For[storetest.Tx](db).View(t.Context(), func(tx storetest.Tx) error {
			_, err := tx.Meta(fmt.Sprint("name", i))
			return err
		})
		if (found != nil) != (i == 5) {
			t.Errorf("what writer %d wrote: %v", i, found)
		}
	}
}

// Some failures end SQLite's whole transaction: whoever was in it writes again.
func TestALostTransactionIsWrittenAgain(t *testing.T) {
	synctest.Test(t, aLostTransactionIsWrittenAgain)
}

func aLostTransactionIsWrittenAgain(t *testing.T) {
	db := openedSQLite(t)
	var runs [12]int
	var writers []func(*gorm.DB) error
	for i := range runs {
		writers = append(writers, func(g *gorm.DB) error {
			runs[i]++
			if i == 7 {
				g.Exec("ROLLBACK") // as SQLite does when it runs out of room
				return errors.New("out of room")
			}
			return g.Exec("INSERT INTO meta (name, value) VALUES (?, x'78')", fmt.Sprint("name", i)).Error
		})
	}
	for i, err := range oneGroup(t, db, writers) {
		found := For[storetest.Tx](db).View(t.Context(), func(tx storetest.Tx) error {
			_, err := tx.Meta(fmt.Sprint("name", i))
			return err
		})
		if (err != nil) != (i == 7) || (found != nil) != (i == 7) {
			t.Errorf("writer %d is told %v; what it wrote: %v", i, err, found)
		}
	}
	if runs[0] != 2 {
		t.Errorf("the first writer ran %d times, want 2: once in the lost group, once alone", runs[0])
	}
}

func TestWhoPanicsInAGroupHarmsNobody(t *testing.T) { synctest.Test(t, whoPanicsInAGroupHarmsNobody) }

func whoPanicsInAGroupHarmsNobody(t *testing.T) {
	db := openedSQLite(t)
	panicked := make(chan any, 1)
	writers := []func(*gorm.DB) error{
		func(g *gorm.DB) error { return g.Exec("INSERT INTO meta (name, value) VALUES ('a', x'78')").Error },
		func(g *gorm.DB) error { return g.Exec("INSERT INTO meta (name, value) VALUES ('b', x'78')").Error },
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { panicked <- recover() }()
		_ = db.update(t.Context(), func(g *gorm.DB) error {
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
	if n := lines(t, db, "SELECT COUNT(*) FROM meta")[0][0]; n != "2" {
		t.Errorf("%s values are kept, want 2", n)
	}
}
