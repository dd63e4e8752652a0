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

// A Browser is the client of a sign-in. Token is the BrowserToken of an earlier sign-in, or "".
type Browser struct{ Agent, Token string }

// browserTokenLife is how long a browser token is valid.
const browserTokenLife = 180 * 24 * time.Hour

// newBrowserToken returns a token which proves that this browser signed in to the account. Its key is the hash of the
// password, so a new password revokes it.
func newBrowserToken(a authz.Account, now time.Time) string {
	return browserToken(a, rand.Text(), strconv.FormatInt(now.Add(browserTokenLife).Unix(), 10))
}

func browserToken(a authz.Account, browser, until string) string {
	mac := secret.Secret(a.Password).Mac("browser", a.ID, browser, until)
	return browser + "." + until + "." + base64.RawURLEncoding.EncodeToString(mac)
}

// tryKey returns the key under which failed sign-ins are counted: the e-mail, or the browser if it has a valid token
// of the account. So strangers cannot lock out a known browser. A browser has its own limit; after that, its tries
// count for the e-mail.
func (s *Service) tryKey(ctx context.Context, email string, possible bool, b Browser) (string, error) {
	parts := strings.Split(b.Token, ".")
	if !possible || len(parts) != 3 {
		return email, nil
	}
	until, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || s.work.Now().Unix() >= until {
		return email, nil
	}
	a, err := s.signInAccount(ctx, email, possible)
	if err != nil {
		return "", err
	}
	if a.Password == "" || !hmac.Equal([]byte(browserToken(a, parts[0], parts[1])), []byte(b.Token)) {
		return email, nil
	}
	return "browser " + parts[0], nil
}

func errTries(wait time.Duration) error {
	return problem.TooOften("Too many wrong passwords. Wait a little, then try again.", wait)
}
