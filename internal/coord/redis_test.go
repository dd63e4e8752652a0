package coord_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/aitys/aitys/internal/coord"
	"github.com/aitys/aitys/internal/testkit"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

func health(t *testing.T, c *coord.Coord, want string) {
	t.Helper()
	testkit.Until(t, "redis is "+want, func() bool { return c.Health() == want })
}

// allowed tries n events and returns the number allowed.
func allowed(t *testing.T, c *coord.Coord, site int64, key string, perMinute, burst, n int) (got int) {
	t.Helper()
	for range n {
		if ok, _ := c.Allow(t.Context(), site, key, perMinute, burst); ok {
			got++
		}
	}
	return got
}

func TestAllow_HoldsWhileRedisRestarts(t *testing.T) {
	server := testkit.NewRedisServer(t)
	a, b := open(t, server.URL), open(t, server.URL)
	health(t, a, "up")
	if got := allowed(t, a, 1, "k", 1, 10, 6); got != 6 {
		t.Fatalf("with redis: %d of 6 within the burst", got)
	}

	server.Stop(t)
	if got := allowed(t, a, 1, "k", 1, 10, 50); got != 4 {
		t.Errorf("redis stopped: %d more of a burst of 10 after 6", got)
	}
	health(t, a, "down")
	health(t, b, "down")
	if got := allowed(t, b, 1, "k", 1, 10, 50); got != 10 {
		t.Errorf("redis stopped, a process that allowed none: %d, want its own burst of 10", got)
	}

	server.Start(t)
	health(t, a, "up")
	health(t, b, "up")
	// Redis comes back empty, but each process remembers the events that it allowed.
	if got := allowed(t, a, 1, "k", 1, 10, 50); got != 0 {
		t.Errorf("redis back and empty: %d more were allowed", got)
	}
	if got := allowed(t, a, 1, "new", 1, 10, 5) + allowed(t, b, 1, "new", 1, 10, 50); got != 10 {
		t.Errorf("redis back: two processes were allowed %d of a burst of 10", got)
	}
}

// After a burst was spent at two processes in turn, neither allows more when Redis goes down.
func TestAllow_SharedCountKnownWhenRedisStops(t *testing.T) {
	server := testkit.NewRedisServer(t)
	a, b := open(t, server.URL), open(t, server.URL)
	health(t, a, "up")
	health(t, b, "up")
	taken := 0
	for range 10 {
		taken += allowed(t, a, 1, "k", 1, 10, 1) + allowed(t, b, 1, "k", 1, 10, 1)
	}
	if taken != 10 {
		t.Fatalf("with redis: %d of a burst of 10", taken)
	}
	server.Stop(t)
	if got := allowed(t, a, 1, "k", 1, 10, 20) + allowed(t, b, 1, "k", 1, 10, 20); got != 0 {
		t.Errorf("redis stopped: %d more of a burst of 10 that is spent", got)
	}
}

func TestRing_WithoutRedisStaysLocal(t *testing.T) {
	server := testkit.NewRedisServer(t)
	a, b := open(t, server.URL), open(t, server.URL)
	here, there := a.Rings(t.Context()), b.Rings(t.Context())
	server.Stop(t)
	health(t, a, "down")
	a.Ring(t.Context())
	select {
	case <-here:
	default:
		t.Error("the process that rang got no ring")
	}
	if !a.Claim(t.Context(), 0, "x", time.Minute) || a.Claim(t.Context(), 0, "x", time.Minute) {
		t.Error("without redis a claim is granted once in each process; it was not")
	}

	server.Start(t)
	health(t, a, "up")
	testkit.Until(t, "redis is back, and the other process hears of it", func() bool {
		a.Ring(t.Context())
		select {
		case <-there:
			return true
		default:
			return false
		}
	})
}

// A Redis that accepts connections but does not respond must not delay every call.
func TestAllow_HangingRedisDoesNotBlock(t *testing.T) {
	server := testkit.NewRedisServer(t)
	hang, url := hanging(t, strings.TrimPrefix(server.URL, "unix://"))
	c := open(t, url)
	if got := allowed(t, c, 0, "k", 1, 3, 3); got != 3 || c.Health() != "up" {
		t.Fatalf("through the proxy: %d of 3, health %q", got, c.Health())
	}
	hang.Store(true)
	began := time.Now()
	if got := allowed(t, c, 0, "l", 1, 3, 1000); got != 3 {
		t.Errorf("hanging: %d of a burst of 3", got)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("1,000 calls took %v while redis hung; only the first may wait", took)
	}
	health(t, c, "down")
	hang.Store(false)
	health(t, c, "up")
}

// A single late ping is not logged; two in a row are.
func TestRedis_OnePingMissedIsNotLogged(t *testing.T) {
	server := testkit.NewRedisServer(t)
	var missed, passed atomic.Int32
	url := swallowing(t, strings.TrimPrefix(server.URL, "unix://"), func(sent []byte) bool {
		if !bytes.Contains(bytes.ToLower(sent), []byte("ping")) {
			return false
		}
		if missed.Add(-1) >= 0 {
			return true
		}
		passed.Add(1)
		return false
	})
	log := &testkit.Log{}
	c, err := coord.Open(t.Context(), coord.Options{URL: url, Secret: []byte("a secret of at least thirty-two bytes"),
		Clock: clock{}, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }() // the test is over
	pings := func(n int32) {
		t.Helper()
		from := passed.Load()
		testkit.Until(t, "pings are answered", func() bool { return passed.Load() >= from+n })
	}
	for range 3 {
		missed.Store(1)
		testkit.Until(t, "a ping is missed", func() bool { return missed.Load() <= 0 })
		pings(3)
	}
	if said := log.String(); said != "" {
		t.Errorf("after single pings were missed: %s", said)
	}
	missed.Store(1000)
	testkit.Until(t, "the loss is logged", func() bool { return contains(log.String(), "redis is down") })
	missed.Store(0)
	testkit.Until(t, "the return is logged", func() bool { return contains(log.String(), "redis is back") })
	if n := strings.Count(log.String(), "redis is down"); n != 1 {
		t.Errorf("the loss was logged %d times", n)
	}
}

// hanging proxies a socket and drops all data while hang is true.
func hanging(t *testing.T, target string) (hang *atomic.Bool, url string) {
	hang = new(atomic.Bool)
	return hang, swallowing(t, target, func([]byte) bool { return hang.Load() })
}

// swallowing proxies a socket and drops the data for which swallows returns true.
func swallowing(t *testing.T, target string, swallows func(sent []byte) bool) (url string) {
	t.Helper()
	sock := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", sock)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); running.Wait() })
	running.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("unix", target)
			if err != nil {
				_ = in.Close()
				continue
			}
			running.Go(func() { _, _ = io.Copy(in, out); _ = in.Close() })
			running.Go(func() {
				defer out.Close()
				for buf := make([]byte, 4096); ; {
					n, err := in.Read(buf)
					if err != nil {
						return
					}
					if swallows(buf[:n]) {
						continue
					}
					if _, err := out.Write(buf[:n]); err != nil {
						return
					}
				}
			})
		}
	})
	return "unix://" + sock
}

// The first braces in a key name determine its cluster slot.
func TestRedisKey_ShowsOnlySite(t *testing.T) {
	server := testkit.NewRedisServer(t)
	c := open(t, server.URL)
	c.Allow(t.Context(), 7, "post:192.0.2.77", 1, 10)
	c.Claim(t.Context(), 7, "sweep", time.Minute)
	c.Allow(t.Context(), 0, "signin:reader@example.org", 1, 10)
	c.Allow(t.Context(), 0, "{7}{reader@example.org}", 1, 10)
	c.Claim(t.Context(), 0, "{7}sweep", time.Minute)
	opt, err := redis.ParseURL(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(opt)
	defer client.Close()
	names, err := client.Keys(t.Context(), "*").Result()
	if err != nil || len(names) != 5 {
		t.Fatalf("got %d names, %v; want 5", len(names), err)
	}
	tagged := regexp.MustCompile(`^[^{}]*\{7\}(limit|claim):[A-Za-z0-9_-]{22}$`)
	untagged := regexp.MustCompile(`^[^{}]*aitys:(limit|claim):[A-Za-z0-9_-]{22}$`)
	sites := 0
	for _, n := range names {
		switch {
		case tagged.MatchString(n):
			sites++
		case !untagged.MatchString(n):
			t.Errorf("name %q reveals its key", n)
		}
	}
	if sites != 2 {
		t.Errorf("%d names carry {7}, want 2: %q", sites, names)
	}
}
