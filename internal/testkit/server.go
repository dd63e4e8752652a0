package testkit

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// waitReady calls ready until it succeeds. It fails the test after two minutes.
func waitReady(t testing.TB, what string, ready func() error) {
	t.Helper()
	deadline := time.Now().Add(120 * time.Second)
	for {
		err := ready()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not answer: %v", what, err)
		}
		time.Sleep(10 * time.Millisecond) // poll interval
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

// Serve runs a server on a free port until the test ends, and returns its address. It passes the address to with, since
// pages contain it.
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
