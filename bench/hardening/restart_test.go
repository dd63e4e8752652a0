package hardening

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// postgresRestarts ends Postgres in four ways under load, again and again. It has recovered when a comment
// is acknowledged that was sent after Postgres answered again.
func postgresRestarts(t testing.TB, _ bench) result {
	const rounds, late = 10, 3 * time.Second
	postgres := testkit.NewDurablePostgres(t)
	s := newServer(t, postgres.Database(t, "restarts"))
	l := s.traffic(t, 8, 0)
	var failures []string
	slowest, tried := time.Duration(0), 0
	by := func(signal syscall.Signal) func() int {
		return func() int {
			before := l.Again()
			postgres.Restart(t, signal)
			return int(l.Again() - before)
		}
	}
	for range rounds {
		for _, kind := range []struct {
			name string
			end  func() (met int)
		}{
			{"fast", by(syscall.SIGINT)},
			{"immediate", by(syscall.SIGQUIT)},
			{"killed", by(syscall.SIGKILL)},
			{"connections ended", func() int { return postgres.Disconnect(t) }},
		} {
			l.recovered(t, 20*time.Second, "what was before")
			if kind.end() == 0 {
				t.Fatalf("%s: it met nobody", kind.name)
			}
			took := l.recovered(t, 20*time.Second, kind.name)
			if took > late {
				failures = append(failures, fmt.Sprintf("%s: it recovered after %v", kind.name, took))
			}
			slowest = max(slowest, took)
			tried++
		}
	}
	failures = append(failures, l.failures(t, true)...)
	return count(t, fmt.Sprintf("%d of %d posts, slowest recovery %v", tried, l.Acked(),
		slowest.Round(10*time.Millisecond)), failures, "")
}
