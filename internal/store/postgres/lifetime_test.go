package postgres

import (
	"testing"
	"testing/synctest"
	"time"

	"gorm.io/gorm"

	"github.com/aitys/aitys/internal/testkit"
)

// Busy connections are replaced too, so that connections move to servers that were added and away from servers that
// were removed.
func TestOpen_ConnectionsLiveTenMinutes(t *testing.T) {
	url := testkit.Postgres(t)
	synctest.Test(t, func(t *testing.T) {
		db, err := Open(t.Context(), url, Options{Wait: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		backend := func() (pid int) {
			err := db.View(t.Context(), func(g *gorm.DB) error { return g.Raw("SELECT pg_backend_pid()").Scan(&pid).Error })
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
		first := backend()
		for minutes := range 9 {
			time.Sleep(time.Minute)
			if got := backend(); got != first {
				t.Fatalf("after %d minutes another connection is used", minutes+1)
			}
		}
		time.Sleep(time.Minute + time.Second)
		if backend() == first {
			t.Error("after ten minutes the same connection is used")
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}
