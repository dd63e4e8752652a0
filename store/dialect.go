package store

import (
	"fmt"

	"github.com/aitys/aitys/moderation/ground"
)

// A dialect is what SQL says differently on the two databases.
type dialect struct {
	array
	// lock makes a SELECT of an Update keep its rows to the end. Postgres's leaves them free
	// for foreign keys to refer to.
	lock string
	// snapshot says, in a SELECT, which transactions were running when it was taken.
	snapshot string
	// eventOrder is the order of events, and eventsBack the opposite. eventsAfter and eventsUpTo
	// are the conditions on standing after a place, or not after it; both take its xid and id.
	eventOrder, eventsBack  string
	eventsAfter, eventsUpTo string
	// eventsLate are places of transactions, to be joined with the events that these have written
	// after them. It takes an array of xids and one of ids. On SQLite no event is ever late.
	eventsLate string
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
	if sentinel == nil || isAny(err, ground.ErrBusy, ground.ErrFull, ground.ErrTaken, ground.ErrCorrupt) {
		return err
	}
	return fmt.Errorf("%w: %w", sentinel, err)
}
