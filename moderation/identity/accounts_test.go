package identity_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
)

const password = "correct horse battery"

func TestToken_LimitedToScopeSitesAccount(t *testing.T) {
	w := newWorld(t)
	root := w.account("root", authz.Owner)
	who := w.signIn("root").Actor
	_, value, err := w.App.AddToken(w.Ctx, who, identity.NewToken{Name: "bound", Sites: []string{"a"},
		Scope: authz.ScopeAdmin})
	w.Must(err)
	if !strings.HasPrefix(value, "aitys_") || len(value) != 6+43 {
		t.Errorf("the value is %q", value)
	}
	bound, err := w.App.ActorByToken(w.Ctx, value)
	w.Must(err)
	if bound.Role(w.A.ID) != authz.Owner || bound.Role(w.B.ID) != authz.NoRole {
		t.Errorf("it is %v on a and %v on b", bound.Role(w.A.ID), bound.Role(w.B.ID))
	}
	inner, _, err := w.App.AddToken(w.Ctx, bound, identity.NewToken{})
	w.Must(err)
	if len(inner.Sites) != 1 || inner.Sites[0] != w.A.ID || inner.Scope != authz.ScopeDecide {
		t.Errorf("a bound token made one of scope %v on sites %v", inner.Scope, inner.Sites)
	}
	secret, on, role := "another horse battery", true, authz.Author
	for name, try := range map[string]func() error{
		"a token for another site": func() error {
			_, _, err := w.App.AddToken(w.Ctx, bound, identity.NewToken{Sites: []string{"b"}})
			return err
		},
		"its account's password": func() error {
			_, err := w.App.SetAccount(w.Ctx, bound, root.ID, identity.AccountChange{Password: &secret})
			return err
		},
		"disabling": func() error {
			_, err := w.App.SetAccount(w.Ctx, bound, root.ID, identity.AccountChange{Disabled: &on})
			return err
		},
		"a role": func() error {
			_, err := w.App.SetAccount(w.Ctx, bound, root.ID, identity.AccountChange{Role: &role})
			return err
		},
		"removing its account": func() error { return w.App.RemoveAccount(w.Ctx, bound, root.ID) },
		"a new site": func() error {
			_, _, err := w.App.AddSite(w.Ctx, bound, site.Site{Key: "c", Name: "C", Origins: []string{"https://c.example"}}, nil)
			return err
		},
	} {
		if err := try(); err == nil {
			t.Errorf("a token bound to one site did %s", name)
		}
	}
	outer, _, err := w.App.AddToken(w.Ctx, who, identity.NewToken{})
	w.Must(err)
	list, err := w.App.Tokens(w.Ctx, bound)
	w.Must(err)
	if len(list) != 2 {
		t.Errorf("a bound token lists %d tokens, want those bound as it is", len(list))
	}
	apptest.WantCode(t, "removing one that reaches further", w.App.RemoveToken(w.Ctx, bound, outer.ID), "token.unknown")
	apptest.WantCode(t, "removing itself", w.App.RemoveToken(w.Ctx, bound, bound.Token), "")
	_, err = w.App.ActorByToken(w.Ctx, value)
	apptest.WantCode(t, "a removed token", err, "auth.needed")
}

func TestToken_RemovedSiteUnbinds(t *testing.T) {
	w := newWorld(t)
	w.AddStaff("root", authz.Owner)
	w.AddSite("c")
	ends := w.AddToken("root@staff.example", authz.ScopeAdmin, "c")
	both := w.AddToken("root@staff.example", authz.ScopeAdmin, "c", "b")
	w.Must(w.App.RemoveSite(w.Ctx, authz.Operator, "c"))
	list, err := w.App.Tokens(w.Ctx, w.AddToken("root@staff.example", authz.ScopeAdmin))
	w.Must(err)
	for _, k := range list {
		if k.ID == ends.Token {
			t.Errorf("the token stands, bound to %v", k.Sites)
		}
		if k.ID == both.Token && (len(k.Sites) != 1 || k.Sites[0] != w.B.ID) {
			t.Errorf("the other one is bound to %v, want b alone", k.Sites)
		}
	}
}

func TestToken_LastUseAndExpiry(t *testing.T) {
	w := newWorld(t)
	w.account("ann", authz.Moderator, "a")
	ann := w.signIn("ann").Actor
	_, _, err := w.App.AddToken(w.Ctx, ann, identity.NewToken{ExpiresAt: w.Clock.Now()})
	apptest.WantCode(t, "a token that has ended before it begins", err, "field.invalid")
	ends := w.Clock.Now().Add(time.Hour)
	made, value, err := w.App.AddToken(w.Ctx, ann, identity.NewToken{ExpiresAt: ends})
	w.Must(err)
	listed := func() authz.Token {
		t.Helper()
		list, err := w.App.Tokens(w.Ctx, ann)
		w.Must(err)
		return list[0]
	}
	if got := listed(); got.ID != made.ID || !got.UsedAt.IsZero() || !got.ExpiresAt.Equal(ends) {
		t.Errorf("a new token is %+v", got)
	}
	w.Clock.Add(time.Minute)
	used := w.Clock.Now()
	for range 2 { // the second use within a minute is not stored
		_, err = w.App.ActorByToken(w.Ctx, value)
		w.Must(err)
		w.Clock.Add(time.Second)
	}
	if got := listed().UsedAt; !got.Equal(used) {
		t.Errorf("it was used at %v, want %v", got, used)
	}
	w.Clock.Add(ends.Sub(w.Clock.Now()) - time.Second)
	_, err = w.App.ActorByToken(w.Ctx, value)
	apptest.WantCode(t, "a second before its end", err, "")
	w.Clock.Add(time.Second)
	_, err = w.App.ActorByToken(w.Ctx, value)
	apptest.WantCode(t, "at its end", err, "auth.needed")
}

func TestAccounts_LastSeen(t *testing.T) {
	w := newWorld(t)
	a := w.account("ann", authz.Moderator, "a")
	seen := func() time.Time {
		t.Helper()
		list, err := w.App.Accounts(w.Ctx, authz.Operator)
		w.Must(err)
		return list[slices.IndexFunc(list, func(b authz.Account) bool { return b.ID == a.ID })].SeenAt
	}
	if got := seen(); !got.IsZero() {
		t.Errorf("an account that never signed in has the last visit %v", got)
	}
	in := w.signIn("ann")
	if got := seen(); !got.Equal(w.Clock.Now()) {
		t.Errorf("after sign-in the last visit is %v, want %v", got, w.Clock.Now())
	}
	w.Clock.Add(time.Hour)
	at := w.Clock.Now()
	_, err := w.App.ActorBySession(w.Ctx, in.Value)
	w.Must(err)
	w.Must(w.App.EndSession(w.Ctx, in.Actor, in.Actor.Session))
	w.Clock.Add(time.Hour)
	if got := seen(); !got.Equal(at) {
		t.Errorf("after sign-out the last visit is %v, want %v", got, at)
	}
}

func TestSetAccount_LastOwnerStays(t *testing.T) {
	w := newWorld(t)
	root := w.AddStaff("root", authz.Owner)
	first := w.AddStaff("first", authz.Owner, "a")
	on, author, moderator := true, authz.Author, authz.Moderator
	attempts := func(id string) map[string]error {
		_, disabled := w.App.SetAccount(w.Ctx, authz.Operator, id, identity.AccountChange{Disabled: &on})
		_, demoted := w.App.SetAccount(w.Ctx, authz.Operator, id, identity.AccountChange{Role: &author})
		_, moved := w.App.SetAccount(w.Ctx, authz.Operator, id, identity.AccountChange{Role: &moderator, Sites: []string{"b"}})
		return map[string]error{
			"disabled": disabled, "demoted": demoted, "moved": moved,
			"removed": w.App.RemoveAccount(w.Ctx, authz.Operator, id),
		}
	}
	for what, err := range attempts(root.Account.ID) {
		apptest.WantCode(t, "the last owner of all sites was "+what, err, "field.invalid")
	}
	second := w.AddStaff("second", authz.Owner)
	codes := inParallel(2, func(i int) error {
		return w.App.RemoveAccount(w.Ctx, authz.Operator, []string{root.Account.ID, second.Account.ID}[i])
	})
	if codes[""] != 1 || codes["field.invalid"] != 1 {
		t.Errorf("of two owners removed at one instant: %v", codes)
	}
	if err := w.App.RemoveAccount(w.Ctx, authz.Operator, first.Account.ID); err != nil {
		t.Errorf("a site's owner beside an owner of all: %v", err)
	}

	w = newWorld(t)
	only, other := w.AddStaff("only", authz.Owner, "a"), w.AddStaff("other", authz.Owner, "b")
	for what, err := range attempts(only.Account.ID) {
		apptest.WantCode(t, "a site's last owner was "+what, err, "field.invalid")
	}
	apptest.WantCode(t, "by themselves", w.App.RemoveAccount(w.Ctx, only, only.Account.ID), "field.invalid")
	apptest.WantCode(t, "another site's", w.App.RemoveAccount(w.Ctx, only, other.Account.ID), "account.unknown")
}

func TestAccounts_SiteOwnerManagesOwnSite(t *testing.T) {
	w := newWorld(t)
	w.AddStaff("root", authz.Owner)
	owner := w.AddStaff("owner", authz.Owner, "a")
	both := w.AddStaff("both", authz.Moderator, "a", "b")
	elsewhere := w.AddStaff("elsewhere", authz.Moderator, "b")
	mine := w.AddStaff("mine", authz.Moderator, "a")
	list, err := w.App.Accounts(w.Ctx, owner)
	w.Must(err)
	var names []string
	for _, a := range list {
		names = append(names, a.Name)
		if a.Roles[w.B.ID] != authz.NoRole {
			t.Errorf("%s's role on another site is shown", a.Name)
		}
		if a.Email != map[bool]string{false: a.Name + "@staff.example"}[a.Name == "root"] {
			t.Errorf("of %s the e-mail %q is shown", a.Name, a.Email)
		}
	}
	if got := strings.Join(names, " "); got != "both mine owner root" {
		t.Errorf("sees %s", got)
	}
	secret, role := "another horse battery", authz.Owner
	for _, tt := range []struct {
		id, want string
		ch       identity.AccountChange
	}{
		{both.Account.ID, "role.insufficient", identity.AccountChange{Password: &secret}},
		{elsewhere.Account.ID, "account.unknown", identity.AccountChange{Password: &secret}},
		{mine.Account.ID, "site.unknown", identity.AccountChange{Role: &role, Sites: []string{"b"}}},
		{mine.Account.ID, "role.insufficient", identity.AccountChange{Role: &role, Sites: []string{}}},
		{mine.Account.ID, "", identity.AccountChange{Role: &role, Sites: []string{"a"}}},
		{"no such id", "account.unknown", identity.AccountChange{Password: &secret}},
	} {
		_, err := w.App.SetAccount(w.Ctx, owner, tt.id, tt.ch)
		apptest.WantCode(t, fmt.Sprintf("%s %+v", tt.id, tt.ch), err, tt.want)
	}
	_, err = w.App.ResetAccount(w.Ctx, owner, "root@staff.example")
	apptest.WantCode(t, "resetting the owner of all", err, "account.unknown")
	_, _, err = w.App.AddToken(w.Ctx, owner, identity.NewToken{Account: "both@staff.example"})
	apptest.WantCode(t, "a token for an account with sites of other owners", err, "account.unknown")
	_, _, err = w.App.AddAccount(w.Ctx, owner, identity.NewAccount{Email: "mine@staff.example", Name: "Again",
		Role: authz.Author, Sites: []string{"a"}})
	apptest.WantCode(t, "an e-mail twice", err, "field.invalid")
}

func TestUseLink_WorksOnce(t *testing.T) {
	w := newWorld(t)
	token, err := w.App.SetupLink(w.Ctx)
	w.Must(err)
	use := identity.LinkUse{Token: token, Email: "First@Owner.example", Name: "First", Password: password}
	_, err = w.App.UseLink(w.Ctx, identity.LinkUse{Token: token, Email: use.Email, Name: use.Name, Password: "short"})
	apptest.WantCode(t, "a short password", err, "field.invalid")
	codes := inParallel(8, func(i int) error {
		in := use
		in.Email = fmt.Sprintf("first%d@owner.example", i)
		_, err := w.App.UseLink(w.Ctx, in)
		return err
	})
	if codes[""] != 1 || codes["auth.needed"] != 7 {
		t.Errorf("of eight at one instant: %v, want one", codes)
	}
	if again, err := w.App.SetupLink(w.Ctx); again != "" || err != nil {
		t.Errorf("with an owner there is a set-up link still: %q, %v", again, err)
	}
	list, err := w.App.Accounts(w.Ctx, authz.Operator)
	w.Must(err)
	if len(list) != 1 || list[0].AllSites != authz.Owner {
		t.Errorf("the accounts are %+v, want one owner", list)
	}

	_, link, err := w.App.AddAccount(w.Ctx, authz.Operator, identity.NewAccount{Email: "mod@staff.example", Name: "Mod",
		Role: authz.Moderator})
	w.Must(err)
	a, err := w.App.LinkAccount(w.Ctx, link)
	w.Must(err)
	if a.Email != "mod@staff.example" {
		t.Errorf("the link is for %q", a.Email)
	}
	w.Clock.Add(24 * time.Hour)
	_, err = w.App.UseLink(w.Ctx, identity.LinkUse{Token: link, Password: password})
	apptest.WantCode(t, "after a day", err, "auth.needed")
	reset, err := w.App.ResetAccount(w.Ctx, authz.Operator, "mod@staff.example")
	w.Must(err)
	in, err := w.App.UseLink(w.Ctx, identity.LinkUse{Token: reset.Link, Password: password})
	w.Must(err)
	who, err := w.App.ActorBySession(w.Ctx, in.Value)
	w.Must(err)
	if who.Account.Name != "Mod" {
		t.Errorf("the link signed in %q", who.Account.Name)
	}
}

// A leaked link must not give access to an account whose credentials have changed since.
func TestUseLink_RevokedByNewCredentials(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.account("root", authz.Owner)
		root := w.signIn("root").Actor
		reset := func(a authz.Account) string {
			reset, err := w.App.ResetAccount(w.Ctx, root, a.Email)
			w.Must(err)
			return reset.Link
		}
		set := func(who authz.Actor, a authz.Account, ch identity.AccountChange) {
			_, err := w.App.SetAccount(w.Ctx, who, a.ID, ch)
			w.Must(err)
		}
		another, yes, no := "another long password", true, false
		older := map[string]func(name string) (authz.Account, string){
			"an invitation": func(name string) (authz.Account, string) {
				a, link, err := w.App.AddAccount(w.Ctx, root, identity.NewAccount{
					Email: name + "@staff.example", Name: name, Role: authz.Moderator})
				w.Must(err)
				return a, link
			},
			"a reset": func(name string) (authz.Account, string) {
				a := w.account(name, authz.Moderator)
				return a, reset(a)
			},
			"a link beside the password": func(name string) (authz.Account, string) { // older versions made such links
				a := w.account(name, authz.Moderator)
				link, hash := secret.New("")
				_, err := w.DB.Store.Update(w.Ctx, func(tx store.Tx) error {
					return tx.InsertLink(authz.Link{Hash: hash, Account: a.ID, ExpiresAt: w.Clock.Now().Add(time.Hour)})
				})
				w.Must(err)
				return a, link
			},
		}
		events := map[string]func(a authz.Account){
			"another reset": func(a authz.Account) { reset(a) },
			"another link, used": func(a authz.Account) {
				link, hash := secret.New("")
				_, err := w.DB.Store.Update(w.Ctx, func(tx store.Tx) error {
					return tx.InsertLink(authz.Link{Hash: hash, Account: a.ID, ExpiresAt: w.Clock.Now().Add(time.Hour)})
				})
				w.Must(err)
				_, err = w.App.UseLink(w.Ctx, identity.LinkUse{Token: link, Password: another})
				w.Must(err)
			},
			"a password set by an owner": func(a authz.Account) {
				set(root, a, identity.AccountChange{Password: &another})
			},
			"disabling": func(a authz.Account) {
				set(root, a, identity.AccountChange{Disabled: &yes})
				set(root, a, identity.AccountChange{Disabled: &no})
			},
		}
		n := 0
		pair := func(kind, event string, then func(authz.Account)) {
			n++
			a, link := older[kind](fmt.Sprintf("p%d", n))
			then(a)
			_, err := w.App.LinkAccount(w.Ctx, link)
			apptest.WantCode(t, kind+" opened after "+event, err, "auth.needed")
			_, err = w.App.UseLink(w.Ctx, identity.LinkUse{Token: link, Password: password})
			apptest.WantCode(t, kind+" used after "+event, err, "auth.needed")
		}
		for kind := range older {
			for event, then := range events {
				pair(kind, event, then)
			}
		}
		pair("a link beside the password", "one's own new password", func(a authz.Account) {
			old := password
			set(w.signIn(a.Name).Actor, a, identity.AccountChange{Password: &another, Old: &old})
		})
		a, link := older["a reset"]("last")
		codes := inParallel(8, func(int) error {
			_, err := w.App.UseLink(w.Ctx, identity.LinkUse{Token: link, Password: password})
			return err
		})
		if codes[""] != 1 || codes["auth.needed"] != 7 {
			t.Errorf("one link of %s used in eight browsers at once: %v", a.Name, codes)
		}
	})
}

func TestToken_RevokedByOwnersPassword(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		root := w.AddStaff("root", authz.Owner)
		old, another := password, "another long password"
		for _, tt := range []struct {
			name  string
			do    func(a authz.Account) []authz.Token
			stays bool
		}{
			{"a reset", func(a authz.Account) []authz.Token {
				reset, err := w.App.ResetAccount(w.Ctx, root, a.Email)
				w.Must(err)
				return reset.Tokens
			}, false},
			{"an owner's new password", func(a authz.Account) []authz.Token {
				_, err := w.App.SetAccount(w.Ctx, root, a.ID, identity.AccountChange{Password: &another})
				w.Must(err)
				return nil
			}, false},
			{"one's own new password", func(a authz.Account) []authz.Token {
				who := w.signIn(a.Name).Actor
				_, err := w.App.SetAccount(w.Ctx, who, a.ID, identity.AccountChange{Password: &another, Old: &old})
				w.Must(err)
				return nil
			}, true},
		} {
			name := strings.ReplaceAll(strings.ReplaceAll(tt.name, " ", ""), "'", "")
			a := w.account(name, authz.Moderator)
			_, value, err := w.App.AddToken(w.Ctx, w.signIn(name).Actor, identity.NewToken{Name: "mirror"})
			w.Must(err)
			ended := tt.do(a)
			if tt.name == "a reset" && authz.TokenNames(ended) != "mirror" {
				t.Errorf("it says that %+v ended, want mirror", ended)
			}
			if _, err := w.App.ActorByToken(w.Ctx, value); (err == nil) != tt.stays {
				t.Errorf("after %s the token is answered %v; should it stay: %t", tt.name, err, tt.stays)
			}
		}
	})
}

func TestSetAccount_OwnPasswordNeedsOld(t *testing.T) {
	w := newWorld(t)
	a := w.account("ann", authz.Moderator)
	in := w.signIn("ann")
	another, old, wrong := "another long password", password, "not my own password"
	set := func(old *string) error {
		_, err := w.App.SetAccount(w.Ctx, in.Actor, a.ID, identity.AccountChange{Password: &another, Old: old})
		return err
	}
	apptest.WantCode(t, "without the old one", set(nil), "field.invalid")
	for range 5 {
		apptest.WantCode(t, "with a wrong one", set(&wrong), "field.invalid")
	}
	apptest.WantCode(t, "with the sixth", set(&old), "rate.limited")
	w.Clock.Add(2 * time.Second)
	w.Must(set(&old))
	_, err := w.App.ActorBySession(w.Ctx, in.Value)
	apptest.WantCode(t, "the session after it", err, "auth.needed")
	apptest.WantCode(t, "with the old one after that", set(&old), "field.invalid")
}

func TestAddAccount_RefusesGuessablePassword(t *testing.T) {
	w := newWorld(t)
	for _, guess := range []string{"ann@staff.example", "Ann@staff.example", "annabel-annabel-1", "Site a Site a Site a"} {
		_, _, err := w.App.AddAccount(w.Ctx, authz.Operator, identity.NewAccount{
			Email: "ann@staff.example", Name: "Annabel", Role: authz.Moderator, Password: guess})
		apptest.WantCode(t, guess, err, "field.invalid")
	}
}

func TestIdentity_StoresNoSecretInClear(t *testing.T) {
	w := newWorld(t)
	setup, err := w.App.SetupLink(w.Ctx)
	w.Must(err)
	w.account("ann", authz.Owner)
	_, token, err := w.App.AddToken(w.Ctx, w.signIn("ann").Actor, identity.NewToken{})
	w.Must(err)
	reset, err := w.App.ResetAccount(w.Ctx, authz.Operator, "ann@staff.example")
	w.Must(err)
	in, err := w.App.UseLink(w.Ctx, identity.LinkUse{Token: reset.Link, Password: password})
	w.Must(err)
	for _, file := range []string{w.Path, w.Path + "-wal"} {
		stored, err := os.ReadFile(file)
		w.Must(err)
		if file == w.Path+"-wal" && !bytes.Contains(stored, []byte("$argon2id$v=19$m=")) {
			t.Error("the hash of the password is not where it should be: does this test look at the right file?")
		}
		for name, secret := range map[string]string{"link": setup, "reset": reset.Link, "token": token, "session": in.Value,
			"password": password} {
			if bytes.Contains(stored, []byte(secret)) {
				t.Errorf("%s is in %s in clear", name, file)
			}
		}
	}
}

// account adds an account with a password.
func (w *world) account(name string, role authz.Role, sites ...string) authz.Account {
	w.T.Helper()
	a, link, err := w.App.AddAccount(w.Ctx, authz.Operator, identity.NewAccount{
		Email: name + "@staff.example", Name: name, Role: role, Sites: sites, Password: password,
	})
	w.Must(err)
	if link != "" {
		w.T.Errorf("an account with a password got a link")
	}
	return a
}

func (w *world) signIn(name string) identity.SignedIn {
	w.T.Helper()
	in, err := w.App.SignIn(w.Ctx, name+"@staff.example", password, identity.Browser{Agent: "A browser"})
	w.Must(err)
	return in
}

func TestAccounts_ConcurrentChangesKeepOwner(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var links [4]string
		for i := range links {
			var err error
			links[i], err = w.App.SetupLink(w.Ctx)
			w.Must(err)
		}
		codes := inParallel(len(links), func(i int) error {
			_, err := w.App.UseLink(w.Ctx, identity.LinkUse{
				Token: links[i], Email: fmt.Sprintf("first%d@owner.example", i), Name: "First", Password: password,
			})
			return err
		})
		if codes[""] != 1 || codes["auth.needed"] != len(links)-1 {
			t.Errorf("first owners by four links at one instant: %v", codes)
		}
		owners := []string{}
		for i := range 5 {
			owners = append(owners, w.AddStaff(fmt.Sprintf("owner%d", i), authz.Owner).Account.ID)
		}
		first, err := w.App.Accounts(w.Ctx, authz.Operator)
		w.Must(err)
		owners = append(owners, first[0].ID)
		author := authz.Author
		codes = inParallel(len(owners), func(i int) error {
			if i%2 == 0 {
				return w.App.RemoveAccount(w.Ctx, authz.Operator, owners[i])
			}
			_, err := w.App.SetAccount(w.Ctx, authz.Operator, owners[i], identity.AccountChange{Role: &author})
			return err
		})
		if codes[""] != len(owners)-1 || codes["field.invalid"] != 1 {
			t.Errorf("six owners taken away at one instant: %v, want one to stay", codes)
		}
	})
}

func TestRemoveToken_ConcurrentCallsEndOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		owner := w.AddStaff("owner", authz.Owner)
		for range 5 {
			token, _, err := w.App.AddToken(w.Ctx, owner, identity.NewToken{Name: "a program"})
			w.Must(err)
			codes := inParallel(8, func(i int) error {
				if i%2 == 0 {
					return w.App.RemoveToken(w.Ctx, owner, token.ID)
				}
				name := "another name"
				_, err := w.App.SetToken(w.Ctx, owner, token.ID, &name, nil, nil)
				return err
			})
			if codes[""]+codes["token.unknown"] != 8 || codes["token.unknown"] < 3 {
				t.Errorf("one token ended and named at one instant: %v", codes)
			}
		}
	})
}
