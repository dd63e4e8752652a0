package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/aitys/aitys/moderation/txn"
)

// How many writers share one COMMIT, for how long one is kept open for them, and how long one of those who are in no
// hurry waits at most for a moment in which nobody else does.
const (
	groupSize = 64
	groupTime = 20 * time.Millisecond
	idleTime  = 10 * time.Millisecond
)

var errClosed = errors.New("the database is closed")

// A group commits what several writers wrote at once with one flush to the disk: each runs in
// a savepoint of one transaction and is answered after its COMMIT. The first needs no savepoint,
// for which SQLite would keep a copy of each page that it changes: when it fails, all there is
// is undone. Nothing runs under a request's context, since a statement that is cut short would
// roll back all of them. When the transaction is lost (the disk is full, the file is locked)
// nobody is answered by it: its members run again, each in a transaction of its own.
//
// Who is in no hurry begins when nobody waits. While there is no such moment, one of them comes
// along with a group now and then, last.
type group struct {
	db        *gorm.DB // one connection
	wait      time.Duration
	waiting   chan *member
	unhurried chan *member
	idler     *member   // one who is in no hurry, and waits for a moment in which nobody else does
	since     time.Time // it waits
	closing   chan struct{}
	done      sync.WaitGroup
}

// A member is one writer. Its function runs on the writer's own goroutine, when its turn
// comes, so that a panic is its own.
type member struct {
	turn   chan *gorm.DB // one for each run
	ran    chan error    // how that run ended
	answer chan error    // one, at the end
	err    error         // how its last run ended
	gone   bool          // it panicked: there is nobody to run again
}

var errPanicked = errors.New("panicked")

func newGroup(db *gorm.DB, wait time.Duration) *group {
	g := &group{db: db, wait: wait, waiting: make(chan *member), unhurried: make(chan *member),
		closing: make(chan struct{})}
	g.done.Go(g.serve)
	return g
}

// close waits for the group that runs; those who wait for a turn are turned away.
func (g *group) close() {
	close(g.closing)
	g.done.Wait()
}

// update runs fn in a group and returns when that is on the disk.
func (g *group) update(ctx context.Context, fn func(*gorm.DB) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m := &member{turn: make(chan *gorm.DB), ran: make(chan error), answer: make(chan error, 1)}
	turns := g.waiting
	if txn.IsUnhurried(ctx) {
		turns = g.unhurried
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

// run tells how fn ended, whatever way it ends: also by a panic, or by the end of a test.
func (m *member) run(tx *gorm.DB, fn func(*gorm.DB) error) {
	err := errPanicked
	defer func() { m.ran <- err }()
	err = fn(tx)
}

// serve makes groups of who waits until close.
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
			case first = <-g.unhurried:
			}
		}
		g.commit(first)
	}
}

// commit runs a group that begins with first, and answers its members.
func (g *group) commit(first *member) {
	members, lost := g.together(first, groupSize)
	for _, m := range members {
		err := lost
		if lost != nil && len(members) > 1 && !m.gone {
			_, err = g.together(m, 1)
		}
		m.answer <- cmp.Or(err, m.err)
	}
}

// together runs first and who else waits, up to size, in one transaction. An error means that
// nothing of it is kept.
func (g *group) together(first *member, size int) (members []*member, err error) {
	tx := g.db.Begin()
	if tx.Error != nil {
		return []*member{first}, fmt.Errorf("begin: %w", tx.Error)
	}
	members = append(members, first)
	end := time.Now().Add(groupTime)
	if first.take(tx); first.err != nil {
		tx.Rollback()
		return members, nil
	}
	for {
		m := next(g.waiting, len(members) < size && time.Now().Before(end))
		if m == nil && size > 1 {
			m = g.late()
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
		g.db.Exec("ROLLBACK") // database/sql thinks that it has ended; for SQLite it may go on
		return members, fmt.Errorf("commit: %w", err)
	}
	return members, nil
}

// late returns one who is in no hurry and has waited for long, if there is one.
func (g *group) late() *member {
	if g.idler == nil {
		g.idler, g.since = next(g.unhurried, true), time.Now()
	}
	if g.idler == nil || time.Since(g.since) < idleTime {
		return nil
	}
	m := g.idler
	g.idler = nil
	return m
}

// next returns one who waits now, if there is room.
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

// take gives m its turn.
func (m *member) take(tx *gorm.DB) {
	m.turn <- tx
	m.err = <-m.ran
	m.gone = errors.Is(m.err, errPanicked)
}

// inSavepoint gives m its turn. What it did is undone if it failed; an error means that the
// transaction is gone: SQLite ends it by itself after some failures, and no savepoint is left.
func (m *member) inSavepoint(tx *gorm.DB) error {
	if err := tx.Exec("SAVEPOINT member").Error; err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	if m.take(tx); m.err != nil {
		if err := tx.Exec("ROLLBACK TO member").Error; err != nil {
			return fmt.Errorf("roll back after %w: %w", m.err, err)
		}
	}
	if err := tx.Exec("RELEASE member").Error; err != nil {
		return fmt.Errorf("release: %w", err)
	}
	return nil
}
