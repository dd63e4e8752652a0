// Package event holds what is recorded with each change of a site: the event, its kinds, positions in the stream of
// events, and the listeners of one process. It neither stores events nor follows them; package txn does.
package event

import "time"

// An Kind says what an Event tells of.
type Kind string

// The kinds of events.
const (
	Arrived   Kind = "arrived"   // a comment was posted
	Edited    Kind = "edited"    // its writer changed it
	Decided   Kind = "decided"   // its state changed, by a decision or an undo
	Removed   Kind = "removed"   // its writer withdrew it
	Judged    Kind = "judged"    // its verdict was renewed; with no Comment: those of several were
	Page      Kind = "page"      // a page's title, URL or openness changed
	Site      Kind = "site"      // a site was added, changed or removed
	Account   Kind = "account"   // an account, its roles, sessions or tokens changed
	Rules     Kind = "rules"     // a site's rules or blocks changed
	Voted     Kind = "voted"     // readers' votes on a page were gathered
	Complaint Kind = "complaint" // a comment was reported, its refusal appealed, or that was settled
	Taught    Kind = "taught"    // lessons were copied, withdrawn or brought back
	Withheld  Kind = "withheld"  // a comment was withheld under a demand, or is shown again
	Demand    Kind = "demand"    // a demand was entered, or has ended: its id stands for the Comment's
	// Behind stands in no database: nothing was heard for so long that what is kept in memory for
	// as long as no event is against it must not be believed.
	Behind Kind = "behind"
)

// An Event is written in the transaction that it tells of, and read once by each follower that goes on
// from where it stopped. Shown says that what readers see of the page changed, and Added that all of it is a comment
// more.
type Event struct {
	ID      int64 // tells events apart, and orders none; set by the store
	Site    int64 // 0 for accounts
	Kind    Kind
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
