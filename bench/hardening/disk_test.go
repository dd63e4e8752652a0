package hardening

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// fullDisk fills the disk of a SQLite database under load, and gives it room again.
func fullDisk(t testing.TB, _ bench) result {
	const rounds, spare, late = 5, 512 << 10, 3 * time.Second
	dir := t.TempDir()
	if err := mount(t, dir, "-t", "tmpfs", "-o", "size=64m", "tmpfs"); err != nil {
		return result{why: err.Error()}
	}
	resize := func(room uint64) {
		run(t, "mount", "-o", fmt.Sprintf("remount,size=%d", used(t, dir)+room), dir)
	}
	s := newServer(t, "sqlite:"+filepath.Join(dir, "aitys.db"))
	l := s.traffic(t, 8, 5*time.Millisecond)
	var failures []string
	slowest := time.Duration(0)
	for round := range rounds {
		l.recovered(t, 10*time.Second, "what was before")
		l.forget()
		resize(spare)
		n := 0
		testkit.Until(t, "the disk is said to be full", func() bool {
			n++
			_, err := s.public().Post(t.Context(), "", ledgerPage, "Filler", "", fmt.Sprintf("Filler %d of round %d", n, round))
			status, ok := errors.AsType[*testkit.StatusError](err)
			return ok && status.Status == http.StatusInsufficientStorage
		})
		l.forget()
		testkit.Until(t, "it is read while the disk is full", func() bool { return l.asked() > 20 })
		failures = append(failures, unread(l.forget(), false)...)
		resize(20 << 20) // 16 MB are asked for, and the server has written since
		took := l.recovered(t, 20*time.Second, "a full disk")
		slowest = max(slowest, took)
		if took > late {
			failures = append(failures, fmt.Sprintf("round %d: it recovered after %v", round, took))
		}
	}
	failures = append(failures, l.failures(t, false)...)
	return count(t, fmt.Sprintf("%d rounds of %d posts, slowest recovery %v", rounds, l.Acked(),
		slowest.Round(10*time.Millisecond)), failures, "")
}

// powerCuts ends the server under load and takes the disk as it is then: what the system had not written is
// lost with it. First it must see a server that does not wait for the disk lose what it acknowledged.
func powerCuts(t testing.TB, _ bench) result {
	const cuts = 8
	lost, err := cutPower(t, testkit.FaultyBinary(t, "unsynced-after-migrations"), 2)
	if err != nil {
		return result{why: err.Error()}
	}
	if lost.Lost == 0 {
		t.Fatalf("a server that does not wait for the disk lost nothing: %v", lost)
	}
	n, err := cutPower(t, testkit.Binary(t), cuts)
	if err != nil {
		t.Fatal(err)
	}
	var failures []string
	if n.Lost+n.Doubled > 0 {
		failures = append(failures, n.String())
	}
	return count(t, fmt.Sprintf("%d cuts of %d posts (not waiting for the disk: %d of %d lost)", cuts, n.Acknowledged,
		lost.Lost, lost.Acknowledged), failures, "")
}

// cutPower has one database live through cuts, each on the copy of its disk.
func cutPower(t testing.TB, binary string, cuts int) (testkit.Counts, error) {
	t.Helper()
	const enough, size = 300, 96 << 20
	dir := t.TempDir()
	at := filepath.Join(dir, "disk")
	disk := func(n int) string { return filepath.Join(dir, fmt.Sprint(n)) }
	f, err := os.Create(disk(0))
	if err == nil {
		err = errors.Join(f.Truncate(size), f.Close(), os.Mkdir(at, 0o700))
	}
	if err != nil {
		t.Fatal(err)
	}
	run(t, "mkfs.ext4", "-q", disk(0))
	// The system writes nothing by itself as long as a cut takes.
	loop := []string{"-o", "loop,commit=600"}
	if err := mount(t, at, append(loop, disk(0))...); err != nil {
		return testkit.Counts{}, err
	}
	s := newServerOf(t, binary, "sqlite:"+filepath.Join(at, "aitys.db"))
	book := &testkit.Ledger{Page: ledgerPage}
	for cut := range cuts {
		ctx, cancel := context.WithCancel(t.Context())
		var writers sync.WaitGroup
		for range 16 {
			c := s.public()
			writers.Go(func() { book.Write(ctx, c) })
		}
		goal := book.Acked() + enough
		testkit.Until(t, "comments are acknowledged", func() bool {
			return book.Acked() >= goal && book.Flying() > 4 || len(book.Failing()) > 0
		})
		s.Kill()
		run(t, "cp", disk(cut), disk(cut+1))
		cancel()
		writers.Wait()
		if why := book.Failing(); len(why) > 0 {
			t.Fatalf("a post failed before the cut: %s", why[0])
		}
		run(t, "umount", at)
		must(t, os.Remove(disk(cut)))
		must(t, mount(t, at, append(loop, disk(cut+1))...))
		s.Instance = s.another(t)
	}
	n := book.Count(t, s.public(), s.staff())
	s.Kill()
	t.Logf("ledger: %v", n)
	return n, nil
}

// mount is undone at the test's end. Where this user may not, it says so.
func mount(t testing.TB, at string, args ...string) error {
	t.Helper()
	if out, err := exec.Command("mount", append(args, at)...).CombinedOutput(); err != nil {
		return fmt.Errorf("this user may not mount: %w: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", at).Run() }) // it may be done already
	return nil
}

func run(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func used(t testing.TB, dir string) uint64 {
	t.Helper()
	var s syscall.Statfs_t
	must(t, syscall.Statfs(dir, &s))
	return (s.Blocks - s.Bfree) * uint64(s.Bsize)
}
