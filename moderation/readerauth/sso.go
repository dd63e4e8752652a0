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

// A site's word is good for at most wordLife, and may be so much ahead of this clock. A subject has maxSubject
// bytes at most.
const (
	wordLife   = 10 * time.Minute
	ahead      = 30 * time.Second
	maxSubject = 255
)

// SetSSOKey makes the secret by which a site says who its readers are, and returns it. There is one at a time: what
// an earlier one signed, and what was given for it, is void.
func (s *Service) SetSSOKey(ctx context.Context, who authz.Actor, site site.Site) (string, error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return "", err
	}
	if err := who.MayIssue(); err != nil {
		return "", err
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails: crypto/rand ends the program instead
	at := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error { return tx.SetSSOSalt(site.ID, salt, at) })
	if err != nil {
		return "", fmt.Errorf("set secret: %w", err)
	}
	return s.key(site.ID, salt), nil
}

// key is a site's secret. It is not kept: whoever reads the database alone cannot sign with it.
func (s *Service) key(site int64, salt []byte) string {
	return base64.RawURLEncoding.EncodeToString(s.secret.Mac("sso", strconv.FormatInt(site, 10), string(salt)))
}

// A word is what a site says of a reader of its own: the claims of a JWT.
type word struct {
	jwt.RegisteredClaims
	Name          string `json:"name"`
	Email         string `json:"email"`
	EmailVerified bool   `json:"email_verified"`
	Role          string `json:"role"`
}

// AdmitSSO gives an identity for a JWT (RFC 7519) that is signed with the site's secret by HS256: identity.refused
// for any other.
func (s *Service) AdmitSSO(ctx context.Context, site site.Site, token string) (Given, error) {
	now := s.work.Now()
	var salt []byte
	err := s.work.View(ctx, func(tx Tx) (err error) {
		salt, err = tx.SSOSalt(site.ID)
		return err
	})
	if err != nil {
		err = orRefused(err, "This site says of nobody who they are: `aitys site sso` makes the secret that it takes.")
		return Given{}, fmt.Errorf("read secret: %w", err)
	}
	w, err := read(token, site.Key, s.key(site.ID, salt), now)
	if err != nil {
		return Given{}, err
	}
	c := claim{
		Subject: s.secret.Hash("subject", site.ID, "sso", w.Subject), Author: w.Role == authz.Author.String(),
		Name: text.First(text.CleanLine(w.Name), comment.MaxName),
		At:   w.IssuedAt.UnixMicro(), Ends: now.Add(life).UnixMicro(),
	}
	if !text.Visible(c.Name) {
		c.Name = ""
	}
	if len(w.Email) <= comment.MaxEmail && text.LooksLikeEmail(w.Email) {
		c.Email = w.Email
	}
	err = s.work.Update(ctx, func(tx Tx) error {
		if err := since(tx, site.ID, c); err != nil || c.Name == "" {
			return err
		}
		return s.keepName(tx, site.ID, c.Name, now)
	})
	if err != nil {
		return Given{}, fmt.Errorf("admit: %w", err)
	}
	return s.give(site.ID, salt, c), nil
}

// errCritical reports a JWT with critical extensions (RFC 7515, 4.1.11). None is supported.
var errCritical = errors.New("crit in a JWT")

// read returns what a JWT says, if it is one for a site.
func read(token, site, key string, now time.Time) (w word, err error) {
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
		return w, refused("The JWT has a crit header: no extension of JWS is supported.")
	case errors.Is(err, jwt.ErrTokenExpired):
		return w, refused("The JWT has expired.")
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return w, refused("The JWT is not signed with this site's secret by HS256.")
	case err != nil:
		return w, refused("This is no JWT that can be read: it is three parts in base64url, with sub, aud, iat and exp.")
	case !slices.Equal(w.Audience, jwt.ClaimStrings{site}):
		return w, refused("The JWT is for another audience: its aud is the site's key, and nothing else.")
	case w.Subject == "" || len(w.Subject) > maxSubject:
		return w, refused(fmt.Sprintf("The JWT needs a sub of 1 to %d bytes.", maxSubject))
	case w.IssuedAt == nil || w.IssuedAt.After(now.Add(ahead)):
		return w, refused("The JWT needs an iat, and not one in the future.")
	case w.ExpiresAt.Sub(w.IssuedAt.Time) > wordLife:
		return w, refused("The JWT is good for too long: its exp is at most ten minutes after its iat.")
	case !slices.Contains([]string{"", "reader", authz.Author.String()}, w.Role):
		return w, refused("The JWT's role is reader or author.")
	}
	return w, nil
}

// orRefused refuses somebody where what they would be known by was not found.
func orRefused(err error, detail string) error {
	if errors.Is(err, txn.ErrNotFound) {
		return refused(detail)
	}
	return err
}
