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

// mailLinkRetention is how long a mailed link is stored after its end, so that its page can say that it has ended.
const mailLinkRetention = 30 * 24 * time.Hour

// MailLink returns a mailed link and its actor, who may decide on that site only. It changes nothing. It also returns
// links that are used or expired. It returns auth.needed for an unknown link, and if the account may no longer decide
// on the site.
func (s *Service) MailLink(ctx context.Context, token string) (authz.Actor, authz.MailLink, error) {
	var link authz.MailLink
	var account authz.Account
	err := s.work.View(ctx, func(tx Tx) (err error) {
		link, account, err = findMailLink(tx, token)
		return err
	})
	if err != nil {
		return authz.Actor{}, authz.MailLink{}, mailLinkError("read link", err)
	}
	return authz.Actor{Account: account, Scope: authz.ScopeDecide, Sites: []int64{link.Site}}, link, nil
}

// findMailLink returns a mailed link and its account. It returns ErrNotFound if the account is disabled or has lost
// its role.
func findMailLink(tx Tx, token string) (authz.MailLink, authz.Account, error) {
	link, err := tx.MailLinkByHash(secret.Hash(token))
	if err != nil {
		return authz.MailLink{}, authz.Account{}, err
	}
	account, err := tx.AccountByID(link.Account)
	if err == nil && (account.Disabled || link.Comment != "" && account.Role(link.Site) < authz.Moderator) {
		err = txn.ErrNotFound
	}
	return link, account, err
}

// UseMailLink marks a link that decides about a comment as used. Of concurrent calls one succeeds. It returns
// auth.needed if the link is used or expired.
func (s *Service) UseMailLink(ctx context.Context, token string) error {
	now := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		link, _, err := findMailLink(tx, token)
		if err != nil {
			return err
		}
		if link.Comment == "" || link.Expired(now) {
			return txn.ErrNotFound
		}
		return tx.UseMailLink(link.Hash, now)
	})
	if err != nil {
		return mailLinkError("use link", err)
	}
	return nil
}

// SetMailByLink changes an account's mail settings with the link in the footer of its mails.
func (s *Service) SetMailByLink(ctx context.Context, token string, mail authz.Mail) error {
	now := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		link, a, err := findMailLink(tx, token)
		if err != nil {
			return err
		}
		if link.Comment != "" || link.Expired(now) {
			return txn.ErrNotFound
		}
		if a.Mail == mail {
			return nil
		}
		if err := tx.LockAccounts(); err != nil {
			return err
		}
		if a, err = tx.AccountByID(a.ID); err != nil {
			return err
		}
		a.Mail = mail
		if err := tx.UpdateAccount(a); err != nil {
			return err
		}
		return tx.Emit(event.Event{Kind: event.Account, Account: a.ID, At: now})
	})
	if err != nil {
		return mailLinkError("set mail", err)
	}
	return nil
}

func mailLinkError(doing string, err error) error {
	if errors.Is(err, txn.ErrNotFound) {
		return problem.Unproven("auth.needed", "This link was used, is too old, or is not known.")
	}
	return fmt.Errorf("%s: %w", doing, err)
}
