package coord

import (
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/txn"
)

// A rate allows one event per interval, and burst events at once.
type rate struct {
	interval time.Duration
	burst    int
}

// maxLimits is the maximum number of limits in memory, about 40 MB. Regular use needs far fewer limits at a time; an
// attacker with many keys may reach it.
const maxLimits = 1 << 18

// limits is an in-memory rate limiter. It uses the generic cell rate algorithm (GCRA), as redis_rate does: each name
// has a theoretical arrival time (TAT), at which its full burst is available again.
type limits struct {
	clock txn.Clock

	mu      sync.Mutex // guards the fields below
	tat     map[string]time.Time
	sweepAt int // number of names at which the next sweep runs
}

func newLimits(clock txn.Clock) *limits {
	return &limits{clock: clock, tat: map[string]time.Time{}, sweepAt: 1024}
}

// allow takes one event, or returns how long to wait for it.
func (l *limits) allow(name string, r rate) (ok bool, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	if wait := l.waitLocked(name, r, now); wait > 0 {
		return false, wait
	}
	l.storeLocked(name, l.tatLocked(name, r, now).Add(r.interval), now)
	return true, 0
}

// refund returns one event that allow took.
func (l *limits) refund(name string, r rate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if earned, known := l.tat[name]; known {
		l.tat[name] = earned.Add(-r.interval)
	}
}

// wait returns how long the next event would have to wait.
func (l *limits) wait(name string, r rate) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waitLocked(name, r, l.clock.Now())
}

// record takes over the answer of Redis: it counts the event if Redis allowed it, and moves the TAT to at least until
// from now. until is when the full burst is available again, after the events of all processes.
func (l *limits) record(name string, r rate, allowed bool, until time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	earned := l.tatLocked(name, r, now)
	if allowed {
		earned = earned.Add(r.interval)
	}
	if all := now.Add(until); all.After(earned) {
		earned = all
	}
	l.storeLocked(name, earned, now)
}

// waitLocked is wait at a given time. The caller holds mu.
func (l *limits) waitLocked(name string, r rate, now time.Time) time.Duration {
	earned := l.tatLocked(name, r, now)
	return max(0, earned.Add(r.interval-time.Duration(r.burst)*r.interval).Sub(now))
}

// storeLocked sets the TAT of a name, and sweeps first if there are many. The caller holds mu.
func (l *limits) storeLocked(name string, earned, now time.Time) {
	if _, known := l.tat[name]; !known && len(l.tat) >= l.sweepAt {
		l.sweepLocked(now)
	}
	l.tat[name] = earned
}

// tatLocked returns the TAT of a name, at least now. A TAT later than a full burst and one event that Redis allowed
// means that the clock was set back; the limit is reset then. The caller holds mu.
func (l *limits) tatLocked(name string, r rate, now time.Time) time.Time {
	earned, known := l.tat[name]
	if !known || earned.Before(now) || earned.After(now.Add(time.Duration(r.burst+1)*r.interval)) {
		return now
	}
	return earned
}

// sweepLocked removes names whose full burst is available. If more than maxLimits remain, it removes arbitrary names.
// The caller holds mu.
func (l *limits) sweepLocked(now time.Time) {
	for name, earned := range l.tat {
		if earned.Before(now) {
			delete(l.tat, name)
		}
	}
	for name := range l.tat {
		if len(l.tat) < maxLimits {
			break
		}
		delete(l.tat, name)
	}
	l.sweepAt = min(maxLimits, max(1024, 2*len(l.tat)))
}
