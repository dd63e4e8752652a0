package password

import (
	"crypto/sha256"
	"sync"
	"time"
)

// Sign-in backs off: after freeTries wrong passwords in a row, each further one doubles the wait, from one second to a
// minute. The counts are per process and not stored. An account locked out by a stranger's tries can still use its
// sessions, a known browser, and the operator's one-time link.
const (
	freeTries   = 5
	longestWait = time.Minute
	maxTries    = 10_000 // keys in memory
)

// A Limiter counts wrong passwords by key: an e-mail, known or unknown, a known browser or a session. The zero value
// is ready to use.
type Limiter struct {
	mu    sync.Mutex
	tries map[[32]byte]try
}

type try struct {
	wrong int
	until time.Time // the next try is refused before
}

// Take counts a try as wrong before the password is checked, so that concurrent tries cannot exceed the limit. If the
// try is too early, it returns how long to wait.
func (s *Limiter) Take(email string, now time.Time) (wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := sha256.Sum256([]byte(email))
	t := s.tries[key]
	if wait := t.until.Sub(now); wait > 0 && wait <= longestWait { // a longer wait means that the clock was set back
		return wait
	}
	if len(s.tries) >= maxTries {
		s.forget(now)
	}
	t.wrong++
	if t.wrong >= freeTries {
		t.until = now.Add(min(time.Second<<min(t.wrong-freeTries, 10), longestWait))
	}
	if s.tries == nil {
		s.tries = map[[32]byte]try{}
	}
	s.tries[key] = t
	return 0
}

// Undo removes a try whose password was not checked.
func (s *Limiter) Undo(email string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := sha256.Sum256([]byte(email))
	t, known := s.tries[key]
	if !known {
		return
	}
	if t.wrong--; t.wrong < freeTries {
		t.until = time.Time{}
	}
	s.tries[key] = t
}

// Reset deletes the wrong tries of a key.
func (s *Limiter) Reset(email string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tries, sha256.Sum256([]byte(email)))
}

// forget deletes the keys that do not have to wait now, or else all. An attacker who fills the memory with invented
// e-mails gains a few tries, and pays for each with the work of a hash.
func (s *Limiter) forget(now time.Time) {
	for key, t := range s.tries {
		if !t.until.After(now) {
			delete(s.tries, key)
		}
	}
	if len(s.tries) >= maxTries {
		clear(s.tries)
	}
}
