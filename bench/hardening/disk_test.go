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

// fullDisk fills the disk of a SQLite database under load and then frees space, in rounds.
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
		resize(20 << 20) // the server requires 16 MB and has written more meanwhile
		took := l.recovered(t, 20*time.Second, "a full disk")
		slowest = max(slowest, took)
		if took > late {
			failures = append(failures, fmt.Sprintf("round %d: it recovered after %v", round, took))
		}
	}
	failures = append(failures, l.failures(t, false)...)
	return count(t, fmt.Sprintf("%d rounds of %d posts, slowest recovery %v", rounds, l.Acknowledged(),
		slowest.Round(10*time.Millisecond)), failures, "")
}

// powerCuts kills the server under load and continues with a copy of the disk image: data that the system had not
// written is lost. As a control, a server without fsync must lose acknowledged comments.
func powerCuts(t testing.TB, _ bench) result {
	const cuts = 8
	lost, err := cutPower(t, testkit.FaultyBinary(t, "unsynced-after-migrations"), 2)
	if err != nil {
		return result{why: err.Error()}
	}
	if lost.Lost == 0 {
		t.Fatalf("a server without fsync lost nothing: %v", lost)
	}
	n, err := cutPower(t, testkit.Binary(t), cuts)
	if err != nil {
		t.Fatal(err)
	}
	var failures []string
	if n.Lost+n.Duplicated > 0 {
		failures = append(failures, n.String())
	}
	return count(t, fmt.Sprintf("%d cuts of %d posts (without fsync: %d of %d lost)", cuts, n.Acknowledged,
		lost.Lost, lost.Acknowledged), failures, "")
}

// cutPower runs a server on one database through power cuts, each on the copy of the disk image from the cut before.
func cutPower(t testing.TB, binary string, cuts int) (testkit.PostCounts, error) {
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
	// commit=600: the system does not flush by itself during a cut.
	loop := []string{"-o", "loop,commit=600"}
	if err := mount(t, at, append(loop, disk(0))...); err != nil {
		return testkit.PostCounts{}, err
	}
	s := newServerOf(t, binary, "sqlite:"+filepath.Join(at, "aitys.db"))
	book := &testkit.PostLog{Page: ledgerPage}
	for cut := range cuts {
		ctx, cancel := context.WithCancel(t.Context())
		var writers sync.WaitGroup
		for range 16 {
			c := s.public()
			writers.Go(func() { book.PostUntilError(ctx, c) })
		}
		goal := book.Acknowledged() + enough
		testkit.Until(t, "comments are acknowledged", func() bool {
			return book.Acknowledged() >= goal && book.InFlight() > 4 || len(book.Unexpected()) > 0
		})
		s.Kill()
		run(t, "cp", disk(cut), disk(cut+1))
		cancel()
		writers.Wait()
		if why := book.Unexpected(); len(why) > 0 {
			t.Fatalf("a post failed before the cut: %s", why[0])
		}
		run(t, "umount", at)
		must(t, os.Remove(disk(cut)))
		must(t, mount(t, at, append(loop, disk(cut+1))...))
		s.Instance = s.another(t)
	}
	n := book.Verify(t, s.public(), s.staff())
	s.Kill()
	t.Logf("ledger: %v", n)
	return n, nil
}

// mount mounts a file system until the end of the test. It returns an error if this user may not mount.
func mount(t testing.TB, at string, args ...string) error {
	t.Helper()
	if out, err := exec.Command("mount", append(args, at)...).CombinedOutput(); err != nil {
		return fmt.Errorf("this user may not mount: %w: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", at).Run() }) // it may be unmounted already
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
