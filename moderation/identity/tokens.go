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

const maxTokens = 100

// A NewToken is a token to be added. The zero Scope means ScopeDecide. Without Sites, it is valid for all of the
// account's sites.
type NewToken struct {
	Account   string // e-mail; "" for the actor's own account
	Name      string
	Sites     []string
	Scope     authz.Scope
	ExpiresAt time.Time // zero for no expiry
}

// AddToken adds a token and returns its value, which is not stored. If the actor uses a token, that token becomes the
// parent. A child is for the same account, allows no more, expires no later, and is deleted with its parent.
func (s *Service) AddToken(
	ctx context.Context, who authz.Actor, in NewToken,
) (t authz.Token, value string, err error) {
	if err := who.AuthorizeTokens(); err != nil {
		return authz.Token{}, "", err
	}
	if in.Scope == 0 {
		in.Scope = authz.ScopeDecide
	}
	sites, err := s.siteIDs(ctx, who, in.Sites)
	if err != nil {
		return authz.Token{}, "", err
	}
	name, ok := text.Line(in.Name, 100)
	if !ok {
		return authz.Token{}, "", problem.Field("/name", "A token's name is one line of at most 100 characters.")
	}
	now := s.work.Now()
	if !in.ExpiresAt.IsZero() && !in.ExpiresAt.After(now) {
		return authz.Token{}, "", problem.Field("/expires_at", "The expiry of a token must be in the future.")
	}
	value, hash := secret.New("aitys_")
	t = authz.Token{
		ID: txn.NewID(), Hash: hash, Name: name, Scope: in.Scope, CreatedAt: now,
		ExpiresAt: in.ExpiresAt.UTC().Truncate(time.Microsecond),
	}
	err = s.work.Update(ctx, func(tx Tx) error {
		if err := tx.LockAccounts(); err != nil {
			return err
		}
		parent, err := parentOf(tx, who, t.CreatedAt)
		if err != nil {
			return err
		}
		account, err := tokenAccount(tx, who, in.Account)
		if err != nil {
			return err
		}
		t.Account = account.ID
		if t.Sites, err = authz.TokenSites(who, account, sites); err != nil {
			return err
		}
		if parent.ID != "" {
			if err := bindTo(parent, &t); err != nil {
				return err
			}
		}
		others, err := tx.Tokens(account.ID)
		if err != nil {
			return err
		}
		if len(others) >= maxTokens {
			return problem.Field("/account", fmt.Sprintf("An account has at most %d tokens.", maxTokens))
		}
		if err := tx.InsertToken(t); err != nil {
			return err
		}
		return tx.Emit(event.Event{Kind: event.Account, Account: account.ID, At: t.CreatedAt})
	})
	if err != nil {
		return authz.Token{}, "", fmt.Errorf("add token: %w", err)
	}
	return t, value, nil
}

// parentOf returns the current state of the actor's token, or the zero Token for a session and the operator. The
// caller holds LockAccounts, so a parent that is revoked meanwhile gets no new child.
func parentOf(tx Tx, who authz.Actor, now time.Time) (authz.Token, error) {
	if who.AuthorizeCredentials() == nil {
		return authz.Token{}, nil
	}
	parent, err := tx.TokenByID(who.Token)
	if errors.Is(err, txn.ErrNotFound) || err == nil && parent.Expired(now) {
		return authz.Token{}, problem.SignIn()
	}
	if err == nil && parent.Scope < authz.ScopeAdmin {
		return authz.Token{}, authz.NotAllowed()
	}
	return parent, err
}

// bindTo makes t a child of parent. It returns an error if t allows more or expires later.
func bindTo(parent authz.Token, t *authz.Token) error {
	if t.Account != parent.Account {
		return problem.Field("/account", "A token adds tokens for its own account only. Sign in to add one for another "+
			"account, or use `aitys token add`.")
	}
	if parent.ExceededBy(*t) {
		return authz.NotAllowed() // the parent was changed since the request began
	}
	if end := parent.ExpiresAt; !end.IsZero() {
		if t.ExpiresAt.IsZero() {
			t.ExpiresAt = end
		}
		if t.ExpiresAt.After(end) {
			return problem.Field("/expires_at", "A token expires no later than the token that adds it: "+
				end.Format(time.RFC3339)+" at the latest.")
		}
	}
	t.Parent = parent.ID
	return nil
}

// tokenAccount returns the account of a new token: the actor's own, or one that the actor manages.
func tokenAccount(tx Tx, who authz.Actor, email string) (authz.Account, error) {
	if email == "" && who.ID() == "" {
		return authz.Account{}, problem.Field("/account", "Give the e-mail of the token's account.")
	}
	if email == "" || email == who.Account.Email {
		return tx.AccountByID(who.ID())
	}
	return managedAccount(tx, who, email)
}

// Tokens returns the actor's tokens and those of the accounts that the actor manages.
func (s *Service) Tokens(ctx context.Context, who authz.Actor) (list []authz.Token, err error) {
	if err := who.AuthorizeTokens(); err != nil {
		return nil, err
	}
	list = []authz.Token{}
	err = s.work.View(ctx, func(tx Tx) error {
		accounts, err := tx.Accounts()
		if err != nil {
			return err
		}
		ruled := map[string]bool{who.ID(): true}
		for _, a := range accounts {
			if who.Controls(a) {
				ruled[a.ID] = true
			}
		}
		all, err := tx.Tokens("")
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(all, func(t authz.Token) bool { return !ruled[t.Account] || !who.CanReach(t) })
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	return list, nil
}

// SetToken changes a token's name, sites or scope. nil arguments stay the same; empty sites mean all of the account's.
// A token may change itself and its children. Reducing its scope or sites deletes its children.
func (s *Service) SetToken(
	ctx context.Context, who authz.Actor, id string, name *string, sites []string, scope *authz.Scope,
) (t authz.Token, err error) {
	if err := who.AuthorizeTokens(); err != nil {
		return authz.Token{}, err
	}
	ids, err := s.siteIDs(ctx, who, sites)
	if err != nil {
		return authz.Token{}, err
	}
	at := s.work.Now()
	err = s.work.Update(ctx, func(tx Tx) error {
		if err := tx.LockAccounts(); err != nil {
			return err
		}
		parent, err := parentOf(tx, who, at)
		if err != nil {
			return err
		}
		var account authz.Account
		if t, account, err = ownToken(tx, who, id); err != nil {
			return err
		}
		if parent.ID != t.ID && parent.ID != t.Parent {
			if err := who.AuthorizeCredentials(); err != nil {
				return err
			}
		}
		before := t
		if name != nil {
			var ok bool
			if t.Name, ok = text.Line(*name, 100); !ok {
				return problem.Field("/name", "A token's name is one line of at most 100 characters.")
			}
		}
		if sites != nil {
			if t.Sites, err = authz.TokenSites(who, account, ids); err != nil {
				return err
			}
		}
		if scope != nil {
			if err := t.SetScope(*scope); err != nil {
				return err
			}
		}
		if parent.ID != "" && parent.ExceededBy(t) {
			return authz.NotAllowed()
		}
		if t.ExceededBy(before) {
			if err := tx.DeleteTokensOf(t.ID); err != nil {
				return err
			}
		}
		if err := unlessEnded(tx.UpdateToken(t)); err != nil {
			return err
		}
		return tx.Emit(event.Event{Kind: event.Account, Account: t.Account, At: at})
	})
	if err != nil {
		return authz.Token{}, fmt.Errorf("set token: %w", err)
	}
	return t, nil
}

// RemoveToken deletes a token and its children.
func (s *Service) RemoveToken(ctx context.Context, who authz.Actor, id string) error {
	if err := who.AuthorizeTokens(); err != nil {
		return err
	}
	at := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		if err := tx.LockAccounts(); err != nil {
			return err
		}
		t, _, err := ownToken(tx, who, id)
		if err != nil {
			return err
		}
		if err := unlessEnded(tx.DeleteToken(id)); err != nil {
			return err
		}
		return tx.Emit(event.Event{Kind: event.Account, Account: t.Account, At: at})
	})
	if err != nil {
		return fmt.Errorf("remove token: %w", err)
	}
	return nil
}

// ownToken returns a token of the actor's account or of an account that the actor manages.
func ownToken(tx Tx, who authz.Actor, id string) (authz.Token, authz.Account, error) {
	if !txn.IsID(id) {
		return authz.Token{}, authz.Account{}, errNoToken()
	}
	t, err := tx.TokenByID(id)
	if errors.Is(err, txn.ErrNotFound) {
		return authz.Token{}, authz.Account{}, errNoToken()
	}
	if err != nil {
		return authz.Token{}, authz.Account{}, err
	}
	a, err := tx.AccountByID(t.Account)
	if err != nil {
		return authz.Token{}, authz.Account{}, err
	}
	if a.ID != who.ID() && !who.Controls(a) || !who.CanReach(t) {
		return authz.Token{}, authz.Account{}, errNoToken()
	}
	return t, a, nil
}

// unlessEnded returns token.unknown if err says that the token was deleted since it was read, and else err.
func unlessEnded(err error) error {
	if errors.Is(err, txn.ErrNotFound) {
		return errNoToken()
	}
	return err
}

func errNoToken() error { return problem.Missing("token.unknown", "There is no such token.") }
