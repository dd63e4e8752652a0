package hardening

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/aitys/aitys/internal/testkit"
)

// A redisFault is a fault of Redis that can be undone.
type redisFault struct {
	name     string
	do, undo func()
	down     bool // the health check must report it
}

// redisFaults applies each fault to the Redis of two servers under load: one serves writers and readers, the other a
// moderator. Requests must not fail or be limited, and a comment approved on one server must be readable on the other
// within five seconds.
func redisFaults(t testing.TB, _ bench) result {
	const rounds, stale = 3, 5 * time.Second
	server := testkit.NewRedisServer(t)
	shared, way := server.ProxyURL(t)
	database := testkit.NewDurablePostgres(t).Database(t, "redis")
	options := append([]string{"--redis", shared}, behind...)
	s := newServer(t, database, options...)
	desk := *s
	desk.Instance = s.another(t, options...)
	l := s.traffic(t, 4, 400*time.Millisecond)
	direct := redisClient(t, server.URL)
	var failures []string
	tried, slowest := 0, time.Duration(0)
	for range rounds {
		for _, f := range faultsOfRedis(t, server, way, direct) {
			testkit.Until(t, "redis is up before it is "+f.name, s.saysOfRedis(t, "up"))
			f.do()
			if f.down {
				testkit.Until(t, "it is noticed that redis is "+f.name, s.saysOfRedis(t, "down"))
			}
			for _, when := range []string{"while", "after"} {
				l.recovered(t, 10*time.Second, f.name)
				took := l.approveOn(t, &desk, stale)
				if took > stale {
					failures = append(failures, fmt.Sprintf("%s redis was %s, an approval was not read elsewhere within %v", when,
						f.name, took))
				}
				slowest = max(slowest, took)
				if when == "while" {
					f.undo()
				}
			}
			tried++
		}
	}
	if n := l.Retries(); n > 0 {
		failures = append(failures, fmt.Sprintf("%d posts had to retry", n))
	}
	failures = append(failures, l.failures(t, false)...)
	what := fmt.Sprintf("%d, slowest approval elsewhere %v", tried, slowest.Round(10*time.Millisecond))
	return count(t, what, failures, "")
}

// approveOn posts on one server and approves on another. It returns how long until the comment is readable on the
// first, or a little more than limit if it is not.
func (l *traffic) approveOn(t testing.TB, other *server, limit time.Duration) time.Duration {
	t.Helper()
	text := fmt.Sprintf("This was approved elsewhere at %d.", time.Now().UnixNano())
	posted, err := l.s.anywhere().Post(t.Context(), "", ledgerPage+"/read", "Writer", "", text)
	if err != nil {
		t.Fatal(err)
	}
	_, err = other.staff().Decide(t.Context(), "approve", "", testkit.CommentRef{ID: posted.ID, Version: posted.Version})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	testkit.Until(t, "it is read, or late", func() bool {
		a := l.s.ask(t, "GET", commentsOfA+"?limit=100&page="+url.QueryEscape(ledgerPage+"/read"), nil, nil)
		return strings.Contains(string(a.body), text) || time.Since(began) > limit
	})
	return time.Since(began)
}

func redisClient(t testing.TB, at string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(at)
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// faultsOfRedis returns nine faults. Faults that change the configuration of Redis check that it took effect.
func faultsOfRedis(t testing.TB, server *testkit.RedisServer, way *testkit.Proxy, direct *redis.Client) []redisFault {
	tell := func(args ...any) {
		t.Helper()
		if err := direct.Do(t.Context(), args...).Err(); err != nil {
			t.Fatalf("redis: %v: %v", args, err)
		}
	}
	refuses := func(want string) {
		t.Helper()
		if err := direct.Set(t.Context(), "x", "y", 0).Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("redis answers a write by %v, want %s", err, want)
		}
	}
	through := func(f testkit.Fault) func() { return func() { way.Set(t, f) } }
	nothing := func() {}
	return []redisFault{
		{"killed", func() { server.Stop(t) }, func() { server.Start(t) }, true},
		{"emptied", func() { tell("FLUSHALL") }, nothing, false},
		{"slow", through(testkit.Fault{Handle: func(p *testkit.Chunk) error { p.Wait(150 * time.Millisecond); return nil }}),
			through(testkit.Fault{}), true},
		{"frozen", func() { server.Freeze(t) }, func() { server.Thaw(t) }, true},
		{"of wrong data", func() { spoil(t, direct) }, func() { tell("FLUSHALL") }, false},
		{"full", func() { tell("CONFIG", "SET", "maxmemory", "1"); refuses("OOM") },
			func() { tell("CONFIG", "SET", "maxmemory", "0") }, false},
		{"read only", func() { tell("REPLICAOF", "127.0.0.1", "1"); refuses("READONLY") },
			func() { tell("REPLICAOF", "NO", "ONE") }, false},
		{"started from an old copy", func() {
			tell("SAVE")
			server.Stop(t)
			server.Start(t)
			if n := direct.DBSize(t.Context()).Val(); n == 0 {
				t.Fatal("redis came back empty")
			}
		}, nothing, false},
		{"cut off", through(testkit.Fault{Refuse: true}), through(testkit.Fault{}), true},
	}
}

// spoil replaces the value of every key in Redis with a list.
func spoil(t testing.TB, c *redis.Client) {
	t.Helper()
	names, err := c.Keys(t.Context(), "*").Result()
	if err != nil || len(names) == 0 {
		t.Fatalf("redis has %d keys: %v", len(names), err)
	}
	for _, name := range names {
		_, err := c.TxPipelined(t.Context(), func(p redis.Pipeliner) error {
			p.Del(context.Background(), name)
			return p.RPush(context.Background(), name, "no number").Err()
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
