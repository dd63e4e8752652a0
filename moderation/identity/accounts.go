package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/identity/password"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// A NewAccount is an account to be added. Sites are keys; none means every site. Without
// Password a one-time link is made.
type NewAccount struct {
	Email, Name string
	Role        authz.Role
	Sites       []string
	Password    string
}

// AddAccount adds an account. link is the token of its one-time link, or "" when it has a
// password. It needs an owner (of every site named) with a session.
func (s *Service) AddAccount(
	ctx context.Context, who authz.Actor, in NewAccount,
) (a authz.Account, link string, err error) {
	if err := s.mayGive(ctx, who, in.Sites); err != nil {
		return authz.Account{}, "", err
	}
	if err := who.MayIssue(); err != nil {
		return authz.Account{}, "", err
	}
	if a, err = s.newAccount(in.Email, in.Name); err != nil {
		return authz.Account{}, "", err
	}
	sites, err := s.siteIDs(ctx, who, in.Sites)
	if err != nil {
		return authz.Account{}, "", err
	}
	if err := a.Give(in.Role, sites); err != nil {
		return authz.Account{}, "", err
	}
	if in.Password != "" {
		if err := s.checkPassword(ctx, in.Password, a); err != nil {
			return authz.Account{}, "", err
		}
	}
	if a.Password, err = s.passwords.Hash(ctx, in.Password); err != nil {
		return authz.Account{}, "", err
	}
	value, row := s.newLink(a.ID)
	err = s.work.Update(ctx, func(tx Tx) error {
		if err := tx.InsertAccount(a); err != nil {
			return err
		}
		if a.Password == "" {
			if err := tx.InsertLink(row); err != nil {
				return err
			}
		}
		return tx.Emit(event.Event{Kind: event.Account, Account: a.ID, At: a.CreatedAt})
	})
	if errors.Is(err, txn.ErrTaken) {
		return authz.Account{}, "", problem.Field("/email", "There is an account with this e-mail already.")
	}
	if err != nil {
		return authz.Account{}, "", fmt.Errorf("add account: %w", err)
	}
	if a.Password != "" {
		value = ""
	}
	return a, value, nil
}

const maxName = 80

// newAccount makes an account without password and roles.
func (s *Service) newAccount(email, name string) (authz.Account, error) {
	address, ok := text.ParseAddress(email)
	if !ok {
		return authz.Account{}, problem.Field("/email", "An e-mail looks like name@example.org.")
	}
	name, ok = text.Line(name, maxName)
	if !ok || name == "" {
		return authz.Account{}, problem.Field("/name",
			fmt.Sprintf("A name is one line of 1 to %d characters.", maxName))
	}
	return authz.Account{ID: txn.NewID(), Email: address.Readable(), Name: name, CreatedAt: s.work.Now()}, nil
}

// mayGive reports why who may not give roles on the sites with these keys; none are all.
func (s *Service) mayGive(ctx context.Context, who authz.Actor, keys []string) error {
	if len(keys) == 0 {
		return who.MayEverywhere(authz.Owner, authz.ScopeAdmin)
	}
	for _, key := range keys {
		if err := s.work.MayOwn(ctx, who, key); err != nil {
			return err
		}
	}
	return nil
}

// siteIDs returns the ids of the sites with these keys, all of which who has a role on.
func (s *Service) siteIDs(ctx context.Context, who authz.Actor, keys []string) ([]int64, error) {
	var ids []int64
	for _, key := range keys {
		site, err := s.work.Site(ctx, key)
		if err != nil {
			return nil, err
		}
		if who.Role(site.ID) == authz.NoRole {
			return nil, authz.NoSite()
		}
		if !slices.Contains(ids, site.ID) {
			ids = append(ids, site.ID)
		}
	}
	return ids, nil
}

// StaffNames are the names of those who have a role on a site, at most a thousand.
func (s *Service) StaffNames(ctx context.Context, who authz.Actor, site site.Site) (names []string, err error) {
	if err := who.May(site.ID, authz.Author, authz.ScopeRead); err != nil {
		return nil, err
	}
	names, turn, known := s.staff.of(site.ID)
	if known {
		return names, nil
	}
	err = s.work.View(ctx, func(tx Tx) (err error) {
		names, err = tx.StaffNames(site.ID)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	s.staff.keep(site.ID, names, turn)
	return names, nil
}

// A staff is the names of those who work for sites, kept until an account changes: every comment asks for them.
type staff struct {
	mu    sync.Mutex
	turn  int // grows with each change
	names map[int64][]string
}

func (k *staff) of(site int64) (names []string, turn int, known bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	names, known = k.names[site]
	return slices.Clone(names), k.turn, known
}

// keep keeps what was read, unless something has changed since.
func (k *staff) keep(site int64, names []string, turn int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.turn != turn {
		return
	}
	if k.names == nil {
		k.names = map[int64][]string{}
	}
	k.names[site] = slices.Clone(names)
}

func (k *staff) event(e event.Event) {
	if e.Kind != event.Account && e.Kind != event.Behind {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.turn++
	k.names = nil
}

// Accounts lists the accounts that who may see, by e-mail: one's own, and for an owner those
// with a role on a site of theirs, with those roles only. Of whoever has a role on every site an owner
// of some sees no e-mail.
func (s *Service) Accounts(ctx context.Context, who authz.Actor) (list []authz.Account, err error) {
	if err := who.Known(); err != nil {
		return nil, err
	}
	err = s.work.View(ctx, func(tx Tx) (err error) {
		list, err = tx.Accounts()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	if who.Scope >= authz.ScopeAdmin && who.Everywhere() == authz.Owner {
		return list, nil
	}
	seen := []authz.Account{}
	for _, a := range list {
		own := a.ID == who.ID()
		if !own && !who.Sees(&a) {
			continue
		}
		if !own && a.AllSites != authz.NoRole {
			a.Email = ""
		}
		seen = append(seen, a)
	}
	return seen, nil
}

// checkPassword refuses what is no password, or easy to guess of whom it is for.
func (s *Service) checkPassword(ctx context.Context, typed string, a authz.Account) error {
	sites, err := s.work.Sites(ctx, authz.Operator)
	if err != nil {
		return err
	}
	known := []string{a.Email, a.Name}
	for _, site := range sites {
		known = append(known, site.Name, site.Key)
	}
	return password.Check(typed, known...)
}

// A Reset is the token of an account's one-time link, and what ended with its password besides its
// sessions.
type Reset struct {
	Link   string
	Tokens []authz.Token
}

// ResetAccount ends an account's password, sessions, tokens, ties to providers and older links: whoever may have had
// the account has nothing of it any more. The link is to set another password, or to be redeemed by a provider. It needs
// a session.
func (s *Service) ResetAccount(ctx context.Context, who authz.Actor, email string) (out Reset, err error) {
	if err := who.MayIssue(); err != nil {
		return Reset{}, err
	}
	at := s.work.Now()
	value, row := s.newLink("")
	err = s.work.Update(ctx, func(tx Tx) error {
		if err := tx.LockPeople(); err != nil {
			return err
		}
		a, err := ruledAccount(tx, who, email)
		if err != nil {
			return err
		}
		if out.Tokens, err = tx.Tokens(a.ID); err != nil {
			return err
		}
		a.Password, row.Account = "", a.ID
		err = errors.Join(tx.UpdateAccount(a), tx.DeleteSessions(a.ID), tx.DeleteTokens(a.ID), tx.DeleteLinks(a.ID),
			tx.DeleteMailLinks(a.ID), tx.DeleteProofs(a.ID, ""), tx.InsertLink(row))
		if err != nil {
			return err
		}
		return tx.Emit(event.Event{Kind: event.Account, Account: a.ID, At: at})
	})
	if err != nil {
		return Reset{}, fmt.Errorf("reset account: %w", err)
	}
	out.Link = value
	return out, nil
}

// ruledAccount finds an account that who rules, by its e-mail; whether another one exists is
// not for everybody to know.
func ruledAccount(tx Tx, who authz.Actor, email string) (authz.Account, error) {
	address, ok := text.ParseAddress(email)
	if !ok {
		return authz.Account{}, errNoAccount()
	}
	a, err := tx.AccountByEmail(address.Readable())
	if errors.Is(err, txn.ErrNotFound) || err == nil && !who.Rules(a) {
		return authz.Account{}, errNoAccount()
	}
	return a, err
}

// RemoveAccount removes an account; what it decided stays in the log.
func (s *Service) RemoveAccount(ctx context.Context, who authz.Actor, id string) error {
	if err := who.Known(); err != nil {
		return err
	}
	at := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		if err := tx.LockPeople(); err != nil {
			return err
		}
		a, err := changeable(tx, who, id)
		if err != nil {
			return err
		}
		if !who.Rules(a) {
			return authz.NotAllowed()
		}
		if err := ownersRemain(tx, a, authz.Account{ID: a.ID}); err != nil {
			return err
		}
		if err := tx.DeleteAccount(id); err != nil {
			return err
		}
		return tx.Emit(event.Event{Kind: event.Account, Account: id, At: at})
	})
	if err != nil {
		return fmt.Errorf("remove account: %w", err)
	}
	return nil
}

func errNoAccount() error { return problem.Missing("account.unknown", "There is no such account.") }
