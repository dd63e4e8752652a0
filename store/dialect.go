package store

import (
	"fmt"

	"github.com/aitys/aitys/moderation/ground"
)

// A dialect is what SQL says differently on the two databases.
type dialect struct {
	// lock makes a SELECT of an Update keep its rows to the end. Postgres's leaves them free
	// for foreign keys to refer to.
	lock string
	// settled is the condition on an event's being read: on Postgres no transaction that could
	// still write an earlier one runs.
	settled string
	// eventOrder is the order of events, and eventsBack the opposite. eventsAfter and eventsUpTo
	// are the conditions on standing after a place, or not after it; both take its xid and id.
	eventOrder, eventsBack  string
	eventsAfter, eventsUpTo string
}

// mapped returns err with the sentinel of package moderation that says what it is, if one does.
func mapped(err error) error {
	if err == nil {
		return nil
	}
	sentinel := sqliteError(err)
	if sentinel == nil {
		sentinel = postgresError(err)
	}
	if sentinel == nil || isAny(err, ground.ErrBusy, ground.ErrFull, ground.ErrTaken) {
		return err
	}
	return fmt.Errorf("%w: %w", sentinel, err)
}
