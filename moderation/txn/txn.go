// Package txn runs use cases. Each runs in one transaction of a Store. After the commit, listeners receive the events
// that it emitted. A repeated POST with an idempotency key gets the first response. The package also follows events of
// other processes.
//
// It contains no rules of moderation, no HTTP and no SQL. Its invariants: an event is written in the transaction of its
// change; each process notifies listeners of it once; a follower misses none; a POST with an idempotency key takes
// effect once.
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

// A Clock returns the current time. Tests replace it.
type Clock interface{ Now() time.Time }

// Bell wakes processes that wait for events. Rings may be lost or duplicated; the receiver reads the events, and also
// polls every second.
type Bell interface {
	Ring(context.Context)
	Rings(context.Context) <-chan struct{}
}

// Claims gives one of several processes a piece of background work. Claim reports whether the caller now holds the name
// of a site for ttl; site 0 is for work that belongs to no site. A claim may be lost, so the work must be harmless when
// done twice.
type Claims interface {
	Claim(ctx context.Context, site int64, name string, ttl time.Duration) bool
}

// Errors of a Store. A Work turns the last three into problems that users may see.
var (
	ErrNotFound = errors.New("not found")
	ErrTaken    = errors.New("already taken")
	ErrBusy     = errors.New("the database is busy")
	ErrFull     = errors.New("the storage is full")
	ErrCorrupt  = errors.New("the database file is damaged")
)

// A Store runs transactions on the database. T is the part of a transaction that one package uses. View runs fn on one
// read-only snapshot. Views passes n readers of one snapshot to fn, each for one goroutine. Update runs fn in one
// transaction, which is durable when Update returns nil. It returns the events that fn emitted, with their IDs. Update
// may run fn more than once, so fn must not create IDs, times or random numbers, and must not have effects outside the
// transaction.
//
// Errors are the sentinels above (wrapped) or unexpected errors. Package storetest tests the contract.
type Store[T any] interface {
	View(ctx context.Context, fn func(T) error) error
	Views(ctx context.Context, n int, fn func([]T) error) error
	Update(ctx context.Context, fn func(T) error) (emitted []event.Event, err error)
}

// Tx is the part of a transaction that every package uses. Only one goroutine may use it, until the function that it
// was passed to returns. Each method that reads or writes the rows of a site takes the site ID.
type Tx interface {
	Emit(events ...event.Event) error

	// ClaimKey claims k for this transaction. If another transaction has committed k, ClaimKey returns its response. If
	// another transaction that claims k is running, ClaimKey waits for it to end.
	ClaimKey(k IdempotencyKey, at time.Time) (*StoredResponse, error)
	StoreResponse(k IdempotencyKey, data []byte) error
	PruneKeys(before time.Time) error
}

// NewID returns a new UUIDv7. Although it contains the time, IDs must not be used for ordering.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// StableID returns an ID derived from parts: equal parts give equal IDs.
func StableID(parts ...string) string {
	return uuid.NewSHA1(uuid.Nil, []byte(strings.Join(parts, "\x00"))).String()
}

// StableIDAt is StableID with a time: later times sort after earlier ones, so that a table grows at its end (RFC 9562,
// version 7).
func StableIDAt(at time.Time, parts ...string) string {
	id := uuid.NewSHA1(uuid.Nil, []byte(strings.Join(parts, "\x00")))
	ms := at.UnixMilli() // 48 bits of it
	binary.BigEndian.PutUint32(id[:], uint32(ms>>16))
	binary.BigEndian.PutUint16(id[4:], uint16(ms))
	id[6] = id[6]&0x0f | 0x70
	return id.String()
}

// IsID reports whether an untrusted string has the form of an ID and may be passed to the database.
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
