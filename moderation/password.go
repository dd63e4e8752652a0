package moderation

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"github.com/aitys/aitys/moderation/problem"
)

// The work that one password costs: OWASP's second choice, 19 MiB and two passes.
var passwordWork = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// passwordSlots bounds what all sign-ins of this process together may take: two at once.
var passwordSlots = make(chan struct{}, 2)

// nobodysPassword is compared with where there is no account, so that an unknown e-mail takes
// as long as a wrong password.
var nobodysPassword = sync.OnceValues(func() (string, error) {
	return argon2id.CreateHash(rand.Text(), passwordWork)
})

const maxPassword = 1_024 // bytes

// checkPassword refuses what is no password: fewer than 8 characters, or more than 1,024 bytes.
func checkPassword(password string) error {
	if !utf8.ValidString(password) || utf8.RuneCountInString(password) < 8 || len(password) > maxPassword {
		return problem.Field("/password", "A password has at least 8 characters.")
	}
	return nil
}

// hashPassword returns the encoded hash of a password, "" for "".
func hashPassword(ctx context.Context, password string) (string, error) {
	if password == "" {
		return "", nil
	}
	if err := takeSlot(ctx); err != nil {
		return "", err
	}
	defer func() { <-passwordSlots }()
	hash, err := argon2id.CreateHash(password, passwordWork)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// samePassword reports whether password is the one of hash; with "" it takes its time and
// says no.
func samePassword(ctx context.Context, password, hash string) (bool, error) {
	if err := takeSlot(ctx); err != nil {
		return false, err
	}
	defer func() { <-passwordSlots }()
	nobody := hash == "" || len(password) > maxPassword
	if nobody {
		var err error
		if hash, err = nobodysPassword(); err != nil {
			return false, fmt.Errorf("hash password: %w", err)
		}
		password = ""
	}
	same, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("compare password: %w", err)
	}
	return same && !nobody, nil
}

func takeSlot(ctx context.Context) error {
	select {
	case passwordSlots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &problem.Error{Kind: problem.Busy, Code: "busy", Detail: "Too many sign in at once. Try again in a moment.", RetryAfter: 5, Err: ctx.Err()}
	}
}

// How sign-in backs off: after freeTries wrong passwords in a row each further one doubles the
// wait, from a second to a minute. It is kept by process and lost with it; whoever is locked
// out by a stranger's tries has their other sessions, and the operator's one-time link.
const (
	freeTries   = 5
	longestWait = time.Minute
	maxTries    = 10_000 // e-mails remembered
)

// signins counts wrong passwords by e-mail, known and unknown alike. The zero value is ready.
type signins struct {
	mu    sync.Mutex
	tries map[[32]byte]try
}

type try struct {
	wrong int
	until time.Time // no further try before
}

// take counts a try as wrong before the password is looked at, so that many at one instant
// are not all let through; it returns how long to wait when this one came too early.
func (s *signins) take(email string, now time.Time) (wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := sha256.Sum256([]byte(email))
	t := s.tries[key]
	if wait := t.until.Sub(now); wait > 0 {
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

// right forgets the wrong tries of an e-mail.
func (s *signins) right(email string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tries, sha256.Sum256([]byte(email)))
}

// forget makes room: whoever does not wait now, else all. A stranger who fills the memory with
// invented e-mails gains a few tries more, and pays for each with a password's work.
func (s *signins) forget(now time.Time) {
	for key, t := range s.tries {
		if !t.until.After(now) {
			delete(s.tries, key)
		}
	}
	if len(s.tries) >= maxTries {
		clear(s.tries)
	}
}

// newSecret returns 32 random bytes as text, and the hash under which they are kept.
func newSecret(prefix string) (value string, hash []byte) {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the program instead
	value = prefix + base64.RawURLEncoding.EncodeToString(raw)
	return value, hashSecret(value)
}

func hashSecret(value string) []byte {
	sum := sha256.Sum256([]byte(value))
	return sum[:]
}
