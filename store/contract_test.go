package store_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/aitys/aitys/e2e/kit"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/store"
	"github.com/aitys/aitys/store/storetest"
)

// open returns a migrated database that is closed with the test.
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

func TestBothDatabasesKeepTheContract(t *testing.T) {
	var onSQLite, onPostgres int
	t.Run("sqlite", func(t *testing.T) {
		onSQLite = storetest.Run(t, func(t testing.TB) ground.Store[storetest.Tx] {
			return store.For[storetest.Tx](open(t, sqliteURL(t), store.Options{}))
		})
	})
	t.Run("postgres", func(t *testing.T) {
		onPostgres = storetest.Run(t, func(t testing.TB) ground.Store[storetest.Tx] {
			return store.For[storetest.Tx](open(t, kit.Postgres(t), store.Options{}))
		})
	})
	fmt.Printf("contract: store: sqlite %d, postgres %d\n", onSQLite, onPostgres)
}
