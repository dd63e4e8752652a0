package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/txn"
)

func TestCheck_FindsDanglingReferences(t *testing.T) {
	url := testkit.SQLite(t)
	db := open(t, url, store.Options{})
	if wrong, err := db.Check(t.Context()); err != nil || len(wrong) > 0 {
		t.Errorf("a new database: %q, %v", wrong, err)
	}
	raw, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(url, "sqlite:")) // without foreign keys
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.Exec(`INSERT INTO grants (account_id, site_id, role) VALUES ('nobody', 9, 1)`); err != nil {
		t.Fatal(err)
	}
	wrong, err := db.Check(t.Context())
	if err != nil || len(wrong) == 0 || !strings.Contains(strings.Join(wrong, "\n"), "rows of grants") {
		t.Errorf("got %q, %v; want rows of grants", wrong, err)
	}
}

// Not only the check at the start blocks writes: any transaction that reads damage does.
func TestUpdate_RefusedAfterDamage(t *testing.T) {
	url := testkit.SQLite(t)
	open(t, url, store.Options{})
	path := strings.TrimPrefix(url, "sqlite:")
	raw, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	var page int64
	if _, err := raw.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	err = raw.QueryRow("SELECT rootpage FROM sqlite_schema WHERE name = 'accounts_email'").Scan(&page)
	if err = errors.Join(err, raw.Close()); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		_, err = file.WriteAt(make([]byte, 4096), (page-1)*4096)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}

	db := open(t, url, store.Options{}) // new caches
	meta := store.Narrow[txn.MetaTx](db)
	if _, err := meta.Update(t.Context(), func(tx txn.MetaTx) error { return tx.SetMeta("a", []byte{1}) }); err != nil {
		t.Fatalf("write before the damage is detected: %v", err)
	}
	err = store.Narrow[identity.Tx](db).View(t.Context(), func(tx identity.Tx) error {
		_, err := tx.Accounts()
		return err
	})
	if !errors.Is(err, txn.ErrCorrupt) || !errors.Is(db.Storage(), txn.ErrCorrupt) {
		t.Errorf("reading a page of zeros: %v, Storage: %v", err, db.Storage())
	}
	_, err = meta.Update(t.Context(), func(tx txn.MetaTx) error { return tx.SetMeta("b", []byte{1}) })
	if !errors.Is(err, txn.ErrCorrupt) {
		t.Errorf("a write after damage was detected: %v", err)
	}
}

// If goose cannot read the list of migrations, it runs them again and fails because the tables exist.
func TestMigrate_DamagedVersionTableIsCorrupt(t *testing.T) {
	t.Parallel()
	url := testkit.SQLite(t)
	open(t, url, store.Options{})
	path := strings.TrimPrefix(url, "sqlite:")
	raw, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	var page, size int64
	if err := raw.QueryRow("SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = ?",
		"goose_db_version").Scan(&page, &size); err != nil {
		t.Fatal(err)
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		_, err = file.WriteAt(bytes.Repeat([]byte{0xa5}, int(size)), (page-1)*size)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }() // nothing was written
	if err := db.Migrate(t.Context()); !errors.Is(err, txn.ErrCorrupt) {
		t.Errorf("Migrate: %v", err)
	}
	if _, err := db.MigrationStatus(t.Context()); !errors.Is(err, txn.ErrCorrupt) {
		t.Errorf("MigrationStatus: %v", err)
	}
}

func TestUpdate_FullFileReleasesReserve(t *testing.T) {
	url := testkit.SQLite(t)
	open(t, url, store.Options{})
	db := open(t, url, store.Options{MaxPages: 1}) // below its current size
	reserve := strings.TrimPrefix(url, "sqlite:") + ".reserve"
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- db.Watch(ctx, slog.New(slog.DiscardHandler)) }()
	testkit.Until(t, "the reserve is there", func() bool {
		info, err := os.Stat(reserve)
		return err == nil && info.Size() == 8<<20 && db.Storage() == nil
	})
	stop() // otherwise it would be taken again: the disk has space
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	_, err := store.Narrow[txn.MetaTx](db).Update(t.Context(),
		func(tx txn.MetaTx) error { return tx.SetMeta("large", make([]byte, 4<<20)) })
	if !errors.Is(err, txn.ErrFull) || !errors.Is(db.Storage(), txn.ErrFull) {
		t.Errorf("got %v, and then %v", err, db.Storage())
	}
	if _, err := os.Stat(reserve); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the reserve is still taken: %v", err)
	}
}

// functionsOf340 lists the functions that the schema may call. The sqlite3 of Debian 12 has version 3.40, and refuses
// to read a schema with unknown functions.
var functionsOf340 = []string{"length", "lower", "substr", "datetime"}

func TestSchema_SystemSQLiteChecksTheFile(t *testing.T) {
	program := testkit.Program(t, "sqlite3")
	url := testkit.SQLite(t)
	open(t, url, store.Options{})
	path := strings.TrimPrefix(url, "sqlite:")
	out, err := exec.Command(program, path, "PRAGMA integrity_check; PRAGMA foreign_key_check; SELECT count(*) FROM pages;").
		CombinedOutput()
	if err != nil || string(out) != "ok\n0\n" {
		t.Errorf("sqlite3 printed %q, %v", out, err)
	}
	raw, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	rows, err := raw.Query("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	calls, found := regexp.MustCompile(`\b(\w+)\(`), 0
	for rows.Next() {
		var name, definition string
		if err := rows.Scan(&name, &definition); err != nil {
			t.Fatal(err)
		}
		for _, call := range calls.FindAllStringSubmatch(definition, -1) {
			if found++; !slices.Contains(functionsOf340, strings.ToLower(call[1])) && call[1] != "CAST" {
				t.Errorf("%s calls %s", name, call[1])
			}
		}
	}
	if err := rows.Err(); err != nil || found == 0 {
		t.Errorf("%d calls, %v", found, err)
	}
}
