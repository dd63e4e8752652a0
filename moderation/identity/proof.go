package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/txn"
)

// SignInWithProvider starts a session for the account that is linked to a provider's proof. It returns session.refused
// if there is no such account or it is disabled.
func (s *Service) SignInWithProvider(ctx context.Context, p authz.ExternalIdentity, agent string) (SignedIn, error) {
	var in SignedIn
	err := s.work.Update(ctx, func(tx Tx) error {
		if err := tx.LockAccounts(); err != nil {
			return err
		}
		account, err := tx.AccountByProof(p.Issuer, p.Subject)
		if errors.Is(err, txn.ErrNotFound) || err == nil && account.Disabled {
			return problem.Unproven("session.refused", "No account is linked to this provider account.")
		}
		if err != nil {
			return err
		}
		var row authz.Session
		in, row = s.newSession(account, agent)
		return insertSession(tx, row)
	})
	if err != nil {
		return SignedIn{}, fmt.Errorf("sign in with a provider: %w", err)
	}
	return in, nil
}

// CheckLink returns an error unless the actor may link their account to a provider. It needs their session and
// password, as a password change does: an unattended browser must not be enough to take over the account.
func (s *Service) CheckLink(ctx context.Context, who authz.Actor, typed string) error {
	if err := requireSession(who); err != nil {
		return err
	}
	if who.Account.Password == "" {
		return errNoPassword()
	}
	return s.checkOldPassword(ctx, who, &typed)
}

// requireSession returns an error unless the actor has a session.
func requireSession(who authz.Actor) error {
	if err := who.CheckSignedIn(); err != nil {
		return err
	}
	if who.Session == "" {
		return authz.NotAllowed()
	}
	return nil
}

func errNoPassword() error {
	return problem.Field("/password", "This account has no password yet. Ask an owner for a link to set one.")
}

// LinkProvider links the actor's account to a provider's proof and replaces an earlier one of that issuer. It returns
// field.invalid if another account has the proof. The caller must call CheckLink first, with the same session.
func (s *Service) LinkProvider(ctx context.Context, who authz.Actor, provider string, p authz.ExternalIdentity) error {
	if err := requireSession(who); err != nil {
		return err
	}
	at := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		now, err := currentAccount(tx, who)
		if err != nil {
			return err
		}
		if err := tx.DeleteProofs(now.ID, p.Issuer); err != nil {
			return err
		}
		return insertProof(tx, authz.LinkedIdentity{ExternalIdentity: p, Account: now.ID, Provider: provider, CreatedAt: at})
	})
	if err != nil {
		return fmt.Errorf("link a provider: %w", err)
	}
	return nil
}

// currentAccount locks accounts and returns the actor's account. It returns auth.needed if the account was disabled or
// its password changed since the request was authenticated.
func currentAccount(tx Tx, who authz.Actor) (authz.Account, error) {
	if err := tx.LockAccounts(); err != nil {
		return authz.Account{}, err
	}
	now, err := tx.AccountByID(who.ID())
	if errors.Is(err, txn.ErrNotFound) || err == nil && (now.Disabled || now.Password != who.Account.Password) {
		return authz.Account{}, problem.SignIn()
	}
	return now, err
}

// insertProof stores a proof and emits the account event.
func insertProof(tx Tx, p authz.LinkedIdentity) error {
	err := tx.InsertProof(p)
	if errors.Is(err, txn.ErrTaken) {
		return problem.Field("/provider", "Another account is linked to this provider account.")
	}
	if err != nil {
		return err
	}
	return tx.Emit(event.Event{Kind: event.Account, Account: p.Account, At: p.CreatedAt})
}

// UnlinkProvider removes the link of the actor's account to an issuer and ends its other sessions, because one may
// have started there. If there is no such link, it changes nothing. An account without a password cannot be unlinked.
func (s *Service) UnlinkProvider(ctx context.Context, who authz.Actor, issuer string) error {
	if err := requireSession(who); err != nil {
		return err
	}
	at := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		now, err := currentAccount(tx, who)
		if err != nil {
			return err
		}
		if now.Password == "" {
			return errNoPassword()
		}
		linked, err := tx.Proofs(now.ID)
		if err != nil || !slices.ContainsFunc(linked, func(p authz.LinkedIdentity) bool { return p.Issuer == issuer }) {
			return err
		}
		if err := tx.DeleteProofs(now.ID, issuer); err != nil {
			return err
		}
		list, err := tx.Sessions(now.ID)
		if err != nil {
			return err
		}
		for _, one := range list {
			if one.ID == who.Session {
				continue
			}
			if err := tx.DeleteSession(one.Hash); err != nil {
				return err
			}
		}
		return tx.Emit(event.Event{Kind: event.Account, Account: now.ID, At: at})
	})
	if err != nil {
		return fmt.Errorf("unlink a provider: %w", err)
	}
	return nil
}

// LinkedProviders returns the provider links of the actor's account, oldest first.
func (s *Service) LinkedProviders(ctx context.Context, who authz.Actor) (list []authz.LinkedIdentity, err error) {
	if err := who.CheckSignedIn(); err != nil {
		return nil, err
	}
	err = s.work.View(ctx, func(tx Tx) (err error) {
		list, err = tx.Proofs(who.ID())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read providers: %w", err)
	}
	return list, nil
}
