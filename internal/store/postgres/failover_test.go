package postgres

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/txn"
)

// failing is a database whose connections a test can terminate.
type failing struct {
	*DB
	t     *testing.T
	aside *pgx.Conn // terminates the other connections
}

func newFailing(t *testing.T) failing {
	t.Helper()
	url := testkit.EmptyPostgres(t)
	p, err := Open(t.Context(), url, Options{Wait: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() }) // the test is over
	aside, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = aside.Close(context.Background()) }) // the test is over
	f := failing{p, t, aside}
	f.exec(`CREATE TABLE written (n int)`)
	return f
}

func (f failing) exec(sql string) {
	f.t.Helper()
	if _, err := f.aside.Exec(f.t.Context(), sql); err != nil {
		f.t.Fatalf("%s: %v", sql, err)
	}
}

// end terminates all other connections to the database and waits until they are closed.
func (f failing) end() {
	f.t.Helper()
	f.exec(`
		SELECT pg_terminate_backend(pid, 10000)
		FROM   pg_stat_activity
		WHERE  datname = current_database()
		  AND  pid <> pg_backend_pid()`)
}

// fill opens n connections and returns them to the pool.
func (f failing) fill(n int) {
	f.t.Helper()
	db, err := f.pool.DB()
	if err != nil {
		f.t.Fatal(err)
	}
	for range n {
		conn, err := db.Conn(f.t.Context())
		if err != nil {
			f.t.Fatal(err)
		}
		defer func() { _ = conn.Close() }() // returns it to the pool
	}
}

// write returns a transaction that writes a row and sets pid to the server process.
func write(pid *int) func(*gorm.DB) error {
	return func(g *gorm.DB) error {
		if err := g.Exec(`INSERT INTO written VALUES (1)`).Error; err != nil {
			return err
		}
		return backend(pid)(g)
	}
}

// backend returns a transaction that sets pid to the server process.
func backend(pid *int) func(*gorm.DB) error {
	return func(g *gorm.DB) error { return g.Raw(`SELECT pg_backend_pid()`).Scan(pid).Error }
}

func TestUpdate_ReplacesClosedConnections(t *testing.T) {
	f := newFailing(t)
	f.fill(8)
	f.fill(8) // pgx does not check connections that were used within the last second
	f.end()
	var pid int
	if err := f.Update(t.Context(), write(&pid)); err != nil {
		t.Errorf("update after the connections in the pool were terminated: %v", err)
	}
}

// Connections need timeouts, and no JIT: compiling takes longer than any query here.
func TestOpen_SetsTimeouts(t *testing.T) {
	f := newFailing(t)
	for name, want := range map[string]string{"jit": "off", "statement_timeout": "30s", "lock_timeout": "5s",
		"idle_in_transaction_session_timeout": "1min"} {
		var got string
		if err := f.pool.Raw("SHOW " + name).Scan(&got).Error; err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", name, got, want, err)
		}
	}
}

func TestView_GlanceHasNoTransaction(t *testing.T) {
	f := newFailing(t)
	for want, ctx := range map[string]context.Context{
		"repeatable read": t.Context(), "read committed": txn.WithoutIsolation(t.Context()),
	} {
		var got string
		if err := f.View(ctx, func(g *gorm.DB) error {
			return g.Raw("SHOW transaction_isolation").Scan(&got).Error
		}); err != nil || got != want {
			t.Errorf("isolation of the view is %q, want %q (%v)", got, want, err)
		}
	}
}

func TestUpdate_LeavesReadOnlyConnection(t *testing.T) {
	f := newFailing(t)
	var first, then int
	runs := 0
	if err := f.Update(t.Context(), func(g *gorm.DB) error {
		if runs++; runs > 1 {
			return write(&then)(g)
		}
		return errors.Join(backend(&first)(g), g.Exec(`SET TRANSACTION READ ONLY`).Error,
			g.Exec(`INSERT INTO written VALUES (1)`).Error)
	}); err != nil || first == then {
		t.Errorf("after a read-only error the update ran on connection %d, then on %d: %v; want another one", first, then, err)
	}
	if err := f.Update(t.Context(), func(g *gorm.DB) error {
		return errors.Join(backend(&first)(g), g.Exec(`SET default_transaction_read_only = on`).Error)
	}); err != nil {
		t.Fatal(err)
	}
	if err := f.View(t.Context(), backend(&then)); err != nil || first == then {
		t.Errorf("a view runs on connection %d after %d, whose server became read-only: %v", then, first, err)
	}
}

func TestMapError_ReadOnlyServerIsBusy(t *testing.T) {
	f := newFailing(t)
	var pid int
	database := f.config.Database
	f.exec(`ALTER DATABASE ` + database + ` SET default_transaction_read_only = on`)
	f.end()
	for what, err := range map[string]error{
		"an update": f.Update(t.Context(), write(&pid)),
		"a view":    f.View(t.Context(), backend(&pid)),
		"a command": f.Migrate(t.Context()),
	} {
		if err := MapError(err); !errors.Is(err, txn.ErrBusy) {
			t.Errorf("%s: %v, want busy", what, err)
		}
	}
	f.exec(`ALTER DATABASE ` + database + ` RESET default_transaction_read_only`)
	if err := f.Update(t.Context(), write(&pid)); err != nil {
		t.Errorf("update after the server accepts writes again: %v", err)
	}
}

// A connection that is lost in COMMIT or before it must return busy without a retry, because the transaction may be
// committed. The client may repeat the request with its idempotency key.
func TestUpdate_LostConnectionIsBusyWithoutRetry(t *testing.T) {
	f := newFailing(t)
	for what, lose := range map[string]func(*gorm.DB) error{
		"in COMMIT": func(*gorm.DB) error { f.end(); return nil },
		"before COMMIT": func(g *gorm.DB) error {
			f.end()
			_ = g.Exec(`SELECT 1`).Error // closes it
			return nil
		},
	} {
		runs := 0
		err := MapError(f.Update(t.Context(), func(g *gorm.DB) error {
			runs++
			return lose(g)
		}))
		if !errors.Is(err, txn.ErrBusy) || runs != 1 {
			t.Errorf("connection lost %s: %d runs, %v; want busy after one", what, runs, err)
		}
	}
}
