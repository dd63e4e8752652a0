package testkit

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// own gives cmd a process group of its own, so that a terminal's interrupt does not reach it
// before the tests have ended.
func own(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// Freeze stops every process of the server, as a half-open network seems to: connections stay open, and
// nothing answers. It returns the function that lets them go on, which the test's end calls if nobody did.
func (d DurablePostgres) Freeze(t testing.TB) (thaw func()) {
	t.Helper()
	frozen := []int{d.cmd.Process.Pid}
	signal(t, frozen[0], syscall.SIGSTOP) // first: it starts no more of them
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range stats {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue // that process has ended
		}
		var pid, parent int
		var state string
		after := stat[bytes.LastIndexByte(stat, ')')+1:] // the program's name may hold anything
		if _, err := fmt.Sscan(string(after), &state, &parent); err != nil || parent != frozen[0] {
			continue
		}
		if pid, err = strconv.Atoi(filepath.Base(filepath.Dir(name))); err != nil {
			t.Fatal(err)
		}
		signal(t, pid, syscall.SIGSTOP)
		frozen = append(frozen, pid)
	}
	thawed := false
	thaw = func() {
		if thawed {
			return
		}
		thawed = true
		for _, pid := range frozen {
			_ = syscall.Kill(pid, syscall.SIGCONT) // it may have ended
		}
	}
	t.Cleanup(thaw)
	return thaw
}

// Restart ends the server by a signal and starts it again: SIGINT sends everybody away, SIGQUIT ends every
// process at once, and of SIGKILL the others learn later. It returns when the server answers.
func (d DurablePostgres) Restart(t testing.TB, by syscall.Signal) {
	t.Helper()
	signal(t, d.cmd.Process.Pid, by)
	<-d.ended
	d.start(t)
}

// Disconnect ends the processes of all connections, and returns how many there were.
func (d DurablePostgres) Disconnect(t testing.TB) int {
	t.Helper()
	out, err := d.command("psql", "-h", d.dir, "-U", "postgres", "-qAtc", `
		SELECT count(pg_terminate_backend(pid))
		FROM   pg_stat_activity
		WHERE  pid <> pg_backend_pid()
		  AND  backend_type = 'client backend'`).Output() // it warns of those that end by themselves
	n, numberErr := strconv.Atoi(string(bytes.TrimSpace(out)))
	if err != nil || numberErr != nil {
		t.Fatalf("disconnect everybody: %v: %q", err, out)
	}
	return n
}

// Freeze stops the server's process: connections stay open, and nothing answers until Thaw.
func (s *RedisServer) Freeze(t testing.TB) {
	t.Helper()
	signal(t, s.cmd.Process.Pid, syscall.SIGSTOP)
}

// Thaw lets it go on.
func (s *RedisServer) Thaw(t testing.TB) {
	t.Helper()
	signal(t, s.cmd.Process.Pid, syscall.SIGCONT)
}

func signal(t testing.TB, pid int, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatalf("%v to %d: %v", s, pid, err)
	}
}
