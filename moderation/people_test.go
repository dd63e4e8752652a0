package moderation_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation"
)

const password = "correct horse battery"

// account adds an account with a password.
func (w *world) account(name string, role moderation.Role, sites ...string) moderation.Account {
	w.t.Helper()
	a, link, err := w.s.AddAccount(w.ctx, moderation.Operator, moderation.NewAccount{
		Email: name + "@staff.example", Name: name, Role: role, Sites: sites, Password: password,
	})
	w.must(err)
	if link != "" {
		w.t.Errorf("an account with a password got a link")
	}
	return a
}

func (w *world) signIn(name string) moderation.SignedIn {
	w.t.Helper()
	in, err := w.s.SignIn(w.ctx, name+"@staff.example", password, "A browser")
	w.must(err)
	return in
}

func TestSigningInMakesASessionThatEndsInTime(t *testing.T) {
	w := newWorld(t)
	a := w.account("ann", moderation.Moderator, "a")
	in, err := w.s.SignIn(w.ctx, " Ann@Staff.Example ", password, strings.Repeat("Ā", 200))
	w.must(err)
	start := w.clock.Now()
	if in.Actor.Account.ID != a.ID || in.Actor.Role(w.a.ID) != moderation.Moderator || in.Actor.Role(w.b.ID) != moderation.NoRole ||
		len(in.Value) < 43 || !in.ExpiresAt.Equal(start.Add(30*24*time.Hour)) {
		t.Errorf("got %+v", in)
	}
	for w.clock.Now().Before(start.Add(30*24*time.Hour - 11*time.Hour)) { // used every eleven hours
		w.clock.add(11 * time.Hour)
		_, err := w.s.ActorBySession(w.ctx, in.Value)
		wantCode(t, "in use", err, "")
	}
	w.clock.add(11 * time.Hour)
	_, err = w.s.ActorBySession(w.ctx, in.Value)
	wantCode(t, "after 30 days", err, "auth.needed")

	in = w.signIn("ann")
	w.clock.add(12*time.Hour - time.Second)
	_, err = w.s.ActorBySession(w.ctx, in.Value)
	wantCode(t, "just before 12 hours", err, "")
	w.clock.add(12 * time.Hour)
	_, err = w.s.ActorBySession(w.ctx, in.Value)
	wantCode(t, "unused for 12 hours", err, "auth.needed")
}

func TestAWrongPasswordAndAnUnknownEMailAreAnsweredAlike(t *testing.T) {
	w := newWorld(t)
	w.account("ann", moderation.Moderator, "a")
	disabled, on := w.account("dan", moderation.Moderator, "a"), true
	_, err := w.s.SetAccount(w.ctx, moderation.Operator, disabled.ID, moderation.AccountChange{Disabled: &on})
	w.must(err)
	_, _, err = w.s.AddAccount(w.ctx, moderation.Operator, moderation.NewAccount{Email: "new@staff.example", Name: "New", Role: moderation.Author})
	w.must(err)
	for _, tt := range []struct{ name, email, password string }{
		{"a wrong password", "ann@staff.example", "wrong horse battery"},
		{"an unknown e-mail", "nobody@staff.example", password},
		{"a disabled account", "dan@staff.example", password},
		{"an account without a password", "new@staff.example", ""},
		{"no e-mail", "ann\x00@staff.example", password},
		{"a giant password", "ann@staff.example", strings.Repeat("x", 1<<20)},
		{"no password", "ann@staff.example", ""},
	} {
		_, err := w.s.SignIn(w.ctx, tt.email, tt.password, "")
		var e *moderation.Error
		if !errors.As(err, &e) || e.Code != "session.refused" || e.Kind != moderation.Unauthenticated || e.Err != nil ||
			e.Detail != "The e-mail or the password is wrong." {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
}

func TestSignInBacksOffAfterFiveWrongPasswords(t *testing.T) {
	w := newWorld(t)
	w.account("ann", moderation.Moderator, "a")
	w.account("bob", moderation.Moderator, "a")
	try := func(email, pass string) (string, int) {
		_, err := w.s.SignIn(w.ctx, email, pass, "")
		var e *moderation.Error
		if errors.As(err, &e) {
			return e.Code, e.RetryAfter
		}
		return code(err), 0
	}
	for _, email := range []string{"ann@staff.example", "nobody@staff.example"} {
		for i := range 5 {
			if got, _ := try(email, "wrong horse battery"); got != "session.refused" {
				t.Fatalf("%s, try %d: got %q", email, i+1, got)
			}
		}
		if got, wait := try(email, password); got != "rate.limited" || wait < 1 || wait > 2 {
			t.Errorf("%s, sixth try: got %q, wait %d s; even the right password waits", email, got, wait)
		}
	}
	if got, _ := try("bob@staff.example", password); got != "" {
		t.Errorf("another account waits too: %q", got)
	}
	w.clock.add(2 * time.Second)
	if got, _ := try("ann@staff.example", "wrong horse battery"); got != "session.refused" {
		t.Errorf("after the wait: got %q", got)
	}
	if _, wait := try("ann@staff.example", password); wait < 2 {
		t.Errorf("the wait does not grow: %d s", wait)
	}
	w.clock.add(time.Minute)
	if got, _ := try("ANN@staff.example", password); got != "" {
		t.Errorf("the right password after the wait: got %q", got)
	}
	if got, _ := try("ann@staff.example", "wrong horse battery"); got != "session.refused" {
		t.Errorf("a success is a new start: got %q", got)
	}
}

func TestManyTriesAtOneInstantAreNotAllLetThrough(t *testing.T) {
	w := newWorld(t)
	w.account("ann", moderation.Moderator, "a")
	codes := inParallel(20, func(int) error {
		_, err := w.s.SignIn(w.ctx, "ann@staff.example", "wrong horse battery", "")
		return err
	})
	if codes["session.refused"] != 5 || codes["rate.limited"] != 15 {
		t.Errorf("got %v, want five tries and the rest told to wait", codes)
	}
}

func inParallel(n int, fn func(i int) error) map[string]int {
	var mu sync.Mutex
	var group sync.WaitGroup
	codes := map[string]int{}
	for i := range n {
		group.Go(func() {
			got := code(fn(i))
			mu.Lock()
			defer mu.Unlock()
			codes[got]++
		})
	}
	group.Wait()
	return codes
}

func TestWhatTakesRightsAwayEndsTheSessions(t *testing.T) {
	on, author, secret, name := true, moderation.Author, "another horse battery", "Anne"
	for _, tt := range []struct {
		name string
		ends bool
		do   func(w *world, who moderation.Actor, id string) error
	}{
		{"a name", false, func(w *world, who moderation.Actor, id string) error {
			_, err := w.s.SetAccount(w.ctx, who, id, moderation.AccountChange{Name: &name})
			return err
		}},
		{"a role", true, func(w *world, _ moderation.Actor, id string) error {
			_, err := w.s.SetAccount(w.ctx, moderation.Operator, id, moderation.AccountChange{Role: &author})
			return err
		}},
		{"its sites", true, func(w *world, _ moderation.Actor, id string) error {
			role := moderation.Moderator
			_, err := w.s.SetAccount(w.ctx, moderation.Operator, id, moderation.AccountChange{Role: &role, Sites: []string{"b"}})
			return err
		}},
		{"disabling", true, func(w *world, _ moderation.Actor, id string) error {
			_, err := w.s.SetAccount(w.ctx, moderation.Operator, id, moderation.AccountChange{Disabled: &on})
			return err
		}},
		{"one's own new password", true, func(w *world, who moderation.Actor, id string) error {
			_, err := w.s.SetAccount(w.ctx, who, id, moderation.AccountChange{Password: &secret})
			return err
		}},
		{"a reset", true, func(w *world, _ moderation.Actor, id string) error {
			_, err := w.s.ResetAccount(w.ctx, moderation.Operator, "ann@staff.example")
			return err
		}},
		{"removal", true, func(w *world, _ moderation.Actor, id string) error {
			return w.s.RemoveAccount(w.ctx, moderation.Operator, id)
		}},
		{"signing out", true, func(w *world, who moderation.Actor, id string) error { return w.s.SignOut(w.ctx, who) }},
		{"revoking it", true, func(w *world, who moderation.Actor, id string) error {
			list, err := w.s.MySessions(w.ctx, who)
			if err != nil || len(list) != 1 || list[0].Agent != "A browser" {
				return fmt.Errorf("sessions %v: %w", list, err)
			}
			return w.s.EndSession(w.ctx, who, list[0].ID)
		}},
		{"another's session's name", false, func(w *world, who moderation.Actor, id string) error {
			w.account("eve", moderation.Owner)
			return w.s.EndSession(w.ctx, w.signIn("eve").Actor, who.Session)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			a := w.account("ann", moderation.Moderator, "a")
			in := w.signIn("ann")
			told := false // so that open streams of the account end
			defer w.s.OnEvent(func(e moderation.Event) {
				told = told || e.Kind == moderation.EventAccount && e.Account == a.ID
			})()
			w.must(tt.do(w, in.Actor, a.ID))
			if tt.ends && !told {
				t.Error("no event tells of it")
			}
			_, err := w.s.ActorBySession(w.ctx, in.Value)
			if want := map[bool]string{true: "auth.needed", false: ""}[tt.ends]; code(err) != want {
				t.Errorf("the session: got %q, want %q", code(err), want)
			}
		})
	}
}

func TestATokenReachesNoFurtherThanItsScopeItsSitesAndItsAccount(t *testing.T) {
	w := newWorld(t)
	root := w.account("root", moderation.Owner)
	who := w.signIn("root").Actor
	_, value, err := w.s.AddToken(w.ctx, who, moderation.NewToken{Name: "bound", Sites: []string{"a"}, Scope: moderation.ScopeAdmin})
	w.must(err)
	if !strings.HasPrefix(value, "aitys_") || len(value) != 6+43 {
		t.Errorf("the value is %q", value)
	}
	bound, err := w.s.ActorByToken(w.ctx, value)
	w.must(err)
	if bound.Role(w.a.ID) != moderation.Owner || bound.Role(w.b.ID) != moderation.NoRole {
		t.Errorf("it is %v on a and %v on b", bound.Role(w.a.ID), bound.Role(w.b.ID))
	}
	inner, _, err := w.s.AddToken(w.ctx, bound, moderation.NewToken{})
	w.must(err)
	if len(inner.Sites) != 1 || inner.Sites[0] != w.a.ID || inner.Scope != moderation.ScopeDecide {
		t.Errorf("a bound token made one of scope %v on sites %v", inner.Scope, inner.Sites)
	}
	secret, on, role := "another horse battery", true, moderation.Author
	for name, try := range map[string]func() error{
		"a token for another site": func() error {
			_, _, err := w.s.AddToken(w.ctx, bound, moderation.NewToken{Sites: []string{"b"}})
			return err
		},
		"its account's password": func() error {
			_, err := w.s.SetAccount(w.ctx, bound, root.ID, moderation.AccountChange{Password: &secret})
			return err
		},
		"disabling": func() error {
			_, err := w.s.SetAccount(w.ctx, bound, root.ID, moderation.AccountChange{Disabled: &on})
			return err
		},
		"a role": func() error {
			_, err := w.s.SetAccount(w.ctx, bound, root.ID, moderation.AccountChange{Role: &role})
			return err
		},
		"removing its account": func() error { return w.s.RemoveAccount(w.ctx, bound, root.ID) },
		"a new site": func() error {
			_, err := w.s.AddSite(w.ctx, bound, moderation.Site{Key: "c", Name: "C", Origins: []string{"https://c.example"}}, nil)
			return err
		},
	} {
		if err := try(); err == nil {
			t.Errorf("a token bound to one site did %s", name)
		}
	}
	outer, _, err := w.s.AddToken(w.ctx, who, moderation.NewToken{})
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
	w.person("root", moderation.Owner)
	w.site("c")
	ends := w.token("root@staff.example", moderation.ScopeAdmin, "c")
	both := w.token("root@staff.example", moderation.ScopeAdmin, "c", "b")
	w.must(w.s.RemoveSite(w.ctx, moderation.Operator, "c"))
	list, err := w.s.Tokens(w.ctx, w.token("root@staff.example", moderation.ScopeAdmin))
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
	root := w.person("root", moderation.Owner)
	first := w.person("first", moderation.Owner, "a")
	on, author, moderator := true, moderation.Author, moderation.Moderator
	attempts := func(id string) map[string]error {
		_, disabled := w.s.SetAccount(w.ctx, moderation.Operator, id, moderation.AccountChange{Disabled: &on})
		_, demoted := w.s.SetAccount(w.ctx, moderation.Operator, id, moderation.AccountChange{Role: &author})
		_, moved := w.s.SetAccount(w.ctx, moderation.Operator, id, moderation.AccountChange{Role: &moderator, Sites: []string{"b"}})
		return map[string]error{
			"disabled": disabled, "demoted": demoted, "moved": moved,
			"removed": w.s.RemoveAccount(w.ctx, moderation.Operator, id),
		}
	}
	for what, err := range attempts(root.Account.ID) {
		wantCode(t, "the last owner of all sites was "+what, err, "field.invalid")
	}
	second := w.person("second", moderation.Owner)
	codes := inParallel(2, func(i int) error {
		return w.s.RemoveAccount(w.ctx, moderation.Operator, []string{root.Account.ID, second.Account.ID}[i])
	})
	if codes[""] != 1 || codes["field.invalid"] != 1 {
		t.Errorf("of two owners removed at one instant: %v", codes)
	}
	if err := w.s.RemoveAccount(w.ctx, moderation.Operator, first.Account.ID); err != nil {
		t.Errorf("a site's owner beside an owner of all: %v", err)
	}

	w = newWorld(t)
	only, other := w.person("only", moderation.Owner, "a"), w.person("other", moderation.Owner, "b")
	for what, err := range attempts(only.Account.ID) {
		wantCode(t, "a site's last owner was "+what, err, "field.invalid")
	}
	wantCode(t, "by themselves", w.s.RemoveAccount(w.ctx, only, only.Account.ID), "field.invalid")
	wantCode(t, "another site's", w.s.RemoveAccount(w.ctx, only, other.Account.ID), "account.unknown")
}

func TestAnOwnerOfOneSiteRulesOnlyThere(t *testing.T) {
	w := newWorld(t)
	w.person("root", moderation.Owner)
	owner := w.person("owner", moderation.Owner, "a")
	both := w.person("both", moderation.Moderator, "a", "b")
	elsewhere := w.person("elsewhere", moderation.Moderator, "b")
	mine := w.person("mine", moderation.Moderator, "a")
	list, err := w.s.Accounts(w.ctx, owner)
	w.must(err)
	var names []string
	for _, a := range list {
		names = append(names, a.Name)
		if a.Roles[w.b.ID] != moderation.NoRole {
			t.Errorf("%s's role on another site is shown", a.Name)
		}
	}
	if got := strings.Join(names, " "); got != "both mine owner root" {
		t.Errorf("sees %s", got)
	}
	secret, role := "another horse battery", moderation.Owner
	for _, tt := range []struct {
		id, want string
		ch       moderation.AccountChange
	}{
		{both.Account.ID, "role.insufficient", moderation.AccountChange{Password: &secret}},
		{elsewhere.Account.ID, "account.unknown", moderation.AccountChange{Password: &secret}},
		{mine.Account.ID, "site.unknown", moderation.AccountChange{Role: &role, Sites: []string{"b"}}},
		{mine.Account.ID, "role.insufficient", moderation.AccountChange{Role: &role, Sites: []string{}}},
		{mine.Account.ID, "", moderation.AccountChange{Role: &role, Sites: []string{"a"}}},
		{"no such id", "account.unknown", moderation.AccountChange{Password: &secret}},
	} {
		_, err := w.s.SetAccount(w.ctx, owner, tt.id, tt.ch)
		wantCode(t, fmt.Sprintf("%s %+v", tt.id, tt.ch), err, tt.want)
	}
	_, err = w.s.ResetAccount(w.ctx, owner, "root@staff.example")
	wantCode(t, "resetting the owner of all", err, "account.unknown")
	_, _, err = w.s.AddToken(w.ctx, owner, moderation.NewToken{Account: "both@staff.example"})
	wantCode(t, "a token of whom one does not rule", err, "account.unknown")
	_, _, err = w.s.AddAccount(w.ctx, owner, moderation.NewAccount{Email: "mine@staff.example", Name: "Again", Role: moderation.Author, Sites: []string{"a"}})
	wantCode(t, "an e-mail twice", err, "field.invalid")
}

func TestAOneTimeLinkWorksOnce(t *testing.T) {
	w := newWorld(t)
	token, err := w.s.SetupLink(w.ctx)
	w.must(err)
	use := moderation.LinkUse{Token: token, Email: "First@Owner.example", Name: "First", Password: password}
	_, err = w.s.UseLink(w.ctx, moderation.LinkUse{Token: token, Email: use.Email, Name: use.Name, Password: "short"})
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
	list, err := w.s.Accounts(w.ctx, moderation.Operator)
	w.must(err)
	if len(list) != 1 || list[0].AllSites != moderation.Owner {
		t.Errorf("the accounts are %+v, want one owner", list)
	}

	_, link, err := w.s.AddAccount(w.ctx, moderation.Operator, moderation.NewAccount{Email: "mod@staff.example", Name: "Mod", Role: moderation.Moderator})
	w.must(err)
	a, err := w.s.LinkAccount(w.ctx, link)
	w.must(err)
	if a.Email != "mod@staff.example" {
		t.Errorf("the link is for %q", a.Email)
	}
	w.clock.add(24 * time.Hour)
	_, err = w.s.UseLink(w.ctx, moderation.LinkUse{Token: link, Password: password})
	wantCode(t, "after a day", err, "auth.needed")
	link, err = w.s.ResetAccount(w.ctx, moderation.Operator, "mod@staff.example")
	w.must(err)
	in, err := w.s.UseLink(w.ctx, moderation.LinkUse{Token: link, Password: password})
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
	w.account("ann", moderation.Owner)
	_, token, err := w.s.AddToken(w.ctx, w.signIn("ann").Actor, moderation.NewToken{})
	w.must(err)
	link, err := w.s.ResetAccount(w.ctx, moderation.Operator, "ann@staff.example")
	w.must(err)
	in, err := w.s.UseLink(w.ctx, moderation.LinkUse{Token: link, Password: password})
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
