package store

import (
	"testing"

	"github.com/aitys/aitys/internal/store/rows"
)

func TestAll_ResetsRowBetweenScans(t *testing.T) {
	db := openedSQLite(t)
	type pair struct{ a, b *int }
	var got []pair
	_, err := db.Update(t.Context(), func(x Tx) (err error) {
		got, err = rows.All(x.(*tx).Tx, func(p *pair) []any { return []any{&p.a, &p.b} },
			"SELECT 1, 2 UNION ALL SELECT 3, NULL UNION ALL SELECT NULL, 4")
		return err
	})
	if err != nil || len(got) != 3 || *got[0].a != 1 || got[1].b != nil || got[2].a != nil || *got[2].b != 4 {
		t.Errorf("read %v, %v", got, err)
	}
}
