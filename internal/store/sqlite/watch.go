package sqlite

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/txn"
)

// Storage returns what is known against writing: ErrCorrupt or ErrFull.
func (d *DB) Storage() error {
	if err := d.guard.damage(); err != nil {
		return err
	}
	if d.reserve.given() {
		return fmt.Errorf("%w: the reserve was given back", txn.ErrFull)
	}
	return nil
}

// checkAfter is how long the file is left unread: who starts a service and reads its first page has the machine.
const checkAfter = 500 * time.Millisecond

// Watch reads the file through once, a moment after it is called, keeps the reserve, and says in the log what it finds
// and what any transaction meets. It returns nil when ctx ends.
func (d *DB) Watch(ctx context.Context, log *slog.Logger) error {
	db, err := d.read.DB()
	if err != nil {
		return err
	}
	var looking sync.WaitGroup
	defer looking.Wait()
	looking.Go(func() { d.reserve.keep(ctx, log) })
	looking.Go(func() {
		select {
		case <-ctx.Done():
			return
		case <-time.After(checkAfter):
		}
		switch wrong, err := quickCheck(ctx, db); {
		case len(wrong) > 0:
			d.guard.shut(fmt.Errorf("%w: %s", txn.ErrCorrupt, strings.Join(wrong, "; ")))
		case err != nil && ctx.Err() == nil:
			log.WarnContext(ctx, "the database file was not checked", "error", err)
		}
	})
	select {
	case <-ctx.Done():
	case <-d.guard.seen(): // by a transaction, or the check
		log.ErrorContext(ctx, "the database file is damaged and takes no writes: stop the server, restore a "+
			"backup with `aitys restore FILE`, and start it again", "file", d.path, "error", d.guard.damage())
		<-ctx.Done()
	}
	return nil
}

// Check reads the whole file and returns what is wrong with it, at most ten findings of a kind.
func (d *DB) Check(ctx context.Context) ([]string, error) {
	db, err := d.read.DB()
	if err != nil {
		return nil, err
	}
	return check(ctx, db)
}
