package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit/rundir"
)

// TestMain runs the command itself if the test has started this binary as a child.
func TestMain(m *testing.M) {
	if os.Getenv("RUN_AS_COMMAND") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

const events = `{"Action":"output","Package":"github.com/aitys/aitys/api","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"github.com/aitys/aitys/api","Test":"TestA","Output":"    a_test.go:1: got 1, want 2\n"}
{"Action":"output","Package":"github.com/aitys/aitys/api","Test":"TestA","Output":"--- FAIL: TestA (0.1s)\n"}
{"Action":"fail","Package":"github.com/aitys/aitys/api","Test":"TestA","Elapsed":0.1}
{"Action":"output","Package":"github.com/aitys/aitys/api","Test":"TestQuiet","Output":"    a_test.go:9: said by a test that passes\n"}
{"Action":"pass","Package":"github.com/aitys/aitys/api","Test":"TestQuiet","Elapsed":0.1}
{"Action":"output","Package":"github.com/aitys/aitys/api","Test":"TestHangs","Output":"panic: test timed out\n"}
{"Action":"fail","Package":"github.com/aitys/aitys/api","Elapsed":12.5}
{"Action":"output","Package":"github.com/aitys/aitys/e2e","Test":"TestTier","Output":"    b_test.go:1: runs with TEST_TIER=ci\n"}
{"Action":"skip","Package":"github.com/aitys/aitys/e2e","Test":"TestTier","Elapsed":0}
{"Action":"output","Package":"github.com/aitys/aitys/e2e","Test":"TestSkip","Output":"    b_test.go:2: chromium is not installed\n"}
{"Action":"output","Package":"github.com/aitys/aitys/e2e","Test":"TestSkip","Output":"--- SKIP: TestSkip (0.00s)\n"}
{"Action":"skip","Package":"github.com/aitys/aitys/e2e","Test":"TestSkip","Elapsed":0}
{"Action":"output","Package":"github.com/aitys/aitys/e2e","Output":"contract: store: sqlite 61, postgres 61\n"}
{"Action":"pass","Package":"github.com/aitys/aitys/e2e","Elapsed":30}
{"Action":"build-output","ImportPath":"github.com/aitys/aitys/x","Output":"x.go:1: undefined: y\n"}
`

func TestReport_PrintsFailuresSkipsAndSums(t *testing.T) {
	var out bytes.Buffer
	r := newReport(&out)
	if err := r.read(strings.NewReader(events)); err != nil {
		t.Fatal(err)
	}
	r.printTotals(90*time.Second, 2*time.Minute)
	for _, want := range []string{
		"got 1, want 2", "panic: test timed out", "x.go:1: undefined: y", "FAIL     12.5 s  ./api\n", "ok       30.0 s  ./e2e\n",
		"slowest packages:\n     30.0 s  ./e2e\n     12.5 s  ./api\n", "1 tests run in tier ci\n",
		"skipped: ./e2e TestSkip: chromium is not installed\n", "contract: store: sqlite 61, postgres 61\n",
		"1 passed, 1 failed, 2 skipped in 1m30s (2m0s of CPU)\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not print %q", want)
		}
	}
	for _, unwanted := range []string{"=== RUN", "said by a test that passes", "skipped: ./e2e TestTier"} {
		if strings.Contains(out.String(), unwanted) {
			t.Errorf("it prints %q", unwanted)
		}
	}
	if t.Failed() {
		t.Logf("it printed:\n%s", out.String())
	}
}

func TestReport_Verdict(t *testing.T) {
	for _, tt := range []struct {
		name, contract, skipped string
		want                    int // contract suites
		strict, ok              bool
	}{
		{"one contract", "store: sqlite 61, postgres 61", "", 1, true, true},
		{"no contract is wanted", "", "", 0, true, true},
		{"a contract is missing", "", "", 1, false, false},
		{"a side is shorter", "store: sqlite 61, postgres 60", "", 1, false, false},
		{"both sides are empty", "coord: memory 0, redis 0", "", 1, false, false},
		{"a skip at a desk", "", "npm is not installed", 0, false, true},
		{"a skip in CI", "", "npm is not installed", 0, true, false},
		{"a skip of the tier in CI", "", "runs with TEST_TIER=full", 0, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newReport(&bytes.Buffer{})
			if tt.contract != "" {
				r.contracts = []string{tt.contract}
			}
			if tt.skipped != "" {
				r.skips = []skip{{"./e2e", "TestX", tt.skipped}}
			}
			if got := r.verdict(tt.want, tt.strict); got != tt.ok {
				t.Errorf("got %v, want %v", got, tt.ok)
			}
		})
	}
}

// TestRun_EndsWithItsProcesses kills the command while its tests run.
func TestRun_EndsWithItsProcesses(t *testing.T) {
	for name, ends := range map[string]func(run, parent *os.Process) error{
		"killed":      func(run, _ *os.Process) error { return run.Kill() },
		"interrupted": func(run, _ *os.Process) error { return run.Signal(syscall.SIGINT) },
		"orphaned":    func(_, parent *os.Process) error { return parent.Kill() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			// A replacement for go: it has a child, and a server outside of its process group.
			fake := filepath.Join(root, "go")
			script := "#!/bin/sh\nsleep 600 & echo $! >child\nsetsid sleep 600 & echo $! >$TEST_RUN/server.pid\n" +
				"echo $! >server\necho $TEST_RUN >folder\nwait\n"
			if err := os.WriteFile(fake, []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("sh", "-c", `"$0" ./... & echo $! >run; wait`, os.Args[0])
			cmd.Dir = root
			cmd.Env = append(os.Environ(), "RUN_AS_COMMAND=1", "GO="+fake)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			within(t, "the tests run", func() bool { return read(root, "folder") != "" && read(root, "run") != "" })
			folder, child, server := read(root, "folder"), pid(t, root, "child"), pid(t, root, "server")
			command, err := os.FindProcess(pid(t, root, "run"))
			if err == nil {
				err = ends(command, cmd.Process)
			}
			if err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // an error: its child was killed
			within(t, "the processes have ended and the folder is gone", func() bool {
				_, err := os.Stat(folder)
				return os.IsNotExist(err) && !running(child) && !running(server)
			})
		})
	}
}

func TestNew_RemovesEarlierRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "aitys-run")
	left := exec.Command("sleep", "600")
	left.Env = []string{rundir.Env + "=" + path}
	if err := left.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- left.Wait() }()
	other := exec.Command("sleep", "600") // reuses the ID of a process of the folder
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Process.Kill(); _ = other.Wait() }()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]int{"left": left.Process.Pid, "other": other.Process.Pid} {
		if err := os.WriteFile(filepath.Join(path, name+".pid"), []byte(strconv.Itoa(p)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := rundir.New(path)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Error("the process that was left runs on")
	}
	if !running(other.Process.Pid) {
		t.Error("a process of another program was killed")
	}
	if err := dir.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func read(dir, name string) string {
	b, _ := os.ReadFile(filepath.Join(dir, name)) // "" until the file exists
	return strings.TrimSpace(string(b))
}

func pid(t *testing.T, dir, name string) int {
	t.Helper()
	n, err := strconv.Atoi(read(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// running reports whether a process runs. Zombies do not count.
func running(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func within(t *testing.T, what string, is func() bool) {
	t.Helper()
	for began := time.Now(); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatalf("after a minute still not so: %s", what)
		}
	}
}
