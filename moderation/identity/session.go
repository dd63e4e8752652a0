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

// A session ends 12 hours after it was last used and 30 days after it was made. That it or a token was
// used is written down at most once a minute.
const (
	sessionIdle = 12 * time.Hour
	sessionLife = 30 * 24 * time.Hour
	touch       = time.Minute
)

// SignedIn is a session just made. Value goes into the cookie and is not kept. Known goes into another,
// by which the browser is known until KnownUntil.
type SignedIn struct {
	Actor      authz.Actor
	Value      string
	ExpiresAt  time.Time
	Known      string
	KnownUntil time.Time
}

// SignIn makes a session. A wrong password and an unknown e-mail are answered alike, in the
// same time: session.refused. After five wrong ones in a row it backs off: rate.limited; but a browser
// with which the account was signed in to before has five of its own.
func (s *Service) SignIn(ctx context.Context, email, typed string, b Browser) (SignedIn, error) {
	address, possible := text.ParseAddress(email)
	email = address.Readable()
	counted, err := s.counted(ctx, email, possible, b)
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
	account, err := s.signer(ctx, email, possible)
	if err != nil {
		s.signins.Back(counted)
		return SignedIn{}, fmt.Errorf("sign in: %w", err)
	}
	same, err := s.passwords.Same(ctx, typed, account.Password)
	if err != nil {
		s.signins.Back(counted)
		return SignedIn{}, err
	}
	if !same {
		return SignedIn{}, errSession()
	}
	in, row := s.newSession(account, b.Agent)
	err = s.work.Update(ctx, func(tx Tx) error {
		// The account may have been disabled, or its password changed, while we compared.
		if err := tx.LockPeople(); err != nil {
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
	s.signins.Right(counted)
	return in, nil
}

// signer finds the account to sign in: one without a password where there is none that may.
func (s *Service) signer(ctx context.Context, email string, possible bool) (account authz.Account, err error) {
	err = s.work.View(ctx, func(tx Tx) error {
		if !possible {
			email = "nobody" // looked up all the same, for the time it takes
		}
		account, err = tx.AccountByEmail(email)
		return err
	})
	if errors.Is(err, txn.ErrNotFound) || err == nil && account.Disabled {
		return authz.Account{}, nil
	}
	return account, err
}

// newSession makes a session of an account, to be inserted.
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
		Actor:      authz.Actor{Account: a, Session: row.ID, Scope: authz.ScopeAdmin},
		Value:      value,
		ExpiresAt:  now.Add(sessionLife),
		Known:      know(a, now),
		KnownUntil: now.Add(knownLife),
	}, row
}

// insertSession keeps a session that begins.
func insertSession(tx Tx, row authz.Session) error {
	if err := tx.InsertSession(row); err != nil {
		return err
	}
	return tx.TouchAccount(row.Account, row.SeenAt)
}

// ActorBySession returns who a cookie's value stands for; auth.needed when nobody.
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
	if now.Sub(row.SeenAt) >= touch {
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
			// Whoever only reads is served while nothing can be written.
			s.log.WarnContext(ctx, "session not prolonged", "session", row.ID, "error", err)
		}
	}
	return authz.Actor{Account: account, Session: row.ID, Scope: authz.ScopeAdmin}, nil
}

// ActorByToken returns who an API token stands for; auth.needed when nobody, or its time is over.
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
	if errors.Is(err, txn.ErrNotFound) || err == nil && (account.Disabled || token.Ended(now)) {
		return authz.Actor{}, problem.SignIn()
	}
	if err != nil {
		return authz.Actor{}, fmt.Errorf("read token: %w", err)
	}
	if now.Sub(token.UsedAt) >= touch {
		if err := s.work.Update(ctx, func(tx Tx) error { return tx.TouchToken(token.ID, now) }); err != nil {
			s.log.WarnContext(ctx, "use of a token not noted", "token", token.ID, "error", err)
		}
	}
	return authz.Actor{Account: account, Token: token.ID, Scope: token.Scope, Sites: token.Sites}, nil
}

// MySessions lists the actor's own sessions, the oldest first.
func (s *Service) MySessions(ctx context.Context, who authz.Actor) (list []authz.Session, err error) {
	if err := who.Known(); err != nil {
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

// EndSession revokes one of the actor's own sessions by its id; an unknown one has ended already.
func (s *Service) EndSession(ctx context.Context, who authz.Actor, id string) error {
	if err := who.Known(); err != nil {
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
