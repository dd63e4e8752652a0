package store

import (
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/aitys/aitys/moderation/ground"
)

// At synchronous=NORMAL a power cut loses what was acknowledged (hardening.md, row 1).
func TestSQLiteSyncsEveryCommit(t *testing.T) {
	s, err := openSQLite(t.Context(), filepath.Join(t.TempDir(), "a.db"), Options{Wait: 1e9})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	db, err := s.write.DB()
	if err != nil {
		t.Fatal(err)
	}
	for pragma, want := range map[string]string{
		"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "1000", "query_only": "0",
	} {
		var got string
		if err := db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("PRAGMA %s of the writer is %s (%v), want %s", pragma, got, err, want)
		}
	}
}

func TestErrorsOfPostgresSayWhatTheyMean(t *testing.T) {
	for code, want := range map[string]error{
		"53100": ground.ErrFull, "23505": ground.ErrTaken,
		"55P03": ground.ErrBusy, "57P01": ground.ErrBusy, "57014": ground.ErrBusy, "53300": ground.ErrBusy,
		"08006": ground.ErrBusy, "40001": ground.ErrBusy, "40P01": ground.ErrBusy,
		"25006": ground.ErrBusy, "25P03": ground.ErrBusy, "40003": ground.ErrBusy,
		"23503": nil, "42P01": nil, "22021": nil,
	} {
		err := mapped(&pgconn.PgError{Code: code})
		if want == nil && isAny(err, ground.ErrBusy, ground.ErrFull, ground.ErrTaken, ground.ErrNotFound) {
			t.Errorf("%s means %v", code, err)
		}
		if want != nil && !isAny(err, want) {
			t.Errorf("%s means %v, want %v", code, err, want)
		}
	}
}
