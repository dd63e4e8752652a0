package kit

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

var folder struct {
	sync.Once
	path     string
	err      error
	lifeline io.WriteCloser // held open until the process ends; the reaper waits for that
}

// scratch is the process's own temporary folder. Its path is short (a socket's may have 107
// bytes) and open to the ordinary user that Postgres runs as. A reaper removes it, and ends the
// servers in it, when this process is gone, however it went.
func scratch(t testing.TB) string {
	t.Helper()
	folder.Do(func() {
		folder.path, folder.err = os.MkdirTemp("", "aitys-test-")
		if folder.err == nil {
			folder.err = errors.Join(os.Chmod(folder.path, 0o755), reap(folder.path))
		}
	})
	if folder.err != nil {
		t.Fatalf("make a folder for test servers: %v", folder.err)
	}
	return folder.path
}

// reap starts a shell that waits for the end of its standard input, which is the end of this
// process, then stops every server that left its pid in dir and removes dir.
func reap(dir string) error {
	cmd := exec.Command("sh", "-c",
		`read -r _; for p in "$1"/*.pid; do [ -f "$p" ] && kill -9 "$(head -n 1 "$p")" 2>/dev/null; done; rm -rf "$1"`,
		"reap", dir)
	own(cmd)
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	folder.lifeline = in
	return cmd.Start()
}

// wait calls ready until it succeeds, for at most 20 seconds.
func wait(t testing.TB, what string, ready func() error) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		err := ready()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not answer: %v", what, err)
		}
		time.Sleep(10 * time.Millisecond) // between two looks, not for luck
	}
}

// logTail returns the end of a server's log, for a failure's message.
func logTail(path string) string {
	b, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-2000):])
}

// Serve has a server answer on a free port until the test ends, and returns its address. The server is
// made with that address in hand: pages name it.
func Serve(t testing.TB, with func(public *url.URL) *http.Server) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	public := &url.URL{Scheme: "http", Host: listener.Addr().String()}
	server := &httptest.Server{Listener: listener, Config: with(public)}
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}
