package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"github.com/aitys/aitys/moderation/txn"
)

// groupSize is the maximum number of writers per COMMIT, and groupTime how long a group accepts more of them.
// maxIdleWait is how long a low-priority writer waits for an idle moment before it joins a group.
const (
	groupSize   = 64
	groupTime   = 20 * time.Millisecond
	maxIdleWait = 10 * time.Millisecond
)

// A group that runs longer than maxWrite counts as hung.
const maxWrite = 5 * time.Minute

var errClosed = errors.New("the database is closed")

// A group commits the writes of several writers with one sync to the disk (group commit). Each writer runs in a
// savepoint of one transaction and gets its result after the COMMIT. The first writer needs no savepoint, for which
// SQLite would copy every page that it changes: if the first one fails, the whole transaction is rolled back.
//
// Statements do not run under the context of a request, because canceling one would roll back the whole group. If the
// transaction is lost, for example because the disk is full or the file is locked, each member runs again in its own
// transaction.
//
// A low-priority writer (txn.IsUnhurried) starts a group when no other writer waits. If it has waited for maxIdleWait,
// it joins a group as the last member.
type group struct {
	db          *gorm.DB // one connection
	wait        time.Duration
	waiting     chan *member
	lowPriority chan *member
	idler       *member                   // the low-priority writer that is next, or nil
	since       time.Time                 // when idler started to wait
	running     atomic.Pointer[time.Time] // when the running group began; nil between groups
	closing     chan struct{}
	done        sync.WaitGroup
}

// A member is one writer of a group. Its function runs on the writer's own goroutine, so a panic stays there.
type member struct {
	turn     chan *gorm.DB // receives the transaction of each run
	ran      chan error    // receives the result of each run
	answer   chan error    // receives the final result once
	err      error         // result of the last run
	panicked bool          // it panicked and cannot run again
}

var errPanicked = errors.New("panicked")

func newGroup(db *gorm.DB, wait time.Duration) *group {
	g := &group{db: db, wait: wait, waiting: make(chan *member), lowPriority: make(chan *member),
		closing: make(chan struct{})}
	g.done.Go(g.serve)
	return g
}

// close waits for the running group. Waiting writers get errClosed.
func (g *group) close() {
	close(g.closing)
	g.done.Wait()
}

// update runs fn in a group and returns when it is committed to the disk. fn may run again.
func (g *group) update(ctx context.Context, fn func(*gorm.DB) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m := &member{turn: make(chan *gorm.DB), ran: make(chan error), answer: make(chan error, 1)}
	turns := g.waiting
	if txn.IsLowPriority(ctx) {
		turns = g.lowPriority
	}
	patience := time.NewTimer(g.wait)
	defer patience.Stop()
	select {
	case turns <- m:
	case <-ctx.Done():
		return ctx.Err()
	case <-patience.C:
		return fmt.Errorf("wait for other writers: %w", txn.ErrBusy)
	case <-g.closing:
		return errClosed
	}
	for {
		select {
		case tx := <-m.turn:
			m.run(tx, fn)
		case err := <-m.answer:
			return err
		}
	}
}

// run calls fn and sends its result to ran, even if fn panics or calls runtime.Goexit.
func (m *member) run(tx *gorm.DB, fn func(*gorm.DB) error) {
	err := errPanicked
	defer func() { m.ran <- err }()
	err = fn(tx)
}

// serve forms groups of waiting writers until close.
func (g *group) serve() {
	for {
		first := next(g.waiting, true)
		if first == nil {
			first, g.idler = g.idler, nil
		}
		if first == nil {
			select {
			case <-g.closing:
				return
			case first = <-g.waiting:
			case first = <-g.lowPriority:
			}
		}
		g.commit(first)
	}
}

// hung returns an error if a group has run for longer than maxWrite.
func (g *group) hung() error {
	began := g.running.Load()
	if began == nil || time.Since(*began) <= maxWrite {
		return nil
	}
	return fmt.Errorf("a write to the database has run for %v", time.Since(*began).Round(time.Second))
}

// commit runs a group that starts with first, and sends the members their results.
func (g *group) commit(first *member) {
	began := time.Now()
	g.running.Store(&began)
	defer g.running.Store(nil)
	members, lost := g.runGroup(first, groupSize)
	for _, m := range members {
		err := lost
		if lost != nil && len(members) > 1 && !m.panicked {
			_, err = g.runGroup(m, 1)
		}
		m.answer <- cmp.Or(err, m.err)
	}
}

// runGroup runs first and then other waiting writers, up to size in all, in one transaction. If it returns an error,
// the whole transaction was rolled back.
func (g *group) runGroup(first *member, size int) (members []*member, err error) {
	tx := g.db.Begin()
	if tx.Error != nil {
		return []*member{first}, fmt.Errorf("begin: %w", tx.Error)
	}
	members = append(members, first)
	end := time.Now().Add(groupTime)
	if first.runIn(tx); first.err != nil {
		tx.Rollback()
		return members, nil
	}
	for {
		m := next(g.waiting, len(members) < size && time.Now().Before(end))
		if m == nil && size > 1 {
			m = g.overdue()
		}
		if m == nil {
			break
		}
		members = append(members, m)
		if err := m.inSavepoint(tx); err != nil {
			tx.Rollback()
			return members, err
		}
	}
	if err := tx.Commit().Error; err != nil {
		g.db.Exec("ROLLBACK") // database/sql considers it ended, but SQLite may keep it open
		return members, fmt.Errorf("commit: %w", err)
	}
	return members, nil
}

// overdue returns a low-priority writer that has waited for maxIdleWait, or nil.
func (g *group) overdue() *member {
	if g.idler == nil {
		g.idler, g.since = next(g.lowPriority, true), time.Now()
	}
	if g.idler == nil || time.Since(g.since) < maxIdleWait {
		return nil
	}
	m := g.idler
	g.idler = nil
	return m
}

// next returns a writer that waits now, or nil if there is none or room is false.
func next(waiting <-chan *member, room bool) *member {
	if !room {
		return nil
	}
	select {
	case m := <-waiting:
		return m
	default:
		return nil
	}
}

// runIn runs m in tx and stores its result.
func (m *member) runIn(tx *gorm.DB) {
	m.turn <- tx
	m.err = <-m.ran
	m.panicked = errors.Is(m.err, errPanicked)
}

// inSavepoint runs m in a savepoint of tx, and rolls back to it if m failed. An error means that the transaction is
// lost: after some failures SQLite rolls it back by itself.
func (m *member) inSavepoint(tx *gorm.DB) error {
	if err := tx.Exec("SAVEPOINT member").Error; err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	if m.runIn(tx); m.err != nil {
		if err := tx.Exec("ROLLBACK TO member").Error; err != nil {
			return fmt.Errorf("roll back after %w: %w", m.err, err)
		}
	}
	if err := tx.Exec("RELEASE member").Error; err != nil {
		return fmt.Errorf("release: %w", err)
	}
	return nil
}
