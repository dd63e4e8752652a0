package hardening

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/bench/load"
	"github.com/aitys/aitys/internal/testkit"
)

const (
	tries   = 200  // per side and comparison
	chance  = 0.01 // significance level
	repeats = 3    // comparisons; one may be significant
)

// signInTimes compares response times: of a wrong password for accounts that exist and that do not, and of a wrong edit
// token for comments that exist and that do not. The sides take turns, so that other load affects both.
func signInTimes(t testing.TB, _ bench) result {
	s := newStage(t, testkit.SQLite(t))
	emails := make([]string, tries/3) // an account must wait after five wrong tries in a row
	for i := range emails {
		emails[i] = fmt.Sprintf("known%d@people.example", i)
		in := values{"email": emails[i], "name": "P", "role": "author", "site": []string{"a"}, "password": password}
		s.make("POST", "/api/v1/accounts", in)
	}
	comments := make([]string, 50)
	for i := range comments {
		comments[i] = s.post(s.written()).ID
	}
	token := s.post(s.written()).EditToken
	n := 0 // requests, two per turn
	signIn := func(known bool) time.Duration {
		email := fmt.Sprintf("nobody%d@people.example", n/2%len(emails))
		if known {
			email = emails[n/2%len(emails)]
		}
		n++
		body := act{json: values{"email": email, "password": "a wrong one of that length"}}.body()
		return s.took("POST", "/api/v1/session", nil, body, http.StatusUnauthorized)
	}
	own := func(known bool) time.Duration {
		id := comments[n/2%len(comments)]
		n++
		if !known {
			id = id[:len(id)-6] + "ffffff"
		}
		with := map[string]string{"Authorization": "Bearer " + token}
		return s.took("GET", commentsOfA+"/"+id, with, nil, http.StatusNotFound)
	}
	var failures, said []string
	for name, ask := range map[string]func(bool) time.Duration{"sign-in": signIn, "a comment's token": own} {
		below := 0
		for range repeats {
			s.Instance = s.another(t) // a process without wrong tries
			known, unknown := times(tries, ask)
			p := differ(known, unknown)
			said = append(said, fmt.Sprintf("%.2f", p))
			t.Logf("%s: p %.4f, median %v and %v", name, p, known.At(0.5), unknown.At(0.5))
			if p <= chance {
				below++
			}
			for i := range known {
				known[i] += known[i] / 2
			}
			if p := differ(known, unknown); p > chance {
				t.Fatalf("%s: a difference of 50 %% is not detected: p is %.3f", name, p)
			}
		}
		if below > 1 {
			failures = append(failures, fmt.Sprintf("%s: p is %v, of 2 × %d", name, said, repeats))
		}
	}
	return count(t, fmt.Sprintf("2 × %d × %d a side, p %s", repeats, tries, strings.Join(said, " ")), failures, "")
}

// took returns the response time of a request, which must be answered with status.
func (s *stage) took(method, path string, header map[string]string, body []byte, status int) time.Duration {
	s.t.Helper()
	got := s.ask(s.t, method, path, header, body)
	if got.status != status {
		s.t.Fatalf("%s %s: %d %s %v, want %d", method, path, got.status, got.body, got.err, status)
	}
	return got.took
}

// times calls ask n times per side and returns the latencies. The first side alternates. The first ten turns are
// warm-up.
func times(n int, ask func(known bool) time.Duration) (known, unknown load.Latencies) {
	const warm = 10
	for i := range n + warm {
		first := i%2 == 0
		one, two := ask(first), ask(!first)
		if i < warm {
			continue
		}
		if !first {
			one, two = two, one
		}
		known, unknown = append(known, one), append(unknown, two)
	}
	slices.Sort(known)
	slices.Sort(unknown)
	return known, unknown
}

// differ returns the p-value of the two-sided Mann-Whitney U test, by the normal approximation.
func differ(a, b load.Latencies) float64 {
	all := slices.Concat(a, b)
	slices.Sort(all)
	var ranks float64
	for _, v := range a {
		at, _ := slices.BinarySearch(all, v)
		ranks += float64(at + 1)
	}
	n, m := float64(len(a)), float64(len(b))
	u := ranks - n*(n+1)/2
	z := (u - n*m/2) / math.Sqrt(n*m*(n+m+1)/12)
	return math.Erfc(math.Abs(z) / math.Sqrt2)
}
