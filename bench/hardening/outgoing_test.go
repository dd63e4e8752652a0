package hardening

import (
	"bufio"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitys/aitys/internal/testkit"
)

// outgoing enters the URL of each row into texts that are never fetched, and into every field that is fetched: those of
// format uri in openapi.yaml. It watches all connections of the server with strace. The server may connect only to
// Redis, the DNS resolver and one allowed address. As a control, each fetcher must connect to the allowed address.
func outgoing(t testing.TB, _ bench) result {
	if _, err := exec.LookPath("strace"); err != nil {
		return result{why: "strace is not installed"}
	}
	type row struct{ URL, Server string }
	all := rows[row](t, "ssrf-urls.jsonl")
	shared, way := testkit.NewRedisServer(t).ProxyURL(t)
	s := newStage(t, testkit.SQLite(t))
	s.Kill()
	allowed, calls := listener(t, "127.9.9.9:0")
	s.Instance = s.another(t, "--redis", shared, "--reach", "127.9.9.9/32")
	fetchers := s.fetchers(t)
	connections := watched(t, s.PID())
	failures, sent, taken := []string{}, 0, 0
	ask := func(method, path string, in values) {
		sent++
		if got := s.ask(t, method, path, s.inSession(), act{json: in}.body()); got.err != nil || got.status >= 500 {
			failures = append(failures, fmt.Sprintf("%s %s %v: %d %v", method, path, in, got.status, got.err))
		} else if got.status < 300 {
			taken++
		}
	}
	for name, fetch := range fetchers {
		before := calls()
		fetch(ask, "http://"+allowed+"/comment-check")
		testkit.Until(t, name+" dials the allowed address", func() bool { return calls() > before })
	}
	for n, r := range all {
		at := r.URL
		if at == "" {
			at = fmt.Sprintf("http://%s/%d", way.Addr, n) // the response does not matter
		}
		in := s.written()
		in["page"] = values{"url": at, "title": at}
		ask("POST", commentsOfA, in)
		in = s.written()
		in["author"] = values{"name": at, "website": at, "email": "x@" + strings.TrimPrefix(at, "http://")}
		ask("POST", commentsOfA, in)
		in = s.written()
		in["body"] = fmt.Sprintf("%v ![picture](%s) [link](%s) <%s> %s", in["body"], at, at, at, at)
		in["page"].(values)["title"] = at
		ask("POST", commentsOfA, in)
		ask("POST", "/api/v1/sites/a/preview", values{"body": in["body"]})
		ask("PATCH", "/api/v1/sites/b", values{"origin": []string{at}})
		ask("PATCH", "/api/v1/sites/b", values{"signin_url": at})
		ask("GET", commentsOfA+"?page="+blog+"/post-1", nil)
		for _, fetch := range fetchers {
			fetch(ask, at)
		}
	}
	ask("GET", "/api/v1/sites/a/moderation/queue?limit=200", nil)
	way.Set(t, testkit.Fault{Refuse: true})
	testkit.Until(t, "redis is missed", s.saysOfRedis(t, "down"))
	way.Set(t, testkit.Fault{})
	testkit.Until(t, "redis is back", s.saysOfRedis(t, "up"))
	own := 0
	for _, to := range connections() {
		if to == way.Addr {
			own++
		} else if to != allowed && !strings.HasSuffix(to, ":53") && !strings.HasSuffix(to, ":9") {
			// Port 53 is DNS. To sort the addresses of a name, Go connects a UDP socket to port 9 and sends nothing.
			failures = append(failures, "the server connected to "+to)
		}
	}
	if own == 0 || taken < len(all) {
		t.Fatalf("%d connections to Redis are seen, %d requests accepted: strace sees nothing", own, taken)
	}
	return count(t, fmt.Sprintf("%d rows × %d (%d own connections seen)", len(all), 7+len(fetchers), own), failures, "")
}

// A fetcher makes the server fetch a URL, if the server accepts it.
type fetcher func(ask func(method, path string, in values), address string)

// fetchers returns a fetcher for each operation of the API with a field of format uri.
func (s *stage) fetchers(t testing.TB) map[string]fetcher {
	t.Helper()
	const site = "/api/v1/sites/b"
	known := map[string]fetcher{
		"POST /api/v1/sites/{site}/moderation/webhooks": func(ask func(string, string, values), at string) {
			s.clearHooks()
			ask("POST", site+"/moderation/webhooks", values{"url": at, "events": []string{"comment.arrived"}})
			for _, id := range s.texts("SELECT id FROM webhooks") {
				ask("POST", site+"/moderation/webhooks/"+id+"/test", nil)
			}
		},
		"POST /api/v1/sites/{site}/moderation/neighbours": func(ask func(string, string, values), at string) {
			s.clear("neighbours")
			ask("POST", site+"/moderation/neighbours", values{"url": at, "key": strings.Repeat("A", 43)})
		},
		"POST /api/v1/sites/{site}/moderation/neighbours/preview": func(ask func(string, string, values), at string) {
			ask("POST", site+"/moderation/neighbours/preview", values{"url": at})
		},
		"PATCH /api/v1/sites/{site}": func(ask func(string, string, values), at string) {
			ask("PATCH", site, values{"checker": at})
			ask("PATCH", site+"/moderation/checker", values{"key": "a key"})
			in := s.written()
			in["page"] = values{"url": other + "/post"}
			ask("POST", site+"/comments", in)
		},
	}
	doc, err := openapi3.NewLoader().LoadFromFile(top + "/api/openapi.yaml")
	must(t, err)
	found := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, o := range item.Operations() {
			if o.RequestBody == nil || o.RequestBody.Value.Content.Get("application/json") == nil {
				continue
			}
			for _, p := range o.RequestBody.Value.Content.Get("application/json").Schema.Value.Properties {
				if p.Value.Format == "uri" {
					found[method+" "+path] = true
				}
			}
		}
	}
	if !maps.EqualFunc(found, known, func(bool, fetcher) bool { return true }) {
		t.Fatalf("the API has fields of format uri in %v: add a fetcher for each here", slices.Sorted(maps.Keys(found)))
	}
	return known
}

// listener starts a server that accepts and closes connections. It returns the address and a function that counts them.
func listener(t testing.TB, address string) (at string, calls func() int64) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	var n atomic.Int64
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			n.Add(1)
			_ = c.Close() // it is only counted
		}
	}()
	return l.Addr().String(), n.Load
}

var connected = regexp.MustCompile(`connect\(\d+, \{sa_family=AF_INET6?,.*?sin6?_port=htons\((\d+)\).*?"([^"]+)"`)

// started matches a system call in the output of strace; if the call is split into two lines, the first of them.
var started = regexp.MustCompile(`(connect|sendto|sendmsg)\(`)

// watched attaches strace to a process. The function it returns lists the addresses that the process tried to reach.
func watched(t testing.TB, pid int) func() []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "calls")
	cmd := exec.Command("strace", "-f", "-e", "trace=connect,sendto,sendmsg", "-o", file, "-p", fmt.Sprint(pid))
	said, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // strace detaches
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(said)
	if !lines.Scan() || !strings.Contains(lines.Text(), "attached") {
		t.Skipf("this user may not trace a process: %s", lines.Text())
	}
	go func() {
		for lines.Scan() { // drain: one line for each thread
		}
	}()
	return func() (all []string) {
		calls, err := os.ReadFile(file)
		must(t, err)
		for line := range strings.Lines(string(calls)) {
			if m := connected.FindStringSubmatch(line); m != nil {
				all = append(all, m[2]+":"+m[1])
			} else if started.MatchString(line) {
				all = append(all, line)
			}
		}
		return all
	}
}
