package moderation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

const maxTokens = 100 // of one account

// A NewToken is a token to be added. The zero Scope is ScopeDecide; no Sites: all of the account's.
type NewToken struct {
	Account string // e-mail; "" is who's own
	Name    string
	Sites   []string
	Scope   Scope
}

// AddToken adds a token and returns its value, which is not kept.
func (s *Service) AddToken(ctx context.Context, who Actor, in NewToken) (t Token, value string, err error) {
	if err := who.mayKeepTokens(); err != nil {
		return Token{}, "", err
	}
	if in.Scope == 0 {
		in.Scope = ScopeDecide
	}
	if in.Scope > ScopeAdmin {
		return Token{}, "", errScope()
	}
	sites, err := s.siteIDs(ctx, who, in.Sites)
	if err != nil {
		return Token{}, "", err
	}
	name, ok := text.Line(in.Name, 100)
	if !ok {
		return Token{}, "", problem.Field("/name", "A token's name is one line of at most 100 characters.")
	}
	value, hash := newSecret("aitys_")
	t = Token{ID: newID(), Hash: hash, Name: name, Scope: in.Scope, CreatedAt: s.now()}
	err = s.update(ctx, func(tx Tx) error {
		account, err := tokenAccount(tx, who, in.Account)
		if err != nil {
			return err
		}
		t.Account = account.ID
		if t.Sites, err = bound(who, account, sites); err != nil {
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
		return tx.Emit(Event{Kind: EventAccount, Account: account.ID, At: t.CreatedAt})
	})
	if err != nil {
		return Token{}, "", fmt.Errorf("add token: %w", err)
	}
	return t, value, nil
}

// mayKeepTokens reports why who may not make or change tokens, even their own.
func (who Actor) mayKeepTokens() error {
	if err := who.known(); err != nil {
		return err
	}
	if who.Scope < ScopeAdmin {
		return errRole()
	}
	return nil
}

// tokenAccount finds the account that a token is to stand for: who's own, or one that who rules.
func tokenAccount(tx Tx, who Actor, email string) (Account, error) {
	if email == "" || email == who.Account.Email {
		if who.operator && email == "" {
			return Account{}, problem.Field("/account", "Say whose token this is.")
		}
		if !who.operator {
			return tx.AccountByID(who.id())
		}
	}
	return ruledAccount(tx, who, email)
}

// bound returns the sites of a new token: those asked for, which the account must have a role
// on. A token bound to sites makes none that reaches further.
func bound(who Actor, a Account, sites []int64) ([]int64, error) {
	if len(sites) == 0 {
		return slices.Clone(who.Sites), nil
	}
	for _, site := range sites {
		if a.role(site) == NoRole {
			return nil, problem.Field("/site", "The account has no role on this site.")
		}
	}
	return sites, nil
}

// Tokens lists one's own tokens, and those of the accounts that who rules.
func (s *Service) Tokens(ctx context.Context, who Actor) (list []Token, err error) {
	if err := who.mayKeepTokens(); err != nil {
		return nil, err
	}
	list = []Token{}
	err = s.view(ctx, func(tx Tx) error {
		accounts, err := tx.Accounts()
		if err != nil {
			return err
		}
		ruled := map[string]bool{who.id(): true}
		for _, a := range accounts {
			if who.rules(a) {
				ruled[a.ID] = true
			}
		}
		all, err := tx.Tokens("")
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(all, func(t Token) bool { return !ruled[t.Account] || !who.reaches(t) })
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	return list, nil
}

// reaches reports whether t is bound to nothing beyond what who is bound to.
func (who Actor) reaches(t Token) bool {
	if len(who.Sites) == 0 {
		return true
	}
	return len(t.Sites) > 0 && !slices.ContainsFunc(t.Sites, func(site int64) bool { return !slices.Contains(who.Sites, site) })
}

// SetToken changes a token's name, sites or scope; nil leaves each as it is, no sites are all
// of the account's.
func (s *Service) SetToken(ctx context.Context, who Actor, id string, name *string, sites []string, scope *Scope) (t Token, err error) {
	if err := who.mayKeepTokens(); err != nil {
		return Token{}, err
	}
	ids, err := s.siteIDs(ctx, who, sites)
	if err != nil {
		return Token{}, err
	}
	at := s.now()
	err = s.update(ctx, func(tx Tx) error {
		var account Account
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
			if t.Sites, err = bound(who, account, ids); err != nil {
				return err
			}
		}
		if scope != nil {
			if *scope < ScopeRead || *scope > ScopeAdmin {
				return errScope()
			}
			t.Scope = *scope
		}
		if err := tx.UpdateToken(t); err != nil {
			return err
		}
		return tx.Emit(Event{Kind: EventAccount, Account: t.Account, At: at})
	})
	if err != nil {
		return Token{}, fmt.Errorf("set token: %w", err)
	}
	return t, nil
}

// RemoveToken ends a token.
func (s *Service) RemoveToken(ctx context.Context, who Actor, id string) error {
	if err := who.mayKeepTokens(); err != nil {
		return err
	}
	at := s.now()
	err := s.update(ctx, func(tx Tx) error {
		t, _, err := ownToken(tx, who, id)
		if err != nil {
			return err
		}
		if err := tx.DeleteToken(id); err != nil {
			return err
		}
		return tx.Emit(Event{Kind: EventAccount, Account: t.Account, At: at})
	})
	if err != nil {
		return fmt.Errorf("remove token: %w", err)
	}
	return nil
}

// ownToken finds a token of who's own, or of an account that who rules.
func ownToken(tx Tx, who Actor, id string) (Token, Account, error) {
	if !isID(id) {
		return Token{}, Account{}, errNoToken()
	}
	t, err := tx.TokenByID(id)
	if errors.Is(err, ErrNotFound) {
		return Token{}, Account{}, errNoToken()
	}
	if err != nil {
		return Token{}, Account{}, err
	}
	a, err := tx.AccountByID(t.Account)
	if err != nil {
		return Token{}, Account{}, err
	}
	if a.ID != who.id() && !who.rules(a) || !who.reaches(t) {
		return Token{}, Account{}, errNoToken()
	}
	return t, a, nil
}

func errNoToken() error { return problem.Missing("token.unknown", "There is no such token.") }

func errScope() error { return problem.Field("/scope", "Use read, decide or admin.") }
