package ground

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
