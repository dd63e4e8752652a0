package sqlite

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// reserveSize is the size of a reserve. It is released if less than releaseBelow is free beyond it, and taken again if
// retakeAbove is free. The free space is read every diskPollInterval.
const (
	reserveSize      = 8 << 20         // space for thousands of decisions
	retakeAbove      = 2 * reserveSize // leaves reserveSize for other writes
	releaseBelow     = 1 << 20
	diskPollInterval = 2 * time.Second
)

// A reserve is a file that occupies disk space beside a database. It is deleted when the disk is full: even deleting
// comments writes to the WAL first, and needs space for that.
type reserve struct {
	path string

	mu       sync.Mutex
	released bool
	releases int // number of releases
}

// newReserve returns a reserve whose file will be at path, on the disk of the database. maintain creates the file.
func newReserve(path string) *reserve { return &reserve{path: path} }

// isReleased reports whether the reserve was released and not taken again.
func (r *reserve) isReleased() bool {
	given, _ := r.state()
	return given
}

func (r *reserve) state() (given bool, times int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.released, r.releases
}

// release deletes the file of the reserve.
func (r *reserve) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.released {
		r.released = true
		r.releases++
		_ = os.Remove(r.path) // it may not exist
	}
}

// maintain takes the reserve, releases it when the disk is nearly full, and takes it again when there is space, until
// ctx ends. It logs when the disk becomes full and when it has space again.
func (r *reserve) maintain(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(diskPollInterval)
	defer tick.Stop()
	taken, full, told := false, false, 0
	var failed error
	tell := func(free uint64) {
		given, times := r.state()
		if times != told { // a writer may have released it, and space may be free again
			told, full = times, true
			log.ErrorContext(ctx, "the disk is full: new comments are refused until space is free", "free", free)
		}
		if full && !given {
			full = false
			log.InfoContext(ctx, "the disk has free space again", "free", free)
		}
	}
	for {
		free, known := FreeBytes(filepath.Dir(r.path))
		tell(free)
		switch {
		case taken && !r.isReleased():
			if known && free < releaseBelow {
				r.release()
			}
		case !known || free >= retakeAbove:
			err := r.take()
			if err != nil && failed == nil {
				log.WarnContext(ctx, "cannot reserve disk space", "error", err)
			}
			taken, failed = err == nil, err
		default:
			r.release()
		}
		tell(free)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// take writes the file of the reserve. It writes zeros, because a sparse file occupies no space.
func (r *reserve) take() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		zeros := make([]byte, 1<<20)
		for at := int64(0); at < reserveSize && err == nil; at += int64(len(zeros)) {
			_, err = f.WriteAt(zeros, at)
		}
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		_ = os.Remove(r.path) // do not keep a partial file
		return err
	}
	r.released = false
	return nil
}
