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

// A failing is a Postgres whose connections a test ends.
type failing struct {
	*DB
	t     *testing.T
	aside *pgx.Conn // of whoever ends the others
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
	t.Cleanup(func() { _ = aside.Close(context.Background()) }) // likewise
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

// end ends the connections of all others to the database, and waits until they have ended.
func (f failing) end() {
	f.t.Helper()
	f.exec(`
		SELECT pg_terminate_backend(pid, 10000)
		FROM   pg_stat_activity
		WHERE  datname = current_database()
		  AND  pid <> pg_backend_pid()`)
}

// fill leaves n connections in the pool.
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
		defer func() { _ = conn.Close() }() // only gives it back
	}
}

// write is a transaction that writes, and says on which server process.
func write(pid *int) func(*gorm.DB) error {
	return func(g *gorm.DB) error {
		if err := g.Exec(`INSERT INTO written VALUES (1)`).Error; err != nil {
			return err
		}
		return backend(pid)(g)
	}
}

func backend(pid *int) func(*gorm.DB) error {
	return func(g *gorm.DB) error { return g.Raw(`SELECT pg_backend_pid()`).Scan(pid).Error }
}

func TestAnUpdateDoesNotFailForConnectionsThatEnded(t *testing.T) {
	f := newFailing(t)
	f.fill(8)
	f.fill(8) // used again within a second: of such connections pgx does not ask whether they are still there
	f.end()
	var pid int
	if err := f.Update(t.Context(), write(&pid)); err != nil {
		t.Errorf("the pool's connections had ended, and the update fails: %v", err)
	}
}

// TestConnectionsHaveTheSettingsThatKeepQueriesShort: a plan compiled by JIT takes longer than all that is asked here.
func TestConnectionsHaveTheSettingsThatKeepQueriesShort(t *testing.T) {
	f := newFailing(t)
	for name, want := range map[string]string{"jit": "off", "statement_timeout": "30s", "lock_timeout": "5s",
		"idle_in_transaction_session_timeout": "1min"} {
		var got string
		if err := f.pool.Raw("SHOW " + name).Scan(&got).Error; err != nil || got != want {
			t.Errorf("%s is %q, want %q (%v)", name, got, want, err)
		}
	}
}

func TestAGlanceIsNoTransaction(t *testing.T) {
	f := newFailing(t)
	for want, ctx := range map[string]context.Context{
		"repeatable read": t.Context(), "read committed": txn.Glancing(t.Context()),
	} {
		var got string
		if err := f.View(ctx, func(g *gorm.DB) error {
			return g.Raw("SHOW transaction_isolation").Scan(&got).Error
		}); err != nil || got != want {
			t.Errorf("a reading's isolation is %q, want %q (%v)", got, want, err)
		}
	}
}

func TestAConnectionThatTakesNoWritesIsLeft(t *testing.T) {
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
		t.Errorf("a server that refused to write is asked again on the same connection %d, then on %d: %v", first, then, err)
	}
	if err := f.Update(t.Context(), func(g *gorm.DB) error {
		return errors.Join(backend(&first)(g), g.Exec(`SET default_transaction_read_only = on`).Error)
	}); err != nil {
		t.Fatal(err)
	}
	if err := f.View(t.Context(), backend(&then)); err != nil || first == then {
		t.Errorf("a server that said that it takes no writes is read from, on %d after %d: %v", then, first, err)
	}
}

func TestADatabaseThatTakesNoWritesIsBusy(t *testing.T) {
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
		if err := Meaning(err); !errors.Is(err, txn.ErrBusy) {
			t.Errorf("%s is told %v, want that it is busy", what, err)
		}
	}
	f.exec(`ALTER DATABASE ` + database + ` RESET default_transaction_read_only`)
	if err := f.Update(t.Context(), write(&pid)); err != nil {
		t.Errorf("it takes writes again, and the update fails: %v", err)
	}
}

// What a connection was lost in, its COMMIT or a statement, is busy: whether it was kept is unknown, and
// whoever sends it again with its key is told.
func TestAConnectionThatIsLostIsBusy(t *testing.T) {
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
		err := Meaning(f.Update(t.Context(), func(g *gorm.DB) error {
			runs++
			return lose(g)
		}))
		if !errors.Is(err, txn.ErrBusy) || runs != 1 {
			t.Errorf("a connection is lost %s: after %d runs it is %v, want busy after one", what, runs, err)
		}
	}
}
