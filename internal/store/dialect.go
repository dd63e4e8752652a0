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

// A dialect is what SQL says differently on the two databases.
type dialect struct {
	array rows.Array
	// lock makes a SELECT of an Update keep its rows to the end. Postgres's leaves them free
	// for foreign keys to refer to.
	lock string
	// lockKeys keeps them from foreign keys, too: nothing new refers to them. A writer to a file is alone.
	lockKeys string
	// lockMembers has transactions that change a site's members wait for one another; a writer to a file is alone.
	lockMembers string
	// lockVotes does the same for transactions that cast votes from one network.
	lockVotes string
	// snapshot says, in a SELECT, which transactions were running when it was taken.
	snapshot string
	// eventOrder is the order of events, and eventsBack the opposite. eventsAfter and eventsUpTo
	// are the conditions on standing after a place, or not after it; both take its xid and id.
	eventOrder, eventsBack  string
	eventsAfter, eventsUpTo string
	// eventsLate are places of transactions, to be joined with the events that these have written
	// after them. It takes an array of xids and one of ids. On SQLite no event is ever late.
	eventsLate string
	// health asks for a server's clock, in seconds since 1970, the size in bytes, and the settings that
	// durability rests on.
	health string
	side   dbcopy.Side
	// wideEmail is the condition of the index comments_wide_email: an e-mail address with letters that are not ASCII.
	wideEmail string
}

// A file has no clock, and one that is not durable was refused when it was opened.
var sqliteDialect = dialect{
	side:        dbcopy.SQLite{},
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
	side:      dbcopy.Postgres{},
	wideEmail: "octet_length(email) <> length(email)",
	// The first number tells the service's advisory locks apart.
	lockMembers: "SELECT pg_advisory_xact_lock(1, ?::int)",
	lockVotes:   "SELECT pg_advisory_xact_lock(2, ?::int)",
	lockKeys:    " FOR UPDATE",
	array:       rows.PostgresArray,
	lock:        " FOR NO KEY UPDATE",
	snapshot:    "(SELECT pg_current_snapshot()::text)", // once a statement, not once a row
	eventOrder:  "xid, id",
	eventsBack:  "xid DESC, id DESC",
	eventsAfter: "(xid, id) > (?, ?)",
	eventsUpTo:  "(xid, id) <= (?, ?)",
	eventsLate:  "unnest(?::bigint[], ?::bigint[]) AS late (writer, up_to) ON xid = writer AND id > up_to",
	health: `
		SELECT extract(epoch FROM clock_timestamp())::float8, pg_database_size(current_database()),
		       current_setting('synchronous_commit'), current_setting('fsync'), current_setting('full_page_writes')`,
}

// mapped returns err with the sentinel of package moderation that says what it is, if one does.
func mapped(err error) error {
	if err == nil {
		return nil
	}
	sentinel := sqlite.Meaning(err)
	if sentinel == nil {
		sentinel = postgres.Meaning(err)
	}
	if sentinel == nil || slices.ContainsFunc([]error{txn.ErrBusy, txn.ErrFull, txn.ErrTaken, txn.ErrCorrupt},
		func(known error) bool { return errors.Is(err, known) }) {
		return err
	}
	return fmt.Errorf("%w: %w", sentinel, err)
}
