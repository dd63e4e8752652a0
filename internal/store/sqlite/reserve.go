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

	mu    sync.Mutex
	gone  bool
	times int // how often it was given back
}

// newReserve returns one that will be held by a file at path, beside what it is for, once it is kept.
func newReserve(path string) *reserve { return &reserve{path: path} }

// given reports whether the disk was full, and the reserve is not whole again.
func (r *reserve) given() bool {
	given, _ := r.state()
	return given
}

func (r *reserve) state() (given bool, times int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.gone, r.times
}

// give gives the reserve back.
func (r *reserve) give() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.gone {
		r.gone = true
		r.times++
		_ = os.Remove(r.path) // it may be gone
	}
}

// keep takes the reserve, gives it back when there is hardly any room beside it, and takes it again
// when there is, until ctx ends.
func (r *reserve) keep(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(diskEvery)
	defer tick.Stop()
	taken, full, told := false, false, 0
	var failed error
	tell := func(free uint64) {
		given, times := r.state()
		if times != told { // a writer gives it back, too, and room may have been made since
			told, full = times, true
			log.ErrorContext(ctx, "the disk is full: new comments are refused until there is room", "free", free)
		}
		if full && !given {
			full = false
			log.InfoContext(ctx, "the disk has room again", "free", free)
		}
	}
	for {
		free, known := FreeBytes(filepath.Dir(r.path))
		tell(free)
		switch {
		case taken && !r.given():
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
		tell(free)
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
	r.gone = false
	return nil
}
