package identity

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// writerLife is how long an identity for writing is valid.
const writerLife = 12 * time.Hour

// A WriterIdentity is a newly issued identity for writing on one site. The page keeps Value; the service does not
// store it.
type WriterIdentity struct {
	Value     string
	Writer    authz.Writer
	ExpiresAt time.Time
}

// IssueIdentity returns an identity for writing on a site. The actor needs a session and a role on the site. The
// identity ends after 12 hours, with SignOutWriter, with another password, and with the account's role on the site.
func (s *Service) IssueIdentity(ctx context.Context, who authz.Actor, site site.Site) (WriterIdentity, error) {
	if err := who.Authorize(site.ID, authz.Author, authz.ScopeAdmin); err != nil {
		return WriterIdentity{}, err
	}
	if err := who.AuthorizeCredentials(); err != nil {
		return WriterIdentity{}, err
	}
	if who.ID() == "" {
		return WriterIdentity{}, authz.NotAllowed() // the operator has no name to write under
	}
	at := s.work.Now()
	var a authz.Account
	err := s.work.View(ctx, func(tx Tx) (err error) {
		a, err = tx.AccountByID(who.ID())
		return err
	})
	if err != nil {
		return WriterIdentity{}, fmt.Errorf("identify: %w", err)
	}
	c := claim{account: a.ID, at: strconv.FormatInt(at.UnixMicro(), 10)}
	return WriterIdentity{
		Value:     strings.Join([]string{c.account, c.at, s.proof(c, site.ID, a)}, "."),
		Writer:    authz.Writer{Account: a.ID, Name: a.Name, Role: a.Role(site.ID)},
		ExpiresAt: at.Add(writerLife),
	}, nil
}

// A claim is the signed content of an identity.
type claim struct{ account, at string }

// proof returns the MAC of an identity. It includes the hash of the password, so a new password revokes the identity.
func (s *Service) proof(c claim, site int64, a authz.Account) string {
	mac := s.secret.Mac("identity", strconv.FormatInt(site, 10), c.account, c.at, a.Password)
	return base64.RawURLEncoding.EncodeToString(mac)
}

// parseIdentity returns an identity's account and time of issue. It returns identity.refused if the identity was not
// issued for the site, or the account has no role there.
func (s *Service) parseIdentity(tx Tx, site int64, value string) (authz.Account, time.Time, error) {
	parts := strings.Split(value, ".")
	if len(parts) != 3 || !txn.IsID(parts[0]) {
		return authz.Account{}, time.Time{}, errIdentity()
	}
	at, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return authz.Account{}, time.Time{}, errIdentity()
	}
	a, err := tx.AccountByID(parts[0])
	if errors.Is(err, txn.ErrNotFound) {
		err = errIdentity()
	}
	if err != nil {
		return authz.Account{}, time.Time{}, err
	}
	proof := s.proof(claim{parts[0], parts[1]}, site, a)
	if !hmac.Equal([]byte(proof), []byte(parts[2])) || a.Role(site) == authz.NoRole {
		return authz.Account{}, time.Time{}, errIdentity()
	}
	return a, time.UnixMicro(at), nil
}

// Writer returns the commenter of an identity on a site, or identity.refused if the identity is invalid, expired or
// revoked.
func (s *Service) Writer(ctx context.Context, site site.Site, value string) (authz.Writer, error) {
	now := s.work.Now()
	var a authz.Account
	err := s.work.View(ctx, func(tx Tx) (err error) {
		var at, out time.Time
		if a, at, err = s.parseIdentity(tx, site.ID, value); err != nil {
			return err
		}
		if out, err = tx.SignedOut(site.ID, s.subject(site.ID, a.ID)); err != nil {
			return err
		}
		if !at.After(out) || !now.Before(at.Add(writerLife)) {
			return errIdentity()
		}
		return nil
	})
	if err != nil {
		return authz.Writer{}, fmt.Errorf("read identity: %w", err)
	}
	return authz.Writer{Account: a.ID, Name: a.Name, Role: a.Role(site.ID)}, nil
}

// SignOutWriter revokes every identity that the account of this one got on a site so far. Revoking again is no error.
func (s *Service) SignOutWriter(ctx context.Context, site site.Site, value string) error {
	now := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		a, _, err := s.parseIdentity(tx, site.ID, value)
		if err != nil {
			return err
		}
		return tx.SignOut(site.ID, s.subject(site.ID, a.ID), now)
	})
	if err != nil {
		return fmt.Errorf("end identity: %w", err)
	}
	return nil
}

// subject returns the keyed hash under which an account's sign-outs are stored.
func (s *Service) subject(site int64, account string) []byte {
	return s.secret.Hash("subject", site, "account", account)
}

func errIdentity() error {
	return problem.Unproven("identity.refused", "You are signed out, or this is no identity of this site. Sign in again.")
}
