// Package postgres connects to a Postgres database. It contains the connection pool, retries of transactions after
// serialization failures and deadlocks, failover to another server, and the mapping of Postgres errors to package txn.
// It knows no tables.
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

// maxConnections is the maximum number of connections to the database.
const maxConnections = 32

// hostTimeout is the connect timeout per host if the URL has several hosts and no connect_timeout.
const hostTimeout = 2 * time.Second

// statementTimeout is the limit of one statement, in milliseconds.
const statementTimeout = "30000"

// maxTries is how often a transaction runs that Postgres ended because of a conflict.
const maxTries = 10

// A DB is a pool of connections to one database.
type DB struct {
	config *pgx.ConnConfig
	pool   *gorm.DB
	wait   time.Duration
}

// Options of a database. Wait is how long a transaction waits for a connection, and for each lock.
type Options struct {
	Wait time.Duration
}

// Open connects to the database at url.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err // pgx omits the password
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = applicationName
	}
	if config.ValidateConnect == nil { // the URL has no target_session_attrs
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	if config.ConnectTimeout == 0 && slices.ContainsFunc(config.Fallbacks,
		func(f *pgconn.FallbackConfig) bool { return f.Host != config.Host }) {
		config.ConnectTimeout = hostTimeout // otherwise an unreachable host would delay the next one
	}
	p := &DB{config: config, wait: o.Wait}
	limited := config.Copy()
	wait := strconv.FormatInt(o.Wait.Milliseconds(), 10)
	for name, value := range map[string]string{
		"lock_timeout":                        wait,
		"statement_timeout":                   statementTimeout,
		"idle_in_transaction_session_timeout": "60000",
		"jit":                                 "off", // compiling takes longer than any query here
	} {
		limited.RuntimeParams[name] = value
	}
	db := stdlib.OpenDB(*limited, stdlib.OptionResetSession(checkWritable))
	db.SetMaxOpenConns(maxConnections)
	db.SetMaxIdleConns(maxConnections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	db.SetConnMaxLifetime(10 * time.Minute)
	if err := checkDirect(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if p.pool, err = gorm.Open(postgres.New(postgres.Config{Conn: db}), rows.Config()); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return p, nil
}

// ErrPooler is returned by Open if a connection does not have the settings that it asked for.
var ErrPooler = errors.New("a connection pooler such as PgBouncer is between this program and Postgres: connect to " +
	"Postgres directly, this program has its own pool")

// checkDirect connects, and returns ErrPooler if a connection pooler answers. Poolers refuse the timeouts of a
// connection or ignore them. In transaction mode they also break prepared statements, the lock of a migration, and
// checkWritable.
func checkDirect(ctx context.Context, db *sql.DB) error {
	var timeout string
	err := db.QueryRowContext(ctx, "SELECT setting FROM pg_settings WHERE name = 'statement_timeout'",
		pgx.QueryExecModeSimpleProtocol).Scan(&timeout)
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && strings.HasPrefix(e.Message, "unsupported startup parameter") ||
		err == nil && timeout != statementTimeout {
		return ErrPooler
	}
	return err
}

// checkWritable makes the pool drop a connection whose server has become read-only. Such a server is not read from
// either: it may have been replaced by another one, and lag behind it.
func checkWritable(_ context.Context, c *pgx.Conn) error {
	if c.PgConn().ParameterStatus("default_transaction_read_only") == "on" {
		return driver.ErrBadConn
	}
	return nil
}

// View runs fn in a read-only transaction on one snapshot. If txn.IsGlance(ctx), it runs fn without a transaction.
func (p *DB) View(ctx context.Context, fn func(*gorm.DB) error) error {
	if txn.IsUnisolated(ctx) {
		return fn(p.pool.WithContext(ctx))
	}
	return p.pool.WithContext(ctx).Transaction(fn, snapshotOptions)
}

var snapshotOptions = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}

// Views runs fn with n read-only transactions on one snapshot, which the first exports to the others
// (https://www.postgresql.org/docs/15/functions-admin.html#FUNCTIONS-SNAPSHOT-SYNCHRONIZATION).
func (p *DB) Views(ctx context.Context, n int, fn func([]*gorm.DB) error) error {
	lent := ""
	readers := rows.Readers{
		Options:     snapshotOptions,
		AroundBegin: func(begin func() error) error { return begin() },
		AfterBegin: func(g *gorm.DB) error {
			if lent == "" {
				return g.Raw("SELECT pg_export_snapshot()").Scan(&lent).Error
			}
			return g.Exec("SET TRANSACTION SNAPSHOT '" + lent + "'").Error // SET TRANSACTION SNAPSHOT takes no parameters
		},
	}
	return readers.Read(p.pool.WithContext(ctx), n, fn)
}

// Update runs fn in a transaction. It runs fn again after a serialization failure or deadlock, at most maxTries times
// in all. It also runs fn again once, on a new connection, if the connection did not accept writes.
func (p *DB) Update(ctx context.Context, fn func(*gorm.DB) error) error {
	left := false
	for try := 1; ; try++ {
		err := p.transact(ctx, fn)
		switch {
		case errors.Is(err, errUnwritable):
			p.closeIdle()
			if left {
				return err
			}
			left = true
		case !isConflict(err) || try == maxTries:
			return err
		}
		select {
		case <-time.After(rand.N(time.Duration(try) * 10 * time.Millisecond)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// closeIdle closes the idle connections, because the failure of one is likely to affect the others.
func (p *DB) closeIdle() {
	if db, err := p.pool.DB(); err == nil {
		db.SetMaxIdleConns(0)
		db.SetMaxIdleConns(maxConnections)
	}
}

// transact runs fn in a transaction. It waits for a connection for at most p.wait, otherwise it returns txn.ErrBusy.
// The transaction stops at the deadline of ctx, but not when ctx is canceled.
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
	limit, stop := deadlineOnly(ctx)
	defer stop()
	working, cut := context.WithCancel(context.WithoutCancel(ctx))
	inTime := context.AfterFunc(limit, cut)
	over := func() { cut(); _ = conn.Close() } // Close returns the connection to the pool

	g := p.pool.WithContext(working)
	g.Statement.ConnPool = conn
	g = g.Begin()
	if g.Error != nil {
		over()
		return fmt.Errorf("%w: %w", errUnwritable, g.Error)
	}
	done := false
	defer func() {
		if !done {
			g.Rollback()
			over()
		}
	}()
	if err := fn(g); err != nil {
		if isReadOnly(err) {
			err = fmt.Errorf("%w: %w", errUnwritable, err)
		}
		return err
	}
	if !inTime() {
		return limit.Err()
	}
	// Do not cancel a COMMIT: the server may then commit without waiting for its standby.
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

// deadlineOnly returns a context that ends at the deadline of ctx, but ignores its cancellation.
func deadlineOnly(ctx context.Context) (context.Context, context.CancelFunc) {
	stays := context.WithoutCancel(ctx)
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(stays, deadline)
	}
	return stays, func() {}
}

// errUnwritable is returned by transact if the connection accepts no writes, so nothing was written.
var errUnwritable = errors.New("the connection accepts no writes")

func isReadOnly(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "25006"
}

// isConflict reports whether a transaction ended by a serialization failure or a deadlock, and can be retried.
func isConflict(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}

// Migrate upgrades the tables to the schema of this program, on connections without timeouts.
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

// IsNewer reports whether a newer program has migrated the database.
func (p *DB) IsNewer(ctx context.Context) (bool, error) {
	db, err := p.pool.DB()
	if err != nil {
		return false, err
	}
	return migrations.IsNewer(ctx, db)
}

// Pools returns the connection pool as "postgres".
func (p *DB) Pools() map[string]*sql.DB {
	db, _ := p.pool.DB() // opened with a pool
	return map[string]*sql.DB{"postgres": db}
}

// Close waits for running transactions and closes the pool.
func (p *DB) Close() error {
	db, err := p.pool.DB()
	if err != nil {
		return err
	}
	return db.Close()
}

// Check does nothing and returns no errors. Use pg_amcheck.
func (p *DB) Check(context.Context) ([]string, error) { return nil, nil }

// Storage returns nil: disk space and damage are not monitored.
func (p *DB) Storage() error { return nil }

// Hung returns nil: transactions have timeouts, and a server that does not answer is no reason to restart the process.
func (p *DB) Hung() error { return nil }

// LockServer returns nil: several servers share a Postgres database.
func (p *DB) LockServer() error { return nil }

// Watch waits until ctx ends and returns nil.
func (p *DB) Watch(ctx context.Context, _ *slog.Logger) error {
	<-ctx.Done()
	return nil
}

// MapError returns the sentinel of package txn for an error of Postgres or of the connection to it, or nil.
func MapError(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil // the caller has left; DeadlineExceeded also implements net.Error
	}
	if _, file := errors.AsType[*fs.PathError](err); file {
		return nil // syscall.Errno implements net.Error even for files
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
			isReadOnly(e),                    // read-only server
			e.Code == "25P03",                // idle_in_transaction_session_timeout
			e.Code == "40003",                // statement_completion_unknown
			e.Code == "55P03",                // lock_timeout
			e.Code == "57014",                // statement_timeout
			strings.HasPrefix(e.Code, "57P"), // shut down
			isConflict(err):
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
