package identity

import (
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/txn"
)

// Tx keeps accounts and what they sign in with. Nothing here is kept in clear.
type Tx interface {
	txn.Tx

	// LockPeople has changes of accounts wait for one another until the end of the transaction: what
	// they check, such as that an owner remains, must still be so when they commit.
	LockPeople() error

	CountAccounts() (int, error)
	Accounts() ([]authz.Account, error) // by e-mail
	// StaffNames are the names of those who have a role on a site and may sign in, at most a thousand.
	StaffNames(site int64) ([]string, error)
	AccountByID(id string) (authz.Account, error)       // ErrNotFound
	AccountByEmail(email string) (authz.Account, error) // ErrNotFound
	InsertAccount(a authz.Account) error                // ErrTaken
	UpdateAccount(a authz.Account) error                // name, password, disabled, roles, mail
	DeleteAccount(id string) error                      // with its sessions, tokens and links
	TouchAccount(id string, seen time.Time) error

	InsertSession(s authz.Session) error
	SessionByHash(hash []byte) (authz.Session, error) // ErrNotFound
	TouchSession(hash []byte, seen, expires time.Time) error
	Sessions(account string) ([]authz.Session, error)
	DeleteSession(hash []byte) error
	DeleteSessions(account string) error
	PruneSessions(before time.Time) error

	InsertToken(t authz.Token) error
	TokenByHash(hash []byte) (authz.Token, error) // ErrNotFound
	TokenByID(id string) (authz.Token, error)     // ErrNotFound
	Tokens(account string) ([]authz.Token, error) // "" for all
	UpdateToken(t authz.Token) error              // name, sites, scope
	TouchToken(id string, used time.Time) error
	DeleteToken(id string) error        // and its children, recursively
	DeleteTokensOf(parent string) error // the children alone, recursively
	DeleteTokens(account string) error

	InsertLink(l authz.Link) error
	// TakeLink removes a link and returns it: of many who try at once, one gets it.
	TakeLink(hash []byte) (authz.Link, error) // ErrNotFound
	LinkByHash(hash []byte) (authz.Link, error)
	DeleteLinks(account string) error
	PruneLinks(before time.Time) error

	// InsertMailLink keeps a link; of one that is there only the end is set anew.
	InsertMailLink(l authz.MailLink) error
	MailLinkByHash(hash []byte) (authz.MailLink, error) // ErrNotFound
	// UseMailLink marks a link as used: of many who try at once, one does. ErrNotFound: it was.
	UseMailLink(hash []byte, at time.Time) error
	DeleteMailLinks(account string) error
	PruneMailLinks(before time.Time) error // those that ended before

	InsertProof(p authz.LinkedProof) error                        // ErrTaken: of one account at most
	AccountByProof(issuer, subject string) (authz.Account, error) // ErrNotFound
	Proofs(account string) ([]authz.LinkedProof, error)           // the oldest first
	DeleteProofs(account, issuer string) error                    // "" for all issuers

	// SignOut notes when somebody, known by a hash, last ended what they were given to write on a site; SignedOut
	// returns it, the zero time where that was never, or so long ago that it was pruned.
	SignOut(site int64, subject []byte, at time.Time) error
	SignedOut(site int64, subject []byte) (time.Time, error)
	PruneSignOuts(before time.Time) error
}
