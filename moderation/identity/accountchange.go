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

// An AccountChange names what to change; nil leaves it.
type AccountChange struct {
	Name     *string
	Role     *authz.Role
	Sites    []string // with Role; nil: as they are, empty: every site
	Disabled *bool
	Password *string // one's own with the old one, or by an owner
	Old      *string
	Mail     *authz.Mail
	MailFrom *float64
	MailLang string // with Mail or MailFrom: the language they were chosen in; "" leaves it
}

// SetAccount changes an account; a new password, role or disabling ends its sessions and the links of its mails, and a
// new password or disabling its one-time links. A password that an owner sets ends its tokens and its ties to
// providers too. The last owner cannot be disabled or demoted. A new password, a role and enabling need a session.
func (s *Service) SetAccount(
	ctx context.Context, who authz.Actor, id string, ch AccountChange,
) (authz.Account, error) {
	if err := s.mayChange(ctx, who, id, ch); err != nil {
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
		if err := tx.LockPeople(); err != nil {
			return err
		}
		before, err := changeable(tx, who, id)
		if err != nil {
			return err
		}
		if ch.Old != nil && before.Password != who.Account.Password {
			return errOldPassword() // it was changed while we compared
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
		if err := ownersRemain(tx, before, a); err != nil {
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

// setMail gives the account what it is to be told by mail.
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

// newPassword returns the hash of an account's new password. One's own takes the old one: a screen that
// was left unlocked must not be enough.
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
		if err := s.proveOld(ctx, who, ch.Old); err != nil {
			return "", err
		}
	}
	return s.passwords.Hash(ctx, *ch.Password)
}

// proveOld reports why old is not one's own password. A session has five wrong tries, as a browser has
// at the sign-in: nobody else's count against it.
func (s *Service) proveOld(ctx context.Context, who authz.Actor, old *string) error {
	if old == nil {
		return problem.Field("/password", "Your own password is changed by PATCH /api/v1/me, with the old one.")
	}
	counted := "session " + who.Session
	if wait := s.signins.Take(counted, s.work.Now()); wait > 0 {
		return errTries(wait)
	}
	same, err := s.passwords.Same(ctx, *old, who.Account.Password)
	if err != nil {
		s.signins.Back(counted)
		return err
	}
	if !same {
		return errOldPassword()
	}
	s.signins.Right(counted)
	return nil
}

func errOldPassword() error { return problem.Field("/password/old", "This is not your password.") }

// mayChange refuses what does not need the account to be read.
func (s *Service) mayChange(ctx context.Context, who authz.Actor, id string, ch AccountChange) error {
	if err := who.Known(); err != nil {
		return err
	}
	if who.Scope < authz.ScopeAdmin {
		return authz.NotAllowed()
	}
	if ch.Password != nil || ch.Role != nil || ch.Disabled != nil && !*ch.Disabled {
		if err := who.MayIssue(); err != nil {
			return err
		}
	}
	if ch.Role == nil && ch.Sites != nil {
		return problem.Field("/site", "Sites are changed together with the role.")
	}
	if ch.Role != nil && ch.Sites != nil {
		return s.mayGive(ctx, who, ch.Sites)
	}
	if id == who.ID() && who.Session != "" && ch.Role == nil && ch.Disabled == nil {
		return nil // one's own name and password
	}
	if !who.OwnsSome() {
		return authz.NotAllowed()
	}
	return nil
}

// changeable finds an account that who may change: their own by a session (a token must not set the
// password that made it), or one that they rule.
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
	if a.ID == who.ID() && who.Session != "" || who.Rules(a) {
		return a, nil
	}
	if who.Sees(&a) {
		return authz.Account{}, authz.NotAllowed()
	}
	return authz.Account{}, errNoAccount()
}

// changeRole gives the account its new role. Nobody raises themselves: who changes a role is an
// owner of the sites concerned.
func changeRole(a *authz.Account, who authz.Actor, ch AccountChange, sites []int64) error {
	if ch.Role == nil && ch.Disabled == nil {
		return nil
	}
	if !who.Rules(*a) {
		return authz.NotAllowed()
	}
	if ch.Role == nil {
		return nil
	}
	if ch.Sites == nil && a.AllSites == authz.NoRole {
		sites = slices.Collect(maps.Keys(a.Roles))
		if len(sites) == 0 {
			return problem.Field("/site", "The account has no sites: say on which.")
		}
	}
	return a.Give(*ch.Role, sites)
}

// ownersRemain refuses a change that leaves a site, or the whole, without an owner who can sign in.
func ownersRemain(tx Tx, before, after authz.Account) error {
	all, err := tx.Accounts()
	if err != nil {
		return err
	}
	return authz.KeepOwner(all, before, after)
}

// saveAccount writes a changed account, and ends its sessions when it may do less, or other
// things, than before. A link would set the password anew: it ends with the one that it was made for.
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
