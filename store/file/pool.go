package file

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net/url"
	"strconv"
	"time"

	"modernc.org/sqlite"
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
		if p.MaxPages > 0 {
			q.Add("_pragma", "max_page_count("+strconv.Itoa(p.MaxPages)+")")
		}
	} else {
		q.Add("_pragma", "query_only(1)")
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
	return sql.OpenDB(connector{c}), nil
}

type connector struct{ driver.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &connection{driverConn: inner.(driverConn), kept: map[string]*statement{}}, nil
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
	kept map[string]*statement
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
