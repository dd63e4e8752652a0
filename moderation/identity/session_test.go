package identity_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/problem"
)

func TestSignIn_SessionExpires(t *testing.T) {
	w := newWorld(t)
	a := w.account("ann", authz.Moderator, "a")
	in, err := w.App.SignIn(w.Ctx, " Ann@Staff.Example ", password, identity.Browser{Agent: strings.Repeat("Ā", 200)})
	w.Must(err)
	start := w.Clock.Now()
	if in.Actor.Account.ID != a.ID || in.Actor.Role(w.A.ID) != authz.Moderator ||
		in.Actor.Role(w.B.ID) != authz.NoRole ||
		len(in.Value) < 43 || !in.ExpiresAt.Equal(start.Add(30*24*time.Hour)) {
		t.Errorf("got %+v", in)
	}
	for w.Clock.Now().Before(start.Add(30*24*time.Hour - 11*time.Hour)) { // use it every eleven hours
		w.Clock.Add(11 * time.Hour)
		_, err := w.App.ActorBySession(w.Ctx, in.Value)
		apptest.WantCode(t, "in use", err, "")
	}
	w.Clock.Add(11 * time.Hour)
	_, err = w.App.ActorBySession(w.Ctx, in.Value)
	apptest.WantCode(t, "after 30 days", err, "auth.needed")

	in = w.signIn("ann")
	w.Clock.Add(12*time.Hour - time.Second)
	_, err = w.App.ActorBySession(w.Ctx, in.Value)
	apptest.WantCode(t, "just before 12 hours", err, "")
	w.Clock.Add(12 * time.Hour)
	_, err = w.App.ActorBySession(w.Ctx, in.Value)
	apptest.WantCode(t, "unused for 12 hours", err, "auth.needed")
}

func TestSignIn_SameErrorForAllFailures(t *testing.T) {
	w := newWorld(t)
	w.account("ann", authz.Moderator, "a")
	disabled, on := w.account("dan", authz.Moderator, "a"), true
	_, err := w.App.SetAccount(w.Ctx, authz.Operator, disabled.ID, identity.AccountChange{Disabled: &on})
	w.Must(err)
	_, _, err = w.App.AddAccount(w.Ctx, authz.Operator, identity.NewAccount{Email: "new@staff.example", Name: "New",
		Role: authz.Author})
	w.Must(err)
	for _, tt := range []struct{ name, email, password string }{
		{"a wrong password", "ann@staff.example", "wrong horse battery"},
		{"an unknown e-mail", "nobody@staff.example", password},
		{"a disabled account", "dan@staff.example", password},
		{"an account without a password", "new@staff.example", ""},
		{"no e-mail", "ann\x00@staff.example", password},
		{"a giant password", "ann@staff.example", strings.Repeat("x", 1<<20)},
		{"no password", "ann@staff.example", ""},
	} {
		_, err := w.App.SignIn(w.Ctx, tt.email, tt.password, identity.Browser{})
		var e *problem.Error
		if !errors.As(err, &e) || e.Code != "session.refused" || e.Kind != problem.Unauthenticated || e.Err != nil ||
			e.Detail != "The e-mail or the password is wrong." {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
}

func TestSignIn_BusyIsNotAWrongTry(t *testing.T) {
	w := newWorld(t)
	w.account("ann", authz.Moderator, "a")
	over, crowd := make(chan struct{}), sync.WaitGroup{}
	for i := range 60 {
		crowd.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-over:
					return
				default: // try as many accounts as possible
					_, _ = w.App.SignIn(w.Ctx, fmt.Sprintf("q%d-%d@x.example", i, n), "x", identity.Browser{})
				}
			}
		})
	}
	testkit.Until(t, "six in a row are sent away", func() bool {
		for range 6 {
			_, err := w.App.SignIn(w.Ctx, "ann@staff.example", password, identity.Browser{})
			if code := apptest.Code(err); code != "busy" {
				if code != "" {
					t.Errorf("the right password in a crowd: got %v", err)
				}
				return false
			}
		}
		return true
	})
	close(over)
	crowd.Wait()
	_, err := w.App.SignIn(w.Ctx, "ann@staff.example", password, identity.Browser{})
	apptest.WantCode(t, "the right password after it", err, "")
}

func TestSignIn_KnownBrowserIsNotLockedOut(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		a := w.account("ann", authz.Moderator, "a")
		w.account("bob", authz.Moderator, "a")
		known := w.signIn("ann").BrowserToken
		try := func(what, email, typed, known, want string) {
			t.Helper()
			_, err := w.App.SignIn(w.Ctx, email, typed, identity.Browser{Token: known})
			apptest.WantCode(t, what, err, want)
		}
		lockOut := func() {
			t.Helper()
			for range 5 { // the limit may be reached earlier in later calls
				_, err := w.App.SignIn(w.Ctx, a.Email, "wrong horse battery", identity.Browser{})
				if err == nil {
					t.Error("a stranger is in")
				}
			}
			try("a stranger's sixth", a.Email, "wrong horse battery", "", "rate.limited")
		}
		lockOut()
		forged := strings.Split(known, ".")
		forged[1] = "99999999999"
		for what, other := range map[string]string{
			"a browser that is not known": "", "one known to another": w.signIn("bob").BrowserToken, "nonsense": "a.b.c",
			"one that prolongs itself": strings.Join(forged, "."),
		} {
			try(what, a.Email, password, other, "rate.limited")
		}
		try("the known one", a.Email, password, known, "")
		for range 5 {
			try("the known one, wrong", a.Email, "wrong horse battery", known, "session.refused")
		}
		try("the known one after five wrong", a.Email, password, known, "rate.limited")

		w.Clock.Add(time.Hour)
		lockOut()
		old, another := password, "another long password"
		who, err := w.App.SignIn(w.Ctx, a.Email, password, identity.Browser{Token: known})
		w.Must(err)
		_, err = w.App.SetAccount(w.Ctx, who.Actor, a.ID, identity.AccountChange{Password: &another, Old: &old})
		w.Must(err) // a session has its own count of tries
		try("a browser known before the password was changed", a.Email, another, known, "rate.limited")

		w.Clock.Add(time.Hour)
		in, err := w.App.SignIn(w.Ctx, a.Email, another, identity.Browser{})
		w.Must(err)
		w.Clock.Add(180 * 24 * time.Hour)
		lockOut()
		try("one that is known no more", a.Email, another, in.BrowserToken, "rate.limited")

		w.Clock.Add(time.Hour)
		in, err = w.App.SignIn(w.Ctx, a.Email, another, identity.Browser{})
		w.Must(err)
		reset, err := w.App.ResetAccount(w.Ctx, authz.Operator, a.Email)
		w.Must(err)
		fresh, err := w.App.UseLink(w.Ctx, identity.LinkUse{Token: reset.Link, Password: another})
		w.Must(err)
		lockOut()
		try("one known before a reset to the same password", a.Email, another, in.BrowserToken, "rate.limited")
		try("one that used the link", a.Email, another, fresh.BrowserToken, "")
	})
}

func TestSignIn_BacksOffAfterFiveWrong(t *testing.T) {
	w := newWorld(t)
	w.account("ann", authz.Moderator, "a")
	w.account("bob", authz.Moderator, "a")
	try := func(email, pass string) (string, int) {
		_, err := w.App.SignIn(w.Ctx, email, pass, identity.Browser{})
		var e *problem.Error
		if errors.As(err, &e) {
			return e.Code, e.RetryAfter
		}
		return apptest.Code(err), 0
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
	w.Clock.Add(2 * time.Second)
	if got, _ := try("ann@staff.example", "wrong horse battery"); got != "session.refused" {
		t.Errorf("after the wait: got %q", got)
	}
	if _, wait := try("ann@staff.example", password); wait < 2 {
		t.Errorf("the wait does not grow: %d s", wait)
	}
	w.Clock.Add(time.Minute)
	if got, _ := try("ANN@staff.example", password); got != "" {
		t.Errorf("the right password after the wait: got %q", got)
	}
	if got, _ := try("ann@staff.example", "wrong horse battery"); got != "session.refused" {
		t.Errorf("a success is a new start: got %q", got)
	}
}

func TestSignIn_ConcurrentTriesAreLimited(t *testing.T) {
	w := newWorld(t)
	w.account("ann", authz.Moderator, "a")
	codes := inParallel(20, func(int) error {
		_, err := w.App.SignIn(w.Ctx, "ann@staff.example", "wrong horse battery", identity.Browser{})
		return err
	})
	if codes["session.refused"] != 5 || codes["rate.limited"] != 15 {
		t.Errorf("got %v, want five tries and the rest refused", codes)
	}
}

func inParallel(n int, fn func(i int) error) map[string]int {
	var mu sync.Mutex
	var group sync.WaitGroup
	codes := map[string]int{}
	for i := range n {
		group.Go(func() {
			got := apptest.Code(fn(i))
			mu.Lock()
			defer mu.Unlock()
			codes[got]++
		})
	}
	group.Wait()
	return codes
}

func TestSession_EndsWithLostRights(t *testing.T) {
	on, author, secret, name := true, authz.Author, "another horse battery", "Anne"
	for _, tt := range []struct {
		name string
		ends bool
		do   func(w *world, who authz.Actor, id string) error
	}{
		{"a name", false, func(w *world, who authz.Actor, id string) error {
			_, err := w.App.SetAccount(w.Ctx, who, id, identity.AccountChange{Name: &name})
			return err
		}},
		{"a role", true, func(w *world, _ authz.Actor, id string) error {
			_, err := w.App.SetAccount(w.Ctx, authz.Operator, id, identity.AccountChange{Role: &author})
			return err
		}},
		{"its sites", true, func(w *world, _ authz.Actor, id string) error {
			role := authz.Moderator
			_, err := w.App.SetAccount(w.Ctx, authz.Operator, id, identity.AccountChange{Role: &role, Sites: []string{"b"}})
			return err
		}},
		{"disabling", true, func(w *world, _ authz.Actor, id string) error {
			_, err := w.App.SetAccount(w.Ctx, authz.Operator, id, identity.AccountChange{Disabled: &on})
			return err
		}},
		{"one's own new password", true, func(w *world, who authz.Actor, id string) error {
			old := password
			_, err := w.App.SetAccount(w.Ctx, who, id, identity.AccountChange{Password: &secret, Old: &old})
			return err
		}},
		{"a reset", true, func(w *world, _ authz.Actor, id string) error {
			_, err := w.App.ResetAccount(w.Ctx, authz.Operator, "ann@staff.example")
			return err
		}},
		{"removal", true, func(w *world, _ authz.Actor, id string) error {
			return w.App.RemoveAccount(w.Ctx, authz.Operator, id)
		}},
		{"signing out", true, func(w *world, who authz.Actor, id string) error {
			return w.App.EndSession(w.Ctx, who, who.Session)
		}},
		{"revoking it", true, func(w *world, who authz.Actor, id string) error {
			list, err := w.App.MySessions(w.Ctx, who)
			if err != nil || len(list) != 1 || list[0].Agent != "A browser" {
				return fmt.Errorf("sessions %v: %w", list, err)
			}
			return w.App.EndSession(w.Ctx, who, list[0].ID)
		}},
		{"another's session's name", false, func(w *world, who authz.Actor, id string) error {
			w.account("eve", authz.Owner)
			return w.App.EndSession(w.Ctx, w.signIn("eve").Actor, who.Session)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			a := w.account("ann", authz.Moderator, "a")
			in := w.signIn("ann")
			notified := false // the event ends open streams of the account
			defer w.App.OnEvent(func(e event.Event) {
				notified = notified || e.Kind == event.Account && e.Account == a.ID
			})()
			w.Must(tt.do(w, in.Actor, a.ID))
			if tt.ends && !notified {
				t.Error("no event is emitted")
			}
			_, err := w.App.ActorBySession(w.Ctx, in.Value)
			if want := map[bool]string{true: "auth.needed", false: ""}[tt.ends]; apptest.Code(err) != want {
				t.Errorf("the session: got %q, want %q", apptest.Code(err), want)
			}
		})
	}
}
