package store

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aitys/aitys/internal/store/dbcopy"
	"github.com/aitys/aitys/internal/store/postgres"
	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/internal/store/sqlite"
	"github.com/aitys/aitys/moderation/txn"
)

// A dialect contains the SQL that differs between SQLite and Postgres.
type dialect struct {
	array rows.Array
	// lock is the locking clause of SELECTs in an Update. On Postgres, other transactions can still insert rows that
	// refer to the locked rows. Empty on SQLite.
	lock string
	// lockKeys is a locking clause that also blocks new references to the rows. Empty on SQLite, which has one writer.
	lockKeys string
	// lockMembers serializes transactions that change a site's campaign members. Empty on SQLite.
	lockMembers string
	// lockVotes serializes transactions that cast votes from one network. Empty on SQLite.
	lockVotes string
	// snapshot is the expression for the current snapshot, which lists the running transactions.
	snapshot string
	// eventOrder is the order of events, and eventsBack the reverse order. A place in this order is the xid and the ID of
	// an event. eventsAfter selects the events after a place, and eventsUpTo those up to and including it.
	eventOrder, eventsBack  string
	eventsAfter, eventsUpTo string
	// eventsLate is a join with the places of late transactions. It selects the events that these transactions wrote
	// after their place, and takes an array of xids and one of IDs. Unused on SQLite, where events are never late.
	eventsLate string
	// health selects the server's clock in seconds since 1970, the size in bytes, and the settings that durability
	// depends on.
	health      string
	copyDialect dbcopy.Dialect
	// jsonArray is a FROM item: the elements of a JSON array, in the column value.
	jsonArray string
	// unhexed is the bytes of the column value of a jsonTable, which has them in hexadecimal.
	unhexed string
	// wideEmail is the condition of the index comments_wide_email: an e-mail address with characters outside ASCII.
	wideEmail string
}

// sqliteDialect is the SQL of SQLite. Its health query returns 0 as the clock and "" as each durability setting: SQLite
// has no server clock, and Open rejects databases without durable settings.
var sqliteDialect = dialect{
	copyDialect: dbcopy.SQLite{},
	jsonArray:   "json_each(?)",
	unhexed:     "unhex(value)",
	wideEmail:   "length(CAST(email AS BLOB)) <> length(email)",
	array:       rows.SQLiteArray,
	snapshot:    "''",
	eventOrder:  "id",
	eventsBack:  "id DESC",
	eventsAfter: "? = 0 AND id > ?",
	eventsUpTo:  "? = 0 AND id <= ?",
	health: `
		SELECT 0.0, c.page_count * s.page_size, '', '', ''
		FROM   pragma_page_count AS c, pragma_page_size AS s`,
}

var postgresDialect = dialect{
	copyDialect: dbcopy.Postgres{},
	jsonArray:   "json_array_elements(?::json)",
	unhexed:     "decode(value, 'hex')",
	wideEmail:   "octet_length(email) <> length(email)",
	// The first number distinguishes the kinds of advisory locks.
	lockMembers: "SELECT pg_advisory_xact_lock(1, ?::int)",
	lockVotes:   "SELECT pg_advisory_xact_lock(2, ?::int)",
	lockKeys:    " FOR UPDATE",
	array:       rows.PostgresArray,
	lock:        " FOR NO KEY UPDATE",
	snapshot:    "(SELECT pg_current_snapshot()::text)", // a subquery is evaluated once per statement, not once per row
	eventOrder:  "xid, id",
	eventsBack:  "xid DESC, id DESC",
	eventsAfter: "(xid, id) > (?, ?)",
	eventsUpTo:  "(xid, id) <= (?, ?)",
	eventsLate:  "unnest(?::bigint[], ?::bigint[]) AS late (writer, up_to) ON xid = writer AND id > up_to",
	health: `
		SELECT extract(epoch FROM clock_timestamp())::float8, pg_database_size(current_database()),
		       current_setting('synchronous_commit'), current_setting('fsync'), current_setting('full_page_writes')`,
}

// mapError wraps err with the sentinel of package txn for its cause, if there is one and err does not have it yet.
func mapError(err error) error {
	if err == nil {
		return nil
	}
	sentinel := sqlite.MapError(err)
	if sentinel == nil {
		sentinel = postgres.MapError(err)
	}
	if sentinel == nil || slices.ContainsFunc([]error{txn.ErrBusy, txn.ErrFull, txn.ErrTaken, txn.ErrCorrupt},
		func(known error) bool { return errors.Is(err, known) }) {
		return err
	}
	return fmt.Errorf("%w: %w", sentinel, err)
}
