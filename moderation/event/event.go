// Package event defines the events that are recorded with each change of a site: their kinds, positions in the event
// stream, and the listeners of one process. It neither stores nor follows events; package txn does.
package event

import "time"

// A Kind is the type of an Event.
type Kind string

// The kinds of events.
const (
	Arrived  Kind = "arrived"   // a comment was posted
	Edited   Kind = "edited"    // its commenter edited it
	Decided  Kind = "decided"   // its state changed, by a decision or an undo
	Removed  Kind = "removed"   // its commenter withdrew it, or it was erased
	Rescored Kind = "judged"    // its verdict was recomputed; without Comment: the verdicts of several comments
	Page     Kind = "page"      // a page's title, URL or openness changed
	Site     Kind = "site"      // a site was added, changed or removed
	Account  Kind = "account"   // an account, its roles, sessions or tokens changed
	Rules    Kind = "rules"     // a site's rules or blocks changed
	Voted    Kind = "voted"     // readers' votes on a page were counted
	Reported Kind = "complaint" // a report or an appeal was opened or resolved
	Taught   Kind = "taught"    // lessons were copied, withdrawn or restored
	Withheld Kind = "withheld"  // a takedown withheld a comment, or ended
	Takedown Kind = "demand"    // a takedown was recorded or ended; Comment holds the ID of the takedown
	// Behind is not stored. It says that events could not be read for so long that caches which rely on events for
	// invalidation are unreliable.
	Behind Kind = "behind"
)

// An Event is written in the transaction that it describes. Each follower reads it once. Shown says that the change is
// visible to readers of the page. Added says that the visible change is only one more comment.
type Event struct {
	ID      int64 // unique, but not ordered; set by the store
	Site    int64 // 0 for accounts
	Kind    Kind
	Page    string
	Comment string
	Account string
	Shown   bool
	Added   bool
	At      time.Time
}

// A Position is a place in the event stream, in a format of the store. It is valid only in the same database. "" is
// before all events.
type Position string

// A FollowerState is the progress of a named follower. Lost says that the follower has not started, or that events
// after At were removed before it read them. It must then start from the tables.
type FollowerState struct {
	At   Position
	Lost bool
}
