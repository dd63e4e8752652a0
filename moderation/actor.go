package moderation

import (
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
	return a.Account.role(site)
}

// everywhere returns what the actor is on every site, those to come included.
func (a Actor) everywhere() Role {
	switch {
	case a.operator:
		return Owner
	case len(a.Sites) > 0 || a.Account.Disabled:
		return NoRole
	}
	return a.Account.AllSites
}

// known refuses an actor who is nobody.
func (a Actor) known() error {
	if !a.operator && a.Account.ID == "" {
		return problem.SignIn()
	}
	return nil
}

// may reports why the actor may not do on a site what needs a role there and a scope. Who has
// no role on it is not told that it exists.
func (a Actor) may(site int64, need Role, scope Scope) error {
	if err := a.known(); err != nil {
		return err
	}
	role := a.Role(site)
	if role == NoRole {
		return errNoSite()
	}
	if role < need || a.Scope < scope {
		return errRole()
	}
	return nil
}

// mayEverywhere is may for what concerns every site.
func (a Actor) mayEverywhere(need Role, scope Scope) error {
	if err := a.known(); err != nil {
		return err
	}
	if a.everywhere() < need || a.Scope < scope {
		return errRole()
	}
	return nil
}

// id is what the log keeps of the actor: the account's id, "" for Operator.
func (a Actor) id() string { return a.Account.ID }

// role returns what the account is on a site.
func (a Account) role(site int64) Role {
	if a.Disabled {
		return NoRole
	}
	return max(a.AllSites, a.Roles[site])
}

// rules reports whether who may decide over the whole account: is an owner wherever it has
// a role. An owner of one site must not be able to sign in as one of another.
func (who Actor) rules(a Account) bool {
	if who.Scope < ScopeAdmin {
		return false
	}
	if who.everywhere() == Owner {
		return true
	}
	for site := range a.Roles {
		if who.Role(site) < Owner {
			return false
		}
	}
	return a.AllSites == NoRole && len(a.Roles) > 0
}

func errNoSite() error { return problem.Missing("site.unknown", "There is no such site.") }

func errRole() error {
	return problem.Denied("role.insufficient", "Your role or your token does not allow this.")
}
