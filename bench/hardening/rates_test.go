package hardening

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// evadedRates posts from 10,000 addresses of one /64 through a trusted proxy, with forged headers, to three servers in
// turn. Halfway Redis, which holds the shared counts, is cut off. The figure is the number of accepted posts divided by
// the limit of one address.
func evadedRates(t testing.TB, _ bench) result {
	const tries, perMinute, burst = 5_000, 10, 20 // see web.LimitPosts
	shared, way := testkit.NewRedisServer(t).ProxyURL(t)
	options := append([]string{"--redis", shared}, behind...)
	s := newServer(t, testkit.Postgres(t), options...)
	all := []*testkit.Instance{s.Instance, s.another(t, options...), s.another(t, options...)}
	made := func() string { return fmt.Sprintf("203.0.113.%d", rand.IntN(256)) }
	accepted := 0
	began := time.Now()
	for n := range tries {
		if n == tries/2 {
			way.Set(t, testkit.Fault{Refuse: true})
		}
		s.Instance = all[n%len(all)]
		got := s.ask(t, "POST", commentsOfA, map[string]string{
			"X-Forwarded-For": fmt.Sprintf("%s, %s, 2001:db8:9:9::%x", made(), made(), rand.IntN(10_000)),
			"X-Real-Ip":       made(), "Forwarded": "for=" + made(), "True-Client-Ip": made(), "Cf-Connecting-Ip": made(),
		}, document(fmt.Sprintf("%s/%d", blog, n%7), "N", fmt.Appendf(nil, "An attempt, number %d of its kind.", n)))
		switch got.status {
		case 201:
			accepted++
		case 429:
		default:
			t.Fatalf("%d %s %v", got.status, got.body, got.err)
		}
	}
	took := time.Since(began)
	may := burst + perMinute*took.Minutes()
	r := result{verdict: holds, ours: fmt.Sprintf("%.2f × in %d: %d accepted in %v, one address may %.1f",
		float64(accepted)/may, tries, accepted, took.Round(time.Second), may)}
	if accepted < burst {
		t.Fatalf("only %d are accepted", accepted)
	}
	if float64(accepted) > 1.1*may {
		r.verdict, r.why = fallsShort, "without Redis each server counts alone"
	}
	return r
}
