package store_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/txn"
)

// open returns a migrated database that is closed when the test ends.
func open(t testing.TB, url string, o store.Options) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func sqliteURL(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "a b%20?#.db") }

func TestDB_CloseTwice(t *testing.T) {
	for name, url := range map[string]string{"sqlite": sqliteURL(t), "postgres": testkit.Postgres(t)} {
		t.Run(name, func(t *testing.T) {
			db := open(t, url, store.Options{}) // the cleanup closes it once more
			var closing sync.WaitGroup
			for range 4 {
				closing.Go(func() {
					if err := db.Close(); err != nil {
						t.Errorf("close: %v", err)
					}
				})
			}
			closing.Wait()
			err := store.Narrow[txn.MetaTx](db).View(t.Context(), func(txn.MetaTx) error { return nil })
			if err == nil {
				t.Error("a closed database was read")
			}
		})
	}
}
