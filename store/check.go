package store

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/store/file"
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

func (s *sqliteEngine) storage() error {
	if err := s.intact(); err != nil {
		return err
	}
	if s.reserve.Given() {
		return fmt.Errorf("%w: the reserve was given back", ground.ErrFull)
	}
	return nil
}

// intact returns what keeps writes out.
func (s *sqliteEngine) intact() error {
	return mapped(s.guard.Damage())
}

func (s *sqliteEngine) watch(ctx context.Context, log *slog.Logger) error {
	db, err := s.read.DB()
	if err != nil {
		return err
	}
	var looking sync.WaitGroup
	defer looking.Wait()
	looking.Go(func() { s.reserve.Keep(ctx, log) })
	looking.Go(func() {
		switch wrong, err := file.QuickCheck(ctx, db); {
		case len(wrong) > 0:
			s.guard.Shut(fmt.Errorf("%w: %s", ground.ErrCorrupt, strings.Join(wrong, "; ")))
		case err != nil && ctx.Err() == nil:
			log.WarnContext(ctx, "the database file was not checked", "error", err)
		}
	})
	select {
	case <-ctx.Done():
	case <-s.guard.Seen(): // by a transaction, or the check
		log.ErrorContext(ctx, "the database file is damaged and takes no writes: stop the server, restore a "+
			"backup with `aitys restore FILE`, and start it again", "file", s.path, "error", s.intact())
		<-ctx.Done()
	}
	return nil
}

func (s *sqliteEngine) check(ctx context.Context) ([]string, error) {
	db, err := s.read.DB()
	if err != nil {
		return nil, err
	}
	return file.Check(ctx, db)
}

func (p *postgresEngine) check(context.Context) ([]string, error) { return nil, nil }
func (p *postgresEngine) storage() error                          { return nil }

func (p *postgresEngine) watch(ctx context.Context, _ *slog.Logger) error {
	<-ctx.Done()
	return nil
}
