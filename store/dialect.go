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
	// eventOrder is the order of events.
	eventOrder string
	// eventsAfter is the condition on following a cursor; it takes xid and id, or only id.
	eventsAfter string
	byXid       bool
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
