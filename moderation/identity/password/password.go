// Package password hashes and verifies passwords, checks their strength, and slows down guessing.
//
// Only the argon2id hash of a password is stored. The package limits the memory of all concurrent hashes of a process.
// Verification takes as long for an unknown account as for a wrong password.
package password

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/alexedwards/argon2id"

	"github.com/aitys/aitys/moderation/problem"
)

// A Hasher hashes passwords with argon2id.
type Hasher struct {
	params    *argon2id.Params
	dummyHash func() (string, error) // returns the hash to compare with if there is no account
}

// New returns a Hasher with OWASP's second choice of parameters: 19 MiB and two passes.
func New() *Hasher { return with(19*1024, 2) }

// NewWeak returns a Hasher for tests. It takes microseconds where New's takes 40 ms.
func NewWeak() *Hasher { return with(8, 1) }

func with(kib, passes uint32) *Hasher {
	h := &Hasher{params: &argon2id.Params{Memory: kib, Iterations: passes, Parallelism: 1, SaltLength: 16, KeyLength: 32}}
	// Verification for an unknown e-mail takes as long as for a wrong password.
	h.dummyHash = sync.OnceValues(func() (string, error) { return argon2id.CreateHash(rand.Text(), h.params) })
	return h
}

// slots limits the concurrent hashes of this process to half the processors, at most four, so that sign-ins cannot
// starve readers. At most maxWaiting calls wait for a slot.
var (
	slots   = make(chan struct{}, min(4, max(1, runtime.GOMAXPROCS(0)/2)))
	waiting atomic.Int32
)

const maxWaiting = 16

var errBusy = errors.New("too many calls wait to hash a password")

// Hash returns the encoded hash of a password, or "" for "".
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if password == "" {
		return "", nil
	}
	if err := takeSlot(ctx); err != nil {
		return "", err
	}
	defer func() { <-slots }()
	hash, err := argon2id.CreateHash(password, h.params)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// Matches reports whether password has the hash. If hash is "", it takes the same time and returns false.
func (h *Hasher) Matches(ctx context.Context, password, hash string) (bool, error) {
	if err := takeSlot(ctx); err != nil {
		return false, err
	}
	defer func() { <-slots }()
	nobody := hash == "" || len(password) > maxLength
	if nobody {
		var err error
		if hash, err = h.dummyHash(); err != nil {
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

// takeSlot waits for a slot. It returns a busy error if too many calls wait, or if ctx ends.
func takeSlot(ctx context.Context) error {
	if ctx.Err() == nil {
		select {
		case slots <- struct{}{}:
			return nil
		default:
		}
	}
	defer waiting.Add(-1)
	if waiting.Add(1) > maxWaiting {
		return problem.TryAgain(errBusy)
	}
	select {
	case slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return problem.TryAgain(fmt.Errorf("wait to hash a password: %w", ctx.Err()))
	}
}
