package readerauth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// maxTokenLife limits the lifetime of a site's JWT. maxClockSkew is how far its iat may be in the future. maxSubject
// limits its sub, in bytes.
const (
	maxTokenLife = 10 * time.Minute
	maxClockSkew = 30 * time.Second
	maxSubject   = 255
)

// SetSSOKey replaces the key with which a site signs JWTs for its readers, and returns it. It revokes JWTs signed with
// the previous key and identities issued for them. It needs an owner.
func (s *Service) SetSSOKey(ctx context.Context, who authz.Actor, site site.Site) (string, error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return "", err
	}
	if err := who.AuthorizeCredentials(); err != nil {
		return "", err
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails: on an error, crypto/rand crashes the program
	at := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error { return tx.SetSSOSalt(site.ID, salt, at) })
	if err != nil {
		return "", fmt.Errorf("set secret: %w", err)
	}
	return s.ssoKey(site.ID, salt), nil
}

// ssoKey returns a site's single sign-on key. It is derived from the service's secret and not stored, so the database
// alone is not enough to sign.
func (s *Service) ssoKey(site int64, salt []byte) string {
	return base64.RawURLEncoding.EncodeToString(s.secret.Mac("sso", strconv.FormatInt(site, 10), string(salt)))
}

// ssoClaims are the claims of a site's JWT about one of its readers.
type ssoClaims struct {
	jwt.RegisteredClaims
	Name          string `json:"name"`
	Email         string `json:"email"`
	EmailVerified bool   `json:"email_verified"`
	Role          string `json:"role"`
}

// IssueBySSO issues an identity for a JWT (RFC 7519) that is signed with the site's key by HS256. It returns
// identity.refused for any other token.
func (s *Service) IssueBySSO(ctx context.Context, site site.Site, token string) (Identity, error) {
	now := s.work.Now()
	var salt []byte
	err := s.work.View(ctx, func(tx Tx) (err error) {
		salt, err = tx.SSOSalt(site.ID)
		return err
	})
	if err != nil {
		err = orRefused(err, "This site has no single sign-on key. Make one with `aitys site sso`.")
		return Identity{}, fmt.Errorf("read secret: %w", err)
	}
	w, err := parseJWT(token, site.Key, s.ssoKey(site.ID, salt), now)
	if err != nil {
		return Identity{}, err
	}
	c := claim{
		Subject: s.secret.Hash("subject", site.ID, "sso", w.Subject), Author: w.Role == authz.Author.String(),
		Name: text.First(text.CleanLine(w.Name), comment.MaxName),
		At:   w.IssuedAt.UnixMicro(), Ends: now.Add(identityLife).UnixMicro(),
	}
	if !text.Visible(c.Name) {
		c.Name = ""
	}
	if len(w.Email) <= comment.MaxEmail && text.LooksLikeEmail(w.Email) {
		c.Email = w.Email
	}
	err = s.work.Update(ctx, func(tx Tx) error {
		if err := checkNotSignedOut(tx, site.ID, c); err != nil || c.Name == "" {
			return err
		}
		return s.saveName(tx, site.ID, c.Name, now)
	})
	if err != nil {
		return Identity{}, fmt.Errorf("admit: %w", err)
	}
	return s.issue(site.ID, salt, c), nil
}

// errCritical reports a JWT with critical extensions (RFC 7515, 4.1.11). None is supported.
var errCritical = errors.New("crit in a JWT")

// parseJWT verifies a JWT for a site and returns its claims.
func parseJWT(token, site, key string, now time.Time) (w ssoClaims, err error) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithStrictDecoding(),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(func() time.Time { return now }))
	_, err = parser.ParseWithClaims(token, &w, func(t *jwt.Token) (any, error) {
		if _, named := t.Header["crit"]; named {
			return nil, errCritical
		}
		return []byte(key), nil
	})
	switch {
	case errors.Is(err, errCritical):
		return w, refused("The JWT has a crit header. JWS extensions are not supported.")
	case errors.Is(err, jwt.ErrTokenExpired):
		return w, refused("The JWT has expired.")
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return w, refused("The JWT is not signed with this site's secret by HS256.")
	case err != nil:
		return w, refused("This is not a valid JWT: three parts in base64url, with sub, aud, iat and exp.")
	case !slices.Equal(w.Audience, jwt.ClaimStrings{site}):
		return w, refused("The JWT is for another audience. Its aud must be the site's key only.")
	case w.Subject == "" || len(w.Subject) > maxSubject:
		return w, refused(fmt.Sprintf("The JWT needs a sub of 1 to %d bytes.", maxSubject))
	case w.IssuedAt == nil || w.IssuedAt.After(now.Add(maxClockSkew)):
		return w, refused("The JWT needs an iat, and not one in the future.")
	case w.ExpiresAt.Sub(w.IssuedAt.Time) > maxTokenLife:
		return w, refused("The JWT is valid for too long. Its exp must be at most ten minutes after its iat.")
	case !slices.Contains([]string{"", "reader", authz.Author.String()}, w.Role):
		return w, refused("The JWT's role must be reader or author.")
	}
	return w, nil
}

// orRefused returns identity.refused if err is ErrNotFound, and else err.
func orRefused(err error, detail string) error {
	if errors.Is(err, txn.ErrNotFound) {
		return refused(detail)
	}
	return err
}
