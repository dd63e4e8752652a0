// Package postgres is what is Postgres's alone: a pool of connections, transactions that are run again when Postgres
// chose them to lose, servers that were replaced by others, and what its errors mean. What is written it does
// not know.
package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/migrations"
	"github.com/aitys/aitys/moderation/txn"
)

const connections = 32

// hostTimeout is how long one of several hosts is tried, if the URL has no connect_timeout.
const hostTimeout = 2 * time.Second

// Retries of a transaction that Postgres ended in favour of another.
const retries = 10

// A DB is a pool of connections to one database.
type DB struct {
	config *pgx.ConnConfig
	pool   *gorm.DB
	wait   time.Duration
}

// Options of a database. Wait is how long a transaction waits for a connection, or for a lock.
type Options struct {
	Wait time.Duration
}

// Open connects to the database of a URL.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err // pgx leaves the password out of it
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = ours
	}
	if config.ValidateConnect == nil { // the URL asks for no target_session_attrs
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	if config.ConnectTimeout == 0 && slices.ContainsFunc(config.Fallbacks,
		func(f *pgconn.FallbackConfig) bool { return f.Host != config.Host }) {
		config.ConnectTimeout = hostTimeout // else a host that is gone would keep everybody from the next one
	}
	p := &DB{config: config, wait: o.Wait}
	limited := config.Copy()
	wait := strconv.FormatInt(o.Wait.Milliseconds(), 10)
	for name, value := range map[string]string{
		"lock_timeout":                        wait,
		"statement_timeout":                   "30000",
		"idle_in_transaction_session_timeout": "60000",
		"jit":                                 "off", // it takes longer than all that is asked here
	} {
		limited.RuntimeParams[name] = value
	}
	db := stdlib.OpenDB(*limited, stdlib.OptionResetSession(takesWrites))
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	db.SetConnMaxLifetime(10 * time.Minute)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if p.pool, err = gorm.Open(postgres.New(postgres.Config{Conn: db}), rows.Config()); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return p, nil
}

// takesWrites has the pool drop a connection whose server has said since that it takes no writes. Such a
// server is not read from either: it may be one that another has replaced, and behind that one.
func takesWrites(_ context.Context, c *pgx.Conn) error {
	if c.PgConn().ParameterStatus("default_transaction_read_only") == "on" {
		return driver.ErrBadConn
	}
	return nil
}

// View runs fn on one snapshot, or for a glance on none.
func (p *DB) View(ctx context.Context, fn func(*gorm.DB) error) error {
	if txn.IsGlance(ctx) {
		return fn(p.pool.WithContext(ctx))
	}
	return p.pool.WithContext(ctx).Transaction(fn, snapshot)
}

var snapshot = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}

// Views runs fn on n readers of one snapshot, which the first lends to the others
// (https://www.postgresql.org/docs/15/functions-admin.html#FUNCTIONS-SNAPSHOT-SYNCHRONIZATION).
func (p *DB) Views(ctx context.Context, n int, fn func([]*gorm.DB) error) error {
	lent := ""
	readers := rows.Readers{
		Options: snapshot,
		Begins:  func(begin func() error) error { return begin() },
		First: func(g *gorm.DB) error {
			if lent == "" {
				return g.Raw("SELECT pg_export_snapshot()").Scan(&lent).Error
			}
			return g.Exec("SET TRANSACTION SNAPSHOT '" + lent + "'").Error // it takes no argument
		},
	}
	return readers.Read(p.pool.WithContext(ctx), n, fn)
}

// Update runs fn again when Postgres chose its transaction to lose, and once on a new connection when the
// one that it was given took no transaction that writes.
func (p *DB) Update(ctx context.Context, fn func(*gorm.DB) error) error {
	left := false
	for try := 1; ; try++ {
		err := p.transact(ctx, fn)
		switch {
		case errors.Is(err, errUseless):
			p.leave()
			if left {
				return err
			}
			left = true
		case !lost(err) || try == retries:
			return err
		}
		select {
		case <-time.After(rand.N(time.Duration(try) * 10 * time.Millisecond)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// leave closes the connections that nobody uses: what one of them met, the others may meet too.
func (p *DB) leave() {
	if db, err := p.pool.DB(); err == nil {
		db.SetMaxIdleConns(0)
		db.SetMaxIdleConns(connections)
	}
}

// transact waits for a connection as long as for a lock, and then runs fn to its end, or to ctx's deadline.
func (p *DB) transact(ctx context.Context, fn func(*gorm.DB) error) error {
	db, err := p.pool.DB()
	if err != nil {
		return err
	}
	waiting, stop := context.WithTimeout(ctx, p.wait)
	defer stop()
	conn, err := db.Conn(waiting)
	if err != nil {
		if ctx.Err() == nil && waiting.Err() != nil {
			return txn.ErrBusy
		}
		return err
	}
	limit, stop := deadlineOf(ctx)
	defer stop()
	working, cut := context.WithCancel(context.WithoutCancel(ctx))
	inTime := context.AfterFunc(limit, cut)
	over := func() { cut(); _ = conn.Close() } // closing only gives it back

	g := p.pool.WithContext(working)
	g.Statement.ConnPool = conn
	g = g.Begin()
	if g.Error != nil {
		over()
		return fmt.Errorf("%w: %w", errUseless, g.Error)
	}
	done := false
	defer func() {
		if !done {
			g.Rollback()
			over()
		}
	}()
	if err := fn(g); err != nil {
		if readOnly(err) {
			err = fmt.Errorf("%w: %w", errUseless, err)
		}
		return err
	}
	if !inTime() {
		return limit.Err()
	}
	// A COMMIT is not cut short: a server that is told to give one up may keep it without its standby.
	done = true
	committed := make(chan error, 1)
	go func() {
		defer over()
		committed <- g.Commit().Error
	}()
	select {
	case err := <-committed:
		return err
	case <-limit.Done():
		return fmt.Errorf("%w: whether it was committed is unknown", txn.ErrBusy)
	}
}

// deadlineOf is a context that ends when ctx must have, but not because whoever asked has left.
func deadlineOf(ctx context.Context) (context.Context, context.CancelFunc) {
	stays := context.WithoutCancel(ctx)
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(stays, deadline)
	}
	return stays, func() {}
}

// errUseless is what transact says of a connection on which nothing was written.
var errUseless = errors.New("the connection took no transaction that writes")

func readOnly(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "25006"
}

// lost reports whether a transaction ended for another's sake and may simply run again.
func lost(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}

// Migrate brings the tables to this program's schema, on connections without limits of time.
func (p *DB) Migrate(ctx context.Context) (err error) {
	db := stdlib.OpenDB(*p.config)
	defer func() { err = errors.Join(err, db.Close()) }()
	return migrations.Postgres(ctx, db)
}

// MigrationStatus lists the migrations, oldest first.
func (p *DB) MigrationStatus(ctx context.Context) ([]migrations.Status, error) {
	db, err := p.pool.DB()
	if err != nil {
		return nil, err
	}
	return migrations.PostgresStatus(ctx, db)
}

// Close waits for running transactions.
func (p *DB) Close() error {
	db, err := p.pool.DB()
	if err != nil {
		return err
	}
	return db.Close()
}

// Check looks at nothing: Postgres has tools of its own.
func (p *DB) Check(context.Context) ([]string, error) { return nil, nil }

// Storage knows nothing against writing.
func (p *DB) Storage() error { return nil }

// Watch waits for the end of ctx.
func (p *DB) Watch(ctx context.Context, _ *slog.Logger) error {
	<-ctx.Done()
	return nil
}

// Meaning returns the sentinel of package txn that says what an error of Postgres's, or of the way to it, is, or
// nil.
func Meaning(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil // whoever asked has left; and a deadline is a net.Error too
	}
	if _, file := errors.AsType[*fs.PathError](err); file {
		return nil // syscall.Errno implements net.Error, also for files
	}
	var e *pgconn.PgError
	if errors.As(err, &e) {
		switch {
		case e.Code == "23505":
			return txn.ErrTaken
		case e.Code == "53100":
			return txn.ErrFull
		case strings.HasPrefix(e.Code, "08"), // connection
			strings.HasPrefix(e.Code, "53"),  // resources
			readOnly(e),                      // a server that takes no writes
			e.Code == "25P03",                // idle_in_transaction_session_timeout
			e.Code == "40003",                // whether it was committed is unknown
			e.Code == "55P03",                // lock_timeout
			e.Code == "57014",                // statement_timeout
			strings.HasPrefix(e.Code, "57P"), // shut down
			lost(err):
			return txn.ErrBusy
		}
		return nil
	}
	var network net.Error
	var connect *pgconn.ConnectError
	if errors.As(err, &network) || errors.As(err, &connect) || pgconn.SafeToRetry(err) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, sql.ErrConnDone) {
		return txn.ErrBusy
	}
	return nil
}
