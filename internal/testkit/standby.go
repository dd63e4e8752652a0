package testkit

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A Standby is a synchronous replica of a DurablePostgres: acknowledged commits are on both.
type Standby struct{ *cluster }

// NewStandby copies a server and starts replication. It ends with the test.
func (d DurablePostgres) NewStandby(t testing.TB) Standby {
	t.Helper()
	name := filepath.Base(d.dir) + "s"
	dir := filepath.Join(processDir(t).Path, name)
	s := Standby{&cluster{bin: d.bin, data: filepath.Join(dir, "data"), dir: dir, options: d.options}}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatalf("standby: %v", err)
	}
	chownPostgres(t, dir)
	copied, err := s.command("pg_basebackup", "-h", d.dir, "-U", "postgres", "-D", s.data, "-X", "stream", "-R",
		"--no-sync", "-c", "fast").CombinedOutput()
	if err != nil {
		t.Fatalf("pg_basebackup: %v\n%s", err, copied)
	}
	s.start(t)
	t.Cleanup(s.end)
	d.psql(t, "ALTER SYSTEM SET synchronous_standby_names = '*'")
	d.psql(t, "SELECT pg_reload_conf()")
	Until(t, "the standby is synchronous", func() bool {
		state, err := d.command("psql", "-h", d.dir, "-U", "postgres", "-qAtc",
			"SELECT sync_state FROM pg_stat_replication").Output()
		return err == nil && strings.TrimSpace(string(state)) == "sync"
	})
	return s
}

// URL returns the URL of a database with both hosts, the primary first.
func (s Standby) URL(d DurablePostgres, name string) string {
	return fmt.Sprintf("postgres://postgres@/%s?host=%s,%s", name, d.dir, s.dir)
}

// Promote makes the standby a primary.
func (s Standby) Promote(t testing.TB) {
	t.Helper()
	s.psql(t, "SELECT pg_promote()")
}

// Crash ends every process of the server at once.
func (d DurablePostgres) Crash(t testing.TB) {
	t.Helper()
	sendSignal(t, d.cmd.Process.Pid, syscall.SIGQUIT)
	<-d.ended
}

// SetWritable sets whether transactions may write by default.
func (d DurablePostgres) SetWritable(t testing.TB, yes bool) {
	t.Helper()
	readOnly := "on"
	if yes {
		readOnly = "off"
	}
	d.psql(t, "ALTER SYSTEM SET default_transaction_read_only = "+readOnly)
	d.psql(t, "SELECT pg_reload_conf()")
}
