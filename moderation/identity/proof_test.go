package identity_test

import (
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
)

// providerProof returns a proof of a provider's subject.
func providerProof(subject string) authz.ExternalIdentity {
	return authz.ExternalIdentity{Issuer: "https://small.example", Subject: subject, Name: "Whoever"}
}

// signInBy signs in with a provider.
func (w *world) signInBy(p authz.ExternalIdentity) (authz.Actor, error) {
	in, err := w.App.SignInWithProvider(w.Ctx, p, "a browser")
	if err != nil {
		return authz.Actor{}, err
	}
	return w.App.ActorBySession(w.Ctx, in.Value)
}

func TestSignInWithProvider_LinkedAccount(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.account("root", authz.Owner)
		ann := w.account("ann", authz.Moderator, "a")
		w.account("bob", authz.Moderator, "a")
		who := w.signIn("ann").Actor
		refused := func(what string, p authz.ExternalIdentity, code string) {
			t.Helper()
			_, err := w.signInBy(p)
			apptest.WantCode(t, what, err, code)
		}
		refused("a stranger", providerProof("7"), "session.refused")

		apptest.WantCode(t, "a wrong password", w.App.CheckLink(w.Ctx, who, "not it"), "field.invalid")
		w.Must(w.App.CheckLink(w.Ctx, who, password))
		w.Must(w.App.LinkProvider(w.Ctx, who, "Small", providerProof("7")))
		got, err := w.signInBy(providerProof("7"))
		w.Must(err)
		if got.ID() != ann.ID || got.Scope != authz.ScopeAdmin {
			t.Errorf("it signs in %+v", got)
		}
		refused("its subject elsewhere", authz.ExternalIdentity{Issuer: "https://other.example", Subject: "7"}, "session.refused")
		refused("its address as a subject", providerProof(ann.Email), "session.refused")
		refused("nobody", authz.ExternalIdentity{}, "session.refused")

		// A new proof replaces the first one, but not if another account has it.
		w.Must(w.App.LinkProvider(w.Ctx, who, "Small", providerProof("8")))
		refused("who it was there before", providerProof("7"), "session.refused")
		apptest.WantCode(t, "somebody else's", w.App.LinkProvider(w.Ctx, w.signIn("bob").Actor, "Small", providerProof("8")),
			"field.invalid")
		if got, err = w.signInBy(providerProof("8")); err != nil || got.ID() != ann.ID {
			t.Errorf("after somebody else tried, it signs in %+v, %v", got, err)
		}
		list, err := w.App.LinkedProviders(w.Ctx, who)
		w.Must(err)
		want := authz.LinkedIdentity{ExternalIdentity: authz.ExternalIdentity{Issuer: providerProof("").Issuer, Subject: "8"}, Account: ann.ID,
			Provider: "Small", CreatedAt: w.Clock.Now()}
		if len(list) != 1 || list[0] != want {
			t.Errorf("one is told %+v", list)
		}

		// A disabled account cannot sign in, and its open session cannot link a provider.
		off, on := true, false
		_, err = w.App.SetAccount(w.Ctx, authz.Operator, ann.ID, identity.AccountChange{Disabled: &off})
		w.Must(err)
		refused("a disabled account", providerProof("8"), "session.refused")
		apptest.WantCode(t, "who was disabled meanwhile", w.App.LinkProvider(w.Ctx, who, "Small", providerProof("9")), "auth.needed")
		_, err = w.App.SetAccount(w.Ctx, authz.Operator, ann.ID, identity.AccountChange{Disabled: &on})
		w.Must(err)
		_, err = w.signInBy(providerProof("8"))
		w.Must(err)
	})
}

// An attacker who linked a provider to another person's account loses it with every recovery of the account.
func TestLinkProvider_RevokedByRecovery(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.account("root", authz.Owner)
		another := "another password of some length"
		for name, end := range map[string]func(who authz.Actor) error{
			"unlinking": func(who authz.Actor) error { return w.App.UnlinkProvider(w.Ctx, who, providerProof("").Issuer) },
			"a link of an owner": func(who authz.Actor) error {
				_, err := w.App.ResetAccount(w.Ctx, authz.Operator, who.Account.Email) // even if the link is not used
				return err
			},
			"a password by an owner": func(who authz.Actor) error {
				_, err := w.App.SetAccount(w.Ctx, w.signIn("root").Actor, who.ID(), identity.AccountChange{Password: &another})
				return err
			},
			"removing the account": func(who authz.Actor) error { return w.App.RemoveAccount(w.Ctx, authz.Operator, who.ID()) },
		} {
			box := strings.ReplaceAll(name, " ", "-")
			w.account(box, authz.Moderator, "a")
			who := w.signIn(box).Actor
			w.Must(w.App.LinkProvider(w.Ctx, who, "Small", providerProof(name)))
			in, err := w.App.SignInWithProvider(w.Ctx, providerProof(name), "a browser")
			w.Must(err)
			if err := end(who); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			_, err = w.signInBy(providerProof(name))
			apptest.WantCode(t, "after "+name, err, "session.refused")
			_, err = w.App.ActorBySession(w.Ctx, in.Value)
			apptest.WantCode(t, "its session after "+name, err, "auth.needed")
			if name != "unlinking" {
				err := w.App.LinkProvider(w.Ctx, who, "Small", providerProof("x"+name))
				apptest.WantCode(t, "linking again after "+name, err, "auth.needed")
			}
		}

		// The session that unlinks continues. Unlinking without a link ends no session.
		w.account("zoe", authz.Moderator, "a")
		here, there := w.signIn("zoe"), w.signIn("zoe")
		w.Must(w.App.UnlinkProvider(w.Ctx, here.Actor, providerProof("").Issuer))
		_, err := w.App.ActorBySession(w.Ctx, there.Value)
		w.Must(err)
		w.Must(w.App.LinkProvider(w.Ctx, here.Actor, "Small", providerProof("zoe")))
		w.Must(w.App.UnlinkProvider(w.Ctx, here.Actor, providerProof("").Issuer))
		_, err = w.App.ActorBySession(w.Ctx, here.Value)
		w.Must(err)
		_, err = w.App.ActorBySession(w.Ctx, there.Value)
		apptest.WantCode(t, "another session after unlinking", err, "auth.needed")
	})
}

func TestUseLink_RedeemedWithProvider(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.account("root", authz.Owner)
		invite := func(name string) string {
			_, link, err := w.App.AddAccount(w.Ctx, authz.Operator, identity.NewAccount{Email: name + "@staff.example",
				Name: name, Role: authz.Moderator, Sites: []string{"a"}})
			w.Must(err)
			return link
		}
		redeem := func(token string, p authz.ExternalIdentity) (identity.SignedIn, error) {
			return w.App.UseLink(w.Ctx, identity.LinkUse{Token: token, Provider: "Small", Proof: p})
		}
		first, second := invite("ann"), invite("bob")
		codes := inParallel(8, func(int) error { _, err := redeem(first, providerProof("ann")); return err })
		if codes[""] != 1 || codes["auth.needed"] != 7 {
			t.Errorf("of eight at one instant: %v, want one", codes)
		}
		who, err := w.signInBy(providerProof("ann"))
		w.Must(err)
		if who.Account.Name != "ann" {
			t.Errorf("it signs in %q", who.Account.Name)
		}
		_, err = redeem(second, providerProof("ann"))
		apptest.WantCode(t, "by who is somebody else here", err, "field.invalid")
		_, err = redeem(second, providerProof("bob")) // the refusal did not use up the link
		w.Must(err)

		// The account has no password, so no password signs in. It cannot unlink its only provider or link another
		// one.
		for _, typed := range []string{"", password} {
			_, err = w.App.SignIn(w.Ctx, "ann@staff.example", typed, identity.Browser{})
			apptest.WantCode(t, "a password "+typed, err, "session.refused")
			apptest.WantCode(t, "linking by a password "+typed, w.App.CheckLink(w.Ctx, who, typed), "field.invalid")
		}
		apptest.WantCode(t, "unlinking the only way in", w.App.UnlinkProvider(w.Ctx, who, providerProof("").Issuer), "field.invalid")
		_, err = w.signInBy(providerProof("ann"))
		w.Must(err)

		// To recover from a lost provider, a reset link sets a password, which then allows linking another provider.
		reset, err := w.App.ResetAccount(w.Ctx, authz.Operator, "ann@staff.example")
		w.Must(err)
		_, err = w.App.UseLink(w.Ctx, identity.LinkUse{Token: reset.Link, Password: password})
		w.Must(err)
		_, err = w.signInBy(providerProof("ann"))
		apptest.WantCode(t, "who it was before", err, "session.refused")
		w.Must(w.App.CheckLink(w.Ctx, w.signIn("ann").Actor, password))
	})
}

func TestUseLink_FirstOwnerNeedsPassword(t *testing.T) {
	w := newWorld(t)
	token, err := w.App.SetupLink(w.Ctx)
	w.Must(err)
	_, err = w.App.UseLink(w.Ctx, identity.LinkUse{Token: token, Email: "first@owner.example", Name: "First",
		Provider: "Small", Proof: providerProof("first")})
	apptest.WantCode(t, "a set-up by a provider", err, "field.invalid")
}
