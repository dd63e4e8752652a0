package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/text"
)

const maxTokens = 100

// A NewToken is a token to be added. The zero Scope is ScopeDecide; no Sites: all of the account's.
type NewToken struct {
	Account   string // e-mail; "" is who's own
	Name      string
	Sites     []string
	Scope     people.Scope
	ExpiresAt time.Time // zero: never
}

// AddToken adds a token and returns its value, which is not kept.
func (s *Service) AddToken(
	ctx context.Context, who people.Actor, in NewToken,
) (t people.Token, value string, err error) {
	if err := who.MayKeepTokens(); err != nil {
		return people.Token{}, "", err
	}
	if in.Scope == 0 {
		in.Scope = people.ScopeDecide
	}
	sites, err := s.siteIDs(ctx, who, in.Sites)
	if err != nil {
		return people.Token{}, "", err
	}
	name, ok := text.Line(in.Name, 100)
	if !ok {
		return people.Token{}, "", problem.Field("/name", "A token's name is one line of at most 100 characters.")
	}
	now := s.work.Now()
	if !in.ExpiresAt.IsZero() && !in.ExpiresAt.After(now) {
		return people.Token{}, "", problem.Field("/expires_at", "A token ends at a time to come.")
	}
	value, hash := secret.New("aitys_")
	t = people.Token{
		ID: ground.NewID(), Hash: hash, Name: name, Scope: in.Scope, CreatedAt: now,
		ExpiresAt: in.ExpiresAt.UTC().Truncate(time.Microsecond),
	}
	err = s.work.Update(ctx, func(tx Tx) error {
		account, err := tokenAccount(tx, who, in.Account)
		if err != nil {
			return err
		}
		t.Account = account.ID
		if t.Sites, err = people.Bound(who, account, sites); err != nil {
			return err
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
		return tx.Emit(ground.Event{Kind: ground.EventAccount, Account: account.ID, At: t.CreatedAt})
	})
	if err != nil {
		return people.Token{}, "", fmt.Errorf("add token: %w", err)
	}
	return t, value, nil
}

// tokenAccount finds the account that a token is to stand for: who's own, or one that who rules.
func tokenAccount(tx Tx, who people.Actor, email string) (people.Account, error) {
	if email == "" && who.ID() == "" {
		return people.Account{}, problem.Field("/account", "Say whose token this is.")
	}
	if email == "" || email == who.Account.Email {
		return tx.AccountByID(who.ID())
	}
	return ruledAccount(tx, who, email)
}

// Tokens lists one's own tokens, and those of the accounts that who rules.
func (s *Service) Tokens(ctx context.Context, who people.Actor) (list []people.Token, err error) {
	if err := who.MayKeepTokens(); err != nil {
		return nil, err
	}
	list = []people.Token{}
	err = s.work.View(ctx, func(tx Tx) error {
		accounts, err := tx.Accounts()
		if err != nil {
			return err
		}
		ruled := map[string]bool{who.ID(): true}
		for _, a := range accounts {
			if who.Rules(a) {
				ruled[a.ID] = true
			}
		}
		all, err := tx.Tokens("")
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(all, func(t people.Token) bool { return !ruled[t.Account] || !who.Reaches(t) })
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	return list, nil
}

// SetToken changes a token's name, sites or scope; nil leaves each as it is, no sites are all
// of the account's.
func (s *Service) SetToken(
	ctx context.Context, who people.Actor, id string, name *string, sites []string, scope *people.Scope,
) (t people.Token, err error) {
	if err := who.MayKeepTokens(); err != nil {
		return people.Token{}, err
	}
	ids, err := s.siteIDs(ctx, who, sites)
	if err != nil {
		return people.Token{}, err
	}
	at := s.work.Now()
	err = s.work.Update(ctx, func(tx Tx) error {
		var account people.Account
		if t, account, err = ownToken(tx, who, id); err != nil {
			return err
		}
		if name != nil {
			var ok bool
			if t.Name, ok = text.Line(*name, 100); !ok {
				return problem.Field("/name", "A token's name is one line of at most 100 characters.")
			}
		}
		if sites != nil {
			if t.Sites, err = people.Bound(who, account, ids); err != nil {
				return err
			}
		}
		if scope != nil {
			if err := t.Allow(*scope); err != nil {
				return err
			}
		}
		if err := unlessEnded(tx.UpdateToken(t)); err != nil {
			return err
		}
		return tx.Emit(ground.Event{Kind: ground.EventAccount, Account: t.Account, At: at})
	})
	if err != nil {
		return people.Token{}, fmt.Errorf("set token: %w", err)
	}
	return t, nil
}

// RemoveToken ends a token.
func (s *Service) RemoveToken(ctx context.Context, who people.Actor, id string) error {
	if err := who.MayKeepTokens(); err != nil {
		return err
	}
	at := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		t, _, err := ownToken(tx, who, id)
		if err != nil {
			return err
		}
		if err := unlessEnded(tx.DeleteToken(id)); err != nil {
			return err
		}
		return tx.Emit(ground.Event{Kind: ground.EventAccount, Account: t.Account, At: at})
	})
	if err != nil {
		return fmt.Errorf("remove token: %w", err)
	}
	return nil
}

// ownToken finds a token of who's own, or of an account that who rules.
func ownToken(tx Tx, who people.Actor, id string) (people.Token, people.Account, error) {
	if !ground.IsID(id) {
		return people.Token{}, people.Account{}, errNoToken()
	}
	t, err := tx.TokenByID(id)
	if errors.Is(err, ground.ErrNotFound) {
		return people.Token{}, people.Account{}, errNoToken()
	}
	if err != nil {
		return people.Token{}, people.Account{}, err
	}
	a, err := tx.AccountByID(t.Account)
	if err != nil {
		return people.Token{}, people.Account{}, err
	}
	if a.ID != who.ID() && !who.Rules(a) || !who.Reaches(t) {
		return people.Token{}, people.Account{}, errNoToken()
	}
	return t, a, nil
}

// unlessEnded is a write's error where somebody ended the token since it was read.
func unlessEnded(err error) error {
	if errors.Is(err, ground.ErrNotFound) {
		return errNoToken()
	}
	return err
}

func errNoToken() error { return problem.Missing("token.unknown", "There is no such token.") }
