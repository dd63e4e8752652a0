package hardening

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// endedSessions revokes the rights of a moderator with streams open on three servers, in six ways. It waits until every
// server refuses the session and has closed the stream. It repeats this with Redis cut off.
func endedSessions(t testing.TB, _ bench) result {
	const rounds = 20
	shared, way := testkit.NewRedisServer(t).ProxyURL(t)
	s := newStage(t, testkit.Postgres(t))
	s.Kill()
	var all []*testkit.Instance
	for range 3 {
		all = append(all, s.another(t, "--redis", shared))
	}
	s.Instance = all[0]
	var failures, said []string
	for _, redis := range []struct {
		name  string
		fault testkit.Fault
		late  time.Duration
	}{{"with Redis", testkit.Fault{}, time.Second}, {"without", testkit.Fault{Refuse: true}, 5 * time.Second}} {
		way.Set(t, redis.fault)
		if redis.fault.Refuse {
			for _, s.Instance = range all {
				testkit.Until(t, "it is noticed that redis is away", s.saysOfRedis(t, "down"))
			}
		}
		slowest := time.Duration(0)
		for n := range rounds {
			s.Instance = all[n%len(all)]
			what, took := s.endOne(n, all)
			slowest = max(slowest, took)
			if took > redis.late {
				failures = append(failures, fmt.Sprintf("%s, %s: ended everywhere after %v", redis.name, what, took))
			}
		}
		said = append(said, fmt.Sprintf("%d %s in %v", rounds, redis.name, slowest.Round(time.Millisecond)))
	}
	return count(t, fmt.Sprintf("%s, %s", said[0], said[1]), failures, "")
}

// endOne ends the session of a new moderator in way n, and returns how long the last server took.
func (s *stage) endOne(n int, all []*testkit.Instance) (what string, took time.Duration) {
	s.t.Helper()
	s.n++
	email := fmt.Sprintf("m%d@people.example", s.n)
	person := values{"email": email, "name": "M", "role": "moderator", "site": []string{"a"}, "password": password}
	id := s.make("POST", "/api/v1/accounts", person)["id"].(string)
	cookie := s.signInAs(email)
	var ended []<-chan struct{}
	for _, i := range all {
		ended = append(ended, s.follow(i, cookie))
	}
	began := time.Now()
	own := func(method, path string, in values) {
		header := map[string]string{"Cookie": cookie, "Origin": s.URL}
		if got := s.ask(s.t, method, path, header, act{json: in}.body()); got.status >= 300 {
			s.t.Fatalf("%s %s: %d %s", method, path, got.status, got.body)
		}
	}
	account := "/api/v1/accounts/" + id
	switch n % 6 {
	case 0:
		what = "another role"
		s.make("PATCH", account, values{"role": "author"})
	case 1:
		what = "another site"
		s.make("PATCH", account, values{"role": "moderator", "site": []string{"b"}})
	case 2:
		what = "disabled"
		s.make("PATCH", account, values{"disabled": true})
	case 3:
		what = "one's own password"
		own("PATCH", "/api/v1/me", values{"password": values{"old": password, "new": "a tram of green pears"}})
	case 4:
		what = "signed out"
		own("DELETE", "/api/v1/session", nil)
	case 5:
		what = "removed"
		if got := s.ask(s.t, "DELETE", account, s.bearer(), nil); got.status >= 300 {
			s.t.Fatalf("remove: %d %s", got.status, got.body)
		}
	}
	here := s.Instance
	for i, end := range ended {
		s.Instance = all[i]
		testkit.Until(s.t, "the session is refused after "+what, func() bool {
			return s.ask(s.t, "GET", "/api/v1/me", map[string]string{"Cookie": cookie}, nil).status == http.StatusUnauthorized
		})
		select {
		case <-end:
		case <-time.After(30 * time.Second):
			s.t.Fatalf("a stream is still open after %s", what)
		}
	}
	s.Instance = here
	return what, time.Since(began)
}

// follow opens a stream of the queue. The channel is closed when the stream ends.
func (s *stage) follow(i *testkit.Instance, cookie string) <-chan struct{} {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), "GET", i.URL+"/api/v1/sites/a/moderation/live", nil)
	must(s.t, err)
	req.Header.Set("Cookie", cookie)
	res, err := (&http.Client{Transport: &http.Transport{}}).Do(req)
	must(s.t, err)
	from := bufio.NewReader(res.Body)
	if line, err := from.ReadString('\n'); err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatalf("follow: %d %q %v", res.StatusCode, line, err)
	}
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, from) // until the end, with or without an error
		_ = res.Body.Close()
		close(ended)
	}()
	return ended
}
