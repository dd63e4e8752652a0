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

// A Pool configures one of the two connection pools of a database: the writer's or the readers'.
type Pool struct {
	Path     string
	Wait     time.Duration // how long a connection waits for a lock
	Writer   bool
	MaxPages int // of 4 KB; 0: no limit
}

// address returns the data source name. The driver runs the pragmas in it on every new connection.
func (p Pool) address() string {
	q := url.Values{"_pragma": {
		"busy_timeout(" + strconv.FormatInt(p.Wait.Milliseconds(), 10) + ")",
		"journal_mode(WAL)",
		"synchronous(FULL)",
		"foreign_keys(1)",
	}}
	if p.Writer {
		q.Set("_txlock", "immediate")        // wait for the lock at BEGIN, before anything is written
		q.Add("_pragma", "temp_store(2)")    // keep savepoint journals in memory, not in a file
		q.Add("_pragma", "secure_delete(1)") // overwrite erased text in free pages
		// IDs and texts are spread over their indexes, so the same pages are written often. Cache 8 MiB of pages (the default
		// is 2 MiB), and checkpoint the WAL at 4,000 pages (the default is 1,000). 4,000 pages still fit in the first hash
		// table of the WAL index (https://www.sqlite.org/walformat.html#hash_tables).
		q.Add("_pragma", "cache_size(-8192)")
		q.Add("_pragma", "wal_autocheckpoint(4000)")
		if p.MaxPages > 0 {
			q.Add("_pragma", "max_page_count("+strconv.Itoa(p.MaxPages)+")")
		}
	} else {
		q.Add("_pragma", "query_only(1)")
		// Every write invalidates a reader's cache, and the operating system caches the pages as well. The driver needs twice
		// the size of a page: the default of 2,000 KiB takes 4 MiB per connection.
		q.Add("_pragma", "cache_size(-512)")
	}
	return Address(p.Path, q.Encode())
}

// Address returns the driver's data source name of a file. query contains parameters for each connection.
func Address(path, query string) string {
	return "file://" + (&url.URL{Path: path}).EscapedPath() + "?" + query
}

// Open opens the pool. Its connections cache prepared statements: parsing takes a third of the time of a short
// statement. database/sql caches statements too, but not those that first ran in a transaction.
func (p Pool) Open() (*sql.DB, error) {
	c, err := sqlite.NewConnector(p.address())
	if err != nil {
		return nil, err
	}
	if !p.Writer {
		p.Wait = 0 // readers only meet locks that are held for moments
	}
	return sql.OpenDB(connector{c, p.Wait}), nil
}

// A connector opens connections with a busy timeout of their own. A wait of 0 leaves the wait to SQLite.
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
	return &connection{driverConn: inner, wait: c.wait, statements: map[string]*statement{}}, nil
}

// A driverConn lists the interfaces of the driver's connections that database/sql uses.
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

// maxStatements is the number of statements that a connection caches. Up to maxInlined cached statements, numbers are
// written into new ones; see inline. The service has fewer statements than the difference.
const (
	maxStatements = 512
	maxInlined    = 256
)

// A connection caches prepared statements by their text, and waits for locks.
type connection struct {
	driverConn
	wait       time.Duration
	statements map[string]*statement
}

// busyPollInterval is how often a connection retries a locked database. SQLite's own busy handler backs off to 100 ms,
// and would rarely find a pause of another process that writes often.
const busyPollInterval = 2 * time.Millisecond

// retryBusy calls do until it succeeds, fails with another error than txn.ErrBusy, or c.wait has passed.
func retryBusy[T any](ctx context.Context, c *connection, do func() (T, error)) (T, error) {
	for since := (time.Time{}); ; {
		done, err := do()
		if err == nil || c.wait == 0 || !errors.Is(MapError(err), txn.ErrBusy) {
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
		case <-time.After(busyPollInterval):
		}
	}
}

func (c *connection) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	return retryBusy(ctx, c, func() (driver.Tx, error) { return c.driverConn.BeginTx(ctx, o) })
}

type statement struct {
	prepared driverStmt
	reading  bool // its rows are not closed
}

// A driverStmt lists the interfaces of the driver's statements that database/sql uses.
type driverStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// prepared returns the cached statement of a query, with the text and arguments to run. It prepares and caches a new
// one. The statement is nil if the cache is full or its rows are still being read.
func (c *connection) prepared(
	ctx context.Context, query string, args []driver.NamedValue,
) (*statement, string, []driver.NamedValue, error) {
	filled, left := inline(query, args)
	if c.statements[filled] != nil || len(c.statements) < maxInlined { // otherwise every LIMIT would fill the cache
		query, args = filled, left
	}
	if s := c.statements[query]; s != nil {
		if s.reading {
			return nil, query, args, nil
		}
		return s, query, args, nil
	}
	if len(c.statements) == maxStatements {
		return nil, query, args, nil
	}
	p, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, query, args, err
	}
	s := &statement{prepared: p.(driverStmt)}
	c.statements[query] = s
	return s, query, args, nil
}

func (c *connection) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return retryBusy(ctx, c, func() (driver.Result, error) { return c.exec(ctx, query, args) })
}

func (c *connection) exec(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, query, args, err := c.prepared(ctx, query, args)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.driverConn.ExecContext(ctx, query, args)
	}
	return s.prepared.ExecContext(ctx, args)
}

func (c *connection) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return retryBusy(ctx, c, func() (driver.Rows, error) { return c.query(ctx, query, args) })
}

func (c *connection) query(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, query, args, err := c.prepared(ctx, query, args)
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
	return &cachedRows{rows, s}, nil
}

// Close closes the statements first: SQLite keeps the file open until the last of them is closed.
func (c *connection) Close() error {
	for _, s := range c.statements {
		_ = s.prepared.Close() // closing the connection returns the same error
	}
	return c.driverConn.Close()
}

// cachedRows are the rows of a cached statement.
type cachedRows struct {
	driver.Rows
	of *statement
}

func (r *cachedRows) Close() error {
	r.of.reading = false
	return r.Rows.Close()
}
