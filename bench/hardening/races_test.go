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

// atOnce says how many requests come at one instant, and how often that is done to a route.
const (
	atOnce = 100
	rounds = 5
)

// again are the tables in which a route may leave more than one row, and how many at most: who signs in a hundred times
// has a hundred sessions, and who asks for the link to what is held gets two mails a day.
var again = map[string]struct {
	table string
	most  int
}{
	"POST /api/v1/session": {"sessions", atOnce}, "POST /moderate/signin": {"sessions", atOnce},
	"POST /api/v1/tokens": {"tokens", atOnce}, "POST /moderate/tokens": {"tokens", atOnce},
	"POST /sites/:site/signin":         {"sessions", atOnce},
	"POST /api/v1/sites/:site/privacy": {"letters", 2}, "POST /sites/:site/privacy": {"letters", 2},
}

// keyed are routes on which the same twice is two, but for the key that our own pages and clients send with it.
var keyed = []string{
	"POST /api/v1/sites/:site/moderation/comments/:id/reply", "POST /api/v1/sites/:site/moderation/copies",
	"POST /api/v1/sites/:site/moderation/webhooks", "POST /api/v1/sites/:site/moderation/takedowns",
}

// races sends one and the same request a hundred times at one instant to each writing route. What is there
// afterwards is what one of them leaves, and none is answered by an error of ours.
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
					// What is copied is what the other site has by then: its entry is counted.
					// Of sessions a new password ends as many as there are.
					all := table == "lessons" && strings.HasSuffix(route, "/copies") ||
						table == "sessions" && strings.HasSuffix(route, "/password")
					more := again[route]
					if n != once[table] && !all && (more.table != table || n > more.most) {
						what := fmt.Sprintf("%s: %s has rows more than the %d of one request", route, table, once[table])
						if doubled[what]++; doubled[what] == 1 { // a route's is told once
							failures = append(failures, fmt.Sprintf("%s: %d", what, n))
						}
					}
				}
			}
		}
	}
	return count(t, fmt.Sprintf("%d requests to %d routes, both databases", tried, writing/2), failures, "")
}

// rush does one act n times at one instant, and returns by how many rows each table grew or shrank.
func (s *stage) rush(route string, n int) (grown map[string]int, failures []string) {
	s.t.Helper()
	a := s.act(route)
	header := map[string]string{"Origin": s.URL, "Content-Type": a.contentType(), "Cookie": s.signIn()}
	for name, value := range a.header {
		header[name] = value
	}
	ours := []string{"POST /m/:token", "POST /mail/:token", "POST /sites/:site/privacy"} // pages of ours send these
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
		failures = append(failures, fmt.Sprintf("%s: nobody was let through, the first got %d %.300s",
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

// sizes are how many rows each table has that is no one's by itself.
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
