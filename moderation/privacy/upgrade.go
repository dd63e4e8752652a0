package privacy

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/readermail"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// UpgradeTx is the transaction that Upgrade needs.
type UpgradeTx interface {
	Tx
	auditlog.Tx
	txn.MetaTx
	Sites() ([]site.Site, error)

	Accounts() ([]authz.Account, error)
	SetEmail(account, email string) error // ErrTaken

	// WideEmails returns the IDs of the next comments after one whose e-mail is not all ASCII, ascending.
	WideEmails(site int64, after string) ([]string, error)
	// MoveWriter replaces the Writer of a comment, and of the blocks and notes that were made at this comment.
	MoveWriter(site int64, comment string, was, now []byte) error
	SubscriptionsTo(site int64, comments []string) ([]readermail.Subscription, error)
	PutSubscription(s readermail.Subscription) error
	StopMail(site int64, box []byte, at time.Time) error

	// ForgottenWithTexts returns the IDs of erased comments whose log entries have moderators' texts.
	ForgottenWithTexts(site int64) ([]string, error)
}

// upgraded is the key in the meta table that marks Upgrade as done.
const upgraded = "exact addresses"

// Upgrade is a data migration that needs Go code, because SQL has neither IDNA nor the secret. It runs once, before
// the server starts. It may be interrupted, and several processes may run it.
//
// Addresses used to be compared with text.Fold, so two people could have equal hashes. Upgrade recomputes hashes where
// the e-mail is stored: the Writer of comments, subscriptions, and stops of mail. A hash without an e-mail stays with
// the one address that still has that hash; the other owners start again. Accounts get the canonical form of their
// e-mail, unless another account has it. Erased comments lose moderators' texts.
func Upgrade(ctx context.Context, store txn.Store[UpgradeTx], own secret.Secret, now time.Time) error {
	var sites []site.Site
	err := store.View(ctx, func(tx UpgradeTx) (err error) {
		if _, err = tx.Meta(upgraded); errors.Is(err, txn.ErrNotFound) {
			sites, err = tx.Sites()
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("read sites to upgrade: %w", err)
	}
	for _, site := range sites {
		if err := upgradeSite(ctx, store, own, site.ID, now); err != nil {
			return fmt.Errorf("upgrade %s: %w", site.Key, err)
		}
	}
	_, err = store.Update(ctx, func(tx UpgradeTx) error {
		if _, err := tx.Meta(upgraded); !errors.Is(err, txn.ErrNotFound) {
			return err
		}
		if err := upgradeAccounts(tx); err != nil {
			return err
		}
		return tx.SetMeta(upgraded, []byte{1})
	})
	if err != nil {
		return fmt.Errorf("upgrade accounts: %w", err)
	}
	return nil
}

// upgradeSite upgrades the comments of a site, and the mail data of their addresses.
func upgradeSite(
	ctx context.Context, store txn.Store[UpgradeTx], own secret.Secret, site int64, now time.Time,
) error {
	each := func(ids []string, do func(UpgradeTx, comment.Comment) error) error {
		for some := range slices.Chunk(ids, eraseBatch) {
			_, err := store.Update(ctx, func(tx UpgradeTx) error {
				found, err := tx.CommentsByID(site, some)
				for _, c := range found {
					err = errors.Join(err, do(tx, c))
				}
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
	for after := ""; ; {
		var ids []string
		err := store.View(ctx, func(tx UpgradeTx) (err error) {
			ids, err = tx.WideEmails(site, after)
			return err
		})
		if err == nil {
			err = each(ids, func(tx UpgradeTx, c comment.Comment) error { return rehash(tx, own, c, now) })
		}
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			break
		}
		after = ids[len(ids)-1]
	}
	var ids []string
	err := store.View(ctx, func(tx UpgradeTx) (err error) {
		ids, err = tx.ForgottenWithTexts(site)
		return err
	})
	if err != nil {
		return err
	}
	return each(ids, func(tx UpgradeTx, c comment.Comment) error { return auditlog.EraseTexts(tx, c.Site, c.ID) })
}

// rehash replaces the hashes of a comment's folded e-mail with those of the exact address.
func rehash(tx UpgradeTx, own secret.Secret, c comment.Comment, now time.Time) error {
	folded, address := text.Fold(c.Email), text.AddressOf(c.Email)
	subject := base64.RawURLEncoding.EncodeToString(own.Hash("subject", c.Site, "mail", folded))
	for _, h := range [][2][]byte{
		{own.Hash("writer", c.Site, "guest", subject), mailbox.WriterHash(own, c.Site, address)},
		{own.Hash("writer", c.Site, "email", text.Fold(c.Name), folded), own.Hash("writer", c.Site, c.Identity("")...)},
	} {
		if bytes.Equal(c.Writer, h[0]) {
			if err := tx.MoveWriter(c.Site, c.ID, h[0], h[1]); err != nil {
				return fmt.Errorf("move writer: %w", err)
			}
		}
	}
	was, box := own.Mac("mailbox", folded)[:16], mailbox.AddressHash(own, address)
	subs, err := tx.SubscriptionsTo(c.Site, []string{c.ID})
	if err != nil {
		return fmt.Errorf("read subscriptions: %w", err)
	}
	for _, sub := range subs {
		if !bytes.Equal(sub.AddressHash, was) {
			continue
		}
		sub.AddressHash = box
		if err := tx.PutSubscription(sub); err != nil {
			return fmt.Errorf("put subscription: %w", err)
		}
	}
	stopped, err := tx.MailStopped(c.Site, was)
	if err == nil && stopped {
		err = tx.StopMail(c.Site, box, now)
	}
	if err != nil {
		return fmt.Errorf("stop mail: %w", err)
	}
	return nil
}

func upgradeAccounts(tx UpgradeTx) error {
	all, err := tx.Accounts()
	if err != nil {
		return fmt.Errorf("read accounts: %w", err)
	}
	for _, a := range all {
		email := text.AddressOf(a.Email).Readable()
		if email == a.Email {
			continue
		}
		if err := tx.SetEmail(a.ID, email); err != nil && !errors.Is(err, txn.ErrTaken) {
			return fmt.Errorf("set e-mail: %w", err)
		}
	}
	return nil
}
