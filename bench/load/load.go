// Package load generates load: requests of a number of clients, in a closed loop, at a fixed rate or one at a time, and
// their latencies.
package load

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Closed calls do with 0 to n-1 from a number of clients at once. A client sends its next request when the last one is
// answered. If n is 0, it sends requests until ctx ends. The first error ends the run.
func Closed(ctx context.Context, clients, n int, do func(i int) error) (Latencies, error) {
	return run(ctx, clients, n, func(int) time.Time { return time.Now() }, do)
}

// Open calls do like Closed, but at a fixed rate per second: request i is due i/rate seconds after the start, and is
// sent as soon as a client is free. Its latency counts from when it is due, so a slow answer also adds to the latency
// of the requests after it.
func Open(ctx context.Context, clients, n int, rate float64, do func(i int) error) (Latencies, error) {
	began := time.Now()
	return run(ctx, clients, n, func(i int) time.Time {
		due := began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		select {
		case <-ctx.Done():
		case <-time.After(time.Until(due)):
		}
		return due
	}, do)
}

// run calls begin, which returns the start of a request's latency, and then do, for each request.
func run(
	outer context.Context, clients, n int, begin func(i int) time.Time, do func(i int) error,
) (Latencies, error) {
	ctx, cancel := context.WithCancelCause(outer)
	defer cancel(nil)
	var next atomic.Int64
	var group sync.WaitGroup
	each := make([]Latencies, clients)
	for c := range clients {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if n > 0 && i >= n {
					return
				}
				began := begin(i)
				if ctx.Err() != nil {
					return
				}
				if err := do(i); err != nil {
					cancel(err)
					return
				}
				each[c] = append(each[c], time.Since(began))
			}
		})
	}
	group.Wait()
	all := slices.Concat(each...)
	slices.Sort(all)
	if n == 0 && outer.Err() != nil {
		return all, nil
	}
	return all, context.Cause(ctx)
}

// Every calls do at most once per interval until ctx ends. An interval that passes while a call runs is skipped.
func Every(ctx context.Context, interval time.Duration, do func(i int)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for i := 0; ctx.Err() == nil; i++ {
		do(i)
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// Latencies is a list of latencies in ascending order.
type Latencies []time.Duration

// At returns the quantile q: At(0.5) is the median. It panics if l is empty.
func (l Latencies) At(q float64) time.Duration {
	return l[min(len(l)-1, int(q*float64(len(l))))]
}
