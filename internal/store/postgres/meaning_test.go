package postgres

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/aitys/aitys/moderation/ground"
)

func TestErrorsOfPostgresSayWhatTheyMean(t *testing.T) {
	for code, want := range map[string]error{
		"53100": ground.ErrFull, "23505": ground.ErrTaken,
		"55P03": ground.ErrBusy, "57P01": ground.ErrBusy, "57014": ground.ErrBusy, "53300": ground.ErrBusy,
		"08006": ground.ErrBusy, "40001": ground.ErrBusy, "40P01": ground.ErrBusy,
		"25006": ground.ErrBusy, "25P03": ground.ErrBusy, "40003": ground.ErrBusy,
		"23503": nil, "42P01": nil, "22021": nil,
	} {
		if got := Meaning(fmt.Errorf("write: %w", &pgconn.PgError{Code: code})); got != want {
			t.Errorf("%s means %v, want %v", code, got, want)
		}
	}
}
