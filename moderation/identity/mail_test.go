package identity_test

import (
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/secret"
)

// mailed returns a mailed link to an account that expires after three days.
func (w *world) mailed(account, about string) (token string) {
	w.T.Helper()
	token, hash := secret.New("")
	w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
		return tx.InsertMailLink(authz.MailLink{Hash: hash, Account: account, Site: w.A.ID, Comment: about, Version: 1,
			ExpiresAt: w.Clock.Now().Add(72 * time.Hour)})
	}))
	return token
}

// refused checks that err has a code.
func (w *world) refused(err error, code string) {
	w.T.Helper()
	if p, ok := errors.AsType[*problem.Error](err); !ok || p.Code != code {
		w.T.Errorf("got %v, want %s", err, code)
	}
}

func TestMailLink_RevokedWithRights(t *testing.T) {
	author, moderator, owner, fresh, on := authz.Author, authz.Moderator, authz.Owner, "another horse battery", true
	for name, end := range map[string]func(w *world, who authz.Actor){
		"another role": func(w *world, who authz.Actor) {
			change := identity.AccountChange{Role: &author, Sites: []string{"a"}}
			_, err := w.App.SetAccount(w.Ctx, authz.Operator, who.ID(), change)
			w.Must(err)
			change.Role = &moderator // the role is restored, but not the link
			_, err = w.App.SetAccount(w.Ctx, authz.Operator, who.ID(), change)
			w.Must(err)
		},
		"a higher role": func(w *world, who authz.Actor) {
			change := identity.AccountChange{Role: &owner, Sites: []string{"a"}}
			_, err := w.App.SetAccount(w.Ctx, authz.Operator, who.ID(), change)
			w.Must(err)
		},
		"another password": func(w *world, who authz.Actor) {
			_, err := w.App.SetAccount(w.Ctx, authz.Operator, who.ID(), identity.AccountChange{Password: &fresh})
			w.Must(err)
		},
		"a reset": func(w *world, who authz.Actor) {
			_, err := w.App.ResetAccount(w.Ctx, authz.Operator, who.Account.Email)
			w.Must(err)
		},
		"disabling": func(w *world, who authz.Actor) {
			_, err := w.App.SetAccount(w.Ctx, authz.Operator, who.ID(), identity.AccountChange{Disabled: &on})
			w.Must(err)
		},
		"removal": func(w *world, who authz.Actor) {
			w.Must(w.App.RemoveAccount(w.Ctx, authz.Operator, who.ID()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.AddStaff("boss", authz.Owner)
			who, other := w.AddStaff("mo", authz.Moderator, "a"), w.AddStaff("mia", authz.Moderator, "a")
			token, theirs := w.mailed(who.ID(), "c"), w.mailed(other.ID(), "c")
			as, link, err := w.App.MailLink(w.Ctx, token)
			w.Must(err)
			if as.ID() != who.ID() || as.Role(w.A.ID) != authz.Moderator || as.Role(w.B.ID) != authz.NoRole ||
				as.Scope != authz.ScopeDecide || link.Comment != "c" || link.Version != 1 {
				t.Errorf("it stands for %+v of %+v", link, as)
			}
			end(w, who)
			_, _, err = w.App.MailLink(w.Ctx, token)
			w.refused(err, "auth.needed")
			w.refused(w.App.UseMailLink(w.Ctx, token), "auth.needed")
			_, _, err = w.App.MailLink(w.Ctx, theirs)
			w.Must(err)
		})
	}
}

func TestMailLink_UsedOnceWithinThreeDays(t *testing.T) {
	apptest.OnBoth(t, func(t *testing.T, in *apptest.Env) {
		w := &world{in}
		who := w.AddStaff("mo", authz.Moderator, "a")
		token, late := w.mailed(who.ID(), "c"), w.mailed(who.ID(), "c")
		w.refused(w.App.SetMailByLink(w.Ctx, token, authz.MailEach), "auth.needed") // the link is for a comment
		w.refused(w.App.UseMailLink(w.Ctx, "no such link"), "auth.needed")
		var used atomic.Int32
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if w.App.UseMailLink(w.Ctx, token) == nil {
					used.Add(1)
				}
			})
		}
		all.Wait()
		_, link, err := w.App.MailLink(w.Ctx, token)
		w.Must(err)
		if used.Load() != 1 || link.UsedAt.IsZero() {
			t.Errorf("%d of 20 used it, at %v", used.Load(), link.UsedAt)
		}
		w.Clock.Add(72 * time.Hour)
		_, link, err = w.App.MailLink(w.Ctx, late)
		w.Must(err)
		if !link.Expired(w.Clock.Now()) {
			t.Error("it has not ended after three days")
		}
		w.refused(w.App.UseMailLink(w.Ctx, late), "auth.needed")
	})
}

func TestSetMailByLink_StopsMail(t *testing.T) {
	w := newWorld(t)
	who := w.AddStaff("mo", authz.Moderator, "a")
	me := func() authz.Account {
		all, err := w.App.Accounts(w.Ctx, authz.Operator)
		w.Must(err)
		return all[slices.IndexFunc(all, func(a authz.Account) bool { return a.ID == who.ID() })]
	}
	if a := me(); a.Mail != authz.NoMail || a.WantsMail(w.A.ID) {
		t.Errorf("nobody asked, and it is %v", a.Mail)
	}
	each, from := authz.MailEach, 0.2
	change := identity.AccountChange{Mail: &each, MailFrom: &from, MailLang: "kk"}
	_, err := w.App.SetAccount(w.Ctx, authz.Operator, who.ID(), change)
	w.Must(err)
	if a := me(); a.Mail != each || a.MailFrom != from || a.MailLang != "kk" || !a.WantsMail(w.A.ID) || a.WantsMail(w.B.ID) {
		t.Errorf("it was chosen, and it is %+v", a)
	}
	for _, bad := range []float64{-0.01, 1.01, math.NaN(), math.Inf(1)} {
		_, err := w.App.SetAccount(w.Ctx, authz.Operator, who.ID(), identity.AccountChange{MailFrom: &bad})
		w.refused(err, "field.invalid")
	}
	_, err = authz.ParseMail("weekly")
	w.refused(err, "field.invalid")
	stop := w.mailed(who.ID(), "")
	w.refused(w.App.UseMailLink(w.Ctx, stop), "auth.needed")
	for _, m := range []authz.Mail{authz.MailDigest, authz.NoMail, authz.NoMail} { // the link can be used more than once
		w.Must(w.App.SetMailByLink(w.Ctx, stop, m))
		if a := me(); a.Mail != m || a.MailFrom != from || a.Roles[w.A.ID] != authz.Moderator {
			t.Errorf("after the link it is %+v", a)
		}
	}
	w.Clock.Add(73 * time.Hour)
	w.refused(w.App.SetMailByLink(w.Ctx, stop, authz.MailEach), "auth.needed")
}
