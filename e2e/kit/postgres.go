package kit

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// A cluster is one private Postgres: initdb once, then servers on a socket, no TCP.
type cluster struct {
	bin  string // the folder of its programs
	data string
	dir  string // of the socket
	cmd  *exec.Cmd

	options []string
	ended   <-chan struct{} // closed when cmd has
}

var postgres struct {
	sync.Mutex
	*cluster
	databases atomic.Int64
}

// Postgres returns the URL of an empty database on a private server that the tests of this
// process share, with fsync off. The database is dropped with the test.
func Postgres(t testing.TB) string {
	t.Helper()
	postgres.Lock()
	defer postgres.Unlock()
	if postgres.cluster == nil {
		postgres.cluster = newCluster(t, "pg", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=300",
			"-c", "max_prepared_transactions=4")
	}
	return postgres.database(t, fmt.Sprintf("t%d", postgres.databases.Add(1)))
}

// PostgresIn is Postgres with the database in a folder of the caller's, such as a small disk; its log of transactions
// is elsewhere.
func PostgresIn(t testing.TB, folder string) string {
	t.Helper()
	Postgres(t)
	postgres.Lock()
	defer postgres.Unlock()
	space := fmt.Sprintf("s%d", postgres.databases.Add(1))
	postgres.give(t, folder)
	postgres.psql(t, "CREATE TABLESPACE "+space+" LOCATION '"+folder+"'")
	t.Cleanup(func() { postgres.psql(t, "DROP TABLESPACE "+space) })
	name := fmt.Sprintf("t%d", postgres.databases.Add(1))
	url := postgres.database(t, name)
	postgres.psql(t, "ALTER DATABASE "+name+" SET TABLESPACE "+space)
	return url
}

// PostgresOf is Postgres with what pg_dump wrote of another.
func PostgresOf(t testing.TB, dump string) string {
	t.Helper()
	url := Postgres(t)
	load := postgres.command("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", url)
	load.Stdin = strings.NewReader(dump)
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("load a dump: %v\n%s", err, out)
	}
	return url
}

// A DurablePostgres is a server of a test's own with fsync on, which the test may kill.
type DurablePostgres struct{ *cluster }

// NewDurablePostgres starts one; it ends with the test.
func NewDurablePostgres(t testing.TB) DurablePostgres {
	t.Helper()
	c := newCluster(t, fmt.Sprintf("pgd%d", postgres.databases.Add(1)), "-c", "max_connections=100")
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill() // ends with the test either way
		<-c.ended
	})
	return DurablePostgres{c}
}

// Database makes an empty database and returns its URL.
func (d DurablePostgres) Database(t testing.TB, name string) string {
	t.Helper()
	return d.database(t, name)
}

// Proxied makes an empty database, and returns its URL through a proxy.
func (d DurablePostgres) Proxied(t testing.TB, name string) (string, *Proxy) {
	t.Helper()
	d.database(t, name)
	p := NewProxy(t, "unix", filepath.Join(d.dir, ".s.PGSQL.5432"))
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", p.Addr, name), p
}

func newCluster(t testing.TB, name string, options ...string) *cluster {
	t.Helper()
	initdb := newest("/usr/lib/postgresql/*/bin/initdb")
	if initdb == "" {
		if path, err := exec.LookPath("initdb"); err == nil {
			initdb = path
		} else {
			missing(t, "postgresql")
		}
	}
	dir := filepath.Join(scratch(t), name)
	c := &cluster{bin: filepath.Dir(initdb), data: filepath.Join(dir, "data"), dir: dir, options: options}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatalf("postgres: %v", err)
	}
	c.give(t, dir)
	out, err := c.command("initdb", "--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8",
		"--locale=C", "-D", c.data).CombinedOutput()
	if err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	c.start(t)
	return c
}

// start starts the server and waits until it answers. One that was killed may leave processes behind that
// hinder the next, until they have ended.
func (c *cluster) start(t testing.TB) {
	t.Helper()
	log, err := os.OpenFile(c.dir+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatalf("postgres: %v", err)
	}
	defer func() { _ = log.Close() }() // the server has its own handle
	var ended chan struct{}
	wait(t, "postgres ("+c.dir+".log)", func() error {
		select {
		case <-ended:
			ended = nil
		default:
		}
		if ended == nil {
			own := []string{"-D", c.data, "-k", c.dir, "-c", "listen_addresses="}
			c.cmd = c.command("postgres", append(own, c.options...)...)
			c.cmd.Stdout, c.cmd.Stderr = log, log
			if err := c.cmd.Start(); err != nil {
				return err
			}
			gone := make(chan struct{})
			go func(cmd *exec.Cmd) {
				_ = cmd.Wait() // its log says more
				close(gone)
			}(c.cmd)
			ended = gone
			_ = os.WriteFile(c.dir+".pid", []byte(strconv.Itoa(c.cmd.Process.Pid)), 0o600)
		}
		return c.command("psql", "-h", c.dir, "-U", "postgres", "-qc", "SELECT 1").Run()
	})
	c.ended = ended
}

// database makes an empty database, dropped with the test, and returns its URL.
func (c *cluster) database(t testing.TB, name string) string {
	t.Helper()
	c.psql(t, "CREATE DATABASE "+name)
	t.Cleanup(func() {
		// A test may have killed the server; then there is nothing to drop.
		_ = c.command("psql", "-h", c.dir, "-U", "postgres", "-qc", "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)").Run()
	})
	return fmt.Sprintf("postgres://postgres@/%s?host=%s", name, c.dir)
}

// Dump has pg_dump write a database to a file, as docs/operator.md says, and returns the file's path.
func (d DurablePostgres) Dump(t testing.TB, name string) string {
	t.Helper()
	file := filepath.Join(d.dir, name+".dump")
	out, err := d.command("pg_dump", "--format=custom", "--file="+file, "-h", d.dir, "-U", "postgres", name).
		CombinedOutput()
	if err != nil {
		t.Fatalf("pg_dump: %v\n%s", err, out)
	}
	return file
}

// Restore fills an empty database from a file of Dump's, perhaps of another server, as docs/operator.md says.
func (d DurablePostgres) Restore(t testing.TB, name, file string) {
	t.Helper()
	out, err := d.command("pg_restore", "--exit-on-error", "--no-owner", "-h", d.dir, "-U", "postgres", "--dbname="+name,
		file).CombinedOutput()
	if err != nil {
		t.Fatalf("pg_restore: %v\n%s", err, out)
	}
}

// Ask returns what one of the server's databases answers to a query of one value.
func (d DurablePostgres) Ask(t testing.TB, database, query string) string {
	t.Helper()
	out, err := d.command("psql", "-h", d.dir, "-U", "postgres", "-d", database, "-qAtc", query).CombinedOutput()
	if err != nil {
		t.Fatalf("psql %s: %v\n%s", query, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (c *cluster) psql(t testing.TB, sql string) {
	t.Helper()
	if out, err := c.command("psql", "-h", c.dir, "-U", "postgres", "-qc", sql).CombinedOutput(); err != nil {
		t.Fatalf("psql %s: %v\n%s", sql, err, out)
	}
}

// command runs one of Postgres's programs, which refuse to run as root, as an ordinary user.
func (c *cluster) command(program string, args ...string) *exec.Cmd {
	path := filepath.Join(c.bin, program)
	var cmd *exec.Cmd
	if os.Geteuid() == 0 {
		cmd = exec.Command("setpriv", append([]string{"--reuid=postgres", "--regid=postgres", "--init-groups", path},
			args...)...)
	} else {
		cmd = exec.Command(path, args...)
	}
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	own(cmd)
	return cmd
}

// give hands a folder to the user that Postgres runs as.
func (c *cluster) give(t testing.TB, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		missing(t, "the user postgres")
	}
	uid, err := strconv.Atoi(strings.TrimSpace(u.Uid))
	if err == nil {
		err = os.Chown(dir, uid, -1)
	}
	if err != nil {
		t.Fatalf("postgres: %v", err)
	}
}
