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
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// A NewAccount is an account to be added. Sites are keys; without any, the role is for all sites. Without a Password,
// AddAccount makes a one-time link.
type NewAccount struct {
	Email, Name string
	Role        authz.Role
	Sites       []string
	Password    string
}

// AddAccount adds an account. link is the token of its one-time link, or "" if it has a password. It needs a session
// of an owner of all the sites.
func (s *Service) AddAccount(
	ctx context.Context, who authz.Actor, in NewAccount,
) (a authz.Account, link string, err error) {
	if a, _, err = s.prepare(ctx, who, in); err != nil {
		return authz.Account{}, "", err
	}
	value, row := s.newLink(a.ID)
	err = s.work.Update(ctx, func(tx Tx) error { return insertAccount(tx, a, row) })
	if err != nil {
		return authz.Account{}, "", addError(err)
	}
	if a.Password != "" {
		value = ""
	}
	return a, value, nil
}

// An Invited is a new account with the token of its one-time link. Mailed says that the link was queued as a mail.
type Invited struct {
	Account authz.Account
	Link    string
	Mailed  bool
}

// Invite adds an account without a password and mails its one-time link, in a language. It mails nothing if the
// service has no site, or if the address has reached its mail limit. It needs a session of an owner of all the sites.
func (s *Service) Invite(ctx context.Context, who authz.Actor, in NewAccount, lang string) (out Invited, err error) {
	in.Password = ""
	a, sites, err := s.prepare(ctx, who, in)
	if err != nil {
		return Invited{}, err
	}
	if len(sites) == 0 {
		all, err := s.work.StoredSites(ctx)
		if err != nil {
			return Invited{}, err
		}
		for _, b := range all {
			sites = append(sites, b.ID)
		}
	}
	to := text.AddressOf(a.Email)
	l := mailbox.Letter{
		ID:          txn.NewID(),
		Kind:        mailbox.Invitation,
		AddressHash: mailbox.AddressHash(s.secret, to),
		To:          to,
		Lang:        lang,
		CreatedAt:   a.CreatedAt,
		DueAt:       a.CreatedAt,
	}
	out = Invited{Account: a, Link: mailbox.InvitationToken(s.secret, l.ID)}
	row := authz.Link{Hash: secret.Hash(out.Link), Account: a.ID, ExpiresAt: a.CreatedAt.Add(mailbox.InvitationLife)}
	err = s.work.Update(ctx, func(tx Tx) (err error) {
		if err := insertAccount(tx, a, row); err != nil || len(sites) == 0 {
			return err
		}
		l.Site = sites[0]
		out.Mailed, err = mailbox.Enqueue(tx, s.secret, l)
		return err
	})
	if err != nil {
		return Invited{}, addError(err)
	}
	return out, nil
}

// insertAccount stores a new account, and its link if it has no password.
func insertAccount(tx Tx, a authz.Account, l authz.Link) error {
	if err := tx.InsertAccount(a); err != nil {
		return err
	}
	if a.Password == "" {
		if err := tx.InsertLink(l); err != nil {
			return err
		}
	}
	return tx.Emit(event.Event{Kind: event.Account, Account: a.ID, At: a.CreatedAt})
}

func addError(err error) error {
	if errors.Is(err, txn.ErrTaken) {
		return problem.Field("/email", "There is an account with this e-mail already.")
	}
	return fmt.Errorf("add account: %w", err)
}

// prepare returns an account to be added, and the IDs of its sites.
func (s *Service) prepare(ctx context.Context, who authz.Actor, in NewAccount) (a authz.Account, sites []int64, err error) {
	if err := s.checkGrant(ctx, who, in.Sites); err != nil {
		return authz.Account{}, nil, err
	}
	if err := who.AuthorizeCredentials(); err != nil {
		return authz.Account{}, nil, err
	}
	if a, err = s.newAccount(in.Email, in.Name); err != nil {
		return authz.Account{}, nil, err
	}
	if sites, err = s.siteIDs(ctx, who, in.Sites); err != nil {
		return authz.Account{}, nil, err
	}
	if err := a.SetRole(in.Role, sites); err != nil {
		return authz.Account{}, nil, err
	}
	if in.Password != "" {
		if err := s.checkPassword(ctx, in.Password, a); err != nil {
			return authz.Account{}, nil, err
		}
	}
	a.Password, err = s.passwords.Hash(ctx, in.Password)
	return a, sites, err
}

const maxName = 80

// newAccount returns an account without password and roles.
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

// checkGrant returns an error unless the actor may grant roles on the sites with these keys. Without keys, it means
// all sites.
func (s *Service) checkGrant(ctx context.Context, who authz.Actor, keys []string) error {
	if len(keys) == 0 {
		return who.AuthorizeGlobal(authz.Owner, authz.ScopeAdmin)
	}
	for _, key := range keys {
		if err := s.work.CheckOwner(ctx, who, key); err != nil {
			return err
		}
	}
	return nil
}

// siteIDs returns the IDs of the sites with these keys. It returns an error if the actor has no role on one of them.
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

// StaffNames returns the names of up to a thousand accounts with a role on a site. It needs an author.
func (s *Service) StaffNames(ctx context.Context, who authz.Actor, site site.Site) (names []string, err error) {
	if err := who.Authorize(site.ID, authz.Author, authz.ScopeRead); err != nil {
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

// A staffCache caches the names of each site's staff until an account changes. Every submitted comment needs them.
type staffCache struct {
	mu         sync.Mutex
	generation int // generation; incremented by each change
	names      map[int64][]string
}

func (k *staffCache) of(site int64) (names []string, turn int, known bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	names, known = k.names[site]
	return slices.Clone(names), k.generation, known
}

// keep caches names unless an account has changed since the generation turn.
func (k *staffCache) keep(site int64, names []string, turn int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.generation != turn {
		return
	}
	if k.names == nil {
		k.names = map[int64][]string{}
	}
	k.names[site] = slices.Clone(names)
}

func (k *staffCache) event(e event.Event) {
	if e.Kind != event.Account && e.Kind != event.Behind {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.generation++
	k.names = nil
}

// Accounts returns the accounts that the actor may see, in the order of e-mails: the actor's own, and for owners those
// with a role on one of their sites, with only these roles. Only owners of all sites see the e-mails of accounts with
// a role on all sites.
func (s *Service) Accounts(ctx context.Context, who authz.Actor) (list []authz.Account, err error) {
	if err := who.CheckSignedIn(); err != nil {
		return nil, err
	}
	err = s.work.View(ctx, func(tx Tx) (err error) {
		list, err = tx.Accounts()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	if who.Scope >= authz.ScopeAdmin && who.GlobalRole() == authz.Owner {
		return list, nil
	}
	seen := []authz.Account{}
	for _, a := range list {
		own := a.ID == who.ID()
		if !own && !who.FilterVisible(&a) {
			continue
		}
		if !own && a.AllSites != authz.NoRole {
			a.Email = ""
		}
		seen = append(seen, a)
	}
	return seen, nil
}

// checkPassword returns an error for an invalid password, or one that is easy to guess from the account or the sites.
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

// A Reset is the token of an account's one-time link, and the API tokens that the reset ended.
type Reset struct {
	Link   string
	Tokens []authz.Token
}

// ResetAccount ends an account's password, sessions, tokens, provider links and older links, so that an attacker loses
// access. The new link sets a password or links a provider. It needs a session.
func (s *Service) ResetAccount(ctx context.Context, who authz.Actor, email string) (out Reset, err error) {
	if err := who.AuthorizeCredentials(); err != nil {
		return Reset{}, err
	}
	at := s.work.Now()
	value, row := s.newLink("")
	err = s.work.Update(ctx, func(tx Tx) error {
		if err := tx.LockAccounts(); err != nil {
			return err
		}
		a, err := managedAccount(tx, who, email)
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

// managedAccount returns the account with an e-mail if the actor manages it. It returns the same error for other
// accounts and for unknown e-mails.
func managedAccount(tx Tx, who authz.Actor, email string) (authz.Account, error) {
	address, ok := text.ParseAddress(email)
	if !ok {
		return authz.Account{}, errNoAccount()
	}
	a, err := tx.AccountByEmail(address.Readable())
	if errors.Is(err, txn.ErrNotFound) || err == nil && !who.Controls(a) {
		return authz.Account{}, errNoAccount()
	}
	return a, err
}

// RemoveAccount deletes an account. Its decisions stay in the log.
func (s *Service) RemoveAccount(ctx context.Context, who authz.Actor, id string) error {
	if err := who.CheckSignedIn(); err != nil {
		return err
	}
	at := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		if err := tx.LockAccounts(); err != nil {
			return err
		}
		a, err := changeable(tx, who, id)
		if err != nil {
			return err
		}
		if !who.Controls(a) {
			return authz.NotAllowed()
		}
		if err := checkOwnersRemain(tx, a, authz.Account{ID: a.ID}); err != nil {
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
