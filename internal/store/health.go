package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/aitys/aitys/internal/store/rows"
)

// Health is the state of a database, as "aitys doctor" reports it. Weak names a setting with which acknowledged
// comments can be lost, or is empty. Clock is the time of the database server; it is zero for SQLite. Bytes is the
// size.
type Health struct {
	Weak  string
	Clock time.Time
	Bytes int64
}

// Health returns the state of the database.
func (d *DB) Health(ctx context.Context) (Health, error) {
	type row struct {
		now                  float64
		bytes                int64
		commit, fsync, pages string
	}
	var r row
	err := d.engine.View(ctx, func(g *gorm.DB) (err error) {
		r, err = rows.Get(&rows.Tx{DB: g, MapError: mapError}, func(r *row) []any {
			return []any{&r.now, &r.bytes, &r.commit, &r.fsync, &r.pages}
		}, d.health)
		return err
	})
	if err != nil {
		return Health{}, fmt.Errorf("read the health of the database: %w", mapError(err))
	}
	h := Health{Bytes: r.bytes}
	if r.now > 0 {
		h.Clock = time.UnixMicro(int64(r.now * 1e6))
	}
	switch {
	case r.commit == "off":
		h.Weak = "synchronous_commit is off"
	case r.fsync == "off":
		h.Weak = "fsync is off"
	case r.pages == "off":
		h.Weak = "full_page_writes is off"
	}
	return h, nil
}
