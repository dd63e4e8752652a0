package txn_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/txn"
)

type wall struct{}

func (wall) Now() time.Time { return time.Now() }

// open returns a migrated database and its process.
func open(t testing.TB, url string) (txn.Store[store.Tx], *txn.Process) {
	t.Helper()
	db := apptest.Open(t, url, store.Options{})
	p := txn.NewProcess(txn.Options{Store: store.Narrow[txn.EventTx](db), Clock: wall{}})
	return db, p
}

func onBoth(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	testkit.OnDatabases(t, func(t *testing.T, d testkit.Database) { test(t, d.New(t)) })
}

func emit(t testing.TB, s txn.Store[store.Tx], names ...string) {
	t.Helper()
	for _, name := range names {
		_, err := s.Update(t.Context(), func(tx store.Tx) error {
			return tx.Emit(event.Event{Site: 1, Kind: event.Arrived, Comment: name, At: time.Now()})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// notes records the events that followers of all processes received.
type notes struct {
	mu     sync.Mutex
	told   []string
	resets int
}

func (n *notes) take(reset bool, events []event.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if reset {
		n.resets++
	}
	for _, e := range events {
		n.told = append(n.told, e.Comment)
	}
}

func (n *notes) has(name string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Contains(n.told, name)
}

func (n *notes) until(t testing.TB, what string, is func() bool) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("told %v, %d resets", n.told, n.resets)
		}
	}()
	testkit.Until(t, what, func() bool {
		n.mu.Lock()
		defer n.mu.Unlock()
		return is()
	})
}

// follow runs a follower until the returned function is called. That function first waits until the stored position is
// after all events, so that none is delivered again.
func (n *notes) follow(
	t testing.TB, s txn.Store[store.Tx], p *txn.Process, fail func() error,
) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	ended.Go(func() {
		p.Follow(ctx, "test", func(_ context.Context, reset bool, events []event.Event) error {
			if err := fail(); err != nil {
				return err
			}
			n.take(reset, events)
			return nil
		})
	})
	return func() {
		defer ended.Wait()
		defer cancel()
		testkit.Until(t, "the position is kept", func() (kept bool) {
			if err := s.View(t.Context(), func(tx store.Tx) error {
				from, err := tx.Follower("test")
				if err != nil || from.Lost {
					return err
				}
				left, _, err := tx.EventsAfter(from.At, 1)
				kept = err == nil && len(left) == 0
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return kept
		})
	}
}

func never() error { return nil }

func TestFollow_ResumesAfterAbsence(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		s, p := open(t, url)
		emit(t, s, "before")
		var n notes
		stop := n.follow(t, s, p, never)
		n.until(t, "a new follower begins from the tables", func() bool { return n.resets == 1 })
		emit(t, s, "one", "two")
		n.until(t, "it is told", func() bool { return slices.Equal(n.told, []string{"one", "two"}) })
		stop()
		emit(t, s, "three", "four")
		_, other := open(t, url)
		broken := errors.New("once")
		stop = n.follow(t, s, other, func() error { defer func() { broken = nil }(); return broken })
		n.until(t, "another process goes on",
			func() bool { return slices.Equal(n.told, []string{"one", "two", "three", "four"}) })
		stop()
		// The follower is away for longer than events are kept.
		emit(t, s, "five")
		after := time.Now().Add(time.Hour)
		if _, err := s.Update(t.Context(), func(tx store.Tx) error { return tx.PruneEvents(after, after) }); err != nil {
			t.Fatal(err)
		}
		emit(t, s, "six")
		stop = n.follow(t, s, p, never)
		n.until(t, "it begins from the tables again", func() bool { return n.resets == 2 })
		emit(t, s, "seven")
		n.until(t, "and goes on", func() bool { return slices.Contains(n.told, "seven") })
		stop()
		if want := []string{"one", "two", "three", "four", "seven"}; !slices.Equal(n.told, want) {
			t.Errorf("told %v, want %v", n.told, want)
		}
	})
}

func TestReady_WaitsForRequiredFollowers(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		s, p := open(t, url)
		p.RequireFollower("test")
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.Run(ctx) }()
		defer func() { stop(); <-ended }()
		var heard notes
		defer p.OnEvent(func(e event.Event) { heard.take(false, []event.Event{e}) })()
		testkit.Until(t, "the process hears of events", func() bool { emit(t, s, "before"); return heard.has("before") })
		if p.Ready(ctx) == nil {
			t.Error("it is ready, and what is posted now is not told")
		}
		var n notes
		defer n.follow(t, s, p, never)()
		testkit.Until(t, "it is ready", func() bool { return p.Ready(ctx) == nil })
		emit(t, s, "after") // delivered at once: the follower exists
		n.until(t, "it is told", func() bool { return slices.Equal(n.told, []string{"after"}) })
	})
}

// once grants each name once and forever.
type once struct {
	mu      sync.Mutex
	granted map[string]bool
}

func (o *once) Claim(_ context.Context, _ int64, name string, _ time.Duration) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.granted[name] {
		return false
	}
	o.granted[name] = true
	return true
}

func TestFollow_ContinuesDuringLease(t *testing.T) {
	t.Parallel()
	url := testkit.SQLite(t)
	s, _ := open(t, url)
	db := apptest.Open(t, url, store.Options{})
	p := txn.NewProcess(txn.Options{
		Store: store.Narrow[txn.EventTx](db), Clock: testkit.NewClock(time.Now()), Claims: &once{granted: map[string]bool{}},
	})
	var n notes
	defer n.follow(t, s, p, never)()
	n.until(t, "it begins", func() bool { return n.resets == 1 })
	for _, name := range []string{"one", "two", "three"} {
		emit(t, s, name)
		n.until(t, "it is told of "+name, func() bool { return slices.Contains(n.told, name) })
	}
}

// victimURL holds the database URL of the child process that runs victim instead of the tests. It is empty in the
// tests.
const victimURL = "TEST_FOLLOWER_DATABASE"

func TestMain(m *testing.M) {
	if url := os.Getenv(victimURL); url != "" {
		victim(url)
		return
	}
	os.Exit(m.Run())
}

// victim runs a follower as another process. It prints the events it receives, and never returns from the callback.
func victim(url string) {
	db, err := store.Open(context.Background(), url, store.Options{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	p := txn.NewProcess(txn.Options{Store: store.Narrow[txn.EventTx](db), Clock: wall{}})
	p.Follow(context.Background(), "test", func(_ context.Context, reset bool, events []event.Event) error {
		if reset {
			fmt.Println("begin from the tables")
		}
		for _, e := range events {
			fmt.Println(e.Comment)
		}
		select {}
	})
}

func TestFollow_RedeliversAfterKill(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		s, p := open(t, url)
		var n notes
		stop := n.follow(t, s, p, never)
		n.until(t, "it is registered", func() bool { return n.resets == 1 })
		stop()
		emit(t, s, "one", "two")
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), victimURL+"="+url)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said, err := bufio.NewReader(out).ReadString('\n')
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		if strings.TrimSpace(said) != "one" {
			t.Fatalf("the other process said %q, %v", said, err)
		}
		stop = n.follow(t, s, p, never)
		n.until(t, "it is told to the next", func() bool { return slices.Equal(n.told, []string{"one", "two"}) })
		stop()
	})
}

func TestOnEvent_DeliversEachEventOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, url string) {
		s, p := open(t, url)
		var n notes
		defer p.OnEvent(func(e event.Event) { n.take(false, []event.Event{e}) })()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.Run(ctx) }()
		n.until(t, "it follows", func() bool { return p.Ready(t.Context()) == nil })
		w := txn.NewWork[txn.Tx](p, narrow{whole: s})
		const own = 50
		for i := range own {
			if err := w.Update(t.Context(), func(tx txn.Tx) error {
				return tx.Emit(event.Event{Site: 1, Comment: fmt.Sprint("own", i), At: time.Now()})
			}); err != nil {
				t.Fatal(err)
			}
			if !n.has(fmt.Sprint("own", i)) {
				t.Fatalf("event %d was not told before the update returned", i)
			}
		}
		emit(t, s, "foreign", "last") // like another process
		n.until(t, "it tells what others did", func() bool { return slices.Contains(n.told, "last") })
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		times := map[string]int{}
		for _, name := range n.told {
			times[name]++
		}
		for name, n := range times {
			if n != 1 {
				t.Errorf("%s was told %d times", name, n)
			}
		}
		if len(times) != own+2 {
			t.Errorf("%d events were told, want %d", len(times), own+2)
		}
	})
}

// Run may deliver an event before the Update that committed it does so. Update must still wait until the listeners have
// been called.
func TestUpdate_ReturnsAfterListeners(t *testing.T) {
	t.Parallel()
	s, p := open(t, testkit.SQLite(t))
	telling := make(chan struct{})
	var told atomic.Bool
	defer p.OnEvent(func(event.Event) {
		close(telling)
		time.Sleep(50 * time.Millisecond) // a slow listener
		told.Store(true)
	})()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	defer func() { stop(); <-ended }()
	testkit.Until(t, "it follows", func() bool { return p.Ready(t.Context()) == nil })
	w := txn.NewWork[txn.Tx](p, narrow{whole: s, committed: func() { <-telling }})
	if err := w.Update(t.Context(), func(tx txn.Tx) error {
		return tx.Emit(event.Event{Site: 1, Comment: "own", At: time.Now()})
	}); err != nil {
		t.Fatal(err)
	}
	if !told.Load() {
		t.Error("its event was not told before the update returned")
	}
}

// narrow gives a package without its own Tx methods access to a whole store. committed, unless nil, is called after
// each commit.
type narrow struct {
	txn.Store[txn.Tx]
	whole     txn.Store[store.Tx]
	committed func()
}

func (s narrow) View(ctx context.Context, fn func(txn.Tx) error) error {
	return s.whole.View(ctx, func(tx store.Tx) error { return fn(tx) })
}

func (s narrow) Update(ctx context.Context, fn func(txn.Tx) error) ([]event.Event, error) {
	events, err := s.whole.Update(ctx, func(tx store.Tx) error { return fn(tx) })
	if s.committed != nil {
		s.committed()
	}
	return events, err
}
