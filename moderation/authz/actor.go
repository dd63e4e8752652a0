package authz

import (
	"maps"
	"slices"

	"github.com/aitys/aitys/moderation/problem"
)

// An Actor is who asks for something: an account through a session or a token, or Operator.
// The zero Actor may do nothing.
type Actor struct {
	Account  Account
	Session  string  // the session's id, or ""
	Token    string  // the token's id, or ""
	Scope    Scope   // what the token allows; ScopeAdmin for a session
	Sites    []int64 // what the token is bound to; empty: all of the account's
	operator bool
}

// Operator is whoever runs commands on the machine: everything is allowed.
var Operator = Actor{operator: true, Scope: ScopeAdmin}

// Role returns what the actor is on a site, whatever its scope.
func (a Actor) Role(site int64) Role {
	switch {
	case a.operator:
		return Owner
	case len(a.Sites) > 0 && !slices.Contains(a.Sites, site):
		return NoRole
	}
	return a.Account.Role(site)
}

// Everywhere returns what the actor is on every site, those to come included.
func (a Actor) Everywhere() Role {
	switch {
	case a.operator:
		return Owner
	case len(a.Sites) > 0 || a.Account.Disabled:
		return NoRole
	}
	return a.Account.AllSites
}

// OwnsSome reports whether who owns anything at all.
func (who Actor) OwnsSome() bool {
	for site := range who.Account.Roles {
		if who.Role(site) == Owner {
			return true
		}
	}
	return who.operator || who.Account.AllSites == Owner
}

// ID is what the log keeps of the actor: the account's id, "" for Operator.
func (a Actor) ID() string { return a.Account.ID }

// Known refuses an actor who is nobody.
func (a Actor) Known() error {
	if !a.operator && a.Account.ID == "" {
		return problem.SignIn()
	}
	return nil
}

// May reports why the actor may not do on a site what needs a role there and a scope. Who has
// no role on it is not told that it exists.
func (a Actor) May(site int64, need Role, scope Scope) error {
	if err := a.Known(); err != nil {
		return err
	}
	role := a.Role(site)
	if role == NoRole {
		return NoSite()
	}
	if role < need || a.Scope < scope {
		return NotAllowed()
	}
	return nil
}

// MayEverywhere is May for what concerns every site.
func (a Actor) MayEverywhere(need Role, scope Scope) error {
	if err := a.Known(); err != nil {
		return err
	}
	if a.Everywhere() < need || a.Scope < scope {
		return NotAllowed()
	}
	return nil
}

// MayKeepTokens reports why who may not make or change tokens, even their own.
func (who Actor) MayKeepTokens() error {
	if err := who.Known(); err != nil {
		return err
	}
	if who.Scope < ScopeAdmin {
		return NotAllowed()
	}
	return nil
}

// MayIssue returns an error if the actor uses a token. Use cases that create or change passwords, one-time links,
// secrets or other credentials call it: these do not end with the token, so only sessions and the operator create them.
func (who Actor) MayIssue() error {
	if err := who.Known(); err != nil {
		return err
	}
	if who.Session == "" && !who.operator {
		return problem.Denied("role.insufficient",
			"A token cannot do this, because the result would outlive the token. Sign in and use the session, or the "+
				"aitys command.")
	}
	return nil
}

// Rules reports whether who may decide over the whole account: is an owner wherever it has
// a role. An owner of one site must not be able to sign in as one of another.
func (who Actor) Rules(a Account) bool {
	if who.Scope < ScopeAdmin {
		return false
	}
	if who.Everywhere() == Owner {
		return true
	}
	for site := range a.Roles {
		if who.Role(site) < Owner {
			return false
		}
	}
	return a.AllSites == NoRole && len(a.Roles) > 0
}

// Sees reports whether who owns a site that a has a role on, and takes the roles on other
// sites out of it.
func (who Actor) Sees(a *Account) bool {
	if who.Scope < ScopeAdmin {
		return false
	}
	roles := maps.Clone(a.Roles)
	maps.DeleteFunc(roles, func(site int64, _ Role) bool { return who.Role(site) < Owner })
	a.Roles = roles
	if a.AllSites != NoRole {
		return who.OwnsSome()
	}
	return len(roles) > 0
}

// Reaches reports whether t is bound to nothing beyond what who is bound to.
func (who Actor) Reaches(t Token) bool {
	if len(who.Sites) == 0 {
		return true
	}
	return len(t.Sites) > 0 && !slices.ContainsFunc(t.Sites,
		func(site int64) bool { return !slices.Contains(who.Sites, site) })
}

// Bound returns the sites of a new token: those asked for, which the account must have a role
// on. A token bound to sites makes none that reaches further.
func Bound(who Actor, a Account, sites []int64) ([]int64, error) {
	if len(sites) == 0 {
		return slices.Clone(who.Sites), nil
	}
	for _, site := range sites {
		if a.Role(site) == NoRole {
			return nil, problem.Field("/site", "The account has no role on this site.")
		}
	}
	return sites, nil
}

// NoSite says that there is no such site, or none that is for this actor to know of.
func NoSite() error { return problem.Missing("site.unknown", "There is no such site.") }

// NotAllowed says that a role or a scope is not enough.
func NotAllowed() error {
	return problem.Denied("role.insufficient", "Your role or your token does not allow this.")
}
