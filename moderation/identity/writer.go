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

// writerLife is for how long somebody may write under an identity.
const writerLife = 12 * time.Hour

// A Given is an identity that was just given to somebody. Value is kept by the page, and not here: it is good for
// writing on one site, and for nothing else.
type Given struct {
	Value     string
	Writer    authz.Writer
	ExpiresAt time.Time
}

// Identify gives who signed in an identity for writing on a site. It ends after twelve hours, with EndWriter, and
// with the account's password or its role on the site.
func (s *Service) Identify(ctx context.Context, who authz.Actor, site site.Site) (Given, error) {
	if err := who.May(site.ID, authz.Author, authz.ScopeAdmin); err != nil {
		return Given{}, err
	}
	if err := who.MayIssue(); err != nil {
		return Given{}, err
	}
	if who.ID() == "" {
		return Given{}, authz.NotAllowed() // the operator has no name to write under
	}
	at := s.work.Now()
	var a authz.Account
	err := s.work.View(ctx, func(tx Tx) (err error) {
		a, err = tx.AccountByID(who.ID())
		return err
	})
	if err != nil {
		return Given{}, fmt.Errorf("identify: %w", err)
	}
	c := claim{account: a.ID, at: strconv.FormatInt(at.UnixMicro(), 10)}
	return Given{
		Value:     strings.Join([]string{c.account, c.at, s.proof(c, site.ID, a)}, "."),
		Writer:    authz.Writer{Account: a.ID, Name: a.Name, Role: a.Role(site.ID)},
		ExpiresAt: at.Add(writerLife),
	}, nil
}

// A claim is what an identity says of itself.
type claim struct{ account, at string }

// proof shows that an identity was given to an account by this service. It is keyed by the hash of the password,
// too: another password ends it.
func (s *Service) proof(c claim, site int64, a authz.Account) string {
	mac := s.secret.Mac("identity", strconv.FormatInt(site, 10), c.account, c.at, a.Password)
	return base64.RawURLEncoding.EncodeToString(mac)
}

// claimed returns what an identity says, if it was given for a site to an account that may still write there.
func (s *Service) claimed(tx Tx, site int64, value string) (authz.Account, time.Time, error) {
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

// Writer returns who writes under an identity on a site: identity.refused when nobody may.
func (s *Service) Writer(ctx context.Context, site site.Site, value string) (authz.Writer, error) {
	now := s.work.Now()
	var a authz.Account
	err := s.work.View(ctx, func(tx Tx) (err error) {
		var at, out time.Time
		if a, at, err = s.claimed(tx, site.ID, value); err != nil {
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

// EndWriter ends every identity that whoever has this one was given on a site so far. To end what has ended is no
// error.
func (s *Service) EndWriter(ctx context.Context, site site.Site, value string) error {
	now := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		a, _, err := s.claimed(tx, site.ID, value)
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

// subject is what is kept of who signed out.
func (s *Service) subject(site int64, account string) []byte {
	return s.secret.Hash("subject", site, "account", account)
}

func errIdentity() error {
	return problem.Unproven("identity.refused", "You are signed out, or this is no identity of this site. Sign in again.")
}
