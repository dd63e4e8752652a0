package moderation

import (
	"time"

	"github.com/aitys/aitys/moderation/ground"
)

// EventTx keeps events.
type EventTx interface {
	Emit(events ...ground.Event) error
	// EventsAfter returns events that follow c, oldest first; no event that a committed
	// transaction wrote, or a running one will write, is ever skipped.
	EventsAfter(c ground.Cursor, limit int) ([]ground.Event, error)
	LastEvent() (ground.Cursor, error) // where a follower that starts now begins
	PruneEvents(before time.Time) error
}

// KeyTx keeps idempotency keys.
type KeyTx interface {
	// ClaimKey takes k for this transaction. Where another committed it first, that answer is
	// returned; where another is running, it waits for its end.
	ClaimKey(k ground.Key, at time.Time) (*ground.Answer, error)
	KeepAnswer(k ground.Key, data []byte) error
	PruneKeys(before time.Time) error
}
