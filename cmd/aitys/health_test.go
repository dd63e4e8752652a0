package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

func TestHealth_FollowsReadiness(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(testkit.EmptyPostgres(t))
	if err != nil {
		t.Fatal(err)
	}
	proxy := testkit.NewProxy(t, "unix", filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432"))
	s := newShell(t)
	i := s.serve("--database", "postgres://postgres@"+proxy.Addr+u.Path+"?sslmode=disable")
	address := strings.TrimPrefix(i.URL, "http://")
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	byVariable := &shell{t: t, bin: s.bin, dir: s.dir, env: []string{"AITYS_LISTEN=0.0.0.0:" + port}}
	for name, out := range map[string]string{"an address": s.must("health", "--listen", address),
		"a port": s.must("health", "--listen", ":"+port), "a variable": byVariable.must("health")} {
		if out != "ready\n" {
			t.Errorf("with %s it printed %q", name, out)
		}
	}
	proxy.Set(t, testkit.Fault{Refuse: true})
	s.refused(address+" is not ready: ", "health", "--listen", address)
	proxy.Set(t, testkit.Fault{})
	testkit.Until(t, "the server is ready again", func() bool {
		_, _, code := s.run("", "health", "--listen", address)
		return code == 0
	})
}

// Another program listens, or a server hangs.
func TestHealth_NamesWrongAnswer(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	s.refused("is not ready: 404 Not Found", "health", "--listen", other.Listener.Addr().String())
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	s.refused("no answer from "+silent.Addr().String()+" within 3s", "health", "--listen", silent.Addr().String())
}
