package hardening

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

const (
	atOnce = 100 // concurrent requests
	rounds = 5   // per route
)

// again maps routes to a table in which repeated requests may add several rows, and to the maximum: each sign-in
// creates a session, and two mails per day with a link to stored data are allowed.
var again = map[string]struct {
	table string
	most  int
}{
	"POST /api/v1/session": {"sessions", atOnce}, "POST /moderate/signin": {"sessions", atOnce},
	"POST /api/v1/tokens": {"tokens", atOnce}, "POST /moderate/tokens": {"tokens", atOnce},
	"POST /sites/:site/signin":         {"sessions", atOnce},
	"POST /api/v1/sites/:site/privacy": {"letters", 2}, "POST /sites/:site/privacy": {"letters", 2},
}

// keyed lists routes that deduplicate only with an idempotency key.
var keyed = []string{
	"POST /api/v1/sites/:site/moderation/comments/:id/reply", "POST /api/v1/sites/:site/moderation/copies",
	"POST /api/v1/sites/:site/moderation/webhooks", "POST /api/v1/sites/:site/moderation/takedowns",
}

// races sends the same request 100 times concurrently to each writing route. The tables must change as by one request,
// and no request may be answered with a server error other than 503.
func races(t testing.TB, _ bench) result {
	var failures []string
	tried, writing, doubled := 0, 0, map[string]int{}
	for _, database := range []string{testkit.SQLite(t), testkit.Postgres(t)} {
		s := newStage(t, database)
		for _, route := range routes(t) {
			if strings.HasPrefix(route, "GET ") {
				continue
			}
			writing++
			s.lookAt(route)
			once, bad := s.rush(route, 1)
			if len(bad) > 0 || len(once) == 0 && strings.Contains(route, "POST /api/v1/accounts") {
				t.Fatalf("%s alone: %v, %v", route, once, bad)
			}
			for range rounds {
				many, bad := s.rush(route, atOnce)
				tried += atOnce
				failures = append(failures, bad...)
				for table, n := range many {
					// A copy takes all lessons that the other site has by then; its log entry is counted instead.
					// A new password ends all existing sessions.
					all := table == "lessons" && strings.HasSuffix(route, "/copies") ||
						table == "sessions" && strings.HasSuffix(route, "/password")
					more := again[route]
					if n != once[table] && !all && (more.table != table || n > more.most) {
						what := fmt.Sprintf("%s: rows of %s differ from the %d of one request", route, table, once[table])
						if doubled[what]++; doubled[what] == 1 { // report each once
							failures = append(failures, fmt.Sprintf("%s: %d", what, n))
						}
					}
				}
			}
		}
	}
	return count(t, fmt.Sprintf("%d requests to %d routes, both databases", tried, writing/2), failures, "")
}

// rush sends one act n times concurrently, and returns by how many rows each table grew or shrank.
func (s *stage) rush(route string, n int) (grown map[string]int, failures []string) {
	s.t.Helper()
	a := s.act(route)
	header := map[string]string{"Origin": s.URL, "Content-Type": a.contentType(), "Cookie": s.signIn()}
	for name, value := range a.header {
		header[name] = value
	}
	ours := []string{"POST /m/:token", "POST /mail/:token", "POST /sites/:site/privacy"} // sent by pages of the service
	if slices.Contains(publicRoutes, route) && !slices.Contains(ours, route) {
		delete(header, "Origin")
	}
	if slices.Contains(keyed, route) {
		header["Idempotency-Key"] = fmt.Sprintf("race-of-many-%08d", s.n)
	}
	before := s.sizes()
	answers := make([]answer, n)
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			answers[i] = s.ask(s.t, a.method, a.path, header, a.body())
		})
	}
	close(start)
	all.Wait()
	done := 0
	for _, got := range answers {
		switch {
		case got.err != nil || got.status >= 500 && got.status != http.StatusServiceUnavailable:
			failures = append(failures, fmt.Sprintf("%s: %d %.200s %v", route, got.status, got.body, got.err))
		case got.status < 400:
			done++
		}
	}
	if done == 0 {
		failures = append(failures, fmt.Sprintf("%s: every request was refused, the first with %d %.300s",
			route, answers[0].status, answers[0].body))
	}
	grown = map[string]int{}
	for table, n := range s.sizes() {
		if n != before[table] {
			grown[table] = n - before[table]
		}
	}
	return grown, failures
}

// sizes returns the number of rows of each table that content covers.
func (s *stage) sizes() map[string]int {
	s.t.Helper()
	out := map[string]int{}
	for table, digest := range s.content() {
		var n int
		if _, err := fmt.Sscanf(digest, "%d rows", &n); err != nil {
			s.t.Fatal(err)
		}
		out[table] = n
	}
	return out
}
