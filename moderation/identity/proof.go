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

// SignInBy makes a session for who showed at a provider who they are: session.refused where no account is linked with
// that, or it is disabled.
func (s *Service) SignInBy(ctx context.Context, p authz.Proof, agent string) (SignedIn, error) {
	var in SignedIn
	err := s.work.Update(ctx, func(tx Tx) error {
		if err := tx.LockPeople(); err != nil {
			return err
		}
		account, err := tx.AccountByProof(p.Issuer, p.Subject)
		if errors.Is(err, txn.ErrNotFound) || err == nil && account.Disabled {
			return problem.Unproven("session.refused", "No account is linked with whom you are there.")
		}
		if err != nil {
			return err
		}
		var row authz.Session
		in, row = s.newSession(account, agent)
		return insertSession(tx, row)
	})
	if err != nil {
		return SignedIn{}, fmt.Errorf("sign in by a provider: %w", err)
	}
	return in, nil
}

// MayLink reports why who may not link their account with a provider: that takes their session and their password, as
// a new password does. Where there is none, whoever found a screen unlocked would keep the account.
func (s *Service) MayLink(ctx context.Context, who authz.Actor, typed string) error {
	if err := own(who); err != nil {
		return err
	}
	if who.Account.Password == "" {
		return errNoPassword()
	}
	return s.proveOld(ctx, who, &typed)
}

// own refuses who has no session of their own.
func own(who authz.Actor) error {
	if err := who.Known(); err != nil {
		return err
	}
	if who.Session == "" {
		return authz.NotAllowed()
	}
	return nil
}

func errNoPassword() error {
	return problem.Field("/password", "This account has no password yet: ask an owner for a link to set one.")
}

// LinkProof has the actor's account signed in by a provider from now on, in the place of who it was there before:
// field.invalid where another account is. MayLink comes first, with the same session.
func (s *Service) LinkProof(ctx context.Context, who authz.Actor, provider string, p authz.Proof) error {
	if err := own(who); err != nil {
		return err
	}
	at := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		now, err := still(tx, who)
		if err != nil {
			return err
		}
		if err := tx.DeleteProofs(now.ID, p.Issuer); err != nil {
			return err
		}
		return tie(tx, authz.LinkedProof{Proof: p, Account: now.ID, Provider: provider, CreatedAt: at})
	})
	if err != nil {
		return fmt.Errorf("link a provider: %w", err)
	}
	return nil
}

// still returns the account of who, unless it was disabled or given another password since they were let in. Other
// changes of accounts wait until the end of the transaction.
func still(tx Tx, who authz.Actor) (authz.Account, error) {
	if err := tx.LockPeople(); err != nil {
		return authz.Account{}, err
	}
	now, err := tx.AccountByID(who.ID())
	if errors.Is(err, txn.ErrNotFound) || err == nil && (now.Disabled || now.Password != who.Account.Password) {
		return authz.Account{}, problem.SignIn()
	}
	return now, err
}

func tie(tx Tx, p authz.LinkedProof) error {
	err := tx.InsertProof(p)
	if errors.Is(err, txn.ErrTaken) {
		return problem.Field("/provider", "Another account is linked with whom you are there.")
	}
	if err != nil {
		return err
	}
	return tx.Emit(event.Event{Kind: event.Account, Account: p.Account, At: p.CreatedAt})
}

// Unlink has the actor's own account no longer signed in by an issuer, and ends its other sessions: one of them may
// have begun there. An issuer with which it is not linked ends nothing, and an account without a password keeps what it
// is signed in by.
func (s *Service) Unlink(ctx context.Context, who authz.Actor, issuer string) error {
	if err := own(who); err != nil {
		return err
	}
	at := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		now, err := still(tx, who)
		if err != nil {
			return err
		}
		if now.Password == "" {
			return errNoPassword()
		}
		linked, err := tx.Proofs(now.ID)
		if err != nil || !slices.ContainsFunc(linked, func(p authz.LinkedProof) bool { return p.Issuer == issuer }) {
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

// MyProofs lists by whom the actor's own account may be signed in, the oldest first.
func (s *Service) MyProofs(ctx context.Context, who authz.Actor) (list []authz.LinkedProof, err error) {
	if err := who.Known(); err != nil {
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
