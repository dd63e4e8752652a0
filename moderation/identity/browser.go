package identity

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/secret"
)

// A Browser is where somebody signs in. Known is the SignedIn.Known of when they did so before, or "".
type Browser struct{ Agent, Known string }

// knownLife is for how long a browser is known after somebody signed in with it.
const knownLife = 180 * 24 * time.Hour

// know returns what shows that somebody signed in to an account with this browser. It is keyed by the
// hash of the password, which nobody but the service has: another password ends it.
func know(a authz.Account, now time.Time) string {
	return known(a, rand.Text(), strconv.FormatInt(now.Add(knownLife).Unix(), 10))
}

func known(a authz.Account, browser, until string) string {
	mac := secret.Secret(a.Password).Mac("browser", a.ID, browser, until)
	return browser + "." + until + "." + base64.RawURLEncoding.EncodeToString(mac)
}

// counted returns the name under which a try is counted: an e-mail, or the browser where it is known
// to the account, so that strangers cannot lock out who was there before. A browser has its own few
// wrong tries; after those it is counted like everybody.
func (s *Service) counted(ctx context.Context, email string, possible bool, b Browser) (string, error) {
	parts := strings.Split(b.Known, ".")
	if !possible || len(parts) != 3 {
		return email, nil
	}
	until, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || s.work.Now().Unix() >= until {
		return email, nil
	}
	a, err := s.signer(ctx, email, possible)
	if err != nil {
		return "", err
	}
	if a.Password == "" || !hmac.Equal([]byte(known(a, parts[0], parts[1])), []byte(b.Known)) {
		return email, nil
	}
	return "browser " + parts[0], nil
}

func errTries(wait time.Duration) error {
	return problem.TooOften("Too many wrong passwords. Wait a little, then try again.", wait)
}
