package coord_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/aitys/aitys/internal/coord"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/presence"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is the system clock.
type clock struct{}

func (clock) Now() time.Time { return time.Now() }

func open(t *testing.T, url string) *coord.Coord {
	t.Helper()
	c, err := coord.Open(t.Context(), coord.Options{
		URL: url, Secret: []byte("a secret of at least thirty-two bytes"), Clock: clock{}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatalf("open %q: %v", url, err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return c
}

func TestCoord_Contract(t *testing.T) {
	memory, redis := 0, 0
	t.Run("memory", func(t *testing.T) {
		memory = testContract(t, func(t *testing.T) (a, b *coord.Coord) {
			a = open(t, "")
			return a, a
		})
	})
	t.Run("redis", func(t *testing.T) {
		server := testkit.NewRedisServer(t)
		redis = testContract(t, func(t *testing.T) (a, b *coord.Coord) {
			server.Stop(t) // start each rule with an empty Redis
			server.Start(t)
			return open(t, server.URL).WithLongTimeout(), open(t, server.URL).WithLongTimeout()
		})
	})
	fmt.Fprintf(os.Stdout, "contract: coord: memory %d, redis %d\n", memory, redis)
}

// A cluster node refuses a call whose keys are in several slots.
func TestCoord_ContractOnClusterNode(t *testing.T) {
	// Cluster nodes need TCP ports for each other, even if there is only one node.
	server := testkit.NewRedisServer(t, "--cluster-enabled", "yes", "--port", freePort(t), "--cluster-port", freePort(t))
	asked, err := redis.ParseURL(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	node := redis.NewClient(asked)
	defer func() { _ = node.Close() }() // the server is stopped anyway
	if err := node.ClusterAddSlotsRange(t.Context(), 0, 1<<14-1).Err(); err != nil {
		t.Fatal(err)
	}
	testkit.Until(t, "the node serves", func() bool { return node.Set(t.Context(), "x", 1, 0).Err() == nil })
	if err := node.MSet(t.Context(), "x", 1, "y", 2).Err(); err == nil {
		t.Fatal("the node takes keys of several slots")
	}
	testContract(t, func(t *testing.T) (a, b *coord.Coord) {
		if err := node.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		return open(t, server.URL).WithLongTimeout(), open(t, server.URL).WithLongTimeout()
	})
}

func freePort(t *testing.T) string {
	t.Helper()
	free, err := testkit.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = free.Close() }() // it accepted no connection
	return strconv.Itoa(free.Addr().(*net.TCPAddr).Port)
}

func TestOpen_BadURLErrorOmitsPassword(t *testing.T) {
	for _, url := range []string{"http://x/", "redis://:hunter2@h:port/", "redis://:hunter2@h/x y",
		"redis://:hunter2@[::1/0"} {
		c, err := coord.Open(context.Background(), coord.Options{URL: url, Clock: clock{}, Log: slog.New(slog.DiscardHandler)})
		if err == nil {
			t.Errorf("%q: accepted", url)
			_ = c.Close()
			continue
		}
		if got := err.Error(); len(got) > 200 || contains(got, "hunter2") {
			t.Errorf("%q: got %q", url, got)
		}
	}
}

func TestPresent_TimesOut(t *testing.T) {
	for _, url := range []string{"", testkit.NewRedisServer(t).URL} {
		clock := testkit.NewClock(time.Now())
		c, err := coord.Open(t.Context(), coord.Options{
			URL: url, Secret: []byte("a secret of at least thirty-two bytes"), Clock: clock, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		c.Appear(t.Context(), 1, presence.Presence{Account: "d", Name: "Dana", Comment: "one"})
		clock.Add(40 * time.Second)
		if n := len(c.Present(t.Context(), 1)); n != 1 {
			t.Errorf("with redis %q: after 40 s there are %d", url, n)
		}
		clock.Add(5 * time.Second)
		if n := len(c.Present(t.Context(), 1)); n != 0 {
			t.Errorf("with redis %q: after 45 s there are %d", url, n)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}
