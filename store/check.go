package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/aitys/aitys/moderation/ground"
)

// Check reads the whole of a SQLite file and returns what is wrong with it, at most ten findings of a
// kind: pages and indexes, then rows that refer to none. Postgres has tools of its own for this
// (pg_amcheck), and nothing is looked at.
func (d *DB) Check(ctx context.Context) (wrong []string, err error) {
	wrong, err = d.check(ctx)
	return wrong, mapped(err)
}

// Storage returns what is known against writing. ErrCorrupt: a SQLite file was seen to be damaged, and no
// Update is taken until the database is opened again. ErrFull: its disk is full, and what room there is
// should be left to those who clear up. Of a Postgres nothing is known.
func (d *DB) Storage() error { return d.storage() }

// Watch reads a SQLite file through once, as quickly as that can be done, keeps some room on its disk
// in reserve, and says in the log when the file is seen to be damaged, by that or by any transaction, and when
// the disk is full. It returns nil when ctx ends.
func (d *DB) Watch(ctx context.Context, log *slog.Logger) error { return d.watch(ctx, log) }

// A guard stands before the writes to a file: what is written beside damage may be lost with it, or
// make more of it.
type guard struct {
	once   sync.Once
	seen   chan struct{} // closed when damage was seen
	damage error         // set before that
}

func newGuard() *guard { return &guard{seen: make(chan struct{})} }

// note looks at how a transaction ended, and returns it.
func (g *guard) note(err error) error {
	if known := mapped(err); errors.Is(known, ground.ErrCorrupt) {
		g.close(known)
	}
	return err
}

func (g *guard) close(damage error) {
	g.once.Do(func() {
		g.damage = damage
		close(g.seen)
	})
}

// open returns nil, or what keeps writes out.
func (g *guard) open() error {
	select {
	case <-g.seen:
		return g.damage
	default:
		return nil
	}
}

func (s *sqliteEngine) storage() error {
	if err := s.guard.open(); err != nil {
		return err
	}
	if s.reserve.Given() {
		return fmt.Errorf("%w: the reserve was given back", ground.ErrFull)
	}
	return nil
}

func (s *sqliteEngine) watch(ctx context.Context, log *slog.Logger) error {
	var keeping sync.WaitGroup
	defer keeping.Wait()
	keeping.Go(func() { s.reserve.Keep(ctx, log) })
	wrong, err := s.lines(ctx, "PRAGMA quick_check(10)")
	switch {
	case len(wrong) > 0:
		s.guard.close(fmt.Errorf("%w: %s", ground.ErrCorrupt, strings.Join(wrong, "; ")))
	case err != nil && ctx.Err() == nil:
		log.WarnContext(ctx, "the database file was not checked", "error", err)
	}
	select {
	case <-ctx.Done():
	case <-s.guard.seen:
		log.ErrorContext(ctx, "the database file is damaged and takes no writes: stop the server, restore a "+
			"backup with `aitys restore FILE`, and start it again", "file", s.path, "error", s.guard.damage)
		<-ctx.Done()
	}
	return nil
}

func (s *sqliteEngine) check(ctx context.Context) ([]string, error) {
	wrong, err := s.lines(ctx, "PRAGMA integrity_check(10)")
	if err != nil {
		return wrong, err
	}
	lost, err := s.lines(ctx, `
		SELECT 'rows of ' || "table" || ' that refer to ' || parent || ' which are not there: ' || count(*)
		FROM   pragma_foreign_key_check
		GROUP  BY "table", parent
		LIMIT  10`)
	return append(wrong, lost...), err
}

// lines returns the findings of a check. One that damage cuts short has found that.
func (s *sqliteEngine) lines(ctx context.Context, check string) (wrong []string, err error) {
	db, err := s.read.DB()
	if err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, check)
	if err == nil {
		defer func() { _ = rows.Close() }() // read to its end, or its error counts
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				return wrong, fmt.Errorf("check the file: %w", err)
			}
			if line != "ok" {
				wrong = append(wrong, line)
			}
		}
		err = rows.Err()
	}
	switch {
	case errors.Is(mapped(err), ground.ErrCorrupt):
		return append(wrong, err.Error()), nil
	case err != nil:
		return wrong, fmt.Errorf("check the file: %w", err)
	}
	return wrong, nil
}

func (p *postgresEngine) check(context.Context) ([]string, error) { return nil, nil }
func (p *postgresEngine) storage() error                          { return nil }

func (p *postgresEngine) watch(ctx context.Context, _ *slog.Logger) error {
	<-ctx.Done()
	return nil
}
