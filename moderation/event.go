package moderation

import "time"

// An EventKind says what an Event tells of.
type EventKind string

// The kinds of events.
const (
	EventArrived EventKind = "arrived" // a comment was posted
	EventEdited  EventKind = "edited"  // its writer changed it
	EventDecided EventKind = "decided" // its state changed, by a decision or an undo
	EventRemoved EventKind = "removed" // its writer withdrew it
	EventJudged  EventKind = "judged"  // its verdict was renewed; with no Comment: those of several were
	EventPage    EventKind = "page"    // a page's title, URL or openness changed
	EventSite    EventKind = "site"    // a site was added, changed or removed
	EventAccount EventKind = "account" // an account, its roles, sessions or tokens changed
	EventTaught  EventKind = "taught"  // lessons were copied, withdrawn or brought back
)

// An Event is written in the transaction that it tells of, and read by followers in an order
// that misses none. Shown says that what readers see of the page changed.
type Event struct {
	Cursor  Cursor // where it stands; set by the store
	Site    int64  // 0 for accounts
	Kind    EventKind
	Page    string
	Comment string
	Account string
	Shown   bool
	At      time.Time
}

// A Cursor is a place in the order of events. On Postgres events are ordered by (Xid, ID) and
// read below the oldest running transaction; on SQLite Xid is 0.
type Cursor struct {
	Xid uint64
	ID  int64
}

// EventTx keeps events.
type EventTx interface {
	Emit(events ...Event) error
	// EventsAfter returns events that follow c, oldest first; no event that a committed
	// transaction wrote, or a running one will write, is ever skipped.
	EventsAfter(c Cursor, limit int) ([]Event, error)
	LastEvent() (Cursor, error) // where a follower that starts now begins
	PruneEvents(before time.Time) error
}

// A Key names one POST that may be repeated. Account is "" for readers.
type Key struct {
	Site    int64
	Route   string
	Account string
	Value   string
	Body    []byte // hash of the body less its form

	Replayed bool // set by the use case: it was answered before, and is answered the same
}

// An Answer is what the first POST with a key was answered; Data is the caller's own JSON.
type Answer struct {
	Body []byte // hash, as in Key
	Data []byte
	At   time.Time
}

// KeyTx keeps idempotency keys.
type KeyTx interface {
	// ClaimKey takes k for this transaction. Where another committed it first, that answer is
	// returned; where another is running, it waits for its end.
	ClaimKey(k Key, at time.Time) (*Answer, error)
	KeepAnswer(k Key, data []byte) error
	PruneKeys(before time.Time) error
}
