package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Health is what a doctor asks of a database. Weak says why an acknowledged comment might be
// lost, or is empty. Clock is a database server's, zero for a file.
type Health struct {
	Weak  string
	Clock time.Time
	Bytes int64
}

// Health looks a database over.
func (d *DB) Health(ctx context.Context) (Health, error) {
	h, err := d.health(ctx)
	return h, mapped(err)
}

// health of a file: Open has refused one that is not durable.
func (s *sqliteEngine) health(ctx context.Context) (h Health, err error) {
	err = scan(ctx, s.read.DB, `
		SELECT c.page_count * s.page_size
		FROM   pragma_page_count AS c, pragma_page_size AS s`, &h.Bytes)
	return h, err
}

func (p *postgresEngine) health(ctx context.Context) (h Health, err error) {
	var now float64
	var commit, fsync, pages string
	err = scan(ctx, p.pool.DB, `
		SELECT extract(epoch FROM clock_timestamp()),
		       pg_database_size(current_database()),
		       current_setting('synchronous_commit'), current_setting('fsync'), current_setting('full_page_writes')`,
		&now, &h.Bytes, &commit, &fsync, &pages)
	h.Clock = time.UnixMicro(int64(now * 1e6))
	switch {
	case commit == "off":
		h.Weak = "synchronous_commit is off"
	case fsync == "off":
		h.Weak = "fsync is off"
	case pages == "off":
		h.Weak = "full_page_writes is off"
	}
	return h, err
}

func scan(ctx context.Context, pool func() (*sql.DB, error), statement string, into ...any) error {
	db, err := pool()
	if err != nil {
		return err
	}
	if err := db.QueryRowContext(ctx, statement).Scan(into...); err != nil {
		return fmt.Errorf("look the database over: %w", err)
	}
	return nil
}
