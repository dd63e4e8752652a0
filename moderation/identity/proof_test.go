package identity_test

import (
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
)

// small is who somebody is at a provider.
func small(subject string) authz.Proof {
	return authz.Proof{Issuer: "https://small.example", Subject: subject, Name: "Whoever"}
}

// by signs in by a provider.
func (w *world) by(p authz.Proof) (authz.Actor, error) {
	in, err := w.S.SignInBy(w.Ctx, p, "a browser")
	if err != nil {
		return authz.Actor{}, err
	}
	return w.S.ActorBySession(w.Ctx, in.Value)
}

func TestAnAccountIsSignedInByWhoItIsLinkedWith(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.account("root", authz.Owner)
		ann := w.account("ann", authz.Moderator, "a")
		w.account("bob", authz.Moderator, "a")
		who := w.signIn("ann").Actor
		refused := func(what string, p authz.Proof, code string) {
			t.Helper()
			_, err := w.by(p)
			apptest.WantCode(t, what, err, code)
		}
		refused("a stranger", small("7"), "session.refused")

		apptest.WantCode(t, "a wrong password", w.S.MayLink(w.Ctx, who, "not it"), "field.invalid")
		w.Must(w.S.MayLink(w.Ctx, who, password))
		w.Must(w.S.LinkProof(w.Ctx, who, "Small", small("7")))
		got, err := w.by(small("7"))
		w.Must(err)
		if got.ID() != ann.ID || got.Scope != authz.ScopeAdmin {
			t.Errorf("it signs in %+v", got)
		}
		refused("its subject elsewhere", authz.Proof{Issuer: "https://other.example", Subject: "7"}, "session.refused")
		refused("its address as a subject", small(ann.Email), "session.refused")
		refused("nobody", authz.Proof{}, "session.refused")

		// Another there takes the place of the first; one who is somebody else's here does not.
		w.Must(w.S.LinkProof(w.Ctx, who, "Small", small("8")))
		refused("who it was there before", small("7"), "session.refused")
		apptest.WantCode(t, "somebody else's", w.S.LinkProof(w.Ctx, w.signIn("bob").Actor, "Small", small("8")),
			"field.invalid")
		if got, err = w.by(small("8")); err != nil || got.ID() != ann.ID {
			t.Errorf("after somebody else tried, it signs in %+v, %v", got, err)
		}
		list, err := w.S.MyProofs(w.Ctx, who)
		w.Must(err)
		want := authz.LinkedProof{Proof: authz.Proof{Issuer: small("").Issuer, Subject: "8"}, Account: ann.ID,
			Provider: "Small", CreatedAt: w.Clock.Now()}
		if len(list) != 1 || list[0] != want {
			t.Errorf("one is told %+v", list)
		}

		// A disabled account does not get in, nor links a provider on its way.
		off, on := true, false
		_, err = w.S.SetAccount(w.Ctx, authz.Operator, ann.ID, identity.AccountChange{Disabled: &off})
		w.Must(err)
		refused("a disabled account", small("8"), "session.refused")
		apptest.WantCode(t, "who was disabled meanwhile", w.S.LinkProof(w.Ctx, who, "Small", small("9")), "auth.needed")
		_, err = w.S.SetAccount(w.Ctx, authz.Operator, ann.ID, identity.AccountChange{Disabled: &on})
		w.Must(err)
		_, err = w.by(small("8"))
		w.Must(err)
	})
}

// Whoever linked a provider with an account that was not theirs loses it with everything that takes an account back.
func TestALinkWithAProviderEndsAsOtherCredentialsDo(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.account("root", authz.Owner)
		another := "another password of some length"
		for name, end := range map[string]func(who authz.Actor) error{
			"unlinking": func(who authz.Actor) error { return w.S.Unlink(w.Ctx, who, small("").Issuer) },
			"a link of an owner": func(who authz.Actor) error {
				_, err := w.S.ResetAccount(w.Ctx, authz.Operator, who.Account.Email) // whether or not it is used
				return err
			},
			"a password by an owner": func(who authz.Actor) error {
				_, err := w.S.SetAccount(w.Ctx, w.signIn("root").Actor, who.ID(), identity.AccountChange{Password: &another})
				return err
			},
			"removing the account": func(who authz.Actor) error { return w.S.RemoveAccount(w.Ctx, authz.Operator, who.ID()) },
		} {
			box := strings.ReplaceAll(name, " ", "-")
			w.account(box, authz.Moderator, "a")
			who := w.signIn(box).Actor
			w.Must(w.S.LinkProof(w.Ctx, who, "Small", small(name)))
			in, err := w.S.SignInBy(w.Ctx, small(name), "a browser")
			w.Must(err)
			if err := end(who); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			_, err = w.by(small(name))
			apptest.WantCode(t, "after "+name, err, "session.refused")
			_, err = w.S.ActorBySession(w.Ctx, in.Value)
			apptest.WantCode(t, "its session after "+name, err, "auth.needed")
			if name != "unlinking" {
				err := w.S.LinkProof(w.Ctx, who, "Small", small("x"+name))
				apptest.WantCode(t, "linking again after "+name, err, "auth.needed")
			}
		}

		// The session that unlinks goes on, and what is not linked ends nothing.
		w.account("zoe", authz.Moderator, "a")
		here, there := w.signIn("zoe"), w.signIn("zoe")
		w.Must(w.S.Unlink(w.Ctx, here.Actor, small("").Issuer))
		_, err := w.S.ActorBySession(w.Ctx, there.Value)
		w.Must(err)
		w.Must(w.S.LinkProof(w.Ctx, here.Actor, "Small", small("zoe")))
		w.Must(w.S.Unlink(w.Ctx, here.Actor, small("").Issuer))
		_, err = w.S.ActorBySession(w.Ctx, here.Value)
		w.Must(err)
		_, err = w.S.ActorBySession(w.Ctx, there.Value)
		apptest.WantCode(t, "another session after unlinking", err, "auth.needed")
	})
}

func TestAnInvitationIsRedeemedByAProvider(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.account("root", authz.Owner)
		invite := func(name string) string {
			_, link, err := w.S.AddAccount(w.Ctx, authz.Operator, identity.NewAccount{Email: name + "@staff.example",
				Name: name, Role: authz.Moderator, Sites: []string{"a"}})
			w.Must(err)
			return link
		}
		redeem := func(token string, p authz.Proof) (identity.SignedIn, error) {
			return w.S.UseLink(w.Ctx, identity.LinkUse{Token: token, Provider: "Small", Proof: p})
		}
		first, second := invite("ann"), invite("bob")
		codes := inParallel(8, func(int) error { _, err := redeem(first, small("ann")); return err })
		if codes[""] != 1 || codes["auth.needed"] != 7 {
			t.Errorf("of eight at one instant: %v, want one", codes)
		}
		who, err := w.by(small("ann"))
		w.Must(err)
		if who.Account.Name != "ann" {
			t.Errorf("it signs in %q", who.Account.Name)
		}
		_, err = redeem(second, small("ann"))
		apptest.WantCode(t, "by who is somebody else here", err, "field.invalid")
		_, err = redeem(second, small("bob")) // that did not use it up
		w.Must(err)

		// Nobody knows a password of it, an empty one least; it keeps what it is signed in by, and links nothing more.
		for _, typed := range []string{"", password} {
			_, err = w.S.SignIn(w.Ctx, "ann@staff.example", typed, identity.Browser{})
			apptest.WantCode(t, "a password "+typed, err, "session.refused")
			apptest.WantCode(t, "linking by a password "+typed, w.S.MayLink(w.Ctx, who, typed), "field.invalid")
		}
		apptest.WantCode(t, "unlinking the only way in", w.S.Unlink(w.Ctx, who, small("").Issuer), "field.invalid")
		_, err = w.by(small("ann"))
		w.Must(err)

		// A lost provider: an owner's link sets a password, and another provider is linked by that.
		reset, err := w.S.ResetAccount(w.Ctx, authz.Operator, "ann@staff.example")
		w.Must(err)
		_, err = w.S.UseLink(w.Ctx, identity.LinkUse{Token: reset.Link, Password: password})
		w.Must(err)
		_, err = w.by(small("ann"))
		apptest.WantCode(t, "who it was before", err, "session.refused")
		w.Must(w.S.MayLink(w.Ctx, w.signIn("ann").Actor, password))
	})
}

func TestTheFirstOwnerHasAPassword(t *testing.T) {
	w := newWorld(t)
	token, err := w.S.SetupLink(w.Ctx)
	w.Must(err)
	_, err = w.S.UseLink(w.Ctx, identity.LinkUse{Token: token, Email: "first@owner.example", Name: "First",
		Provider: "Small", Proof: small("first")})
	apptest.WantCode(t, "a set-up by a provider", err, "field.invalid")
}
