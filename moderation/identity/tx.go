package identity

import (
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/txn"
)

// Tx stores accounts, credentials and links. Credentials are stored only as hashes.
type Tx interface {
	mailbox.Tx
	txn.Tx

	// LockAccounts serializes changes of accounts until the end of the transaction, so that their checks, such as that
	// an owner remains, still hold at the commit.
	LockAccounts() error

	CountAccounts() (int, error)
	Accounts() ([]authz.Account, error) // in the order of e-mails
	// StaffNames returns the names of up to a thousand enabled accounts with a role on a site.
	StaffNames(site int64) ([]string, error)
	AccountByID(id string) (authz.Account, error)       // ErrNotFound
	AccountByEmail(email string) (authz.Account, error) // ErrNotFound
	InsertAccount(a authz.Account) error                // ErrTaken
	UpdateAccount(a authz.Account) error                // stores name, password, disabled, roles and mail settings
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
	UpdateToken(t authz.Token) error              // stores name, sites and scope
	TouchToken(id string, used time.Time) error
	DeleteToken(id string) error        // with its children, recursively
	DeleteTokensOf(parent string) error // only the children, recursively
	DeleteTokens(account string) error

	InsertLink(l authz.Link) error
	// TakeLink deletes a link and returns it. Of concurrent calls, one gets it.
	TakeLink(hash []byte) (authz.Link, error) // ErrNotFound
	LinkByHash(hash []byte) (authz.Link, error)
	DeleteLinks(account string) error
	PruneLinks(before time.Time) error

	// InsertMailLink stores a link. If the link exists, it only changes its end.
	InsertMailLink(l authz.MailLink) error
	MailLinkByHash(hash []byte) (authz.MailLink, error) // ErrNotFound
	// UseMailLink marks a link as used. It returns ErrNotFound if the link was used before; of concurrent calls, one
	// succeeds.
	UseMailLink(hash []byte, at time.Time) error
	DeleteMailLinks(account string) error
	PruneMailLinks(before time.Time) error // deletes links that ended before

	InsertProof(p authz.LinkedIdentity) error                     // ErrTaken if another account has it
	AccountByProof(issuer, subject string) (authz.Account, error) // ErrNotFound
	Proofs(account string) ([]authz.LinkedIdentity, error)        // oldest first
	DeleteProofs(account, issuer string) error                    // "" for all issuers

	// SignOut stores when an account, known by a hash, last signed out of a site as a commenter. SignedOut returns
	// that time, or the zero time if there is none or it was pruned.
	SignOut(site int64, subject []byte, at time.Time) error
	SignedOut(site int64, subject []byte) (time.Time, error)
	PruneSignOuts(before time.Time) error
}
