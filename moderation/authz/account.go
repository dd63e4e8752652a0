// Package authz is who may do what: accounts with their roles, what they sign in with, and actors,
// who are accounts as they ask for something.
//
// It answers from what it is given and keeps nothing. Its rules: nobody is told of a site that they
// have no role on, nobody raises themselves, and an owner remains.
package authz

import (
	"slices"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/problem"
)

// Role is what an account may do on a site.
type Role uint8

// The roles, each with the rights of those before it.
const (
	NoRole Role = iota
	Author
	Moderator
	Owner
)

// Scope bounds what a token may do, whatever its account's role.
type Scope uint8

// The scopes.
const (
	ScopeRead Scope = iota + 1
	ScopeDecide
	ScopeAdmin
)

// The names, as every program outside reads and writes them.
var (
	roleNames  = []string{"", "author", "moderator", "owner"}
	scopeNames = []string{"", "read", "decide", "admin"}
)

func (r Role) String() string  { return roleNames[r] }  // "" for NoRole
func (s Scope) String() string { return scopeNames[s] } // "" for the zero Scope

// ParseRole reads a role's name; "" is NoRole.
func ParseRole(name string) (Role, error) {
	if i := slices.Index(roleNames, name); i >= 0 {
		return Role(i), nil
	}
	return NoRole, errRole()
}

func errRole() error { return problem.Field("/role", "Use owner, moderator or author.") }

// ParseScope reads a scope's name; "" is the zero Scope.
func ParseScope(name string) (Scope, error) {
	if i := slices.Index(scopeNames, name); i >= 0 {
		return Scope(i), nil
	}
	return 0, errScope()
}

func errScope() error { return problem.Field("/scope", "Use read, decide or admin.") }

// An Account is a person who signs in. Roles are by site id; AllSites is a role on every
// site, those to come included (0: none).
type Account struct {
	ID        string
	Email     string // text.Address.Readable, unique
	Name      string
	Password  string // argon2id, encoded; "" until set
	Disabled  bool
	AllSites  Role
	Roles     map[int64]Role
	CreatedAt time.Time
	SeenAt    time.Time // when they were last here by a session, to the minute; zero: never
	Mail      Mail
	MailFrom  float64 // the lowest score of a comment that is told of by mail
	MailLang  string  // the language of mails by its key; "" until mail was chosen
}

// Role returns what the account is on a site.
func (a Account) Role(site int64) Role {
	if a.Disabled {
		return NoRole
	}
	return max(a.AllSites, a.Roles[site])
}

// Give makes role the account's only one: on sites, or on all when there are none.
func (a *Account) Give(role Role, sites []int64) error {
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

// KeepOwner refuses a change of one of all accounts that leaves a site, or the whole, without an
// owner who can sign in.
func KeepOwner(all []Account, before, after Account) error {
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

// A Session is one sign-in. Hash is SHA-256 of the cookie's value.
type Session struct {
	Hash      []byte
	ID        string // names it in lists
	Account   string
	Agent     string // the browser, shortened, for the owner's list
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
}

// A Token lets a program act for an account. Sites empty: all of the account's.
type Token struct {
	ID        string
	Hash      []byte
	Account   string
	Name      string
	Sites     []int64
	Scope     Scope
	CreatedAt time.Time
	UsedAt    time.Time // to the minute; zero: never
	ExpiresAt time.Time // zero: never
	Parent    string    // ID of the token that created it; "" for a session or the operator
}

// AllowsLess reports whether other allows something that t does not: a higher scope or another site.
func (t Token) AllowsLess(other Token) bool {
	return t.Scope < other.Scope || !Actor{Sites: t.Sites}.Reaches(other)
}

// Ended reports whether the token's time is over.
func (t Token) Ended(now time.Time) bool { return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt) }

// TokenNames says what tokens are called, for people.
func TokenNames(tokens []Token) string {
	names := make([]string, len(tokens))
	for i, t := range tokens {
		names[i] = t.Name
	}
	return strings.Join(names, ", ")
}

// Allow makes scope the token's.
func (t *Token) Allow(scope Scope) error {
	if scope < ScopeRead || scope > ScopeAdmin {
		return errScope()
	}
	t.Scope = scope
	return nil
}

// A Link is a one-time link: to set a new account's password, or (Account "") to make the
// first owner. Hash is SHA-256 of its token.
type Link struct {
	Hash      []byte
	Account   string
	ExpiresAt time.Time
}
