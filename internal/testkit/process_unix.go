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

// newProcessGroup starts cmd in its own process group, so that an interrupt from the terminal does not end it before
// the tests.
func newProcessGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// Freeze stops every process of the server, to simulate a half-open network: connections stay open but get no answers.
// It returns the function that resumes them. The test's cleanup calls it if the test did not.
func (d DurablePostgres) Freeze(t testing.TB) (thaw func()) {
	t.Helper()
	frozen := []int{d.cmd.Process.Pid}
	sendSignal(t, frozen[0], syscall.SIGSTOP) // first, so that it starts no more processes
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range stats {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue // the process has ended
		}
		var pid, parent int
		var state string
		after := stat[bytes.LastIndexByte(stat, ')')+1:] // the program's name may contain any character
		if _, err := fmt.Sscan(string(after), &state, &parent); err != nil || parent != frozen[0] {
			continue
		}
		if pid, err = strconv.Atoi(filepath.Base(filepath.Dir(name))); err != nil {
			t.Fatal(err)
		}
		sendSignal(t, pid, syscall.SIGSTOP)
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

// Restart ends the server by a signal and starts it again. SIGINT closes all connections, SIGQUIT ends every process at
// once, and SIGKILL ends only the main process at once. Restart returns when the server answers.
func (d DurablePostgres) Restart(t testing.TB, by syscall.Signal) {
	t.Helper()
	sendSignal(t, d.cmd.Process.Pid, by)
	<-d.ended
	d.start(t)
}

// Disconnect ends the processes of all connections, and returns their number.
func (d DurablePostgres) Disconnect(t testing.TB) int {
	t.Helper()
	out, err := d.command("psql", "-h", d.dir, "-U", "postgres", "-qAtc", `
		SELECT count(pg_terminate_backend(pid))
		FROM   pg_stat_activity
		WHERE  pid <> pg_backend_pid()
		  AND  backend_type = 'client backend'`).Output() // without stderr: it warns about processes that end by themselves
	n, numberErr := strconv.Atoi(string(bytes.TrimSpace(out)))
	if err != nil || numberErr != nil {
		t.Fatalf("disconnect all: %v: %q", err, out)
	}
	return n
}

// Freeze stops the server's process: connections stay open but get no answers until Thaw.
func (s *RedisServer) Freeze(t testing.TB) {
	t.Helper()
	sendSignal(t, s.cmd.Process.Pid, syscall.SIGSTOP)
}

// Thaw resumes the server's process.
func (s *RedisServer) Thaw(t testing.TB) {
	t.Helper()
	sendSignal(t, s.cmd.Process.Pid, syscall.SIGCONT)
}

func sendSignal(t testing.TB, pid int, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatalf("%v to %d: %v", s, pid, err)
	}
}
