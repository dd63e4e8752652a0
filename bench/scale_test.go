package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/aitys/aitys/internal/testkit"
)

const (
	scaleReplicas = 3
	scalePosters  = 4
	scaleDeciders = 2
	scaleReaders  = 4
	scalePhase    = 15 * time.Second // traffic after each fault
	scaleOutage   = 3 * time.Second  // from the end of the primary to the promotion of the standby
)

// BenchmarkScale runs three replicas behind nginx, on Postgres with a synchronous standby and on Redis, under steady
// traffic. It kills and restarts replicas, empties and stops Redis, and replaces the primary by its standby. It counts
// failed answers, and acknowledged comments and decisions that are lost or doubled.
func BenchmarkScale(b *testing.B) {
	inModuleRoot(b, func(binary, dir string) error {
		how := fmt.Sprintf("`make scale`: %d replicas behind nginx, Postgres with a synchronous standby, Redis; %d clients post, "+
			"%d post and decide, %d read; %s after each fault", scaleReplicas, scalePosters, scaleDeciders, scaleReaders, scalePhase)
		s := newScale(b, binary, dir)
		lines := s.run(b)
		fmt.Println(strings.Join(lines, "\n"))
		return writeFigures("scale", how, lines)
	})
}

// scale is a service of several replicas.
type scale struct {
	binary, dir string
	flags       []string // of each replica
	ports       []string
	replicas    []*testkit.Instance
	primary     testkit.DurablePostgres
	standby     testkit.Standby
	redis       *testkit.RedisServer
	token, url  string // url is nginx's

	traffic traffic
	posts   testkit.PostLog
	mu      sync.Mutex
	decided []testkit.PostResult // comments whose approval was acknowledged
}

func newScale(b *testing.B, binary, dir string) *scale {
	s := &scale{binary: binary, dir: dir, primary: testkit.NewDurablePostgres(b), redis: testkit.NewRedisServer(b),
		posts: testkit.PostLog{Page: "https://bench.example/post"}}
	s.primary.Database(b, "scale")
	s.standby = s.primary.NewStandby(b)
	s.flags = []string{"--data", filepath.Join(dir, "data"), "--database", s.standby.URL(s.primary, "scale"), "--redis", s.redis.URL}
	for _, args := range [][]string{ // the last prints the token
		{"migrate", "up"},
		{"site", "add", "--key", "bench", "--name", "Bench", "--origin", "https://bench.example"},
		{"account", "add", "--email", "m@bench.example", "--name", "M", "--role", "owner"},
		{"token", "add", "--account", "m@bench.example", "--scope", "admin"},
	} {
		out, err := testkit.Run(binary, append(args, s.flags...)...)
		if err != nil {
			b.Fatal(err)
		}
		s.token = strings.TrimSpace(out)
	}
	s.replicas = make([]*testkit.Instance, scaleReplicas)
	for i := range s.replicas {
		s.ports = append(s.ports, freePort(b))
		s.start(b, i)
	}
	b.Cleanup(func() {
		for _, r := range s.replicas {
			r.Kill()
		}
	})
	s.url = startNginx(b, filepath.Join(dir, "nginx"), s.ports)
	return s
}

func (s *scale) start(b *testing.B, replica int) {
	b.Helper()
	i, err := testkit.Start(s.binary, append([]string{"serve", "--listen", "127.0.0.1:" + s.ports[replica], "--public-url",
		"https://comments.bench.example", "--limits", "off", "--trusted-proxy", "127.0.0.1"}, s.flags...)...)
	if err != nil {
		b.Fatal(err)
	}
	s.replicas[replica] = i
}

func freePort(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	return port
}

// startNginx starts nginx in front of replicas, with the settings of docs/operating.md, and returns its URL.
func startNginx(b *testing.B, dir string, ports []string) string {
	b.Helper()
	program := testkit.Program(b, "nginx")
	servers := ""
	for _, port := range ports {
		servers += "server 127.0.0.1:" + port + " max_fails=0; "
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;"
	}
	listen := freePort(b)
	config := fmt.Sprintf(`daemon off; pid %[1]s/pid; error_log %[1]s/error.log; %[2]s worker_processes 1;
events { worker_connections 1024; }
http {
	access_log off;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	upstream aitys { %[3]s keepalive 64; }
	server {
		listen 127.0.0.1:%[4]s;
		location / {
			proxy_pass http://aitys;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_set_header Host $host;
			proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
			proxy_buffering off;
			proxy_connect_timeout 1s;
			proxy_next_upstream error timeout non_idempotent;
		}
	}
}
`, dir, user, servers, listen)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(program, "-p", dir, "-c", file)
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // ends the workers too
		_ = cmd.Wait()
	})
	url := "http://127.0.0.1:" + listen
	testkit.Until(b, "nginx answers", func() bool { return get(http.DefaultClient, url+"/healthz") == nil })
	return url
}

// run applies the faults one after the other under traffic, and returns the table.
func (s *scale) run(b *testing.B) []string {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var clients sync.WaitGroup
	for range scalePosters {
		clients.Go(func() { s.posts.PostWithRetries(ctx, s.client(""), 20*time.Millisecond) })
	}
	for i := range scaleDeciders {
		clients.Go(func() { s.postAndDecide(ctx, i) })
	}
	for range scaleReaders {
		clients.Go(func() { s.read(ctx) })
	}
	shared := redis.NewClient(&redis.Options{Network: "unix", Addr: strings.TrimPrefix(s.redis.URL, "unix://")})
	defer shared.Close()
	lines := []string{"| while | requests | 503 with Retry-After | other 5xx and broken connections | slowest answer |",
		"| --- | --- | --- | --- | --- |"}
	for _, phase := range []struct {
		name string
		do   func()
	}{
		{"nothing fails", func() {}},
		{"one replica is killed with -9 and started again", func() {
			s.replicas[0].Kill()
			wait(ctx, 2*time.Second)
			s.start(b, 0)
		}},
		{"all replicas are restarted, one after the other", func() {
			for i := range s.replicas {
				if err := s.replicas[i].Stop(); err != nil {
					b.Fatal(err)
				}
				s.start(b, i)
			}
		}},
		{"Redis is emptied", func() {
			if err := shared.FlushAll(ctx).Err(); err != nil {
				b.Fatal(err)
			}
		}},
		{"Redis is stopped and started again", func() {
			s.redis.Stop(b)
			wait(ctx, 5*time.Second)
			s.redis.Start(b)
		}},
		{fmt.Sprintf("the primary crashes, and %s later the standby is promoted", scaleOutage), func() {
			s.primary.Crash(b)
			wait(ctx, scaleOutage)
			s.standby.Promote(b)
		}},
	} {
		fmt.Fprintln(os.Stderr, phase.name)
		s.traffic.reset()
		phase.do()
		wait(ctx, scalePhase)
		lines = append(lines, "| "+phase.name+" | "+s.traffic.String()+" |")
		if failed := s.traffic.failures(); len(failed) > 0 {
			fmt.Fprintf(os.Stderr, "%d failures, the first: %s\n", len(failed), failed[0])
		}
	}
	cancel()
	clients.Wait()
	return append(lines, "", s.verify(b))
}

// verify reads every acknowledged comment and decision, and verifies the log. It returns a sentence.
func (s *scale) verify(b *testing.B) string {
	direct := func(token string) *testkit.Client {
		return &testkit.Client{URL: s.url, Site: "bench", Token: token, HTTP: http.DefaultClient}
	}
	n := s.posts.Verify(b, direct(""), direct(s.token))
	reverted := 0
	for _, p := range s.decided {
		if _, state, err := direct("").Own(b.Context(), p.ID, p.EditToken); err != nil || state != "approved" {
			reverted++
		}
	}
	audit := "the audit log verifies"
	if out, err := testkit.Run(s.binary, append([]string{"doctor", "--audit"}, s.flags...)...); err != nil {
		audit = fmt.Sprintf("**the doctor fails**: %s%v", out, err)
	}
	return fmt.Sprintf("Acknowledged comments: %d, lost %d, doubled %d. Acknowledged approvals: %d, lost %d; %s.",
		n.Acknowledged, n.Lost, n.Duplicated, len(s.decided), reverted, audit)
}

func (s *scale) client(token string) *testkit.Client {
	return &testkit.Client{URL: s.url, Site: "bench", Token: token, HTTP: &http.Client{Transport: &s.traffic}}
}

// postAndDecide posts comments and approves each, until ctx ends.
func (s *scale) postAndDecide(ctx context.Context, client int) {
	c, words := s.client(s.token), newVocabulary()
	for n := client; ctx.Err() == nil; n += scaleDeciders {
		p, err := s.client("").Post(ctx, fmt.Sprintf("decided-key-%08d", n), "https://bench.example/decided", "D", "", words.text(n))
		if err == nil {
			d, err := c.Decide(ctx, "approve", "", testkit.CommentRef{ID: p.ID, Version: p.Version})
			if err == nil && d.Decided == 1 {
				s.mu.Lock()
				s.decided = append(s.decided, p)
				s.mu.Unlock()
			}
		}
		wait(ctx, 50*time.Millisecond)
	}
}

// read reads pages that are not cached, until ctx ends.
func (s *scale) read(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		_ = s.client("").Do(ctx, http.MethodGet, fmt.Sprintf("/comments?page=https://bench.example/decided%%3F%d", n), nil, nil, nil)
		wait(ctx, 20*time.Millisecond)
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// traffic counts answers. It is a transport of HTTP clients.
type traffic struct {
	mu              sync.Mutex
	requests, later int
	failed          []string
	slowest         time.Duration
	http.Transport
}

// RoundTrip implements http.RoundTripper.
func (t *traffic) RoundTrip(req *http.Request) (*http.Response, error) {
	began := time.Now()
	res, err := t.Transport.RoundTrip(req)
	took := time.Since(began)
	if err != nil && req.Context().Err() != nil {
		return res, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests++
	t.slowest = max(t.slowest, took)
	switch {
	case err != nil:
		t.failed = append(t.failed, fmt.Sprintf("%s %s: %v", req.Method, req.URL.Path, err))
	case res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("Retry-After") != "":
		t.later++
	case res.StatusCode >= http.StatusInternalServerError:
		t.failed = append(t.failed, fmt.Sprintf("%s %s: %s", req.Method, req.URL.Path, res.Status))
	}
	return res, err
}

func (t *traffic) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests, t.later, t.failed, t.slowest = 0, 0, nil, 0
}

func (t *traffic) failures() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed
}

func (t *traffic) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return fmt.Sprintf("%d | %d | %d | %.2f s", t.requests, t.later, len(t.failed), t.slowest.Seconds())
}
