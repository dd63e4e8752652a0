package coord

import (
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/txn"
)

// A rate is one event each interval, burst of them at once.
type rate struct {
	interval time.Duration
	burst    int
}

// maxLimits bounds the memory of limits: some 40 MB of names, far more than earn their burst
// back at any one time unless somebody makes them up.
const maxLimits = 1 << 18

// limits is the generic cell rate algorithm in memory, the same that redis_rate runs: each
// name has one time, when all that it was allowed will have been earned.
type limits struct {
	clock txn.Clock

	mu     sync.Mutex // guards what follows
	earned map[string]time.Time
	sweep  int // sweep when there are so many
}

func newLimits(clock txn.Clock) *limits {
	return &limits{clock: clock, earned: map[string]time.Time{}, sweep: 1024}
}

// take allows one event, or says how long to wait for it.
func (l *limits) take(name string, r rate) (ok bool, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	if wait := l.waitLocked(name, r, now); wait > 0 {
		return false, wait
	}
	l.keepLocked(name, l.earnedLocked(name, r, now).Add(r.interval), now)
	return true, 0
}

// giveBack takes back an event.
func (l *limits) giveBack(name string, r rate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if earned, known := l.earned[name]; known {
		l.earned[name] = earned.Add(-r.interval)
	}
}

// wait is how long the next event would have to wait.
func (l *limits) wait(name string, r rate) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waitLocked(name, r, l.clock.Now())
}

// note counts an event that Redis allowed, and in any case what all processes were allowed by then, which takes so
// long to be earned.
func (l *limits) note(name string, r rate, allowed bool, until time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	earned := l.earnedLocked(name, r, now)
	if allowed {
		earned = earned.Add(r.interval)
	}
	if all := now.Add(until); all.After(earned) {
		earned = all
	}
	l.keepLocked(name, earned, now)
}

func (l *limits) waitLocked(name string, r rate, now time.Time) time.Duration {
	earned := l.earnedLocked(name, r, now)
	return max(0, earned.Add(r.interval-time.Duration(r.burst)*r.interval).Sub(now))
}

func (l *limits) keepLocked(name string, earned, now time.Time) {
	if _, known := l.earned[name]; !known && len(l.earned) >= l.sweep {
		l.sweepLocked(now)
	}
	l.earned[name] = earned
}

// earnedLocked is when a name will have earned all that it was allowed: from now on, and no later than a
// burst takes and one that Redis allowed. Where it is later the clock went back, and all is forgiven.
func (l *limits) earnedLocked(name string, r rate, now time.Time) time.Time {
	earned, known := l.earned[name]
	if !known || earned.Before(now) || earned.After(now.Add(time.Duration(r.burst+1)*r.interval)) {
		return now
	}
	return earned
}

// sweepLocked forgets who has earned everything back; when that is not enough, anybody.
func (l *limits) sweepLocked(now time.Time) {
	for name, earned := range l.earned {
		if earned.Before(now) {
			delete(l.earned, name)
		}
	}
	for name := range l.earned {
		if len(l.earned) < maxLimits {
			break
		}
		delete(l.earned, name)
	}
	l.sweep = min(maxLimits, max(1024, 2*len(l.earned)))
}
