package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/store/sqlite"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/txn"
)

var at = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// filled creates a database with 2,000 rows and leaves it open.
func filled(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "aitys.db")
	db, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		keep(t, db, fmt.Sprint(n), 400)
	}
	return path
}

func keep(t *testing.T, db *store.DB, name string, rows int) {
	t.Helper()
	_, err := store.Narrow[txn.MetaTx](db).Update(t.Context(), func(tx txn.MetaTx) error {
		for k := range rows {
			if err := tx.SetMeta(fmt.Sprint(name, " ", k), []byte(strings.Repeat(name, 100))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// said returns all values of all tables as SQL literals.
func said(t *testing.T, path string) string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var all strings.Builder
	for _, table := range list(t, db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name") {
		columns := list(t, db, fmt.Sprintf("SELECT 'quote(' || name || ')' FROM pragma_table_info('%s')", table))
		fmt.Fprintln(&all, table, list(t, db, fmt.Sprintf(`SELECT %s AS v FROM "%s" ORDER BY v`,
			strings.Join(columns, " || ' ' || "), table)))
	}
	return all.String()
}

func list(t *testing.T, db *sql.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

func nothing(string) error { return nil }

func TestRestore_SameDataAsCopied(t *testing.T) {
	path := filled(t)
	copied := filepath.Join(t.TempDir(), "copy")
	if _, err := sqlite.Backup(t.Context(), path, copied); err != nil {
		t.Fatal(err)
	}
	back := filepath.Join(t.TempDir(), "aitys.db")
	c, aside, err := sqlite.Restore(t.Context(), copied, back, at, nothing)
	if err != nil || !c.Sealed || aside != "" {
		t.Fatalf("restore: %+v, %q, %v", c, aside, err)
	}
	if got, want := said(t, back), said(t, path); got != want || len(want) < 20_000 {
		t.Errorf("got %d bytes, want %d:\n%.500s\n%.500s", len(got), len(want), got, want)
	}
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("other users can read the copy: %v, %v", info.Mode(), err)
	}
}

// A copy with one flipped bit must be refused, or restore the same data. SQLite's own checks do not detect a changed
// letter in a text.
func TestRestore_FlippedBitIsRefusedOrHarmless(t *testing.T) {
	path := filled(t)
	copied := filepath.Join(t.TempDir(), "copy")
	if _, err := sqlite.Backup(t.Context(), path, copied); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	want := said(t, path)
	chance := rand.New(rand.NewPCG(42, 24))
	refused, same := 0, 0
	flips := testkit.EnvInt(t, "TEST_FLIPS", 40)
	for range flips {
		bad := append([]byte(nil), whole...)
		bit := chance.IntN(8 * len(bad))
		bad[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(copied, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		back := filepath.Join(t.TempDir(), "aitys.db")
		if _, _, err := sqlite.Restore(t.Context(), copied, back, at, nothing); err != nil {
			refused++
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(back), "*")); len(left) > 0 {
				t.Errorf("bit %d: refused, and left %q", bit, left)
			}
			continue
		}
		if same++; said(t, back) != want {
			t.Errorf("bit %d: other data was restored without an error", bit)
		}
	}
	t.Logf("of %d copies %d were refused, and %d were the same", flips, refused, same)
	if refused < flips/8 { // many pages of a new database are empty
		t.Errorf("%d refused: too few bits matter", refused)
	}
}

// A changed digit in a stored text breaks the copy's seal. SQLite's integrity_check does not detect it.
func TestRestore_RefusesCopyWithWrongSeal(t *testing.T) {
	path := filled(t)
	copied := filepath.Join(t.TempDir(), "copy")
	if _, err := sqlite.Backup(t.Context(), path, copied); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	bad := bytes.Replace(whole, []byte("333333"), []byte("333433"), 1)
	if err := os.WriteFile(copied, bad, 0o600); err != nil || bytes.Equal(whole, bad) {
		t.Fatalf("nothing was changed: %v", err)
	}
	_, _, err = sqlite.Restore(t.Context(), copied, filepath.Join(t.TempDir(), "aitys.db"), at, nothing)
	if err == nil || !strings.Contains(err.Error(), "do not match its seal") {
		t.Errorf("got %v", err)
	}
}

func TestBackup_KeepsExistingFiles(t *testing.T) {
	path := filled(t)
	copied := filepath.Join(t.TempDir(), "copy")
	for _, want := range []string{"", "not overwritten"} {
		_, err := sqlite.Backup(t.Context(), path, copied)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Fatalf("got %v, want %q", err, want)
		}
	}
	back := filepath.Join(t.TempDir(), "aitys.db")
	for file, text := range map[string]string{back: "the old one", back + "-wal": "and its WAL"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, aside, err := sqlite.Restore(t.Context(), copied, back, at, nothing)
	if err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(aside)
	wal, errWAL := os.ReadFile(aside + "-wal")
	if err != nil || errWAL != nil || string(old) != "the old one" || string(wal) != "and its WAL" {
		t.Errorf("aside are %q, %v, and %q, %v", old, err, wal, errWAL)
	}
	if got, want := said(t, back), said(t, path); got != want {
		t.Errorf("got %d bytes, want %d", len(got), len(want))
	}
}

func TestBackup_FullDiskLeavesNoFiles(t *testing.T) {
	small := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", small).CombinedOutput(); err != nil {
		t.Skipf("only root may mount a small disk: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", small).CombinedOutput(); err != nil {
			t.Errorf("umount: %s", out)
		}
	})
	path := filled(t)
	_, err := sqlite.Backup(t.Context(), path, filepath.Join(small, "copy"))
	if err == nil || !strings.Contains(err.Error(), "full") {
		t.Errorf("a copy to a disk that is too small: %v", err)
	}
	copied := filepath.Join(t.TempDir(), "copy")
	if _, err := sqlite.Backup(t.Context(), path, copied); err != nil {
		t.Fatal(err)
	}
	if _, _, err := sqlite.Restore(t.Context(), copied, filepath.Join(small, "aitys.db"), at, nothing); err == nil {
		t.Error("restored to a disk that is too small")
	}
	if left, err := os.ReadDir(small); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestBackup_CanceledLeavesNoFiles(t *testing.T) {
	path := filled(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	folder := t.TempDir()
	if _, err := sqlite.Backup(ctx, path, filepath.Join(folder, "copy")); err == nil {
		t.Error("the copy was made")
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
