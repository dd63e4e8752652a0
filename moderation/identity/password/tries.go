package password

import (
	"crypto/sha256"
	"sync"
	"time"
)

// How sign-in backs off: after freeTries wrong passwords in a row each further one doubles the
// wait, from a second to a minute. It is kept by process and lost with it; whoever is locked
// out by a stranger's tries has their other sessions, a browser that is known, and the operator's
// one-time link.
const (
	freeTries   = 5
	longestWait = time.Minute
	maxTries    = 10_000 // e-mails remembered
)

// Tries counts wrong passwords by e-mail, known and unknown alike, and by known browser. The zero value
// is ready.
type Tries struct {
	mu    sync.Mutex
	tries map[[32]byte]try
}

type try struct {
	wrong int
	until time.Time // no further try before
}

// Take counts a try as wrong before the password is looked at, so that many at one instant
// are not all let through; it returns how long to wait when this one came too early.
func (s *Tries) Take(email string, now time.Time) (wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := sha256.Sum256([]byte(email))
	t := s.tries[key]
	if wait := t.until.Sub(now); wait > 0 && wait <= longestWait { // longer only where the clock went back
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

// Back takes back a try of which the password was never looked at.
func (s *Tries) Back(email string) {
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

// Right forgets the wrong tries of an e-mail.
func (s *Tries) Right(email string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tries, sha256.Sum256([]byte(email)))
}

// forget makes room: whoever does not wait now, else all. A stranger who fills the memory with
// invented e-mails gains a few tries more, and pays for each with a password's work.
func (s *Tries) forget(now time.Time) {
	for key, t := range s.tries {
		if !t.until.After(now) {
			delete(s.tries, key)
		}
	}
	if len(s.tries) >= maxTries {
		clear(s.tries)
	}
}
