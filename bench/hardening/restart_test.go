package hardening

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// postgresRestarts stops Postgres in four ways under load, in rounds. The server has recovered when it acknowledges a
// comment that was sent after Postgres was up again.
func postgresRestarts(t testing.TB, _ bench) result {
	const rounds, late = 10, 3 * time.Second
	postgres := testkit.NewDurablePostgres(t)
	s := newServer(t, postgres.Database(t, "restarts"))
	l := s.traffic(t, 8, 0)
	var failures []string
	slowest, tried := time.Duration(0), 0
	by := func(signal syscall.Signal) func() int {
		return func() int {
			before := l.Retries()
			postgres.Restart(t, signal)
			return int(l.Retries() - before)
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
				t.Fatalf("%s: no request was affected", kind.name)
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
	return count(t, fmt.Sprintf("%d of %d posts, slowest recovery %v", tried, l.Acknowledged(),
		slowest.Round(10*time.Millisecond)), failures, "")
}
