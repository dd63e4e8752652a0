package identity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/txn"
)

// linkLife is how long a one-time link is valid.
const linkLife = 24 * time.Hour

// newLink returns a one-time link for an account, or for the first owner if account is "".
func (s *Service) newLink(account string) (value string, l authz.Link) {
	value, hash := secret.New("")
	return value, authz.Link{Hash: hash, Account: account, ExpiresAt: s.work.Now().Add(linkLife)}
}

// SetupLink returns the token of a one-time link that creates the first owner, or "" if there is an account.
func (s *Service) SetupLink(ctx context.Context) (string, error) {
	value, link := s.newLink("")
	var made bool
	err := s.work.Update(ctx, func(tx Tx) error {
		n, err := tx.CountAccounts()
		if made = n == 0; err != nil || !made {
			return err
		}
		return tx.InsertLink(link)
	})
	if err != nil {
		return "", fmt.Errorf("make set-up link: %w", err)
	}
	if !made {
		return "", nil
	}
	return value, nil
}

// HasAccounts reports whether there is an account. Without one, the next start of the server makes a new set-up link.
func (s *Service) HasAccounts(ctx context.Context) (bool, error) {
	n := 0
	err := s.work.View(ctx, func(tx Tx) (err error) {
		n, err = tx.CountAccounts()
		return err
	})
	if err != nil {
		return false, fmt.Errorf("count accounts: %w", err)
	}
	return n > 0, nil
}

// A LinkUse is the use of a one-time link. Only the first owner needs Email and Name. An account without a password
// may give a Provider and Proof instead of Password.
type LinkUse struct {
	Token                 string
	Email, Name, Password string
	Agent                 string
	MailLang              string // language of the first owner's mails
	Provider              string
	Proof                 authz.ExternalIdentity // only with Provider
}

// LinkAccount returns the account of a one-time link. The account is empty if the link creates the first owner. It
// returns auth.needed if the link is used, expired or unknown.
func (s *Service) LinkAccount(ctx context.Context, token string) (authz.Account, error) {
	var account authz.Account
	err := s.work.View(ctx, func(tx Tx) error {
		link, err := tx.LinkByHash(secret.Hash(token))
		if err != nil {
			return err
		}
		account, err = s.linkTarget(tx, link)
		return err
	})
	if errors.Is(err, txn.ErrNotFound) {
		return authz.Account{}, errNoLink()
	}
	if err != nil {
		return authz.Account{}, fmt.Errorf("read link: %w", err)
	}
	return account, nil
}

// linkTarget returns the account of a link. It returns ErrNotFound if the link is not valid any more.
func (s *Service) linkTarget(tx Tx, l authz.Link) (authz.Account, error) {
	if !s.work.Now().Before(l.ExpiresAt) {
		return authz.Account{}, txn.ErrNotFound
	}
	if l.Account != "" {
		account, err := tx.AccountByID(l.Account)
		if err == nil && account.Disabled {
			err = txn.ErrNotFound
		}
		return account, err
	}
	n, err := tx.CountAccounts()
	if err == nil && n > 0 {
		err = txn.ErrNotFound // another link created the first owner
	}
	return authz.Account{}, err
}

// UseLink uses up a one-time link, sets the password or links a provider, and signs in. It creates the first owner if
// the link is for that, with a daily digest as its mail. It ends the account's sessions and other links. Invalid fields do
// not use up the link.
func (s *Service) UseLink(ctx context.Context, in LinkUse) (SignedIn, error) {
	account, err := s.LinkAccount(ctx, in.Token)
	if err != nil {
		return SignedIn{}, err
	}
	first := account.ID == ""
	if first {
		if account, err = s.newAccount(in.Email, in.Name); err != nil {
			return SignedIn{}, err
		}
		account.AllSites, account.Mail, account.MailLang = authz.Owner, authz.MailDaily, in.MailLang
	}
	hash, err := s.linkPassword(ctx, in, account, first)
	if err != nil {
		return SignedIn{}, err
	}
	account.Password = hash // the key of its browser tokens
	out, row := s.newSession(account, in.Agent)
	err = s.work.Update(ctx, func(tx Tx) error {
		if err := tx.LockAccounts(); err != nil {
			return err
		}
		link, err := tx.TakeLink(secret.Hash(in.Token))
		if err != nil {
			return err
		}
		now, err := s.linkTarget(tx, link)
		if err != nil {
			return err
		}
		if first {
			now = account
			err = tx.InsertAccount(now)
		} else {
			now.Password = hash
			err = errors.Join(tx.UpdateAccount(now), tx.DeleteSessions(now.ID), tx.DeleteLinks(now.ID),
				tx.DeleteMailLinks(now.ID))
		}
		if err == nil && in.Provider != "" {
			err = insertProof(tx, authz.LinkedIdentity{ExternalIdentity: in.Proof, Account: now.ID, Provider: in.Provider,
				CreatedAt: row.CreatedAt})
		}
		if err != nil {
			return err
		}
		out.Actor.Account = now
		if err := insertSession(tx, row); err != nil {
			return err
		}
		return tx.Emit(event.Event{Kind: event.Account, Account: now.ID, At: row.CreatedAt})
	})
	if errors.Is(err, txn.ErrNotFound) {
		return SignedIn{}, errNoLink()
	}
	if err != nil {
		return SignedIn{}, fmt.Errorf("use link: %w", err)
	}
	s.signins.Reset(account.Email)
	return out, nil
}

// linkPassword returns the hash of the password that a link sets, or "" if an account without a password links a
// provider instead. The first owner needs a password, so that a service never depends on a provider alone.
func (s *Service) linkPassword(
	ctx context.Context, in LinkUse, account authz.Account, first bool,
) (string, error) {
	if in.Provider != "" && !first && account.Password == "" {
		return "", nil
	}
	if in.Provider != "" {
		return "", problem.Field("/password", "This link needs a password.")
	}
	if err := s.checkPassword(ctx, in.Password, account); err != nil {
		return "", err
	}
	return s.passwords.Hash(ctx, in.Password)
}

func errNoLink() error {
	return problem.Unproven("auth.needed", "This link was used, is too old, or is not known. Ask for another one.")
}
