package moderation

import "time"

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

// An Account is a person who signs in. Roles are by site id; AllSites is a role on every
// site, those to come included (0: none).
type Account struct {
	ID        string
	Email     string // lower case, unique
	Name      string
	Password  string // argon2id, encoded; "" until set
	Disabled  bool
	AllSites  Role
	Roles     map[int64]Role
	CreatedAt time.Time
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
}

// A Link is a one-time link: to set a new account's password, or (Account "") to make the
// first owner. Hash is SHA-256 of its token.
type Link struct {
	Hash      []byte
	Account   string
	ExpiresAt time.Time
}

// PeopleTx keeps accounts and what they sign in with. Nothing here is kept in clear.
type PeopleTx interface {
	CountAccounts() (int, error)
	Accounts() ([]Account, error)                 // by e-mail
	AccountByID(id string) (Account, error)       // ErrNotFound
	AccountByEmail(email string) (Account, error) // ErrNotFound
	InsertAccount(a Account) error                // ErrTaken
	UpdateAccount(a Account) error                // name, password, disabled, roles
	DeleteAccount(id string) error                // with its sessions, tokens and links

	InsertSession(s Session) error
	SessionByHash(hash []byte) (Session, error) // ErrNotFound
	TouchSession(hash []byte, seen, expires time.Time) error
	Sessions(account string) ([]Session, error)
	DeleteSession(hash []byte) error
	DeleteSessions(account string) error
	PruneSessions(before time.Time) error

	InsertToken(t Token) error
	TokenByHash(hash []byte) (Token, error) // ErrNotFound
	TokenByID(id string) (Token, error)     // ErrNotFound
	Tokens(account string) ([]Token, error) // "" for all
	UpdateToken(t Token) error              // name, sites, scope
	DeleteToken(id string) error

	InsertLink(l Link) error
	// TakeLink removes a link and returns it: of many who try at once, one gets it.
	TakeLink(hash []byte) (Link, error) // ErrNotFound
	LinkByHash(hash []byte) (Link, error)
	PruneLinks(before time.Time) error
}
