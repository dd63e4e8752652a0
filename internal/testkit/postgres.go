package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A cluster is a private Postgres server that listens on a Unix socket only.
type cluster struct {
	bin  string // folder of the Postgres programs
	data string
	dir  string // folder of the socket
	cmd  *exec.Cmd

	options []string
	ended   <-chan struct{} // closed when cmd has ended
}

var clusters atomic.Int64 // number created by this process

// A DurablePostgres is a test's own server with fsync on. The test may kill it.
type DurablePostgres struct{ *cluster }

// NewDurablePostgres starts a server. It ends with the test.
func NewDurablePostgres(t testing.TB) DurablePostgres {
	t.Helper()
	c := newCluster(t, filepath.Join(processDir(t).Path, fmt.Sprintf("pgd%d", clusters.Add(1))), "-c", "max_connections=100")
	t.Cleanup(c.end)
	return DurablePostgres{c}
}

// Database creates a database without tables and returns its URL.
func (d DurablePostgres) Database(t testing.TB, name string) string {
	t.Helper()
	return d.database(t, name)
}

// ProxiedDatabase creates a database without tables, and returns its URL through a proxy.
func (d DurablePostgres) ProxiedDatabase(t testing.TB, name string) (string, *Proxy) {
	t.Helper()
	d.database(t, name)
	p := NewProxy(t, "unix", filepath.Join(d.dir, ".s.PGSQL.5432"))
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", p.Addr, name), p
}

// newCluster creates a cluster in a new folder and starts its server. The folder's path must be short: a socket's path
// may have 107 bytes.
func newCluster(t testing.TB, dir string, options ...string) *cluster {
	t.Helper()
	c := &cluster{bin: postgresPrograms(t), data: filepath.Join(dir, "data"), dir: dir, options: options}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatalf("postgres: %v", err)
	}
	chownPostgres(t, dir)
	out, err := c.command("initdb", "--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8",
		"--locale=C", "-D", c.data).CombinedOutput()
	if err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	c.start(t)
	return c
}

// postgresPrograms returns the folder of Postgres's programs.
func postgresPrograms(t testing.TB) string {
	t.Helper()
	if initdb := lastMatch("/usr/lib/postgresql/*/bin/initdb"); initdb != "" {
		return filepath.Dir(initdb)
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		skipMissing(t, "postgresql")
	}
	return filepath.Dir(path)
}

// end stops the server. SIGQUIT ends all its processes at once. SIGKILL would leave shared memory behind.
func (c *cluster) end() {
	_ = c.cmd.Process.Signal(syscall.SIGQUIT) // a test may have ended it
	select {
	case <-c.ended:
	case <-time.After(5 * time.Second): // a test froze it
		_ = c.cmd.Process.Kill()
		<-c.ended
	}
}

// start starts the server and waits until it answers. After a kill, the old server's processes may prevent a start
// until they have ended, so start retries.
func (c *cluster) start(t testing.TB) {
	t.Helper()
	log, err := os.OpenFile(c.dir+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatalf("postgres: %v", err)
	}
	defer func() { _ = log.Close() }() // the server has its own handle
	var ended chan struct{}
	waitReady(t, "postgres ("+c.dir+".log)", func() error {
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
				_ = cmd.Wait() // its log has the details
				close(gone)
			}(c.cmd)
			ended = gone
			_ = os.WriteFile(c.dir+".pid", []byte(strconv.Itoa(c.cmd.Process.Pid)), 0o600)
		}
		return c.command("psql", "-h", c.dir, "-U", "postgres", "-qc", "SELECT 1").Run()
	})
	c.ended = ended
}

// database creates a database without tables and returns its URL.
func (c *cluster) database(t testing.TB, name string) string {
	t.Helper()
	c.psql(t, "CREATE DATABASE "+name)
	return c.url(name)
}

// url returns the URL of a database.
func (c *cluster) url(name string) string {
	return fmt.Sprintf("postgres://postgres@/%s?host=%s", name, c.dir)
}

// Dump writes a database to a file with pg_dump, as docs/operating.md describes, and returns the file's path.
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

// Restore loads a file written by Dump, maybe of another server, into an empty database, as docs/operating.md
// describes.
func (d DurablePostgres) Restore(t testing.TB, name, file string) {
	t.Helper()
	out, err := d.command("pg_restore", "--exit-on-error", "--no-owner", "-h", d.dir, "-U", "postgres", "--dbname="+name,
		file).CombinedOutput()
	if err != nil {
		t.Fatalf("pg_restore: %v\n%s", err, out)
	}
}

// Query returns the result of a query for one value.
func (d DurablePostgres) Query(t testing.TB, database, query string) string {
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

// command returns the command for a program of Postgres, see asPostgres.
func (c *cluster) command(program string, args ...string) *exec.Cmd {
	return asPostgres(filepath.Join(c.bin, program), args...)
}

// asPostgres returns a command. Tests that run as root run it as the user postgres, because Postgres and PgBouncer
// refuse to run as root.
func asPostgres(path string, args ...string) *exec.Cmd {
	var cmd *exec.Cmd
	if os.Geteuid() == 0 {
		cmd = exec.Command("setpriv", append([]string{"--reuid=postgres", "--regid=postgres", "--init-groups", path},
			args...)...)
	} else {
		cmd = exec.Command(path, args...)
	}
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	newProcessGroup(cmd)
	return cmd
}

// chownPostgres makes the user that Postgres runs as the owner of a folder.
func chownPostgres(t testing.TB, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		skipMissing(t, "the user postgres")
	}
	uid, err := strconv.Atoi(strings.TrimSpace(u.Uid))
	if err == nil {
		err = os.Chown(dir, uid, -1)
	}
	if err != nil {
		t.Fatalf("postgres: %v", err)
	}
}
