package hardening

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aitys/aitys/e2e/kit"
)

// outgoing names each row's address wherever one can be named, by strangers and by owners, and watches every connection
// that the server begins, look-ups of names too. It may reach its Redis, and nothing else: that it does is how the
// watch is tried.
func outgoing(t testing.TB, _ bench) result {
	if _, err := exec.LookPath("strace"); err != nil {
		return result{why: "strace is not installed, by which connections are watched"}
	}
	type row struct{ URL, Server string }
	all := rows[row](t, "ssrf-urls.jsonl")
	shared, way := kit.NewRedisServer(t).Proxied(t)
	s := newStage(t, kit.SQLite(t))
	s.Kill()
	s.Instance = s.another(t, "--redis", shared)
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
	}
	ask("GET", "/api/v1/sites/a/moderation/queue?limit=200", nil)
	way.Set(t, kit.Fault{Refuse: true})
	kit.Until(t, "redis is missed", s.saysOfRedis(t, "down"))
	way.Set(t, kit.Fault{})
	kit.Until(t, "redis is back", s.saysOfRedis(t, "up"))
	own := 0
	for _, to := range connections() {
		if to == way.Addr {
			own++
		} else {
			failures = append(failures, "it reached for "+to)
		}
	}
	if own == 0 || taken < len(all) {
		t.Fatalf("%d connections to Redis are seen, %d requests taken: nothing is watched", own, taken)
	}
	return count(t, fmt.Sprintf("%d rows × 7 (%d own connections seen)", len(all), own), failures, "")
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
