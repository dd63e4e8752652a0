package store

import (
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
		err := mapped(&pgconn.PgError{Code: code})
		if want == nil && isAny(err, ground.ErrBusy, ground.ErrFull, ground.ErrTaken, ground.ErrNotFound) {
			t.Errorf("%s means %v", code, err)
		}
		if want != nil && !isAny(err, want) {
			t.Errorf("%s means %v, want %v", code, err, want)
		}
	}
}
