package hardening

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// top is the directory of the main module, and hostile the directory of the hostile input. Both are relative to this
// package.
const (
	top     = "../.."
	hostile = "../../../shared/data/hostile"
)

const (
	blog  = "https://blog.example" // the origin of site a
	other = "https://b.example"    // the origin of site b
)

// A bench maps the name of each database to a server that uses it.
type bench map[string]*server

// A server is a running service with the sites a and b and one owner of both, with a password. Limits are off by default.
type server struct {
	*testkit.Instance
	token  string
	cookie string // of a session of the owner
	binary string
	common []string // flags of each command
}

const (
	boss     = "o@owner.example"
	password = "jonas rides up the hill"
)

// newBench starts a server on each database. They are killed when t ends.
func newBench(t testing.TB) bench {
	t.Helper()
	return bench{
		"sqlite":   newServer(t, testkit.SQLite(t)),
		"postgres": newServer(t, testkit.NewDurablePostgres(t).Database(t, "hardening")),
	}
}

// newServer starts a server of the project's binary, with more flags for serve.
func newServer(t testing.TB, database string, more ...string) *server {
	t.Helper()
	return newServerOf(t, testkit.Binary(t), database, more...)
}

// newServerOf starts a server of a given binary.
func newServerOf(t testing.TB, binary, database string, more ...string) *server {
	t.Helper()
	s := &server{binary: binary, common: []string{"--data", t.TempDir(), "--database", database}}
	s.run(t, "", "migrate", "up")
	s.run(t, "", "site", "add", "--key", "a", "--name", "A", "--origin", blog)
	s.run(t, "", "site", "add", "--key", "b", "--name", "B", "--origin", other)
	s.run(t, password+"\n", "account", "add", "--email", boss, "--name", "O", "--role", "owner", "--password-stdin")
	s.token = s.run(t, "", "token", "add", "--account", boss, "--scope", "admin")
	s.Instance = s.another(t, more...)
	in := s.ask(t, "POST", "/api/v1/session", nil, act{json: values{"email": boss, "password": password}}.body())
	if in.err != nil || in.status != http.StatusOK {
		t.Fatalf("sign in: %d %s %v", in.status, in.body, in.err)
	}
	s.cookie, _, _ = strings.Cut(in.header.Get("Set-Cookie"), ";")
	return s
}

// another starts one more process on the same database. Limits are off unless more has --limits.
func (s *server) another(t testing.TB, more ...string) *testkit.Instance {
	t.Helper()
	options := slices.Clone(more)
	if !slices.Contains(more, "--limits") {
		options = append(options, "--limits", "off")
	}
	args := append([]string{"serve", "--listen", "127.0.0.1:0"}, options...)
	i, err := testkit.Start(s.binary, append(args, s.common...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.Kill)
	return i
}

// run runs a command of the binary and returns its output without surrounding space.
func (s *server) run(t testing.TB, stdin string, args ...string) string {
	t.Helper()
	out, err := testkit.RunWithInput(stdin, s.binary, append(args, s.common...)...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// rows returns the rows of a file of hostile input. It skips the test if the file does not exist.
func rows[T any](t testing.TB, name string) []T {
	t.Helper()
	f, err := os.Open(filepath.Join(hostile, name))
	if err != nil {
		t.Skipf("hostile input is not available: %v", err)
	}
	defer func() { _ = f.Close() }() // opened for reading
	var all []T
	for lines, n := bufio.NewReader(f), 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var row T
			if err := json.Unmarshal(line, &row); err != nil {
				t.Fatalf("%s, line %d: %v", name, n, err)
			}
			all = append(all, row)
		}
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A text is a string of hostile input. B64 holds it in base64 if it is not UTF-8. If Times is not 0, the string is
// Prefix, then Repeat that many times, with %d replaced by the number of the repetition, then Tail. Otherwise it is S.
type text struct {
	Kind           string
	S, B64         string
	Prefix, Repeat string
	Times          int
	Tail           string
}

func (x text) bytes(t testing.TB) []byte {
	t.Helper()
	if x.B64 != "" {
		b, err := base64.StdEncoding.DecodeString(x.B64)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if x.Times == 0 {
		return []byte(x.S)
	}
	out := []byte(x.Prefix)
	for i := range x.Times {
		out = append(out, strings.ReplaceAll(x.Repeat, "%d", fmt.Sprint(i))...)
	}
	return append(out, x.Tail...)
}

// An answer is a response. Its status is 0 if the request failed; err says why.
type answer struct {
	status int
	header http.Header
	body   []byte
	took   time.Duration
	err    error
}

// ask sends one request. A body is JSON unless header has another Content-Type.
func (s *server) ask(t testing.TB, method, path string, header map[string]string, body []byte) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.URL.Opaque = path // keeps the client from cleaning the path
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, name := range slices.Sorted(maps.Keys(header)) {
		req.Header[http.CanonicalHeaderKey(name)] = []string{header[name]}
	}
	start := time.Now()
	res, err := client.Do(req)
	if err != nil {
		return answer{err: err, took: time.Since(start)}
	}
	defer func() { _ = res.Body.Close() }() // the body was read
	read, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, read, time.Since(start), err}
}

var client = &http.Client{
	Timeout:       20 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// inSession returns the headers of the owner's browser. A token must not create accounts, webhooks and other
// credentials.
func (s *server) inSession() map[string]string {
	return map[string]string{"Cookie": s.cookie, "Origin": s.URL}
}

func (s *server) bearer() map[string]string {
	return map[string]string{"Authorization": "Bearer " + s.token}
}
