package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/txn"
)

// putMeta writes a value of size bytes under a name.
func putMeta(ctx context.Context, db *store.DB, name string, size int) error {
	_, err := db.Update(ctx,
		func(tx store.Tx) error { return tx.SetMeta(name, make([]byte, size)) })
	return err
}

// readMeta returns txn.ErrNotFound if no value has that name.
func readMeta(ctx context.Context, db *store.DB, name string) error {
	return db.View(ctx, func(tx store.Tx) error {
		_, err := tx.Meta(name)
		return err
	})
}

// Writers share groups. When the disk becomes full, the writes of some members of a group are stored and others are
// not, and each member must get the right result.
func TestUpdate_FullDiskLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	url := sqliteURL(t)
	open(t, url, store.Options{})
	db := open(t, url, store.Options{MaxPages: 120})
	const writers, each = 32, 30
	var acknowledged, refused sync.Map
	var kept, full atomic.Int32
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				name := fmt.Sprintf("%d/%d", w, i)
				switch err := putMeta(t.Context(), db, name, 1+w*100); {
				case err == nil:
					acknowledged.Store(name, true)
					kept.Add(1)
				case errors.Is(err, txn.ErrFull):
					refused.Store(name, true)
					full.Add(1)
				default:
					t.Errorf("%s: %v, want that it is full", name, err)
				}
			}
		})
	}
	all.Wait()
	if kept.Load() == 0 || full.Load() == 0 {
		t.Fatalf("%d were kept and %d refused, want some of each", kept.Load(), full.Load())
	}
	acknowledged.Range(func(name, _ any) bool {
		if err := readMeta(t.Context(), db, name.(string)); err != nil {
			t.Errorf("%s was acknowledged: %v", name, err)
		}
		return true
	})
	refused.Range(func(name, _ any) bool {
		if err := readMeta(t.Context(), db, name.(string)); !errors.Is(err, txn.ErrNotFound) {
			t.Errorf("%s was refused: %v, want that it is not found", name, err)
		}
		return true
	})
	roomy := open(t, url, store.Options{})
	if err := putMeta(t.Context(), roomy, "after", 100_000); err != nil {
		t.Errorf("without the limit: %v", err)
	}
}

func TestUpdate_HeldLockIsBusy(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		open(t, url, store.Options{})
		db := open(t, url, store.Options{Wait: 100 * time.Millisecond})
		if err := putMeta(t.Context(), db, "x", 1); err != nil {
			t.Fatal(err)
		}
		holder := raw(t, url)
		conn, err := holder.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		begin := "BEGIN"
		if strings.HasPrefix(url, "sqlite:") {
			begin = "BEGIN IMMEDIATE"
		}
		for _, statement := range []string{begin, "UPDATE meta SET value = value WHERE name = 'x'"} {
			if _, err := conn.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if err := putMeta(t.Context(), db, "x", 2); !errors.Is(err, txn.ErrBusy) {
					t.Errorf("while the lock is held: %v, want busy", err)
				}
			})
		}
		all.Wait()
		if took := time.Since(began); took > time.Minute {
			t.Errorf("100 writers were turned away after %v", took)
		}
		if err := readMeta(t.Context(), db, "x"); err != nil {
			t.Errorf("a reader meanwhile: %v", err)
		}
		if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
			t.Fatal(err)
		}
		if err := putMeta(t.Context(), db, "x", 3); err != nil {
			t.Errorf("when it is free: %v", err)
		}
	})
}

func TestUpdate_LostConnectionIsBusyAndRecovers(t *testing.T) {
	url := testkit.Postgres(t)
	db := open(t, url, store.Options{})
	killer := raw(t, url)
	_, err := db.Update(t.Context(), func(tx store.Tx) error {
		if err := tx.SetMeta("x", nil); err != nil {
			return err
		}
		killer.exec(t, `
			SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE  datname = current_database() AND pid <> pg_backend_pid()`)
		return tx.SetMeta("y", nil)
	})
	if !errors.Is(err, txn.ErrBusy) {
		t.Errorf("the update: %v, want busy", err)
	}
	if err := putMeta(t.Context(), db, "z", 1); err != nil {
		t.Errorf("the next one: %v", err)
	}
	if err := readMeta(t.Context(), db, "x"); !errors.Is(err, txn.ErrNotFound) {
		t.Errorf("what the lost one wrote: %v, want not found", err)
	}
}

func TestDB_ClosedReturnsErrors(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		db, err := store.Open(t.Context(), url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				_ = putMeta(t.Context(), db, fmt.Sprint(i), 1) // some run before Close, some after
			})
		}
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		all.Wait()
		if err := putMeta(t.Context(), db, "x", 1); err == nil {
			t.Error("a closed database took an update")
		}
		if err := readMeta(t.Context(), db, "x"); err == nil || errors.Is(err, txn.ErrNotFound) {
			t.Errorf("a closed database answered a view: %v", err)
		}
	})
}
