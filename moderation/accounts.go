package moderation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aitys/aitys/moderation/address"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// A NewAccount is an account to be added. Sites are keys; none means every site. Without
// Password a one-time link is made.
type NewAccount struct {
	Email, Name string
	Role        Role
	Sites       []string
	Password    string
}

// AddAccount adds an account. link is the token of its one-time link, or "" when it has a
// password. It needs an owner (of every site named).
func (s *Service) AddAccount(ctx context.Context, who Actor, in NewAccount) (a Account, link string, err error) {
	if err := s.mayGive(ctx, who, in.Sites); err != nil {
		return Account{}, "", err
	}
	if a, err = s.newAccount(in.Email, in.Name); err != nil {
		return Account{}, "", err
	}
	sites, err := s.siteIDs(ctx, who, in.Sites)
	if err != nil {
		return Account{}, "", err
	}
	if err := a.give(in.Role, sites); err != nil {
		return Account{}, "", err
	}
	if in.Password != "" {
		if err := checkPassword(in.Password); err != nil {
			return Account{}, "", err
		}
	}
	if a.Password, err = hashPassword(ctx, in.Password); err != nil {
		return Account{}, "", err
	}
	value, row := s.newLink(a.ID)
	err = s.update(ctx, func(tx Tx) error {
		if err := tx.InsertAccount(a); err != nil {
			return err
		}
		if a.Password == "" {
			if err := tx.InsertLink(row); err != nil {
				return err
			}
		}
		return tx.Emit(Event{Kind: EventAccount, Account: a.ID, At: a.CreatedAt})
	})
	if errors.Is(err, ErrTaken) {
		return Account{}, "", problem.Field("/email", "There is an account with this e-mail already.")
	}
	if err != nil {
		return Account{}, "", fmt.Errorf("add account: %w", err)
	}
	if a.Password != "" {
		value = ""
	}
	return a, value, nil
}

const maxName = 80 // characters of an account's name

// newAccount makes an account without password and roles.
func (s *Service) newAccount(email, name string) (Account, error) {
	email, ok := address.Email(email)
	if !ok {
		return Account{}, problem.Field("/email", "An e-mail looks like name@example.org.")
	}
	name, ok = text.Line(name, maxName)
	if !ok || name == "" {
		return Account{}, problem.Field("/name", fmt.Sprintf("A name is one line of 1 to %d characters.", maxName))
	}
	return Account{ID: newID(), Email: email, Name: name, CreatedAt: s.now()}, nil
}

// give makes role the account's only one: on sites, or on all when there are none.
func (a *Account) give(role Role, sites []int64) error {
	if role < Author || role > Owner {
		return problem.Field("/role", "Use owner, moderator or author.")
	}
	a.AllSites, a.Roles = NoRole, map[int64]Role{}
	if len(sites) == 0 {
		a.AllSites = role
	}
	for _, site := range sites {
		a.Roles[site] = role
	}
	return nil
}

// mayGive reports why who may not give roles on the sites with these keys; none are all.
func (s *Service) mayGive(ctx context.Context, who Actor, keys []string) error {
	if len(keys) == 0 {
		return who.mayEverywhere(Owner, ScopeAdmin)
	}
	for _, key := range keys {
		if err := s.mayOwn(ctx, who, key); err != nil {
			return err
		}
	}
	return nil
}

// siteIDs returns the ids of the sites with these keys, all of which who has a role on.
func (s *Service) siteIDs(ctx context.Context, who Actor, keys []string) ([]int64, error) {
	var ids []int64
	for _, key := range keys {
		site, err := s.Site(ctx, key)
		if err != nil {
			return nil, err
		}
		if who.Role(site.ID) == NoRole {
			return nil, errNoSite()
		}
		if !slices.Contains(ids, site.ID) {
			ids = append(ids, site.ID)
		}
	}
	return ids, nil
}

// Accounts lists the accounts that who may see, by e-mail: one's own, and for an owner those
// with a role on a site of theirs, with those roles only.
func (s *Service) Accounts(ctx context.Context, who Actor) (list []Account, err error) {
	if err := who.known(); err != nil {
		return nil, err
	}
	err = s.view(ctx, func(tx Tx) (err error) {
		list, err = tx.Accounts()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	if who.Scope >= ScopeAdmin && who.everywhere() == Owner {
		return list, nil
	}
	seen := []Account{}
	for _, a := range list {
		if own := a.ID == who.id(); own || who.sees(&a) {
			seen = append(seen, a)
		}
	}
	return seen, nil
}

// sees reports whether who owns a site that a has a role on, and takes the roles on other
// sites out of it.
func (who Actor) sees(a *Account) bool {
	if who.Scope < ScopeAdmin {
		return false
	}
	roles := maps.Clone(a.Roles)
	maps.DeleteFunc(roles, func(site int64, _ Role) bool { return who.Role(site) < Owner })
	a.Roles = roles
	if a.AllSites != NoRole {
		return who.ownsSome()
	}
	return len(roles) > 0
}

func (who Actor) ownsSome() bool {
	for site := range who.Account.Roles {
		if who.Role(site) == Owner {
			return true
		}
	}
	return who.Account.AllSites == Owner
}

// ResetAccount ends an account's sessions and its password, and returns the token of a
// one-time link to set another.
func (s *Service) ResetAccount(ctx context.Context, who Actor, email string) (link string, err error) {
	if err := who.known(); err != nil {
		return "", err
	}
	at := s.now()
	value, row := s.newLink("")
	err = s.update(ctx, func(tx Tx) error {
		if err := lockPeople(tx); err != nil {
			return err
		}
		a, err := ruledAccount(tx, who, email)
		if err != nil {
			return err
		}
		a.Password, row.Account = "", a.ID
		err = errors.Join(tx.UpdateAccount(a), tx.DeleteSessions(a.ID), tx.InsertLink(row))
		if err != nil {
			return err
		}
		return tx.Emit(Event{Kind: EventAccount, Account: a.ID, At: at})
	})
	if err != nil {
		return "", fmt.Errorf("reset account: %w", err)
	}
	return value, nil
}

// ruledAccount finds an account that who rules, by its e-mail; whether another one exists is
// not for everybody to know.
func ruledAccount(tx Tx, who Actor, email string) (Account, error) {
	email, ok := address.Email(email)
	if !ok {
		return Account{}, errNoAccount()
	}
	a, err := tx.AccountByEmail(email)
	if errors.Is(err, ErrNotFound) || err == nil && !who.rules(a) {
		return Account{}, errNoAccount()
	}
	return a, err
}

// RemoveAccount removes an account; what it decided stays in the log.
func (s *Service) RemoveAccount(ctx context.Context, who Actor, id string) error {
	if err := who.known(); err != nil {
		return err
	}
	at := s.now()
	err := s.update(ctx, func(tx Tx) error {
		if err := lockPeople(tx); err != nil {
			return err
		}
		a, err := changeable(tx, who, id)
		if err != nil {
			return err
		}
		if !who.rules(a) {
			return errRole()
		}
		if err := keepOwner(tx, a, Account{ID: a.ID}); err != nil {
			return err
		}
		if err := tx.DeleteAccount(id); err != nil {
			return err
		}
		return tx.Emit(Event{Kind: EventAccount, Account: id, At: at})
	})
	if err != nil {
		return fmt.Errorf("remove account: %w", err)
	}
	return nil
}

func errNoAccount() error { return problem.Missing("account.unknown", "There is no such account.") }

func errLastOwner() error {
	return problem.Field("/role", "This is the last owner. Make somebody else one first.")
}
