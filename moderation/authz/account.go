// Package authz defines accounts, roles, scopes, sessions and tokens, and checks what an Actor may do.
//
// It stores nothing and works only on its arguments. Its invariants: an actor learns nothing about a site on which it
// has no role; actors cannot raise their own rights; each site, and the whole service, keeps at least one owner.
package authz

import (
	"slices"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/problem"
)

// Role is the level of access of an account on a site.
type Role uint8

// The roles in ascending order. Each role includes the rights of the roles before it.
const (
	NoRole Role = iota
	Author
	Moderator
	Owner
)

// Scope limits what a token may do, independently of the role of its account.
type Scope uint8

// The scopes in ascending order.
const (
	ScopeRead Scope = iota + 1
	ScopeDecide
	ScopeAdmin
)

// Names of roles and scopes in the API, commands and exports.
var (
	roleNames  = []string{"", "author", "moderator", "owner"}
	scopeNames = []string{"", "read", "decide", "admin"}
)

func (r Role) String() string  { return roleNames[r] }  // "" for NoRole
func (s Scope) String() string { return scopeNames[s] } // "" for the zero Scope

// ParseRole returns the role with the given name. The empty name is NoRole.
func ParseRole(name string) (Role, error) {
	if i := slices.Index(roleNames, name); i >= 0 {
		return Role(i), nil
	}
	return NoRole, errRole()
}

func errRole() error { return problem.Field("/role", "Use owner, moderator or author.") }

// ParseScope returns the scope with the given name. The empty name is the zero Scope.
func ParseScope(name string) (Scope, error) {
	if i := slices.Index(scopeNames, name); i >= 0 {
		return Scope(i), nil
	}
	return 0, errScope()
}

func errScope() error { return problem.Field("/scope", "Use read, decide or admin.") }

// An Account is a staff member who can sign in. Roles maps site IDs to roles. AllSites is a role on every site,
// including sites created later; NoRole means none.
type Account struct {
	ID        string
	Email     string // text.Address.Readable, unique
	Name      string
	Password  string // argon2id, encoded; "" until set
	Disabled  bool
	AllSites  Role
	Roles     map[int64]Role
	CreatedAt time.Time
	SeenAt    time.Time // last request with a session, rounded to the minute; zero: never
	Mail      Mail
	MailFrom  float64 // minimum score of comments that cause a mail
	MailLang  string  // language code of mails; "" until the account chooses mail
}

// Role returns the account's role on a site. Disabled accounts have NoRole.
func (a Account) Role(site int64) Role {
	if a.Disabled {
		return NoRole
	}
	return max(a.AllSites, a.Roles[site])
}

// SetRole replaces all roles of the account with role: on the given sites, or on all sites if sites is empty.
func (a *Account) SetRole(role Role, sites []int64) error {
	if role < Author || role > Owner {
		return errRole()
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

// CheckLastOwner returns an error if changing the account before to after leaves a site, or the whole service, without
// an enabled owner. all lists all accounts.
func CheckLastOwner(all []Account, before, after Account) error {
	lost := func(site int64) bool { return before.Role(site) == Owner && after.Role(site) < Owner }
	others := slices.DeleteFunc(slices.Clone(all), func(a Account) bool { return a.ID == before.ID || a.Disabled })
	if everywhere := func(a Account) bool { return a.AllSites == Owner }; everywhere(before) && !before.Disabled &&
		(after.Disabled || !everywhere(after)) && !slices.ContainsFunc(others, everywhere) {
		return errLastOwner()
	}
	for site := range before.Roles {
		if lost(site) && !slices.ContainsFunc(others, func(a Account) bool { return a.Role(site) == Owner }) {
			return errLastOwner()
		}
	}
	return nil
}

func errLastOwner() error {
	return problem.Field("/role", "This is the last owner. Make somebody else one first.")
}

// A Session is one sign-in. Hash is the SHA-256 of the cookie value.
type Session struct {
	Hash      []byte
	ID        string // identifies the session in lists
	Account   string
	Agent     string // shortened User-Agent, shown in the list of sessions
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
}

// A Token authenticates a program as an account. Empty Sites means all sites of the account.
type Token struct {
	ID        string
	Hash      []byte
	Account   string
	Name      string
	Sites     []int64
	Scope     Scope
	CreatedAt time.Time
	UsedAt    time.Time // rounded to the minute; zero: never
	ExpiresAt time.Time // zero: never
	Parent    string    // ID of the token that created this one; "" if a session or the operator did
}

// ExceededBy reports whether other allows something that t does not: a higher scope or another site.
func (t Token) ExceededBy(other Token) bool {
	return t.Scope < other.Scope || !Actor{Sites: t.Sites}.CanReach(other)
}

// Expired reports whether the token has expired.
func (t Token) Expired(now time.Time) bool { return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) }

// TokenNames returns the names of tokens as a comma-separated list.
func TokenNames(tokens []Token) string {
	names := make([]string, len(tokens))
	for i, t := range tokens {
		names[i] = t.Name
	}
	return strings.Join(names, ", ")
}

// SetScope sets the scope of the token.
func (t *Token) SetScope(scope Scope) error {
	if scope < ScopeRead || scope > ScopeAdmin {
		return errScope()
	}
	t.Scope = scope
	return nil
}

// A Link is a one-time link. It sets the password of a new account or, if Account is empty, creates the first owner.
// Hash is the SHA-256 of its token.
type Link struct {
	Hash      []byte
	Account   string
	ExpiresAt time.Time
}
