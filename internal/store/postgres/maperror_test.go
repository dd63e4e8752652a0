package postgres

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/aitys/aitys/moderation/txn"
)

func TestMapError_PostgresCodes(t *testing.T) {
	for code, want := range map[string]error{
		"53100": txn.ErrFull, "23505": txn.ErrTaken,
		"55P03": txn.ErrBusy, "57P01": txn.ErrBusy, "57014": txn.ErrBusy, "53300": txn.ErrBusy,
		"08006": txn.ErrBusy, "40001": txn.ErrBusy, "40P01": txn.ErrBusy,
		"25006": txn.ErrBusy, "25P03": txn.ErrBusy, "40003": txn.ErrBusy,
		"23503": nil, "42P01": nil, "22021": nil,
	} {
		if got := MapError(fmt.Errorf("write: %w", &pgconn.PgError{Code: code})); got != want {
			t.Errorf("%s: %v, want %v", code, got, want)
		}
	}
}
