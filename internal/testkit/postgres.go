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

// A cluster is one private Postgres: a server on a socket, without TCP.
type cluster struct {
	bin  string // the folder of its programs
	data string
	dir  string // of the socket
	cmd  *exec.Cmd

	options []string
	ended   <-chan struct{} // closed when cmd has
}

var clusters atomic.Int64 // how many this process has made

// A DurablePostgres is a server of a test's own with fsync on, which the test may kill.
type DurablePostgres struct{ *cluster }

// NewDurablePostgres starts one; it ends with the test.
func NewDurablePostgres(t testing.TB) DurablePostgres {
	t.Helper()
	c := newCluster(t, filepath.Join(scratch(t).Path, fmt.Sprintf("pgd%d", clusters.Add(1))), "-c", "max_connections=100")
	t.Cleanup(c.end)
	return DurablePostgres{c}
}

// Database makes a database without tables and returns its URL.
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

// newCluster makes a cluster in a new folder and starts its server. The folder's path is short: that of a socket may
// have 107 bytes.
func newCluster(t testing.TB, dir string, options ...string) *cluster {
	t.Helper()
	c := &cluster{bin: postgresPrograms(t), data: filepath.Join(dir, "data"), dir: dir, options: options}
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

// postgresPrograms returns the folder of Postgres's programs.
func postgresPrograms(t testing.TB) string {
	t.Helper()
	if initdb := newest("/usr/lib/postgresql/*/bin/initdb"); initdb != "" {
		return filepath.Dir(initdb)
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		missing(t, "postgresql")
	}
	return filepath.Dir(path)
}

// end stops the server. SIGQUIT ends every process of it at once, and leaves no shared memory behind, as SIGKILL would.
func (c *cluster) end() {
	_ = c.cmd.Process.Signal(syscall.SIGQUIT) // a test may have ended it
	select {
	case <-c.ended:
	case <-time.After(5 * time.Second): // a test stopped it
		_ = c.cmd.Process.Kill()
		<-c.ended
	}
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

// database makes a database without tables and returns its URL.
func (c *cluster) database(t testing.TB, name string) string {
	t.Helper()
	c.psql(t, "CREATE DATABASE "+name)
	return c.url(name)
}

// url returns the URL of a database.
func (c *cluster) url(name string) string {
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
