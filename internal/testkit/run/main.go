// Command run runs the tests of one tier, as `make test` and CI do:
//
//	testrun [flags] packages [-- flags of go test]
//
// It creates the folder that all test processes share, so that a run has one Postgres cluster, one migrated SQLite file
// and one binary. It prints failures in full, then the slowest packages, the skipped tests with their reasons, and the
// totals. When it ends for any reason, the test processes and their servers end too.
package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/aitys/aitys/internal/testkit/rundir"
)

// options of a run.
type options struct {
	tier, db  string
	packages  []string
	flags     []string // of go test
	contracts int      // number of contract suites that must report
	strict    bool     // an unexpectedly skipped test is a failure
}

func main() {
	o := options{strict: os.Getenv("CI") != ""}
	flag.StringVar(&o.tier, "tier", "fast", "which tests: fast, ci or full")
	flag.StringVar(&o.db, "db", "sqlite", "databases of the domain, the API and the desk: sqlite, postgres or both")
	flag.IntVar(&o.contracts, "contracts", 0, "fail unless this many contract suites report the same on both sides")
	flag.Parse()
	o.packages = flag.Args()
	if at := slices.Index(o.packages, "--"); at >= 0 {
		o.packages, o.flags = o.packages[:at], o.packages[at+1:]
	}
	if len(o.packages) == 0 {
		fmt.Fprintln(os.Stderr, "run: name the packages")
		os.Exit(2)
	}
	ok, err := run(o, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// run runs the tests and reports whether they passed.
func run(o options, out io.Writer) (ok bool, err error) {
	dir, err := runDir()
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	stopped := make(chan os.Signal, 1)
	signal.Notify(stopped, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)

	test := testCommand(o, filepath.Join(dir.Path, "tests.group"))
	test.Env = append(os.Environ(), rundir.Env+"="+dir.Path, "TEST_TIER="+o.tier, "TEST_DB="+o.db)
	events, err := test.StdoutPipe()
	if err != nil {
		return false, err
	}
	began := time.Now()
	if err := test.Start(); err != nil {
		return false, err
	}
	go func() {
		select {
		case <-stopped:
		case <-parentEnded():
		}
		_ = syscall.Kill(-test.Process.Pid, syscall.SIGKILL) // it may have ended
		_ = dir.Close()                                      // ends the servers too, which may hold the pipe open
		os.Exit(1)
	}()
	r := newReport(out)
	readErr := r.read(events)
	failed := test.Wait()
	if failed != nil && !errors.As(failed, new(*exec.ExitError)) {
		return false, failed
	}
	r.printTotals(time.Since(began), test.ProcessState.UserTime()+test.ProcessState.SystemTime())
	ok = r.verdict(o.contracts, o.strict) && failed == nil
	if !ok {
		fmt.Fprintln(out, "FAIL")
	}
	return ok, readErr
}

// parentEnded returns a channel that is closed when the parent process, such as make, has ended.
func parentEnded() <-chan struct{} {
	gone, parent := make(chan struct{}), os.Getppid()
	go func() {
		for os.Getppid() == parent {
			time.Sleep(time.Second)
		}
		close(gone)
	}()
	return gone
}

// testCommand returns the command that runs the tests. The command first writes the ID of its process group to a file.
// Tests also wait, so each process runs two per processor in parallel. More would overload the machine: browsers and
// databases compute too. It does not run go vet, which takes minutes on a new machine: `make lint` does.
func testCommand(o options, group string) *exec.Cmd {
	name := os.Getenv("GO")
	if name == "" {
		name = "go"
	}
	args := slices.Concat([]string{"-c", `echo $$ >"$0" && exec "$@"`, group, name, "test", "-json", "-vet=off", "-p",
		strconv.Itoa(max(2, runtime.GOMAXPROCS(0))), "-parallel", strconv.Itoa(2 * runtime.GOMAXPROCS(0))}, o.flags, o.packages)
	test := exec.Command("sh", args...)
	test.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its child processes are in the same group
	test.Stderr = os.Stderr
	return test
}

// runDir creates the folder of the run. Its name is the same for each run of a checkout, so that go can use cached test
// results. A concurrent run of the checkout gets another folder.
func runDir() (*rundir.Dir, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	if _, err := rundir.TryLock(filepath.Join(root, "Makefile")); err != nil { // held until this process ends
		return rundir.Temp()
	}
	name := fmt.Sprintf("aitys-run-%d-%x", os.Getuid(), sha256.Sum256([]byte(root)))
	dir, err := rundir.New(filepath.Join(os.TempDir(), name[:24]))
	if err != nil {
		return rundir.Temp()
	}
	return dir, nil
}
