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

// outgoing puts each row's address into every text that is never fetched, and into every field that is: those of format
// uri in the API's description. It watches every connection that the server opens. Only Redis, the resolver of names
// and one allowed address may be dialled, and each fetcher must have dialled that one.
func outgoing(t testing.TB, _ bench) result {
	if _, err := exec.LookPath("strace"); err != nil {
		return result{why: "strace is not installed, by which connections are watched"}
	}
	type row struct{ URL, Server string }
	all := rows[row](t, "ssrf-urls.jsonl")
	shared, way := testkit.NewRedisServer(t).Proxied(t)
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
			at = fmt.Sprintf("http://%s/%d", way.Addr, n) // what that server would answer does not matter
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
			// Port 53 is the resolver's. To sort the addresses of a name Go connects a socket of UDP to port 9, and
			// sends nothing.
			failures = append(failures, "it reached for "+to)
		}
	}
	if own == 0 || taken < len(all) {
		t.Fatalf("%d connections to Redis are seen, %d requests taken: nothing is watched", own, taken)
	}
	return count(t, fmt.Sprintf("%d rows × %d (%d own connections seen)", len(all), 7+len(fetchers), own), failures, "")
}

// A fetcher has the server fetch an address, if it accepts it.
type fetcher func(ask func(method, path string, in values), address string)

// fetchers are those of the fields of format uri that requests of the API have.
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
		t.Fatalf("the API describes the fetchers %v: say here how each is made to fetch", slices.Sorted(maps.Keys(found)))
	}
	return known
}

// listener accepts connections, closes them, and returns its address and what counts them.
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
			_ = c.Close() // that it came is enough
		}
	}()
	return l.Addr().String(), n.Load
}

var connected = regexp.MustCompile(`connect\(\d+, \{sa_family=AF_INET6?,.*?sin6?_port=htons\((\d+)\).*?"([^"]+)"`)

// started is a call that begins; of one that is told of in two lines it is the first.
var started = regexp.MustCompile(`(connect|sendto|sendmsg)\(`)

// watched attaches to a process, and returns what lists the addresses that it tried to reach so far.
func watched(t testing.TB, pid int) func() []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "calls")
	cmd := exec.Command("strace", "-f", "-e", "trace=connect,sendto,sendmsg", "-o", file, "-p", fmt.Sprint(pid))
	said, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // it lets the process go
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(said)
	if !lines.Scan() || !strings.Contains(lines.Text(), "attached") {
		t.Skipf("this user may not watch a process: %s", lines.Text())
	}
	go func() {
		for lines.Scan() { // each thread says so, too
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
