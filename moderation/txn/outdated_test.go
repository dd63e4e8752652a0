package txn_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/txn"
)

func TestRunWhileCurrent_PausesDuringNewerSchema(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var newer, unreachable, running atomic.Bool
		var runs atomic.Int64
		var log testkit.Log
		p := txn.NewProcess(txn.Options{Clock: wall{}, Log: slog.New(slog.NewTextHandler(&log, nil)),
			IsNewer: func(context.Context) (bool, error) {
				if unreachable.Load() {
					return false, errors.New("no answer")
				}
				return newer.Load(), nil
			}})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- p.RunWhileCurrent(ctx, func(ctx context.Context) error {
				runs.Add(1)
				running.Store(true)
				<-ctx.Done()
				running.Store(false)
				return nil
			})
		}()
		check := func(when string, wantRuns int64, wantRunning bool) {
			t.Helper()
			time.Sleep(time.Minute) // of the bubble's clock
			synctest.Wait()
			if runs.Load() != wantRuns || running.Load() != wantRunning || p.Claim(ctx, 1, "x", time.Second) != wantRunning {
				t.Errorf("%s: it ran %d times, is running: %v, may claim: %v", when, runs.Load(), running.Load(), p.Claim(ctx, 1, "x", time.Second))
			}
			e, is := errors.AsType[*problem.Error](p.Ready(ctx))
			if wantRunning == (is && e.Code == "schema.newer") {
				t.Errorf("%s: ready is %v", when, e)
			}
		}
		check("at first", 1, true)
		newer.Store(true)
		check("after a newer program's migration", 1, false)
		unreachable.Store(true)
		newer.Store(false)
		check("while the database does not answer", 1, false)
		unreachable.Store(false)
		check("after a restore", 2, true)
		stop()
		if err := <-ended; err != nil || running.Load() {
			t.Errorf("at the end: %v, is running: %v", err, running.Load())
		}
		if n := strings.Count(log.String(), "\n"); n != 2 {
			t.Errorf("the log has %d lines, want one for each change:\n%s", n, log.String())
		}
	})
}

func TestRunWhileCurrent_ReturnsErrorOfRun(t *testing.T) {
	t.Parallel()
	p := txn.NewProcess(txn.Options{Clock: wall{}})
	broken := errors.New("broken")
	if err := p.RunWhileCurrent(t.Context(), func(context.Context) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
