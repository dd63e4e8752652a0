// Package password keeps and compares the passwords that people sign in with, and makes guessing slow.
//
// A password is never kept, only its argon2id hash. It bounds the memory that all sign-ins of a process
// take together, and takes as long over an account that is not there as over a wrong password.
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
	params *argon2id.Params
	nobody func() (string, error) // the hash to compare with where there is no account
}

// New returns a Hasher with OWASP's second choice of parameters: 19 MiB and two passes.
func New() *Hasher { return with(19*1024, 2) }

// NewWeak returns a Hasher for tests. It takes microseconds where New's takes 40 ms.
func NewWeak() *Hasher { return with(8, 1) }

func with(kib, passes uint32) *Hasher {
	h := &Hasher{params: &argon2id.Params{Memory: kib, Iterations: passes, Parallelism: 1, SaltLength: 16, KeyLength: 32}}
	// An unknown e-mail takes as long as a wrong password.
	h.nobody = sync.OnceValues(func() (string, error) { return argon2id.CreateHash(rand.Text(), h.params) })
	return h
}

// slots bounds what all sign-ins of this process together may take: half the processors, four at most, so
// that readers are served whatever strangers try. Beyond maxWaiting nobody waits for one.
var (
	slots   = make(chan struct{}, min(4, max(1, runtime.GOMAXPROCS(0)/2)))
	waiting atomic.Int32
)

const maxWaiting = 16

var errCrowded = errors.New("too many wait to hash a password")

// Hash returns the encoded hash of a password, "" for "".
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

// Same reports whether password is the one of hash; with "" it takes its time and says no.
func (h *Hasher) Same(ctx context.Context, password, hash string) (bool, error) {
	if err := takeSlot(ctx); err != nil {
		return false, err
	}
	defer func() { <-slots }()
	nobody := hash == "" || len(password) > maxLength
	if nobody {
		var err error
		if hash, err = h.nobody(); err != nil {
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
	if ctx.Err() == nil {
		select {
		case slots <- struct{}{}:
			return nil
		default:
		}
	}
	defer waiting.Add(-1)
	if waiting.Add(1) > maxWaiting {
		return problem.TryAgain(errCrowded)
	}
	select {
	case slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return problem.TryAgain(fmt.Errorf("wait to hash a password: %w", ctx.Err()))
	}
}
