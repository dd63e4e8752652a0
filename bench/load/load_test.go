package load

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestClosed_CallsEachNumberOnce(t *testing.T) {
	var mu sync.Mutex
	var got []int
	latencies, err := Closed(t.Context(), 4, 100, func(i int) error {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, i)
		return nil
	})
	slices.Sort(got)
	if err != nil || len(latencies) != 100 || len(slices.Compact(got)) != 100 || got[99] != 99 {
		t.Errorf("got %v, %d latencies, %v", got, len(latencies), err)
	}
}

func TestClosed_FirstErrorEndsRun(t *testing.T) {
	var calls atomic.Int64
	wrong := errors.New("wrong")
	_, err := Closed(t.Context(), 4, 1_000_000, func(int) error {
		calls.Add(1)
		return wrong
	})
	if !errors.Is(err, wrong) || calls.Load() > 4 {
		t.Errorf("got %v after %d calls, want the error after 4 at most", err, calls.Load())
	}
}

func TestOpen_LatencyCountsFromDueTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// One client, ten requests a second: the first takes 250 ms, so the next two start late.
		latencies, err := Open(t.Context(), 1, 4, 10, func(i int) error {
			if i == 0 {
				time.Sleep(250 * time.Millisecond)
			}
			return nil
		})
		want := Latencies{0, 50 * time.Millisecond, 150 * time.Millisecond, 250 * time.Millisecond}
		if err != nil || !slices.Equal(latencies, want) {
			t.Errorf("got %v %v, want %v", latencies, err, want)
		}
	})
}

func TestOpen_EndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		latencies, err := Open(ctx, 8, 0, 50, func(int) error { return nil })
		if err != nil || len(latencies) < 49 || len(latencies) > 51 {
			t.Errorf("got %d requests and %v, want 50", len(latencies), err)
		}
	})
}

func TestEvery_SkipsIntervalsDuringCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 95*time.Millisecond)
		defer cancel()
		calls := 0
		Every(ctx, 10*time.Millisecond, func(i int) {
			calls++
			if i == 0 {
				time.Sleep(50 * time.Millisecond)
			}
		})
		if calls < 5 || calls > 6 {
			t.Errorf("got %d calls, want 5 or 6", calls)
		}
	})
}

func TestLatencies_At(t *testing.T) {
	l := Latencies{1, 2, 3, 4}
	for q, want := range map[float64]time.Duration{0: 1, 0.5: 3, 0.99: 4, 1: 4} {
		if got := l.At(q); got != want {
			t.Errorf("At(%v) = %v, want %v", q, got, want)
		}
	}
}
