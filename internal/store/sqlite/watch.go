package sqlite

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/txn"
)

// Storage returns why the file should not be written to: txn.ErrCorrupt, txn.ErrFull or nil.
func (d *DB) Storage() error {
	if err := d.guard.damage(); err != nil {
		return err
	}
	if d.reserve.isReleased() {
		return fmt.Errorf("%w: the disk space reserve is released", txn.ErrFull)
	}
	return nil
}

// Disk returns the size of the WAL and the free space in bytes, and whether the reserve is held. Free is -1 if it is
// unknown.
func (d *DB) Disk() (wal, free int64, reserveHeld bool) {
	if info, err := os.Stat(d.path + "-wal"); err == nil {
		wal = info.Size()
	}
	free = -1
	if bytes, known := FreeBytes(filepath.Dir(d.path)); known {
		free = int64(bytes)
	}
	return wal, free, !d.reserve.isReleased()
}

// Hung returns an error if a write has run for longer than maxWrite.
func (d *DB) Hung() error { return d.group.hung() }

// checkDelay delays the check of the file, so that it does not slow down the start of the service.
const checkDelay = 500 * time.Millisecond

// Watch checks the file once, checkDelay after the call, and maintains the reserve. It logs damage that the check or
// any transaction detects. It returns nil when ctx ends.
func (d *DB) Watch(ctx context.Context, log *slog.Logger) error {
	db, err := d.read.DB()
	if err != nil {
		return err
	}
	var looking sync.WaitGroup
	defer looking.Wait()
	looking.Go(func() { d.reserve.maintain(ctx, log) })
	looking.Go(func() {
		select {
		case <-ctx.Done():
			return
		case <-time.After(checkDelay):
		}
		switch wrong, err := quickCheck(ctx, db); {
		case len(wrong) > 0:
			d.guard.trip(fmt.Errorf("%w: %s", txn.ErrCorrupt, strings.Join(wrong, "; ")))
		case err != nil && ctx.Err() == nil:
			log.WarnContext(ctx, "the database file was not checked", "error", err)
		}
	})
	select {
	case <-ctx.Done():
	case <-d.guard.tripped(): // by a transaction or by the check
		log.ErrorContext(ctx, "the database file is damaged and takes no writes: stop the server, restore a "+
			"backup with `aitys restore FILE`, and start it again", "file", d.path, "error", d.guard.damage())
		<-ctx.Done()
	}
	return nil
}

// Check checks the whole file and returns the errors found; see check.
func (d *DB) Check(ctx context.Context) ([]string, error) {
	db, err := d.read.DB()
	if err != nil {
		return nil, err
	}
	return check(ctx, db)
}
