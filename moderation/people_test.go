package moderation_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/people"
)

const password = "correct horse battery"

// account adds an account with a password.
func (w *world) account(name string, role people.Role, sites ...string) people.Account {
	w.t.Helper()
	a, link, err := w.s.AddAccount(w.ctx, people.Operator, identity.NewAccount{
		Email: name + "@staff.example", Name: name, Role: role, Sites: sites, Password: password,
	})
	w.must(err)
	if link != "" {
		w.t.Errorf("an account with a password got a link")
	}
	return a
}

func (w *world) signIn(name string) identity.SignedIn {
	w.t.Helper()
	in, err := w.s.SignIn(w.ctx, name+"@staff.example", password, "A browser")
	w.must(err)
	return in
}

func TestATokenReachesNoFurtherThanItsScopeItsSitesAndItsAccount(t *testing.T) {
	w := newWorld(t)
	root := w.account("root", people.Owner)
	who := w.signIn("root").Actor
	_, value, err := w.s.AddToken(w.ctx, who, identity.NewToken{Name: "bound", Sites: []string{"a"}, Scope: people.ScopeAdmin})
	w.must(err)
	if !strings.HasPrefix(value, "aitys_") || len(value) != 6+43 {
		t.Errorf("the value is %q", value)
	}
	bound, err := w.s.ActorByToken(w.ctx, value)
	w.must(err)
	if bound.Role(w.a.ID) != people.Owner || bound.Role(w.b.ID) != people.NoRole {
		t.Errorf("it is %v on a and %v on b", bound.Role(w.a.ID), bound.Role(w.b.ID))
	}
	inner, _, err := w.s.AddToken(w.ctx, bound, identity.NewToken{})
	w.must(err)
	if len(inner.Sites) != 1 || inner.Sites[0] != w.a.ID || inner.Scope != people.ScopeDecide {
		t.Errorf("a bound token made one of scope %v on sites %v", inner.Scope, inner.Sites)
	}
	secret, on, role := "another horse battery", true, people.Author
	for name, try := range map[string]func() error{
		"a token for another site": func() error {
			_, _, err := w.s.AddToken(w.ctx, bound, identity.NewToken{Sites: []string{"b"}})
			return err
		},
		"its account's password": func() error {
			_, err := w.s.SetAccount(w.ctx, bound, root.ID, identity.AccountChange{Password: &secret})
			return err
		},
		"disabling": func() error {
			_, err := w.s.SetAccount(w.ctx, bound, root.ID, identity.AccountChange{Disabled: &on})
			return err
		},
		"a role": func() error {
			_, err := w.s.SetAccount(w.ctx, bound, root.ID, identity.AccountChange{Role: &role})
			return err
		},
		"removing its account": func() error { return w.s.RemoveAccount(w.ctx, bound, root.ID) },
		"a new site": func() error {
			_, _, err := w.s.AddSite(w.ctx, bound, ground.Site{Key: "c", Name: "C", Origins: []string{"https://c.example"}}, nil)
			return err
		},
	} {
		if err := try(); err == nil {
			t.Errorf("a token bound to one site did %s", name)
		}
	}
	outer, _, err := w.s.AddToken(w.ctx, who, identity.NewToken{})
	w.must(err)
	list, err := w.s.Tokens(w.ctx, bound)
	w.must(err)
	if len(list) != 2 {
		t.Errorf("a bound token lists %d tokens, want those bound as it is", len(list))
	}
	wantCode(t, "removing one that reaches further", w.s.RemoveToken(w.ctx, bound, outer.ID), "token.unknown")
	wantCode(t, "removing itself", w.s.RemoveToken(w.ctx, bound, bound.Token), "")
	_, err = w.s.ActorByToken(w.ctx, value)
	wantCode(t, "a removed token", err, "auth.needed")
}

func TestATokenBoundToARemovedSiteReachesNoOther(t *testing.T) {
	w := newWorld(t)
	w.person("root", people.Owner)
	w.site("c")
	ends := w.token("root@staff.example", people.ScopeAdmin, "c")
	both := w.token("root@staff.example", people.ScopeAdmin, "c", "b")
	w.must(w.s.RemoveSite(w.ctx, people.Operator, "c"))
	list, err := w.s.Tokens(w.ctx, w.token("root@staff.example", people.ScopeAdmin))
	w.must(err)
	for _, k := range list {
		if k.ID == ends.Token {
			t.Errorf("the token stands, bound to %v", k.Sites)
		}
		if k.ID == both.Token && (len(k.Sites) != 1 || k.Sites[0] != w.b.ID) {
			t.Errorf("the other one is bound to %v, want b alone", k.Sites)
		}
	}
}

func TestTheLastOwnerStays(t *testing.T) {
	w := newWorld(t)
	root := w.person("root", people.Owner)
	first := w.person("first", people.Owner, "a")
	on, author, moderator := true, people.Author, people.Moderator
	attempts := func(id string) map[string]error {
		_, disabled := w.s.SetAccount(w.ctx, people.Operator, id, identity.AccountChange{Disabled: &on})
		_, demoted := w.s.SetAccount(w.ctx, people.Operator, id, identity.AccountChange{Role: &author})
		_, moved := w.s.SetAccount(w.ctx, people.Operator, id, identity.AccountChange{Role: &moderator, Sites: []string{"b"}})
		return map[string]error{
			"disabled": disabled, "demoted": demoted, "moved": moved,
			"removed": w.s.RemoveAccount(w.ctx, people.Operator, id),
		}
	}
	for what, err := range attempts(root.Account.ID) {
		wantCode(t, "the last owner of all sites was "+what, err, "field.invalid")
	}
	second := w.person("second", people.Owner)
	codes := inParallel(2, func(i int) error {
		return w.s.RemoveAccount(w.ctx, people.Operator, []string{root.Account.ID, second.Account.ID}[i])
	})
	if codes[""] != 1 || codes["field.invalid"] != 1 {
		t.Errorf("of two owners removed at one instant: %v", codes)
	}
	if err := w.s.RemoveAccount(w.ctx, people.Operator, first.Account.ID); err != nil {
		t.Errorf("a site's owner beside an owner of all: %v", err)
	}

	w = newWorld(t)
	only, other := w.person("only", people.Owner, "a"), w.person("other", people.Owner, "b")
	for what, err := range attempts(only.Account.ID) {
		wantCode(t, "a site's last owner was "+what, err, "field.invalid")
	}
	wantCode(t, "by themselves", w.s.RemoveAccount(w.ctx, only, only.Account.ID), "field.invalid")
	wantCode(t, "another site's", w.s.RemoveAccount(w.ctx, only, other.Account.ID), "account.unknown")
}

func TestAnOwnerOfOneSiteRulesOnlyThere(t *testing.T) {
	w := newWorld(t)
	w.person("root", people.Owner)
	owner := w.person("owner", people.Owner, "a")
	both := w.person("both", people.Moderator, "a", "b")
	elsewhere := w.person("elsewhere", people.Moderator, "b")
	mine := w.person("mine", people.Moderator, "a")
	list, err := w.s.Accounts(w.ctx, owner)
	w.must(err)
	var names []string
	for _, a := range list {
		names = append(names, a.Name)
		if a.Roles[w.b.ID] != people.NoRole {
			t.Errorf("%s's role on another site is shown", a.Name)
		}
	}
	if got := strings.Join(names, " "); got != "both mine owner root" {
		t.Errorf("sees %s", got)
	}
	secret, role := "another horse battery", people.Owner
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
		_, err := w.s.SetAccount(w.ctx, owner, tt.id, tt.ch)
		wantCode(t, fmt.Sprintf("%s %+v", tt.id, tt.ch), err, tt.want)
	}
	_, err = w.s.ResetAccount(w.ctx, owner, "root@staff.example")
	wantCode(t, "resetting the owner of all", err, "account.unknown")
	_, _, err = w.s.AddToken(w.ctx, owner, identity.NewToken{Account: "both@staff.example"})
	wantCode(t, "a token of whom one does not rule", err, "account.unknown")
	_, _, err = w.s.AddAccount(w.ctx, owner, identity.NewAccount{Email: "mine@staff.example", Name: "Again", Role: people.Author, Sites: []string{"a"}})
	wantCode(t, "an e-mail twice", err, "field.invalid")
}

func TestAOneTimeLinkWorksOnce(t *testing.T) {
	w := newWorld(t)
	token, err := w.s.SetupLink(w.ctx)
	w.must(err)
	use := identity.LinkUse{Token: token, Email: "First@Owner.example", Name: "First", Password: password}
	_, err = w.s.UseLink(w.ctx, identity.LinkUse{Token: token, Email: use.Email, Name: use.Name, Password: "short"})
	wantCode(t, "a short password", err, "field.invalid")
	codes := inParallel(8, func(i int) error {
		in := use
		in.Email = fmt.Sprintf("first%d@owner.example", i)
		_, err := w.s.UseLink(w.ctx, in)
		return err
	})
	if codes[""] != 1 || codes["auth.needed"] != 7 {
		t.Errorf("of eight at one instant: %v, want one", codes)
	}
	if again, err := w.s.SetupLink(w.ctx); again != "" || err != nil {
		t.Errorf("with an owner there is a set-up link still: %q, %v", again, err)
	}
	list, err := w.s.Accounts(w.ctx, people.Operator)
	w.must(err)
	if len(list) != 1 || list[0].AllSites != people.Owner {
		t.Errorf("the accounts are %+v, want one owner", list)
	}

	_, link, err := w.s.AddAccount(w.ctx, people.Operator, identity.NewAccount{Email: "mod@staff.example", Name: "Mod", Role: people.Moderator})
	w.must(err)
	a, err := w.s.LinkAccount(w.ctx, link)
	w.must(err)
	if a.Email != "mod@staff.example" {
		t.Errorf("the link is for %q", a.Email)
	}
	w.clock.add(24 * time.Hour)
	_, err = w.s.UseLink(w.ctx, identity.LinkUse{Token: link, Password: password})
	wantCode(t, "after a day", err, "auth.needed")
	link, err = w.s.ResetAccount(w.ctx, people.Operator, "mod@staff.example")
	w.must(err)
	in, err := w.s.UseLink(w.ctx, identity.LinkUse{Token: link, Password: password})
	w.must(err)
	who, err := w.s.ActorBySession(w.ctx, in.Value)
	w.must(err)
	if who.Account.Name != "Mod" {
		t.Errorf("the link signed in %q", who.Account.Name)
	}
}

func TestNoSecretIsStoredInClear(t *testing.T) {
	w := newWorld(t)
	setup, err := w.s.SetupLink(w.ctx)
	w.must(err)
	w.account("ann", people.Owner)
	_, token, err := w.s.AddToken(w.ctx, w.signIn("ann").Actor, identity.NewToken{})
	w.must(err)
	link, err := w.s.ResetAccount(w.ctx, people.Operator, "ann@staff.example")
	w.must(err)
	in, err := w.s.UseLink(w.ctx, identity.LinkUse{Token: link, Password: password})
	w.must(err)
	for _, file := range []string{w.path, w.path + "-wal"} {
		stored, err := os.ReadFile(file)
		w.must(err)
		if file == w.path+"-wal" && !bytes.Contains(stored, []byte("$argon2id$v=19$m=19456,t=2,p=1$")) {
			t.Error("the hash of the password is not where it should be: does this test look at the right file?")
		}
		for name, secret := range map[string]string{"link": setup, "reset": link, "token": token, "session": in.Value, "password": password} {
			if bytes.Contains(stored, []byte(secret)) {
				t.Errorf("%s is in %s in clear", name, file)
			}
		}
	}
}
