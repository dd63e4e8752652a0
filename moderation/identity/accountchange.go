package identity

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// An AccountChange is a change of an account; nil fields stay the same.
type AccountChange struct {
	Name     *string
	Role     *authz.Role
	Sites    []string // only with Role; nil keeps them, empty means all sites
	Disabled *bool
	Password *string // for the actor's own account, it needs Old
	Old      *string
	Mail     *authz.Mail
	MailFrom *float64
	MailLang string // only with Mail or MailFrom: the language of the mails; "" keeps it
}

// SetAccount changes an account. A new password, a new role or disabling ends its sessions and mailed links; a new
// password or disabling also ends its one-time links. A password that an owner sets also ends its tokens and provider
// links. The last owner cannot be disabled or demoted. Setting a password or role, and enabling, need a session.
func (s *Service) SetAccount(
	ctx context.Context, who authz.Actor, id string, ch AccountChange,
) (authz.Account, error) {
	if err := s.checkChange(ctx, who, id, ch); err != nil {
		return authz.Account{}, err
	}
	var name, hash string
	var err error
	if ch.Name != nil {
		var ok bool
		if name, ok = text.Line(*ch.Name, maxName); !ok || name == "" {
			return authz.Account{}, problem.Field("/name",
				fmt.Sprintf("A name is one line of 1 to %d characters.", maxName))
		}
	}
	if ch.Password != nil {
		if hash, err = s.newPassword(ctx, who, id, ch); err != nil {
			return authz.Account{}, err
		}
	}
	if ch.MailFrom != nil {
		if err := authz.CheckMailFrom(*ch.MailFrom); err != nil {
			return authz.Account{}, err
		}
	}
	sites, err := s.siteIDs(ctx, who, ch.Sites)
	if err != nil {
		return authz.Account{}, err
	}
	at := s.work.Now()
	var a authz.Account
	err = s.work.Update(ctx, func(tx Tx) error {
		if err := tx.LockAccounts(); err != nil {
			return err
		}
		before, err := changeable(tx, who, id)
		if err != nil {
			return err
		}
		if ch.Old != nil && before.Password != who.Account.Password {
			return errOldPassword() // it changed during the comparison
		}
		a = before
		if ch.Name != nil {
			a.Name = name
		}
		if ch.Password != nil {
			a.Password = hash
		}
		if ch.Disabled != nil {
			a.Disabled = *ch.Disabled
		}
		ch.setMail(&a)
		if err := changeRole(&a, who, ch, sites); err != nil {
			return err
		}
		if err := checkOwnersRemain(tx, before, a); err != nil {
			return err
		}
		if ch.Password != nil && id != who.ID() {
			if err := errors.Join(tx.DeleteTokens(id), tx.DeleteProofs(id, "")); err != nil {
				return err
			}
		}
		return saveAccount(tx, before, a, at)
	})
	if err != nil {
		return authz.Account{}, fmt.Errorf("set account: %w", err)
	}
	return a, nil
}

// setMail sets the mail settings.
func (ch AccountChange) setMail(a *authz.Account) {
	if ch.Mail == nil && ch.MailFrom == nil {
		return
	}
	if ch.Mail != nil {
		a.Mail = *ch.Mail
	}
	if ch.MailFrom != nil {
		a.MailFrom = *ch.MailFrom
	}
	if ch.MailLang != "" {
		a.MailLang = ch.MailLang
	}
}

// newPassword returns the hash of an account's new password. The actor's own new password needs the old one, so that
// an unattended browser is not enough.
func (s *Service) newPassword(ctx context.Context, who authz.Actor, id string, ch AccountChange) (string, error) {
	a := who.Account
	if id != who.ID() {
		err := s.work.View(ctx, func(tx Tx) (err error) {
			a, err = changeable(tx, who, id)
			return err
		})
		if err != nil {
			return "", fmt.Errorf("set account: %w", err)
		}
	}
	if err := s.checkPassword(ctx, *ch.Password, a); err != nil {
		return "", err
	}
	if id == who.ID() {
		if err := s.checkOldPassword(ctx, who, ch.Old); err != nil {
			return "", err
		}
	}
	return s.passwords.Hash(ctx, *ch.Password)
}

// checkOldPassword returns an error unless old is the actor's password. Wrong tries are counted per session; five are
// free.
func (s *Service) checkOldPassword(ctx context.Context, who authz.Actor, old *string) error {
	if old == nil {
		return problem.Field("/password", "Change your own password with PATCH /api/v1/me and the old password.")
	}
	counted := "session " + who.Session
	if wait := s.signins.Take(counted, s.work.Now()); wait > 0 {
		return errTries(wait)
	}
	same, err := s.passwords.Matches(ctx, *old, who.Account.Password)
	if err != nil {
		s.signins.Undo(counted)
		return err
	}
	if !same {
		return errOldPassword()
	}
	s.signins.Reset(counted)
	return nil
}

func errOldPassword() error { return problem.Field("/password/old", "This is not your password.") }

// checkChange does the checks that do not need the account.
func (s *Service) checkChange(ctx context.Context, who authz.Actor, id string, ch AccountChange) error {
	if err := who.CheckSignedIn(); err != nil {
		return err
	}
	if who.Scope < authz.ScopeAdmin {
		return authz.NotAllowed()
	}
	if ch.Password != nil || ch.Role != nil || ch.Disabled != nil && !*ch.Disabled {
		if err := who.AuthorizeCredentials(); err != nil {
			return err
		}
	}
	if ch.Role == nil && ch.Sites != nil {
		return problem.Field("/site", "To change the sites, give the role too.")
	}
	if ch.Role != nil && ch.Sites != nil {
		return s.checkGrant(ctx, who, ch.Sites)
	}
	if id == who.ID() && who.Session != "" && ch.Role == nil && ch.Disabled == nil {
		return nil // the actor's own name, password and mail settings
	}
	if !who.OwnsAny() {
		return authz.NotAllowed()
	}
	return nil
}

// changeable returns an account that the actor may change: their own with a session, or one that they manage. A token
// cannot change its own account, so that it cannot set the password.
func changeable(tx Tx, who authz.Actor, id string) (authz.Account, error) {
	if !txn.IsID(id) {
		return authz.Account{}, errNoAccount()
	}
	a, err := tx.AccountByID(id)
	if errors.Is(err, txn.ErrNotFound) {
		return authz.Account{}, errNoAccount()
	}
	if err != nil {
		return authz.Account{}, err
	}
	if a.ID == who.ID() && who.Session != "" || who.Controls(a) {
		return a, nil
	}
	if who.FilterVisible(&a) {
		return authz.Account{}, authz.NotAllowed()
	}
	return authz.Account{}, errNoAccount()
}

// changeRole sets the account's new role. The actor must own the sites concerned, so no account can promote itself.
func changeRole(a *authz.Account, who authz.Actor, ch AccountChange, sites []int64) error {
	if ch.Role == nil && ch.Disabled == nil {
		return nil
	}
	if !who.Controls(*a) {
		return authz.NotAllowed()
	}
	if ch.Role == nil {
		return nil
	}
	if ch.Sites == nil && a.AllSites == authz.NoRole {
		sites = slices.Collect(maps.Keys(a.Roles))
		if len(sites) == 0 {
			return problem.Field("/site", "The account has no sites. Give the sites of the role.")
		}
	}
	return a.SetRole(*ch.Role, sites)
}

// checkOwnersRemain returns an error if the change leaves a site, or the service, without an owner who can sign in.
func checkOwnersRemain(tx Tx, before, after authz.Account) error {
	all, err := tx.Accounts()
	if err != nil {
		return err
	}
	return authz.CheckLastOwner(all, before, after)
}

// saveAccount stores a changed account. It ends the sessions and mailed links if the password, the rights or the
// disabled flag changed. A new password or disabling also ends one-time links, which could set the password again.
func saveAccount(tx Tx, before, after authz.Account, at time.Time) error {
	if err := tx.UpdateAccount(after); err != nil {
		return err
	}
	if before.Password != after.Password || after.Disabled {
		if err := tx.DeleteLinks(after.ID); err != nil {
			return err
		}
	}
	if before.Password != after.Password || after.Disabled ||
		before.AllSites != after.AllSites || !maps.Equal(before.Roles, after.Roles) {
		if err := errors.Join(tx.DeleteSessions(after.ID), tx.DeleteMailLinks(after.ID)); err != nil {
			return err
		}
	}
	return tx.Emit(event.Event{Kind: event.Account, Account: after.ID, At: at})
}
