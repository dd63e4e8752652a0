package moderation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// An AccountChange names what to change; nil leaves it.
type AccountChange struct {
	Name     *string
	Role     *Role
	Sites    []string // with Role; nil: as they are, empty: every site
	Disabled *bool
	Password *string // one's own, or by an owner
}

// SetAccount changes an account; a new password, role or disabling ends its sessions. The last
// owner cannot be disabled or demoted.
func (s *Service) SetAccount(ctx context.Context, who Actor, id string, ch AccountChange) (Account, error) {
	if err := s.mayChange(ctx, who, id, ch); err != nil {
		return Account{}, err
	}
	var name, hash string
	var err error
	if ch.Name != nil {
		var ok bool
		if name, ok = text.Line(*ch.Name, maxName); !ok || name == "" {
			return Account{}, problem.Field("/name", fmt.Sprintf("A name is one line of 1 to %d characters.", maxName))
		}
	}
	if ch.Password != nil {
		if err := checkPassword(*ch.Password); err != nil {
			return Account{}, err
		}
		if hash, err = hashPassword(ctx, *ch.Password); err != nil {
			return Account{}, err
		}
	}
	sites, err := s.siteIDs(ctx, who, ch.Sites)
	if err != nil {
		return Account{}, err
	}
	at := s.now()
	var a Account
	err = s.update(ctx, func(tx Tx) error {
		if err := lockPeople(tx); err != nil {
			return err
		}
		before, err := changeable(tx, who, id)
		if err != nil {
			return err
		}
		a = before
		if ch.Name != nil {
			a.Name = name
		}
		if ch.Password != nil {
			a.Password = hash
		}
		if ch.Disabled != nil {
			a.Disabled = *ch.Disabled
		}
		if err := a.change(who, ch, sites); err != nil {
			return err
		}
		if err := keepOwner(tx, before, a); err != nil {
			return err
		}
		return saveAccount(tx, before, a, at)
	})
	if err != nil {
		return Account{}, fmt.Errorf("set account: %w", err)
	}
	return a, nil
}

// mayChange refuses what does not need the account to be read.
func (s *Service) mayChange(ctx context.Context, who Actor, id string, ch AccountChange) error {
	if err := who.known(); err != nil {
		return err
	}
	if who.Scope < ScopeAdmin {
		return errRole()
	}
	if ch.Role == nil && ch.Sites != nil {
		return problem.Field("/site", "Sites are changed together with the role.")
	}
	if ch.Role != nil && ch.Sites != nil {
		return s.mayGive(ctx, who, ch.Sites)
	}
	if id == who.id() && who.Session != "" && ch.Role == nil && ch.Disabled == nil {
		return nil // one's own name and password
	}
	if !who.operator && !who.ownsSome() {
		return errRole()
	}
	return nil
}

// changeable finds an account that who may change: their own by a session (a token must not set the
// password that made it), or one that they rule.
func changeable(tx Tx, who Actor, id string) (Account, error) {
	if !isID(id) {
		return Account{}, errNoAccount()
	}
	a, err := tx.AccountByID(id)
	if errors.Is(err, ErrNotFound) {
		return Account{}, errNoAccount()
	}
	if err != nil {
		return Account{}, err
	}
	if a.ID == who.id() && who.Session != "" || who.rules(a) {
		return a, nil
	}
	if who.sees(&a) {
		return Account{}, errRole()
	}
	return Account{}, errNoAccount()
}

// change gives the account its new role. Nobody raises themselves: who changes a role is an
// owner of the sites concerned.
func (a *Account) change(who Actor, ch AccountChange, sites []int64) error {
	if ch.Role == nil && ch.Disabled == nil {
		return nil
	}
	if !who.rules(*a) {
		return errRole()
	}
	if ch.Role == nil {
		return nil
	}
	if ch.Sites == nil && a.AllSites == NoRole {
		sites = slices.Collect(maps.Keys(a.Roles))
		if len(sites) == 0 {
			return problem.Field("/site", "The account has no sites: say on which.")
		}
	}
	return a.give(*ch.Role, sites)
}

// keepOwner refuses a change that leaves a site, or the whole, without an owner who can sign in.
func keepOwner(tx Tx, before, after Account) error {
	lost := func(site int64) bool { return before.role(site) == Owner && after.role(site) < Owner }
	all, err := tx.Accounts()
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(a Account) bool { return a.ID == before.ID || a.Disabled })
	if everywhere := func(a Account) bool { return a.AllSites == Owner }; everywhere(before) && !before.Disabled &&
		(after.Disabled || !everywhere(after)) && !slices.ContainsFunc(all, everywhere) {
		return errLastOwner()
	}
	for site := range before.Roles {
		if lost(site) && !slices.ContainsFunc(all, func(a Account) bool { return a.role(site) == Owner }) {
			return errLastOwner()
		}
	}
	return nil
}

// saveAccount writes a changed account, and ends its sessions when it may do less, or other
// things, than before.
func saveAccount(tx Tx, before, after Account, at time.Time) error {
	if err := tx.UpdateAccount(after); err != nil {
		return err
	}
	if before.Password != after.Password || after.Disabled ||
		before.AllSites != after.AllSites || !maps.Equal(before.Roles, after.Roles) {
		if err := tx.DeleteSessions(after.ID); err != nil {
			return err
		}
	}
	return tx.Emit(Event{Kind: EventAccount, Account: after.ID, At: at})
}

// lockPeople has changes of accounts wait for one another: what they check, such as that an
// owner remains, must still be so when they commit.
func lockPeople(tx Tx) error {
	if err := tx.SetMeta("people", []byte{1}); err != nil {
		return fmt.Errorf("lock accounts: %w", err)
	}
	return nil
}
