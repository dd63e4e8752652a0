package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/ground"
)

// Sizes of a reserve, and how often the disk is looked at.
const (
	reserved    = 8 << 20      // enough for thousands of decisions
	enoughAgain = 2 * reserved // to take it again; the rest is for everybody
	hardlyAny   = 1 << 20
	diskEvery   = 2 * time.Second
)

// A reserve is room that a file holds on the disk of a database. It is given back when the disk is full:
// also taking something away is written first, and without room nobody could.
type reserve struct {
	path string

	mu   sync.Mutex
	full error // nil: there is room
}

// left returns ErrFull from when the disk was full until the reserve is whole again.
func (r *reserve) left() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.full
}

// give gives the reserve back.
func (r *reserve) give() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.full == nil {
		r.full = fmt.Errorf("%w: the reserve was given back", ground.ErrFull)
		_ = os.Remove(r.path) // it may be gone
	}
}

// keep takes the reserve, gives it back when there is hardly any room beside it, and takes it again
// when there is, until ctx ends.
func (r *reserve) keep(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(diskEvery)
	defer tick.Stop()
	taken, full := false, false
	var failed error
	for {
		free, known := FreeBytes(filepath.Dir(r.path))
		switch {
		case taken && r.left() == nil:
			if known && free < hardlyAny {
				r.give()
			}
		case !known || free >= enoughAgain:
			err := r.take()
			if err != nil && failed == nil {
				log.WarnContext(ctx, "no room is kept in reserve", "error", err)
			}
			taken, failed = err == nil, err
		default:
			r.give()
		}
		switch left := r.left(); {
		case left != nil && !full:
			log.ErrorContext(ctx, "the disk is full: new comments are refused until there is room", "free", free)
		case left == nil && full:
			log.InfoContext(ctx, "the disk has room again", "free", free)
		}
		full = r.left() != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// take fills the reserve's file: a disk gives room to what is written only.
func (r *reserve) take() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		zeros := make([]byte, 1<<20)
		for at := int64(0); at < reserved && err == nil; at += int64(len(zeros)) {
			_, err = f.WriteAt(zeros, at)
		}
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		_ = os.Remove(r.path) // half of one helps nobody
		return err
	}
	r.full = nil
	return nil
}
