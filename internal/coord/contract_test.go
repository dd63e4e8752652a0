package coord_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/coord"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/presence"
	"github.com/aitys/aitys/moderation/site"
)

// testContract tests that Coord keeps its contract, in memory and with Redis, and returns the number of rules tested. open
// returns the Coords of two processes: two connections to one Redis, or the same Coord twice for a single process.
func testContract(t *testing.T, open func(t *testing.T) (a, b *coord.Coord)) int {
	t.Helper()
	tried := 0
	for _, s := range contractRules {
		t.Run(s.name, func(t *testing.T) {
			a, b := open(t)
			tried++
			s.holds(t, a, b)
		})
	}
	return tried
}

var contractRules = []struct {
	name  string
	holds func(t *testing.T, a, b *coord.Coord)
}{
	{"a burst is allowed, and the next event gets the time to wait", burst},
	{"used events become available again one by one", refill},
	{"a refunded event is available again", givenBack},
	{"keys and sites are limited separately", keysApart},
	{"processes share a limit", sharedLimit},
	{"of many concurrent events exactly the burst is allowed", instantLimit},
	{"a canceled caller is limited too", goneCaller},
	{"a ring reaches both processes", ringHeard},
	{"rings without listeners do not block", ringsUnheard},
	{"rings end with their context", ringsEnd},
	{"a claim is granted once until it ends", claimOnce},
	{"claims are separate by name and site", claimsApart},
	{"of many concurrent claims one succeeds", instantClaim},
	{"origin requests are counted by origin and site", originsCounted},
	{"processes add up their counts", originsShared},
	{"allowed origins are separate and counted once a minute", originsAllowed},
	{"a dismissed origin stays dismissed in every process", originsDismissed},
	{"of too many origins the most frequent and the latest are kept", originsBounded},
	{"every process knows the moderators present on a site, until they leave", present},
}

func burst(t *testing.T, a, _ *coord.Coord) {
	for i := range 3 {
		if ok, wait := a.Allow(t.Context(), 1, "k", 6, 3); !ok || wait != 0 {
			t.Fatalf("event %d of a burst of 3: got %v, wait %v; want allowed", i+1, ok, wait)
		}
	}
	ok, wait := a.Allow(t.Context(), 1, "k", 6, 3)
	if ok || wait <= 9*time.Second || wait > 10*time.Second {
		t.Errorf("event 4 of a burst of 3 at 6 a minute: got %v, wait %v; want refused, just under 10s", ok, wait)
	}
}

func givenBack(t *testing.T, a, b *coord.Coord) {
	const perMinute, burst = 1, 4
	for i := range 20 {
		if ok, _ := a.Allow(t.Context(), 1, "k", perMinute, burst); !ok {
			t.Fatalf("event %d was refused, although those before it were given back", i)
		}
		a.Refund(t.Context(), 1, "k", perMinute, burst)
	}
	n := 0
	for range 2 * burst {
		if ok, _ := b.Allow(t.Context(), 1, "k", perMinute, burst); ok {
			n++
		}
	}
	if n < burst-1 || n > burst { // refunding the only counted event has no effect; it becomes available with time
		t.Errorf("after all was given back %d were allowed, want %d", n, burst)
	}
}

func refill(t *testing.T, a, _ *coord.Coord) {
	const perMinute, burst = 120, 2 // one event per half second
	allowed := func() bool {
		ok, _ := a.Allow(t.Context(), 0, "k", perMinute, burst)
		return ok
	}
	began, n := time.Now(), 0
	for n = 0; allowed(); n++ {
	}
	for n < burst+3 {
		testkit.Until(t, "one is earned back", allowed)
		n++
	}
	// n events take at least n-burst intervals, however slow the machine is.
	if took, least := time.Since(began), time.Duration(n-burst)*time.Minute/perMinute; took < least-20*time.Millisecond {
		t.Errorf("%d events took %v; at %d a minute and a burst of %d they take %v", n, took, perMinute, burst, least)
	}
}

func keysApart(t *testing.T, a, _ *coord.Coord) {
	for _, k := range []struct {
		site int64
		key  string
	}{{0, "k"}, {1, "k"}, {2, "k"}, {1, "l"}, {12, "k"}, {1, "2k"}, {0, ""}} {
		if ok, _ := a.Allow(t.Context(), k.site, k.key, 1, 1); !ok {
			t.Errorf("first event of %q on site %d: refused", k.key, k.site)
		}
	}
	if ok, _ := a.Allow(t.Context(), 2, "k", 1, 1); ok {
		t.Error("second event of k on site 2: allowed")
	}
}

func sharedLimit(t *testing.T, a, b *coord.Coord) {
	got := 0
	for range 10 {
		for _, c := range []*coord.Coord{a, b} {
			if ok, _ := c.Allow(t.Context(), 1, "k", 1, 6); ok {
				got++
			}
		}
	}
	if got != 6 {
		t.Errorf("two processes were allowed %d of a burst of 6", got)
	}
}

func instantLimit(t *testing.T, a, b *coord.Coord) {
	if got := countConcurrently(a, b, func(c *coord.Coord) bool {
		ok, _ := c.Allow(t.Context(), 1, "k", 1, 7)
		return ok
	}); got != 7 {
		t.Errorf("40 at one instant: %d were allowed of a burst of 7", got)
	}
}

func goneCaller(t *testing.T, a, _ *coord.Coord) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := 0
	for range 5 {
		if ok, _ := a.Allow(ctx, 0, "k", 1, 2); ok {
			got++
		}
	}
	if ok, _ := a.Allow(t.Context(), 0, "k", 1, 2); ok || got != 2 {
		t.Errorf("a caller who has gone was allowed %d of a burst of 2, the next %v", got, ok)
	}
	if h := a.Health(); h == "down" {
		t.Errorf("health after a caller has gone: %q", h)
	}
}

func ringHeard(t *testing.T, a, b *coord.Coord) {
	here, there := a.Rings(t.Context()), b.Rings(t.Context())
	a.Ring(t.Context())
	select {
	case <-here:
	default:
		t.Error("not heard at once in the process that rang")
	}
	// The other process may not have subscribed yet.
	testkit.Until(t, "the other process hears", func() bool {
		a.Ring(t.Context())
		select {
		case <-there:
			return true
		default:
			return false
		}
	})
}

func ringsUnheard(t *testing.T, a, _ *coord.Coord) {
	rings := a.Rings(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 10_000 {
			a.Ring(t.Context())
		}
	}()
	testkit.Until(t, "10,000 rings come to an end", func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	})
	select {
	case <-rings:
	default:
		t.Error("none of 10,000 rings was kept")
	}
}

func ringsEnd(t *testing.T, a, _ *coord.Coord) {
	ctx, cancel := context.WithCancel(t.Context())
	rings := a.Rings(ctx)
	cancel()
	testkit.Until(t, "the channel is closed", func() bool {
		a.Ring(t.Context())
		select {
		case _, open := <-rings:
			return !open
		default:
			return false
		}
	})
}

func claimOnce(t *testing.T, a, b *coord.Coord) {
	const ttl = 300 * time.Millisecond
	began := time.Now()
	if !a.Claim(t.Context(), 1, "sweep", ttl) {
		t.Fatal("the first claim: not granted")
	}
	var again atomic.Bool
	testkit.Until(t, "the claim ends", func() bool {
		again.Store(b.Claim(t.Context(), 1, "sweep", ttl) || a.Claim(t.Context(), 1, "sweep", ttl))
		return again.Load()
	})
	if took := time.Since(began); took < ttl-20*time.Millisecond {
		t.Errorf("granted again after %v of %v", took, ttl)
	}
}

func claimsApart(t *testing.T, a, b *coord.Coord) {
	if !a.Claim(t.Context(), 1, "x", time.Minute) || !b.Claim(t.Context(), 1, "y", time.Minute) ||
		!a.Claim(t.Context(), 2, "x", time.Minute) || !b.Claim(t.Context(), 0, "x", time.Minute) {
		t.Error("a claim was refused for one of another name or site")
	}
}

func instantClaim(t *testing.T, a, b *coord.Coord) {
	if got := countConcurrently(a, b, func(c *coord.Coord) bool {
		return c.Claim(t.Context(), 1, "x", time.Minute)
	}); got != 1 {
		t.Errorf("40 at one instant: %d have the claim", got)
	}
}

func originsCounted(t *testing.T, a, _ *coord.Coord) {
	began := time.Now()
	for range 3 {
		a.RecordOrigin(t.Context(), 1, "https://often.example", false)
	}
	a.RecordOrigin(t.Context(), 1, "http://once.example:8080", false)
	a.RecordOrigin(t.Context(), 2, "https://other.example", false)
	got := a.OriginRequests(t.Context(), 1, false)
	if len(got) != 2 || got[0].Origin != "https://often.example" || got[0].Times != 3 ||
		got[1].Origin != "http://once.example:8080" || got[1].Times != 1 {
		t.Errorf("got %v, want three knocks of one and then one of the other", got)
	}
	for _, k := range got {
		if k.Last.Before(began.Add(-time.Second)) || k.Last.After(time.Now().Add(time.Second)) {
			t.Errorf("%s knocked at %v, not between %v and now", k.Origin, k.Last, began)
		}
	}
	if again := a.OriginRequests(t.Context(), 1, false); len(again) != 2 || again[0].Times != 3 {
		t.Errorf("asked again: got %v, was %v", again, got)
	}
	if none := a.OriginRequests(t.Context(), 3, false); len(none) != 0 {
		t.Errorf("nobody knocked at site 3: got %v", none)
	}
}

func originsAllowed(t *testing.T, a, b *coord.Coord) {
	for range 5 {
		a.RecordOrigin(t.Context(), 1, "https://mine.example", true)
	}
	a.RecordOrigin(t.Context(), 1, "https://other.example", false)
	testkit.Until(t, "both know who was let in", func() bool {
		for _, c := range []*coord.Coord{a, b} {
			got := c.OriginRequests(t.Context(), 1, true)
			if len(got) > 1 || len(got) == 1 && (got[0].Times != 1 || got[0].Origin != "https://mine.example") {
				t.Fatalf("five within a minute: got %v, want one, counted once", got)
			}
			if len(got) == 0 {
				return false
			}
		}
		return true
	})
	if got := a.OriginRequests(t.Context(), 1, false); len(got) != 1 || got[0].Origin != "https://other.example" {
		t.Errorf("refused: got %v", got)
	}
}

func originsDismissed(t *testing.T, a, b *coord.Coord) {
	a.RecordOrigin(t.Context(), 1, "https://mirror.example", false)
	a.OriginRequests(t.Context(), 1, false)
	b.Dismiss(t.Context(), 1, "https://mirror.example")
	b.OriginRequests(t.Context(), 1, false)
	a.RecordOrigin(t.Context(), 1, "https://mirror.example", false)
	testkit.Until(t, "it is dismissed in both, and counted on", func() bool {
		for _, c := range []*coord.Coord{a, b} {
			got := c.OriginRequests(t.Context(), 1, false)
			if len(got) != 1 || !got[0].Dismissed || got[0].Times != 2 {
				return false
			}
		}
		return true
	})
}

func originsShared(t *testing.T, a, b *coord.Coord) {
	const each = 40
	var all sync.WaitGroup
	for _, c := range []*coord.Coord{a, b} {
		all.Go(func() {
			for range each {
				c.RecordOrigin(t.Context(), 1, "https://blog.example", false)
			}
		})
	}
	all.Wait()
	testkit.Until(t, "each process knows of the other's knocks", func() bool {
		for _, c := range []*coord.Coord{a, b} {
			got := c.OriginRequests(t.Context(), 1, false)
			if len(got) == 1 && got[0].Times > 2*each {
				t.Fatalf("%d knocks were counted as %d", 2*each, got[0].Times)
			}
			if len(got) != 1 || got[0].Times <= each { // some requests may be lost, but not all of one process
				return false
			}
		}
		return true
	})
}

func originsBounded(t *testing.T, a, b *coord.Coord) {
	const most = 20
	knows := func(origin string) bool {
		got := b.OriginRequests(t.Context(), 1, false)
		if len(got) > most {
			t.Fatalf("%d origins are kept, want %d at most", len(got), most)
		}
		return slices.ContainsFunc(got, func(k site.OriginRequest) bool { return k.Origin == origin })
	}
	for range 5 {
		a.RecordOrigin(t.Context(), 1, "https://mine.example", false)
	}
	for i := range 500 {
		a.RecordOrigin(t.Context(), 1, fmt.Sprintf("https://made-up-%d.example", i), false)
	}
	a.OriginRequests(t.Context(), 1, false)
	for _, kept := range []string{"https://mine.example", "https://made-up-499.example"} {
		if !knows(kept) {
			t.Errorf("after 500 made-up origins %s is not known", kept)
		}
	}
	for i := range 3 * most {
		for range 10 {
			a.RecordOrigin(t.Context(), 1, fmt.Sprintf("https://loud-%d.example", i), false)
		}
	}
	a.RecordOrigin(t.Context(), 1, "https://late.example", false)
	a.OriginRequests(t.Context(), 1, false)
	if !knows("https://late.example") {
		t.Error("frequent origins hide the latest one")
	}
}

func present(t *testing.T, a, b *coord.Coord) {
	who := func(c *coord.Coord, site int64) (all string) {
		for _, p := range c.Present(t.Context(), site) {
			if p.At.IsZero() {
				t.Errorf("the presence of %s has no time", p.Name)
			}
			all += fmt.Sprintf("%s at %q; ", p.Name, p.Comment)
		}
		return all
	}
	a.Appear(t.Context(), 1, presence.Presence{Account: "d", Name: "Dana", Comment: "one"})
	b.Appear(t.Context(), 1, presence.Presence{Account: "c", Name: "Cem", Comment: "two"})
	a.Appear(t.Context(), 2, presence.Presence{Account: "d", Name: "Dana", Comment: "other"})
	for _, c := range []*coord.Coord{a, b} {
		if got := who(c, 1); got != `Cem at "two"; Dana at "one"; ` {
			t.Errorf("on site 1 are %s", got)
		}
	}
	b.Appear(t.Context(), 1, presence.Presence{Account: "d", Name: "Dana", Comment: ""})
	if got := who(a, 1); got != `Cem at "two"; Dana at ""; ` {
		t.Errorf("after Dana looked elsewhere there are %s", got)
	}
	a.Leave(t.Context(), 1, "c")
	if got := who(b, 1) + who(b, 2); got != `Dana at ""; Dana at "other"; ` {
		t.Errorf("after Cem left there are %s", got)
	}
}

// countConcurrently calls ask 20 times in each process concurrently and counts the successes.
func countConcurrently(a, b *coord.Coord, ask func(*coord.Coord) bool) int {
	var got atomic.Int64
	var all sync.WaitGroup
	start := make(chan struct{})
	for range 20 {
		for _, c := range []*coord.Coord{a, b} {
			all.Go(func() {
				<-start
				if ask(c) {
					got.Add(1)
				}
			})
		}
	}
	close(start)
	all.Wait()
	return int(got.Load())
}
