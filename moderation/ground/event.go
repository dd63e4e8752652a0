package ground

import "time"

// An EventKind says what an Event tells of.
type EventKind string

// The kinds of events.
const (
	EventArrived   EventKind = "arrived"   // a comment was posted
	EventEdited    EventKind = "edited"    // its writer changed it
	EventDecided   EventKind = "decided"   // its state changed, by a decision or an undo
	EventRemoved   EventKind = "removed"   // its writer withdrew it
	EventJudged    EventKind = "judged"    // its verdict was renewed; with no Comment: those of several were
	EventPage      EventKind = "page"      // a page's title, URL or openness changed
	EventSite      EventKind = "site"      // a site was added, changed or removed
	EventAccount   EventKind = "account"   // an account, its roles, sessions or tokens changed
	EventRules     EventKind = "rules"     // a site's rules or blocks changed
	EventVoted     EventKind = "voted"     // readers' votes on a page were gathered
	EventComplaint EventKind = "complaint" // a comment was reported, its refusal appealed, or that was settled
	EventTaught    EventKind = "taught"    // lessons were copied, withdrawn or brought back
	EventWithheld  EventKind = "withheld"  // a comment was withheld under a demand, or is shown again
	EventDemand    EventKind = "demand"    // a demand was entered, or has ended: its id stands for the Comment's
	// EventBehind stands in no database: nothing was heard for so long that what is kept in memory for
	// as long as no event is against it must not be believed.
	EventBehind EventKind = "behind"
)

// An Event is written in the transaction that it tells of, and read once by each follower that goes on
// from where it stopped. Shown says that what readers see of the page changed, and Added that all of it is a comment
// more.
type Event struct {
	ID      int64 // tells events apart, and orders none; set by the store
	Site    int64 // 0 for accounts
	Kind    EventKind
	Page    string
	Comment string
	Account string
	Shown   bool
	Added   bool
	At      time.Time
}

// A Position says which events were read, in the store's own writing: it means nothing to another
// database. "" is before all events.
type Position string

// A Followed is how far the follower of a name has come. Lost says that events after At were
// removed before it had read them, or that it has read none yet: it has to begin from the tables.
type Followed struct {
	At   Position
	Lost bool
}

// EventTx is what following events takes of a transaction.
type EventTx interface {
	Tx
	// EventsAfter returns events that were not read yet at a position, and the position at which they
	// were. What one transaction after another wrote comes in their order; what is committed while
	// others run comes before what these will write. No event is ever skipped, none comes twice, and
	// none waits for another transaction than its own.
	EventsAfter(after Position, limit int) ([]Event, Position, error)
	LastEvent() (Position, error) // where a follower that starts now begins

	// Follower returns how far the follower of a name has come: ErrNotFound before AddFollower, which
	// registers it at the end of the events, Lost. To add one that is there changes nothing.
	Follower(name string) (Followed, error)
	AddFollower(name string) error
	// MoveFollower notes that the follower of a name has come from one position to another, and has
	// lost nothing. It reports false, and changes nothing, where it does not stand at the first.
	MoveFollower(name string, from, to Position) (bool, error)
	// PruneEvents removes the events from before read that every registered follower has read, and
	// those from before last in any case: who had not read these has Lost.
	PruneEvents(read, last time.Time) error

	Sites() ([]Site, error) // by key
}
