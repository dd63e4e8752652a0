package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// A session ends 12 hours after its last use, and 30 days after its start. The last use of a session or token is
// stored at most once a minute.
const (
	sessionIdle   = 12 * time.Hour
	sessionLife   = 30 * 24 * time.Hour
	touchInterval = time.Minute
)

// SignedIn is a new session. Value is the session cookie's value and is not stored. BrowserToken is for another
// cookie, which identifies the browser at later sign-ins until BrowserTokenUntil.
type SignedIn struct {
	Actor             authz.Actor
	Value             string
	ExpiresAt         time.Time
	BrowserToken      string
	BrowserTokenUntil time.Time
}

// SignIn starts a session. A wrong password and an unknown e-mail give the same error session.refused, after the same
// time. After five wrong passwords in a row it returns rate.limited for a growing time. A browser that has signed in
// to the account before has a separate limit of five.
func (s *Service) SignIn(ctx context.Context, email, typed string, b Browser) (SignedIn, error) {
	address, possible := text.ParseAddress(email)
	email = address.Readable()
	counted, err := s.tryKey(ctx, email, possible, b)
	if err != nil {
		return SignedIn{}, fmt.Errorf("sign in: %w", err)
	}
	wait := s.signins.Take(counted, s.work.Now())
	if wait > 0 && counted != email {
		counted, wait = email, s.signins.Take(email, s.work.Now())
	}
	if wait > 0 {
		return SignedIn{}, errTries(wait)
	}
	account, err := s.signInAccount(ctx, email, possible)
	if err != nil {
		s.signins.Undo(counted)
		return SignedIn{}, fmt.Errorf("sign in: %w", err)
	}
	same, err := s.passwords.Matches(ctx, typed, account.Password)
	if err != nil {
		s.signins.Undo(counted)
		return SignedIn{}, err
	}
	if !same {
		return SignedIn{}, errSession()
	}
	in, row := s.newSession(account, b.Agent)
	err = s.work.Update(ctx, func(tx Tx) error {
		// The account may have been disabled, or its password changed, during the comparison.
		if err := tx.LockAccounts(); err != nil {
			return err
		}
		now, err := tx.AccountByID(account.ID)
		if err != nil {
			return err
		}
		if now.Disabled || now.Password != account.Password {
			return txn.ErrNotFound
		}
		in.Actor.Account = now
		return insertSession(tx, row)
	})
	if errors.Is(err, txn.ErrNotFound) {
		return SignedIn{}, errSession()
	}
	if err != nil {
		return SignedIn{}, fmt.Errorf("sign in: %w", err)
	}
	s.signins.Reset(counted)
	return in, nil
}

// signInAccount returns the account of an e-mail. If there is none, or it is disabled, it returns an account without a
// password.
func (s *Service) signInAccount(ctx context.Context, email string, possible bool) (account authz.Account, err error) {
	err = s.work.View(ctx, func(tx Tx) error {
		if !possible {
			email = "nobody" // the query takes the same time
		}
		account, err = tx.AccountByEmail(email)
		return err
	})
	if errors.Is(err, txn.ErrNotFound) || err == nil && account.Disabled {
		return authz.Account{}, nil
	}
	return account, err
}

// newSession returns a new session of an account and the row to insert.
func (s *Service) newSession(a authz.Account, agent string) (SignedIn, authz.Session) {
	now := s.work.Now()
	value, hash := secret.New("")
	row := authz.Session{
		Hash:      hash,
		ID:        txn.NewID(),
		Account:   a.ID,
		Agent:     text.Shorten(agent, 120),
		CreatedAt: now,
		SeenAt:    now,
		ExpiresAt: now.Add(sessionIdle),
	}
	return SignedIn{
		Actor:             authz.Actor{Account: a, Session: row.ID, Scope: authz.ScopeAdmin},
		Value:             value,
		ExpiresAt:         now.Add(sessionLife),
		BrowserToken:      newBrowserToken(a, now),
		BrowserTokenUntil: now.Add(browserTokenLife),
	}, row
}

// insertSession stores a new session.
func insertSession(tx Tx, row authz.Session) error {
	if err := tx.InsertSession(row); err != nil {
		return err
	}
	return tx.TouchAccount(row.Account, row.SeenAt)
}

// ActorBySession returns the actor of a session cookie's value, or auth.needed if the session is unknown or expired.
func (s *Service) ActorBySession(ctx context.Context, value string) (authz.Actor, error) {
	now := s.work.Now()
	var row authz.Session
	var account authz.Account
	err := s.work.View(ctx, func(tx Tx) (err error) {
		if row, err = tx.SessionByHash(secret.Hash(value)); err != nil {
			return err
		}
		account, err = tx.AccountByID(row.Account)
		return err
	})
	if errors.Is(err, txn.ErrNotFound) || err == nil && (account.Disabled || !now.Before(row.ExpiresAt)) {
		return authz.Actor{}, problem.SignIn()
	}
	if err != nil {
		return authz.Actor{}, fmt.Errorf("read session: %w", err)
	}
	if now.Sub(row.SeenAt) >= touchInterval {
		expires := row.CreatedAt.Add(sessionLife)
		if idle := now.Add(sessionIdle); idle.Before(expires) {
			expires = idle
		}
		err := s.work.Update(ctx, func(tx Tx) error {
			if err := tx.TouchSession(row.Hash, now, expires); err != nil {
				return err
			}
			return tx.TouchAccount(account.ID, now)
		})
		if err != nil {
			// Serve readers even if the database is read-only.
			s.log.WarnContext(ctx, "session not prolonged", "session", row.ID, "error", err)
		}
	}
	return authz.Actor{Account: account, Session: row.ID, Scope: authz.ScopeAdmin}, nil
}

// ActorByToken returns the actor of an API token, or auth.needed if the token is unknown or expired.
func (s *Service) ActorByToken(ctx context.Context, value string) (authz.Actor, error) {
	now := s.work.Now()
	var token authz.Token
	var account authz.Account
	err := s.work.View(ctx, func(tx Tx) (err error) {
		if token, err = tx.TokenByHash(secret.Hash(value)); err != nil {
			return err
		}
		account, err = tx.AccountByID(token.Account)
		return err
	})
	if errors.Is(err, txn.ErrNotFound) || err == nil && (account.Disabled || token.Expired(now)) {
		return authz.Actor{}, problem.SignIn()
	}
	if err != nil {
		return authz.Actor{}, fmt.Errorf("read token: %w", err)
	}
	if now.Sub(token.UsedAt) >= touchInterval {
		if err := s.work.Update(ctx, func(tx Tx) error { return tx.TouchToken(token.ID, now) }); err != nil {
			s.log.WarnContext(ctx, "last use of token not stored", "token", token.ID, "error", err)
		}
	}
	return authz.Actor{Account: account, Token: token.ID, Scope: token.Scope, Sites: token.Sites}, nil
}

// MySessions returns the actor's own sessions, oldest first.
func (s *Service) MySessions(ctx context.Context, who authz.Actor) (list []authz.Session, err error) {
	if err := who.CheckSignedIn(); err != nil {
		return nil, err
	}
	err = s.work.View(ctx, func(tx Tx) (err error) {
		list, err = tx.Sessions(who.ID())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	return list, nil
}

// EndSession ends one of the actor's own sessions. An unknown ID is no error.
func (s *Service) EndSession(ctx context.Context, who authz.Actor, id string) error {
	if err := who.CheckSignedIn(); err != nil {
		return err
	}
	at := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		list, err := tx.Sessions(who.ID())
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(row authz.Session) bool { return row.ID == id })
		if i < 0 {
			return nil
		}
		if err := tx.DeleteSession(list[i].Hash); err != nil {
			return err
		}
		return tx.Emit(event.Event{Kind: event.Account, Account: who.ID(), At: at})
	})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

func errSession() error {
	return problem.Unproven("session.refused", "The e-mail or the password is wrong.")
}
