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

// tries are a side's in a comparison of times, chance how rare a difference may be that is none, and repeats how
// often all is measured: one of them may be below.
const (
	tries   = 200
	chance  = 0.01
	repeats = 3
)

// signInTimes compares the time of a wrong password of accounts that are there with that of none, and of a comment
// that is there, under a wrong edit token, with one that is not. Both sides take turns, so that what else the machine
// does falls on both.
func signInTimes(t testing.TB, _ bench) result {
	s := newStage(t, testkit.SQLite(t))
	emails := make([]string, tries/3) // five wrong tries in a row, and an account has to wait
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
	n := 0 // two a turn
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
			s.Instance = s.another(t) // one that has seen no wrong tries
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
				t.Fatalf("%s: half as much again is not seen: p is %.3f", name, p)
			}
		}
		if below > 1 {
			failures = append(failures, fmt.Sprintf("%s: p is %v, of 2 × %d", name, said, repeats))
		}
	}
	return count(t, fmt.Sprintf("2 × %d × %d a side, p %s", repeats, tries, strings.Join(said, " ")), failures, "")
}

// took is the time of an answer that has to have a status.
func (s *stage) took(method, path string, header map[string]string, body []byte, status int) time.Duration {
	s.t.Helper()
	got := s.ask(s.t, method, path, header, body)
	if got.status != status {
		s.t.Fatalf("%s %s: %d %s %v, want %d", method, path, got.status, got.body, got.err, status)
	}
	return got.took
}

// times asks n times a side, in turns of which every second begins with the other side, after some that warm up.
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

// differ is how likely two samples of one distribution differ as much, by the ranks of their values (Mann and
// Whitney's test, two-sided, by the normal distribution).
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
