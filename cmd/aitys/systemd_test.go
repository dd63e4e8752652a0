package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

const unitFolder = "../../packaging/systemd"

// readUnit returns a unit with another path of the binary.
func readUnit(t *testing.T, name, binary string) string {
	t.Helper()
	unit, err := os.ReadFile(filepath.Join(unitFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(unit), "ExecStart=aitys ", "ExecStart="+binary+" ")
}

func TestUnits_AreValidAndHardened(t *testing.T) {
	t.Parallel()
	analyze := testkit.Program(t, "systemd-analyze")
	units, err := os.ReadDir(unitFolder)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	args := []string{"verify", "--man=no"}
	for _, u := range units {
		path := filepath.Join(dir, u.Name())
		if err := os.WriteFile(path, []byte(readUnit(t, u.Name(), "/bin/true")), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
		if filepath.Ext(path) != ".service" {
			continue
		}
		out, err := exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--threshold=15", path).CombinedOutput()
		if err != nil {
			t.Errorf("%s is rated worse than 1.5: %v\n%s", u.Name(), err, out)
		}
	}
	if len(units) != 4 {
		t.Errorf("there are %d units, want 4", len(units))
	}
	if out, err := exec.CommandContext(t.Context(), analyze, args...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v: %s", err, out)
	}
}

// The server makes only system calls that its unit allows.
func TestUnit_AllowsEverySystemCall(t *testing.T) {
	t.Parallel()
	analyze, strace := testkit.Program(t, "systemd-analyze"), testkit.Program(t, "strace")
	s := newShell(t)
	token := s.addBlog("--data", "data")
	trace := filepath.Join(s.dir, "trace")
	i := s.startCommand(exec.Command(strace, "-D", "-f", "-qq", "-o", trace, s.bin, "serve", "--listen",
		"unix:"+filepath.Join(s.dir, "s"), "--public-url", "https://comments.example", "--data", filepath.Join(s.dir, "data")))
	c := &testkit.Client{URL: "http://localhost", Site: "blog", Token: token, HTTP: overSocket(t, i)}
	if _, err := c.Post(t.Context(), "", blogPage, "R", "r@mail.example", "The server writes this comment."); err != nil {
		t.Fatal(err)
	}
	if err := i.Stop(); err != nil {
		t.Fatal(err)
	}
	var calls func(set string) []string
	calls = func(set string) (list []string) {
		out, err := exec.CommandContext(t.Context(), analyze, "syscall-filter", set).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range strings.Fields(regexp.MustCompile(`(?m)#.*$`).ReplaceAllString(string(out), "")) {
			if strings.HasPrefix(name, "@") && name != set {
				list = append(list, calls(name)...)
			}
			list = append(list, name)
		}
		return list
	}
	unit, err := os.ReadFile("../../packaging/systemd/aitys.service")
	if err != nil {
		t.Fatal(err)
	}
	var allowed, denied []string
	for _, m := range regexp.MustCompile(`(?m)^SystemCallFilter=(~?)(@[a-z-]+)$`).FindAllSubmatch(unit, -1) {
		if len(m[1]) > 0 {
			denied = append(denied, calls(string(m[2]))...)
		} else {
			allowed = append(allowed, calls(string(m[2]))...)
		}
	}
	if len(allowed) == 0 || len(denied) == 0 {
		t.Fatalf("the unit allows %d system calls and denies %d", len(allowed), len(denied))
	}
	var text []byte
	testkit.Until(t, "strace has written everything", func() (complete bool) {
		var err error
		if text, err = os.ReadFile(trace); err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(text), " exit_group(")
	})
	made := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\d+ +([a-z0-9_]+)\(`).FindAllStringSubmatch(string(text), -1) {
		made[m[1]] = true
	}
	if len(made) < 20 {
		t.Errorf("only %d system calls were traced", len(made))
	}
	for name := range made {
		// SQLite calls fchown only as root.
		if name != "fchown" && (!slices.Contains(allowed, name) || slices.Contains(denied, name)) {
			t.Errorf("the unit does not allow %s", name)
		}
	}
}

// TestBackupUnit_KeepsTen runs the commands of the backup's unit with the paths of the test.
func TestBackupUnit_KeepsTen(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.addBlog("--data", "data")
	s.write("aitys.conf", "data: "+filepath.Join(s.dir, "data")+"\n", 0o600)
	bin, backups := filepath.Join(s.dir, "bin"), filepath.Join(s.dir, "backups")
	if err := errors.Join(os.Mkdir(bin, 0o700), os.Symlink(s.bin, filepath.Join(bin, "aitys")),
		os.Mkdir(backups, 0o700)); err != nil {
		t.Fatal(err)
	}
	for day := range 12 {
		s.write(fmt.Sprintf("backups/2026-01-%02dT010000.db", day+1), "an older backup", 0o600)
		s.write(fmt.Sprintf("backups/2026-01-%02dT010000.db.erased.jsonl", day+1), "", 0o600)
	}
	unit := readUnit(t, "aitys-backup.service", s.bin)
	lines := regexp.MustCompile(`(?m)^ExecStart=/bin/sh -euc '(.*)'$`).FindAllStringSubmatch(unit, -1)
	if len(lines) != 2 {
		t.Fatalf("it runs %q", lines)
	}
	for _, line := range lines {
		script := strings.NewReplacer("$$", "$", "%%", "%", "/etc/aitys.conf", "'"+filepath.Join(s.dir, "aitys.conf")+"'",
			"/var/backups/aitys", "'"+backups+"'").Replace(line[1])
		cmd := exec.CommandContext(t.Context(), "/bin/sh", "-euc", script)
		cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH")}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", script, err, out)
		}
	}
	left, err := filepath.Glob(filepath.Join(backups, "*.db"))
	if err != nil || len(left) != 10 || filepath.Base(left[0]) != "2026-01-04T010000.db" {
		t.Errorf("it left %q, %v", left, err)
	}
	if marks, err := filepath.Glob(filepath.Join(backups, "*.jsonl")); err != nil || len(marks) != 9 {
		t.Errorf("it left %q, %v", marks, err)
	}
	s.must("restore", left[9], "--data", "restored")
}

// serviceManager listens on a socket for NOTIFY_SOCKET, and returns a function that waits for the next state.
func serviceManager(t *testing.T, path string) (next func() string) {
	t.Helper()
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return func() string {
		state := make([]byte, 1_000)
		if err := l.SetReadDeadline(time.Now().Add(2 * time.Minute)); err != nil {
			t.Fatal(err)
		}
		n, err := l.Read(state)
		if err != nil {
			t.Fatal(err)
		}
		return string(state[:n])
	}
}

func (s *shell) startCommand(cmd *exec.Cmd) *testkit.Instance {
	s.t.Helper()
	i, err := testkit.StartCommand(cmd)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(i.Kill)
	return i
}

func TestServe_NotifiesSystemd(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	path := filepath.Join(s.dir, "notify")
	next := serviceManager(t, path)
	cmd := exec.Command(s.bin, "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(s.dir, "data"))
	cmd.Env = []string{"NOTIFY_SOCKET=" + path, "WATCHDOG_USEC=20000"}
	i := s.startCommand(cmd)
	if state := next(); state != "READY=1" {
		t.Errorf("the first state is %q", state)
	}
	if body, status := get(t, i.URL+"/readyz"); status != http.StatusOK {
		t.Errorf("after READY=1 it answers %d, %s", status, body)
	}
	for range 3 {
		if state := next(); state != "WATCHDOG=1" {
			t.Errorf("while it runs it sends %q", state)
		}
	}
	if err := i.Stop(); err != nil {
		t.Fatal(err)
	}
	for state := next(); state != "STOPPING=1"; state = next() {
		if state != "WATCHDOG=1" {
			t.Errorf("at the end it sends %q", state)
		}
	}
	if log := i.Log(); strings.Contains(log, "service manager") {
		t.Errorf("the log has a warning: %s", log)
	}
}

// A service manager that is not there is reported, and the server runs.
func TestServe_RunsWithoutItsServiceManager(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	cmd := exec.Command(s.bin, "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(s.dir, "data"))
	cmd.Env = []string{"NOTIFY_SOCKET=" + filepath.Join(s.dir, "none"), "WATCHDOG_USEC=soon"}
	i := s.startCommand(cmd)
	testkit.Until(t, "it reports both", func() bool {
		return strings.Contains(i.Log(), "was not notified") && strings.Contains(i.Log(), "the watchdog of the service manager is off")
	})
	if err := i.Stop(); err != nil {
		t.Error(err)
	}
}

// passSockets starts serve with sockets as systemd passes them. The shell knows the process ID.
func (s *shell) passSockets(files []*os.File, args ...string) *exec.Cmd {
	cmd := exec.Command("sh", append([]string{"-c", `LISTEN_PID=$$ exec "$@"`, "sh", s.bin, "serve", "--data",
		filepath.Join(s.dir, "data")}, args...)...)
	cmd.Env = []string{fmt.Sprintf("LISTEN_FDS=%d", len(files))}
	cmd.ExtraFiles = files
	return cmd
}

// listeners returns the open files of a listener on a TCP port and of one on the Unix socket at path, and the port's
// URL.
func listeners(t *testing.T, path string) (tcp, unix *os.File, url string) {
	t.Helper()
	a, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	b.SetUnlinkOnClose(false)
	defer b.Close()
	tcp, err = a.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	if unix, err = b.File(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = tcp.Close(), unix.Close() })
	return tcp, unix, "http://" + a.Addr().String()
}

func TestServe_TakesTheSocketOfSystemd(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	path := filepath.Join(s.dir, "passed")
	tcp, unix, url := listeners(t, path)
	i := s.startCommand(s.passSockets([]*os.File{tcp}))
	if _, status := get(t, i.URL+"/readyz"); i.URL != url || status != http.StatusOK {
		t.Errorf("it listens on %s, want %s, and answers %d", i.URL, url, status)
	}
	if err := i.Stop(); err != nil {
		t.Error(err)
	}
	u := s.startCommand(s.passSockets([]*os.File{unix}, "--public-url", "https://comments.example"))
	if u.URL != "unix:"+path {
		t.Errorf("it listens on %s", u.URL)
	}
	if status := getOverSocket(t, u); status != http.StatusOK {
		t.Errorf("it answers %d", status)
	}
	if err := u.Stop(); err != nil {
		t.Error(err)
	}
	if !exists(path) {
		t.Error("it removed the socket of systemd")
	}
	for want, cmd := range map[string]*exec.Cmd{
		"systemd passed 2 sockets": s.passSockets([]*os.File{tcp, unix}),
		"needs --public-url":       s.passSockets([]*os.File{unix}),
		"is no stream":             s.passSockets([]*os.File{os.Stdin}),
	} {
		out, err := cmd.CombinedOutput()
		if _, failed := errors.AsType[*exec.ExitError](err); !failed || !strings.Contains(string(out), want) {
			t.Errorf("it says %q (%v), want %q", out, err, want)
		}
	}
}

// overSocket returns a client of a server on a Unix socket.
func overSocket(t *testing.T, i *testkit.Instance) *http.Client {
	t.Helper()
	path, ok := strings.CutPrefix(i.URL, "unix:")
	if !ok {
		t.Fatalf("it listens on %s", i.URL)
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// getOverSocket returns the status of /readyz.
func getOverSocket(t *testing.T, i *testkit.Instance) int {
	t.Helper()
	res, err := overSocket(t, i).Get("http://localhost/readyz")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func TestServe_ListensOnAUnixSocket(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.addBlog("--data", "data")
	path := filepath.Join(s.dir, "s")
	listen := []string{"--listen", "unix:" + path, "--public-url", "https://comments.example"}
	i := s.startCommand(exec.Command(s.bin, append([]string{"serve", "--data", filepath.Join(s.dir, "data")}, listen...)...))
	if info, err := os.Lstat(path); err != nil || info.Mode() != fs.ModeSocket|0o660 {
		t.Errorf("the socket is %v, %v", info.Mode(), err)
	}
	if r := s.doctor(append(listen, "--data", "data")...); r.state("socket") != "ok" || r.state("proxy") != "ok" {
		t.Errorf("the doctor says %+v", r)
	}
	if out := s.must("health", "--listen", listen[1]); out != "ready\n" {
		t.Errorf("health prints %q", out)
	}
	posts := func(address string, n int) (status int) {
		for k := range n {
			h := forwardedFor{overSocket(t, i).Transport, address}
			c := &testkit.Client{URL: "http://localhost", Site: "blog", HTTP: &http.Client{Transport: h}}
			_, err := c.Post(t.Context(), "", blogPage, "R", "r@mail.example", fmt.Sprintf("Comment %d of %s.", k, address))
			if err != nil && strings.Contains(err.Error(), "429") {
				return http.StatusTooManyRequests
			} else if err != nil {
				t.Fatal(err)
			}
		}
		return http.StatusCreated
	}
	if status := posts("198.51.100.7", 40); status != http.StatusTooManyRequests {
		t.Errorf("one reader posts without a limit: %d", status)
	}
	if status := posts("198.51.100.8", 1); status != http.StatusCreated {
		t.Errorf("another reader shares the limit: %d", status)
	}
	s.refused("unix:"+path+" is in use by a running server", append([]string{"serve", "--data", "data"}, listen...)...)
	i.Kill()
	if !exists(path) {
		t.Error("a killed server left no socket to replace")
	}
	if r := s.doctor(append(listen, "--data", "data")...); r.state("socket") != "warn" {
		t.Errorf("without a server the doctor says %+v", r)
	}
	again := s.serve(listen...)
	if status := getOverSocket(t, again); status != http.StatusOK {
		t.Errorf("after a kill it answers %d", status)
	}
	if err := again.Stop(); err != nil || exists(path) {
		t.Errorf("it ended with %v; the socket is still there: %v", err, exists(path))
	}
}

// forwardedFor sets X-Forwarded-For as a proxy does.
type forwardedFor struct {
	http.RoundTripper
	address string
}

func (f forwardedFor) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("X-Forwarded-For", f.address)
	return f.RoundTripper.RoundTrip(r)
}

// The lock of a folder makes a server wait before it migrates.
func TestServe_StopsWhileItStarts(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	if err := os.Mkdir(filepath.Join(s.dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	folder, err := os.Open(filepath.Join(s.dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	if err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	var log testkit.Log
	cmd := exec.CommandContext(t.Context(), s.bin, "serve", "--listen", "127.0.0.1:0", "--data", "data")
	cmd.Dir, cmd.Stderr = s.dir, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	testkit.Until(t, "the server has opened the database", func() bool {
		info, err := os.Stat(filepath.Join(s.dir, "data/aitys.db"))
		return err == nil && info.Size() > 0
	})
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(log.String(), "stopped during the start") ||
		strings.Contains(log.String(), "canceled") {
		t.Errorf("it ended with %v: %s", err, log.String())
	}
	if err := folder.Close(); err != nil {
		t.Fatal(err)
	}
	s.serve()
}
