package testkit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/aitys/aitys/migrations"
)

// A pool is the cluster that all test processes of a run share, with migrated databases without rows. Its list of free
// databases is a table, so that processes reuse each other's databases.
type pool struct {
	*cluster
	list *sql.DB // the database "postgres"
}

var shared struct {
	sync.Mutex
	*pool
}

// templateDB is the database whose copies are in the pool.
const templateDB = "migrated"

// Postgres returns the URL of a migrated database without rows, on a server that the tests of a run share, with fsync
// off. Event IDs begin at 1. After the test its rows are deleted, and other tests may reuse it. It is dropped if the
// test failed, if its rows cannot be deleted, or if its schema has changed.
func Postgres(t testing.TB) string {
	t.Helper()
	p := openPool(t)
	name, err := p.acquire(t.Context())
	if err != nil {
		t.Fatalf("take a database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		err := errors.New("the test failed")
		if !t.Failed() {
			err = p.reset(ctx, name)
		}
		if err == nil {
			_, err = p.list.ExecContext(ctx, "INSERT INTO free VALUES ($1)", name)
		}
		if err != nil {
			t.Logf("%s is dropped: %v", name, err)
			p.drop(ctx, t, name)
		}
	})
	return p.url(name)
}

// EmptyPostgres returns the URL of a database without tables. It is dropped with the test.
func EmptyPostgres(t testing.TB) string {
	t.Helper()
	p := openPool(t)
	return p.url(p.create(t, "TEMPLATE template1"))
}

// NewPostgres returns the URL of a migrated database that other tests do not use, so it has no statistics. It is
// dropped with the test.
func NewPostgres(t testing.TB) string {
	t.Helper()
	p := openPool(t)
	return p.url(p.create(t, "TEMPLATE "+templateDB))
}

// PostgresInFolder is EmptyPostgres with the database in the given folder, such as a small disk. Its write-ahead log is
// elsewhere.
func PostgresInFolder(t testing.TB, folder string) string {
	t.Helper()
	p := openPool(t)
	chownPostgres(t, folder)
	space := p.name(t)
	p.exec(t, "CREATE TABLESPACE "+space+" LOCATION '"+folder+"'")
	t.Cleanup(func() { p.exec(t, "DROP TABLESPACE "+space) })
	name := p.create(t, "TEMPLATE template1")
	p.exec(t, "ALTER DATABASE "+name+" SET TABLESPACE "+space)
	return p.url(name)
}

// PostgresFromDump is EmptyPostgres with an SQL dump by pg_dump loaded.
func PostgresFromDump(t testing.TB, dump string) string {
	t.Helper()
	url := EmptyPostgres(t)
	load := openPool(t).command("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", url)
	load.Stdin = strings.NewReader(dump)
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("load a dump: %v\n%s", err, out)
	}
	return url
}

// openPool returns the pool of the run. The first process starts the server.
func openPool(t testing.TB) *pool {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.pool != nil {
		return shared.pool
	}
	dir := filepath.Join(runDir(t).Memory, "pg")
	done := filepath.Join(dir, "ready")
	started := func() bool { _, err := os.Stat(done); return err == nil }
	var c *cluster
	runOnce(t, "pg", started, func() {
		if err := os.RemoveAll(dir); err != nil { // an earlier process may have ended in the middle
			t.Fatalf("postgres: %v", err)
		}
		// This server has no replicas, and its databases are too short-lived for autovacuum.
		c = newCluster(t, dir, "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=1000",
			"-c", "max_prepared_transactions=4", "-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "autovacuum=off")
		if err := prepare(t.Context(), c); err != nil {
			t.Fatalf("prepare the pool: %v", err)
		}
		if err := os.WriteFile(done, nil, 0o600); err != nil {
			t.Fatalf("postgres: %v", err)
		}
	})
	if c == nil {
		c = &cluster{bin: postgresPrograms(t), data: filepath.Join(dir, "data"), dir: dir}
	}
	list, err := sql.Open("pgx", c.url("postgres"))
	if err != nil {
		t.Fatalf("postgres: %v", err)
	}
	list.SetMaxIdleConns(2)
	shared.pool = &pool{c, list}
	return shared.pool
}

// prepare creates the list of a new cluster, and the migrated template.
func prepare(ctx context.Context, c *cluster) error {
	list, err := sql.Open("pgx", c.url("postgres"))
	if err != nil {
		return err
	}
	defer list.Close()
	for _, statement := range []string{
		"CREATE TABLE free (name text PRIMARY KEY)",
		"CREATE TABLE schema (digest text)",
		"CREATE SEQUENCE names",
		"CREATE DATABASE " + templateDB,
	} {
		if _, err := list.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	db, err := sql.Open("pgx", c.url(templateDB))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := migrations.Postgres(ctx, db); err != nil {
		return err
	}
	digest, err := digestOf(ctx, db)
	if err != nil {
		return err
	}
	_, err = list.ExecContext(ctx, "INSERT INTO schema VALUES ($1)", digest)
	return err
}

// acquire returns a free database, or a new one.
func (p *pool) acquire(ctx context.Context) (name string, err error) {
	err = p.list.QueryRowContext(ctx, `
		DELETE FROM free
		WHERE  name = (SELECT name FROM free LIMIT 1 FOR UPDATE SKIP LOCKED)
		RETURNING name`).Scan(&name)
	if !errors.Is(err, sql.ErrNoRows) {
		return name, err
	}
	if err := p.list.QueryRowContext(ctx, "SELECT 't' || nextval('names')").Scan(&name); err != nil {
		return "", err
	}
	_, err = p.list.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE "+templateDB)
	return name, err
}

// create creates a database that is dropped with the test, and returns its name.
func (p *pool) create(t testing.TB, how string) string {
	t.Helper()
	name := p.name(t)
	p.exec(t, "CREATE DATABASE "+name+" "+how)
	t.Cleanup(func() { p.drop(context.Background(), t, name) })
	return name
}

// name returns a name that is unique in the cluster.
func (p *pool) name(t testing.TB) (name string) {
	t.Helper()
	if err := p.list.QueryRowContext(t.Context(), "SELECT 't' || nextval('names')").Scan(&name); err != nil {
		t.Fatalf("postgres: %v", err)
	}
	return name
}

func (p *pool) exec(t testing.TB, statement string) {
	t.Helper()
	if _, err := p.list.ExecContext(context.Background(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func (p *pool) drop(ctx context.Context, t testing.TB, name string) {
	t.Helper()
	if _, err := p.list.ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
		t.Logf("drop %s: %v", name, err) // other tests do not get it
	}
}

// maxPooled is the maximum size of a reused database in bytes. Emptying a larger one is slower than creating one.
const maxPooled = 32 << 20

// reset deletes all rows of a database. It returns an error if the database must not be reused.
func (p *pool) reset(ctx context.Context, name string) error {
	db, err := sql.Open("pgx", p.url(name))
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	var size, prepared int64
	if err := db.QueryRowContext(ctx, `
		SELECT pg_database_size(current_database()),
		       (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database())`).Scan(&size, &prepared); err != nil {
		return err
	}
	if size > maxPooled || prepared > 0 {
		return fmt.Errorf("it has %d bytes and %d prepared transactions", size, prepared)
	}
	// The replica role skips foreign keys and triggers. Other connections are closed, so that they cannot write
	// afterwards.
	if _, err := db.ExecContext(ctx, `DO $$ DECLARE r record; BEGIN
		PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid();
		SET LOCAL lock_timeout = '5s';
		SET LOCAL session_replication_role = replica;
		FOR r IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'goose_db_version' LOOP
			EXECUTE 'DELETE FROM ' || quote_ident(r.tablename);
		END LOOP;
		PERFORM setval(quote_ident(sequencename)::regclass, start_value, FALSE) FROM pg_sequences
		WHERE schemaname = 'public' AND sequencename NOT LIKE 'goose%' AND last_value IS NOT NULL;
	END $$`); err != nil {
		return err
	}
	var others int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`).Scan(&others); err != nil {
		return err
	}
	if others > 0 {
		return fmt.Errorf("%d connections are open after the test", others)
	}
	digest, err := digestOf(ctx, db)
	if err != nil {
		return err
	}
	var want string
	if err := p.list.QueryRowContext(ctx, "SELECT digest FROM schema").Scan(&want); err != nil {
		return err
	}
	if digest != want {
		return errors.New("its schema is not the migrated one")
	}
	return nil
}

// digestOf returns a digest of a database's schema, settings and migrations.
func digestOf(ctx context.Context, db *sql.DB) (digest string, err error) {
	err = db.QueryRowContext(ctx, `
		SELECT md5(concat_ws('|',
			(SELECT string_agg(concat_ws(' ', c.relname, c.relkind, c.relpersistence, c.reloptions), ',' ORDER BY c.relname)
			 FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace),
			(SELECT string_agg(concat_ws(' ', a.attrelid::regclass, a.attname, a.atttypid, a.attnotnull, a.atthasdef,
				a.attisdropped), ',' ORDER BY a.attrelid::regclass::text, a.attnum)
			 FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
			 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0),
			(SELECT string_agg(concat_ws(' ', conname, contype, convalidated), ',' ORDER BY conname, conrelid::regclass::text)
			 FROM pg_constraint WHERE connamespace = 'public'::regnamespace),
			(SELECT string_agg(concat_ws(' ', tgname, tgenabled), ',' ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal),
			(SELECT string_agg(proname, ',' ORDER BY proname) FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
			(SELECT string_agg(nspname, ',' ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'),
			(SELECT string_agg(setconfig::text, ',') FROM pg_db_role_setting
			 WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())),
			(SELECT string_agg(concat_ws(' ', version_id, is_applied), ',' ORDER BY id) FROM goose_db_version)))`).Scan(&digest)
	return digest, err
}
