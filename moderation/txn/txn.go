// Package txn runs use cases: each in one transaction of a Store, with the events that it emitted told after the commit,
// and a repeated POST answered once. It also follows the events that other processes commit.
//
// It knows no rule of moderation, no HTTP and no SQL. Invariants: an event is written in the transaction of its
// change, and told once in each process; a follower misses none; a POST with an idempotency key is answered once.
package txn

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/aitys/aitys/moderation/event"
)

// A Clock tells the time; tests stop it.
type Clock interface{ Now() time.Time }

// Bell wakes those who wait for events. Rings may be lost or doubled; whoever wakes reads
// the events and also looks every second.
type Bell interface {
	Ring(context.Context)
	Rings(context.Context) <-chan struct{}
}

// Claims lets one of several processes do a piece of background work. Claim reports whether
// the caller now holds a site's name for ttl; site 0 is none. A claim may be lost: work under one must be harmless
// when done twice.
type Claims interface {
	Claim(ctx context.Context, site int64, name string, ttl time.Duration) bool
}

// What a Store answers when a thing cannot be done. A Work turns the last three into what a person
// may see.
var (
	ErrNotFound = errors.New("not found")
	ErrTaken    = errors.New("already taken")
	ErrBusy     = errors.New("the database is busy")
	ErrFull     = errors.New("the storage is full")
	ErrCorrupt  = errors.New("the database file is damaged")
)

// A Store runs transactions on the database. T is the part of a transaction that one package uses. View runs fn on one
// read-only snapshot; Views passes it n readers of one snapshot, each for one goroutine. Update runs fn in one
// transaction, which is durable when Update returns nil, and returns the events that fn emitted, with their ids. fn may
// run again, so it makes no ids, times or random numbers and does nothing outside the transaction.
//
// Errors are the sentinels above (wrapped) or unexpected. Package storetest is the contract.
type Store[T any] interface {
	View(ctx context.Context, fn func(T) error) error
	Views(ctx context.Context, n int, fn func([]T) error) error
	Update(ctx context.Context, fn func(T) error) (emitted []event.Event, err error)
}

// Tx is what every package uses of a transaction. One goroutine uses it, until the function it was passed to returns.
// Each method that reads or writes a site's rows takes the site's id.
type Tx interface {
	Emit(events ...event.Event) error

	// ClaimKey takes k for this transaction. Where another committed it first, that answer is
	// returned; where another is running, it waits for its end.
	ClaimKey(k Key, at time.Time) (*Answer, error)
	KeepAnswer(k Key, data []byte) error
	PruneKeys(before time.Time) error
}

// NewID makes a name for a thing. It orders nothing, although it holds the time.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// IDOf makes the name of a thing that is the same as another one if their parts are.
func IDOf(parts ...string) string {
	return uuid.NewSHA1(uuid.Nil, []byte(strings.Join(parts, "\x00"))).String()
}

// IDAt is IDOf of something that happened at a time: what happened later comes later in the order of ids, so that a
// table grows at its end (RFC 9562, version 7).
func IDAt(at time.Time, parts ...string) string {
	id := uuid.NewSHA1(uuid.Nil, []byte(strings.Join(parts, "\x00")))
	ms := at.UnixMilli() // 48 bits of it
	binary.BigEndian.PutUint32(id[:], uint32(ms>>16))
	binary.BigEndian.PutUint16(id[4:], uint16(ms))
	id[6] = id[6]&0x0f | 0x70
	return id.String()
}

// IsID reports whether a stranger's string can be an id at all, and may reach the database.
func IsID(id string) bool {
	if len(id) != 36 {
		return false
	}
	for _, b := range []byte(id) {
		if (b < '0' || b > '9') && (b < 'a' || b > 'f') && b != '-' {
			return false
		}
	}
	return true
}
