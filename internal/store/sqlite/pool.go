package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"
	"strconv"
	"time"

	"modernc.org/sqlite"

	"github.com/aitys/aitys/moderation/txn"
)

// A Pool is one of the two pools of connections to a database: the writer's one, or the readers'.
type Pool struct {
	Path     string
	Wait     time.Duration // how long a connection waits for its turn
	Writer   bool
	MaxPages int // of 4 KB; 0: as many as the disk holds
}

// address is what the driver is given. Each connection that is ever made gets all pragmas.
func (p Pool) address() string {
	q := url.Values{"_pragma": {
		"busy_timeout(" + strconv.FormatInt(p.Wait.Milliseconds(), 10) + ")",
		"journal_mode(WAL)",
		"synchronous(FULL)",
		"foreign_keys(1)",
	}}
	if p.Writer {
		q.Set("_txlock", "immediate")        // waits for its turn at BEGIN, where nothing is lost
		q.Add("_pragma", "temp_store(2)")    // what a savepoint would restore is kept in memory, not in a file
		q.Add("_pragma", "secure_delete(1)") // what is erased is not left in pages that are free
		// Ids and texts lie all over their indexes, whose pages are written again and again: 8 MiB of pages stay in
		// memory, and 4,000 are gathered in the WAL before they go into the file. SQLite's own choices are 2 and 1,000;
		// 4,000 still stand in the first table of the WAL's index (https://www.sqlite.org/walformat.html#hash_tables).
		q.Add("_pragma", "cache_size(-8192)")
		q.Add("_pragma", "wal_autocheckpoint(4000)")
		if p.MaxPages > 0 {
			q.Add("_pragma", "max_page_count("+strconv.Itoa(p.MaxPages)+")")
		}
	} else {
		q.Add("_pragma", "query_only(1)")
		// Whatever anybody writes empties a reader's pages, and the system keeps them, too. Each takes twice its size in the
		// driver: SQLite's own choice of 2,000 KiB is 4 MiB of each connection.
		q.Add("_pragma", "cache_size(-512)")
	}
	return Address(p.Path, q.Encode())
}

// Address names a file to the driver; the query says what is to hold on each connection.
func Address(path, query string) string {
	return "file://" + (&url.URL{Path: path}).EscapedPath() + "?" + query
}

// Open opens the pool. Its connections keep the statements that they ran: to read a short one again is a third
// of its work. database/sql keeps statements too, but none that a transaction was first to run.
func (p Pool) Open() (*sql.DB, error) {
	c, err := sqlite.NewConnector(p.address())
	if err != nil {
		return nil, err
	}
	if !p.Writer {
		p.Wait = 0 // readers are kept from nothing but what takes no time
	}
	return sql.OpenDB(connector{c, p.Wait}), nil
}

// A connector makes connections that wait for their turn by themselves: for so long, if it is not 0.
type connector struct {
	driver.Connector
	wait time.Duration
}

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	made, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	inner := made.(driverConn)
	if c.wait > 0 {
		if _, err := inner.ExecContext(ctx, "PRAGMA busy_timeout = 0", nil); err != nil {
			return nil, errors.Join(err, inner.Close())
		}
	}
	return &connection{driverConn: inner, wait: c.wait, kept: map[string]*statement{}}, nil
}

// A driverConn is what database/sql asks of the driver's connections.
type driverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// How many statements a connection keeps, and up to how many numbers are written into new ones. The service has
// fewer than the difference.
const (
	maxKept   = 512
	maxFilled = 256
)

type connection struct {
	driverConn
	wait time.Duration
	kept map[string]*statement
}

// lookEvery is how often a connection looks whether it is its turn. SQLite's own wait looks after ever longer times, at
// last every 100 ms: a process that writes without long pauses is met by hardly any of these looks.
const lookEvery = 2 * time.Millisecond

// patiently does what may find another process at its turn, again and again for as long as c waits.
func patiently[T any](ctx context.Context, c *connection, do func() (T, error)) (T, error) {
	for since := (time.Time{}); ; {
		done, err := do()
		if err == nil || c.wait == 0 || !errors.Is(Meaning(err), txn.ErrBusy) {
			return done, err
		}
		if now := time.Now(); since.IsZero() {
			since = now
		} else if now.Sub(since) >= c.wait {
			return done, err
		}
		select {
		case <-ctx.Done():
			return done, err
		case <-time.After(lookEvery):
		}
	}
}

func (c *connection) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	return patiently(ctx, c, func() (driver.Tx, error) { return c.driverConn.BeginTx(ctx, o) })
}

type statement struct {
	prepared driverStmt
	reading  bool // its rows are not closed yet
}

// A driverStmt is what is asked of the driver's statements.
type driverStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// keep returns the statement of a query, or nil where it cannot be used again now, and what to run it with.
func (c *connection) keep(
	ctx context.Context, query string, args []driver.NamedValue,
) (*statement, string, []driver.NamedValue, error) {
	filled, left := fill(query, args)
	if c.kept[filled] != nil || len(c.kept) < maxFilled { // else pages of each length would leave no room for others
		query, args = filled, left
	}
	if s := c.kept[query]; s != nil {
		if s.reading {
			return nil, query, args, nil
		}
		return s, query, args, nil
	}
	if len(c.kept) == maxKept {
		return nil, query, args, nil
	}
	p, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, query, args, err
	}
	s := &statement{prepared: p.(driverStmt)}
	c.kept[query] = s
	return s, query, args, nil
}

func (c *connection) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return patiently(ctx, c, func() (driver.Result, error) { return c.exec(ctx, query, args) })
}

func (c *connection) exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, query, args, err := c.keep(ctx, query, args)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.driverConn.ExecContext(ctx, query, args)
	}
	return s.prepared.ExecContext(ctx, args)
}

func (c *connection) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return patiently(ctx, c, func() (driver.Rows, error) { return c.query(ctx, query, args) })
}

func (c *connection) query(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, query, args, err := c.keep(ctx, query, args)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.driverConn.QueryContext(ctx, query, args)
	}
	rows, err := s.prepared.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.reading = true
	return &read{rows, s}, nil
}

// Close ends the statements first: the file stays open until the last of them.
func (c *connection) Close() error {
	for _, s := range c.kept {
		_ = s.prepared.Close() // what goes wrong goes wrong for the connection too
	}
	return c.driverConn.Close()
}

// read are rows of a kept statement.
type read struct {
	driver.Rows
	of *statement
}

func (r *read) Close() error {
	r.of.reading = false
	return r.Rows.Close()
}
