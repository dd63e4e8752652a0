// Package ground is what every use case stands on: the site and page that it is about, the
// transaction that it runs in, the events that are told when it is committed, and the POST that
// may be sent again.
//
// It is no place for what two rooms happen to share: a noun of comments stands in package comment, one
// of the log in ledger, one of accounts in people. It knows no rule of moderation, no HTTP and no SQL.
// Its invariants: an event is written in the transaction that it tells of and told once in each
// process; a follower misses none; a POST with a key is answered once.
package ground

import (
	"context"
	"errors"
	"time"
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
// the caller now holds name for ttl. A claim may be lost: work under one must be harmless
// when done twice.
type Claims interface {
	Claim(ctx context.Context, name string, ttl time.Duration) bool
}

// What a Store answers when a thing cannot be done. Service turns them into Errors.
var (
	ErrNotFound = errors.New("not found")
	ErrTaken    = errors.New("already taken")
	ErrBusy     = errors.New("the database is busy")
	ErrFull     = errors.New("the storage is full")
)
