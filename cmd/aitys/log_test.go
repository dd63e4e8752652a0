package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

func TestLog_FullPipeDropsLines(t *testing.T) {
	t.Parallel()
	unread, stderr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer unread.Close()
	serve := exec.CommandContext(t.Context(), testkit.Binary(t), "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	serve.Stderr = stderr
	stdout, err := serve.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	stderr.Close()
	url := ""
	for s := bufio.NewScanner(stdout); url == "" && s.Scan(); {
		url, _ = strings.CutPrefix(s.Text(), "listening on ")
		if !strings.HasPrefix(url, "http") {
			url = ""
		}
	}
	for n := range 3_000 { // a pipe holds some 400 lines
		res, err := http.Get(url + "/nowhere")
		if err != nil {
			t.Fatalf("request %d: %v", n, err)
		}
		_, _ = io.Copy(io.Discard, res.Body) // always the same body
		res.Body.Close()
		if res.StatusCode != http.StatusNotFound {
			t.Fatalf("request %d: status %d", n, res.StatusCode)
		}
	}
	read := make(chan string)
	go func() {
		all, _ := io.ReadAll(unread) // ends with the server
		read <- string(all)
	}()
	if err := serve.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	log := <-read
	if err := serve.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	for _, want := range []string{"status=404", "log lines were dropped"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log of %d bytes does not say %q", len(log), want)
		}
	}
}

func TestLog_ReadsOnlyAtDebug(t *testing.T) {
	t.Parallel()
	for level, want := range map[string]bool{"info": false, "debug": true} {
		s := newShell(t)
		i := s.serve("--log-level", level)
		ids := map[string]string{}
		for _, path := range []string{"/healthz", "/nowhere"} {
			res, err := http.Get(i.URL + path)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			ids[path] = res.Header.Get("X-Request-Id")
		}
		if err := i.Stop(); err != nil {
			t.Fatal(err)
		}
		log := i.Log()
		if got := strings.Contains(log, "route=/healthz"); got != want || !strings.Contains(log, "status=404") {
			t.Errorf("at %s a read is logged: %t, want %t:\n%s", level, got, want, log)
		}
		for path, id := range ids { // an answer has an ID if its request is logged
			if lined := want || path == "/nowhere"; (id != "") != lined || !strings.Contains(log, "id="+id) {
				t.Errorf("at %s the answer of %s has the id %q; the log:\n%s", level, path, id, log)
			}
		}
	}
}
