package testkit

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

var bouncers atomic.Int64 // number started by this process

// PgBouncer starts a PgBouncer in transaction mode in front of a database of Postgres or EmptyPostgres. It returns the
// database's URL through it. settings are additional lines of its configuration. It ends with the test.
func PgBouncer(t testing.TB, database string, settings ...string) string {
	t.Helper()
	program := Program(t, "pgbouncer")
	direct, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(processDir(t).Path, fmt.Sprintf("pgb%d", bouncers.Add(1)))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatalf("pgbouncer: %v", err)
	}
	chownPostgres(t, dir)
	lines := append([]string{"[databases]", "* = host=" + direct.Query().Get("host") + " user=postgres", "[pgbouncer]",
		"pool_mode = transaction", "auth_type = any", "listen_port = 6432", "unix_socket_dir = " + dir,
		"logfile = " + filepath.Join(dir, "log")}, settings...)
	config := filepath.Join(dir, "ini")
	if err := os.WriteFile(config, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatalf("pgbouncer: %v", err)
	}
	cmd := asPostgres(program, "-q", config)
	if err := cmd.Start(); err != nil {
		t.Fatalf("pgbouncer: %v", err)
	}
	_ = os.WriteFile(dir+".pid", []byte(strconv.Itoa(cmd.Process.Pid)), 0o600) // for the end of an interrupted run
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()         // always an error after a kill
	})
	waitReady(t, "pgbouncer ("+logTail(filepath.Join(dir, "log"))+")", func() error {
		conn, err := net.Dial("unix", filepath.Join(dir, ".s.PGSQL.6432"))
		if err == nil {
			err = conn.Close()
		}
		return err
	})
	return fmt.Sprintf("postgres://postgres@%s?host=%s&port=6432", direct.Path, dir)
}
