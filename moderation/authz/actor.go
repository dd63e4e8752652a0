package authz

import (
	"maps"
	"slices"

	"github.com/aitys/aitys/moderation/problem"
)

// An Actor makes a request: an account with a session or a token, or the Operator. The zero Actor is anonymous and may
// do nothing.
type Actor struct {
	Account  Account
	Session  string  // session ID, or ""
	Token    string  // token ID, or ""
	Scope    Scope   // scope of the token; ScopeAdmin for a session
	Sites    []int64 // sites that the token is limited to; empty: all sites of the account
	operator bool
}

// Operator is the actor of commands that run on the server. It may do everything.
var Operator = Actor{operator: true, Scope: ScopeAdmin}

// Role returns the role of the actor on a site. It ignores the scope.
func (a Actor) Role(site int64) Role {
	switch {
	case a.operator:
		return Owner
	case len(a.Sites) > 0 && !slices.Contains(a.Sites, site):
		return NoRole
	}
	return a.Account.Role(site)
}

// GlobalRole returns the role of the actor on every site, including sites created later.
func (a Actor) GlobalRole() Role {
	switch {
	case a.operator:
		return Owner
	case len(a.Sites) > 0 || a.Account.Disabled:
		return NoRole
	}
	return a.Account.AllSites
}

// OwnsAny reports whether the actor owns at least one site.
func (who Actor) OwnsAny() bool {
	for site := range who.Account.Roles {
		if who.Role(site) == Owner {
			return true
		}
	}
	return who.operator || who.Account.AllSites == Owner
}

// ID returns the account ID that the audit log records: "" for the Operator.
func (a Actor) ID() string { return a.Account.ID }

// Source returns how the actor makes requests: "command", "api" (with a token), "desk" (with a session) or "mail" (with a
// link in a mail).
func (a Actor) Source() string {
	switch {
	case a.operator:
		return "command"
	case a.Token != "":
		return "api"
	case a.Session != "":
		return "desk"
	}
	return "mail"
}

// CheckSignedIn returns an error if the actor is anonymous.
func (a Actor) CheckSignedIn() error {
	if !a.operator && a.Account.ID == "" {
		return problem.SignIn()
	}
	return nil
}

// Authorize returns an error unless the actor has at least the role need on the site, and at least the scope. An actor
// without a role on the site gets the same error as for a site that does not exist.
func (a Actor) Authorize(site int64, need Role, scope Scope) error {
	if err := a.CheckSignedIn(); err != nil {
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

// AuthorizeGlobal is Authorize for actions that concern every site.
func (a Actor) AuthorizeGlobal(need Role, scope Scope) error {
	if err := a.CheckSignedIn(); err != nil {
		return err
	}
	if a.GlobalRole() < need || a.Scope < scope {
		return NotAllowed()
	}
	return nil
}

// AuthorizeTokens returns an error if the actor may not create or change tokens, including its own.
func (who Actor) AuthorizeTokens() error {
	if err := who.CheckSignedIn(); err != nil {
		return err
	}
	if who.Scope < ScopeAdmin {
		return NotAllowed()
	}
	return nil
}

// AuthorizeCredentials returns an error if the actor uses a token. Use cases that create or change passwords, one-time
// links, secrets or other credentials call it: these outlive the token, so only sessions and the operator create them.
func (who Actor) AuthorizeCredentials() error {
	if err := who.CheckSignedIn(); err != nil {
		return err
	}
	if who.Session == "" && !who.operator {
		return problem.Denied("role.insufficient",
			"A token cannot do this, because the result would outlive the token. Sign in and use the session, or the "+
				"aitys command.")
	}
	return nil
}

// Controls reports whether the actor may change the whole account a: the actor is an owner on every site where a has a
// role. Without this check, the owner of one site could sign in as an owner of another.
func (who Actor) Controls(a Account) bool {
	if who.Scope < ScopeAdmin {
		return false
	}
	if who.GlobalRole() == Owner {
		return true
	}
	for site := range a.Roles {
		if who.Role(site) < Owner {
			return false
		}
	}
	return a.AllSites == NoRole && len(a.Roles) > 0
}

// FilterVisible reports whether the actor owns a site on which a has a role. It removes a's roles on other sites from
// a.Roles.
func (who Actor) FilterVisible(a *Account) bool {
	if who.Scope < ScopeAdmin {
		return false
	}
	roles := maps.Clone(a.Roles)
	maps.DeleteFunc(roles, func(site int64, _ Role) bool { return who.Role(site) < Owner })
	a.Roles = roles
	if a.AllSites != NoRole {
		return who.OwnsAny()
	}
	return len(roles) > 0
}

// CanReach reports whether t is limited to sites that the actor may reach. An actor without a limit can reach every
// token.
func (who Actor) CanReach(t Token) bool {
	if len(who.Sites) == 0 {
		return true
	}
	return len(t.Sites) > 0 && !slices.ContainsFunc(t.Sites,
		func(site int64) bool { return !slices.Contains(who.Sites, site) })
}

// TokenSites returns the sites of a new token: the requested sites, or those of the actor's own token if none are
// requested. The account needs a role on each requested site. Callers check the limits of the actor's own token with
// ExceededBy.
func TokenSites(who Actor, a Account, sites []int64) ([]int64, error) {
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

// NoSite returns the error for a site that does not exist, or that the actor may not know about.
func NoSite() error { return problem.Missing("site.unknown", "There is no such site.") }

// NotAllowed returns the error for an insufficient role or scope.
func NotAllowed() error {
	return problem.Denied("role.insufficient", "Your role or your token does not allow this.")
}
