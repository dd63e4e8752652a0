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

// mailLinksFor is how long a link of a mail is remembered after its end, to say that it has ended.
const mailLinksFor = 30 * 24 * time.Hour

// MailLink returns what a link in a mail stands for, and whom: an actor who may decide on that site alone. It changes
// nothing. A link that was used, or has expired, is returned as well; one that is not known, or whose account may not
// decide there any more, is auth.needed.
func (s *Service) MailLink(ctx context.Context, token string) (authz.Actor, authz.MailLink, error) {
	var link authz.MailLink
	var account authz.Account
	err := s.work.View(ctx, func(tx Tx) (err error) {
		link, account, err = mailLinked(tx, token)
		return err
	})
	if err != nil {
		return authz.Actor{}, authz.MailLink{}, mailLinkFault("read link", err)
	}
	return authz.Actor{Account: account, Scope: authz.ScopeDecide, Sites: []int64{link.Site}}, link, nil
}

// mailLinked finds a link and its account; ErrNotFound when the account may not have it any more.
func mailLinked(tx Tx, token string) (authz.MailLink, authz.Account, error) {
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

// UseMailLink uses up a link that decides. Of many at once one does; to the others it is auth.needed, as a link is that
// has expired.
func (s *Service) UseMailLink(ctx context.Context, token string) error {
	now := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		link, _, err := mailLinked(tx, token)
		if err != nil {
			return err
		}
		if link.Comment == "" || link.Ended(now) {
			return txn.ErrNotFound
		}
		return tx.UseMailLink(link.Hash, now)
	})
	if err != nil {
		return mailLinkFault("use link", err)
	}
	return nil
}

// SetMailByLink changes what an account is told by mail, as the link at the foot of its mails may.
func (s *Service) SetMailByLink(ctx context.Context, token string, mail authz.Mail) error {
	now := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		link, a, err := mailLinked(tx, token)
		if err != nil {
			return err
		}
		if link.Comment != "" || link.Ended(now) {
			return txn.ErrNotFound
		}
		if a.Mail == mail {
			return nil
		}
		if err := tx.LockPeople(); err != nil {
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
		return mailLinkFault("set mail", err)
	}
	return nil
}

func mailLinkFault(doing string, err error) error {
	if errors.Is(err, txn.ErrNotFound) {
		return problem.Unproven("auth.needed", "This link was used, is too old, or is not known.")
	}
	return fmt.Errorf("%s: %w", doing, err)
}
