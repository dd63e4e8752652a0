package storetest

import (
	"errors"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/signing"
	"github.com/aitys/aitys/moderation/txn"
)

var peopleRules = []rule{
	{"an account comes back as it was put, and its e-mail is taken once", accountComesBack},
	{"a changed account has exactly the roles it was given", accountChanges},
	{"removing an account deletes its sessions, tokens and links", accountIsRemoved},
	{"a session is found by its hash until it ends", sessionsEnd},
	{"a token keeps its sites and scope", tokensAreKept},
	{"of a hundred concurrent uses of a link one succeeds", linkIsTakenOnce},
	{"a provider identity belongs to one account, which has one identity per issuer", proofIsOfOne},
	{"expired rows are pruned, others stay", expiredIsPruned},
	{"of a hundred concurrent uses of a mailed link one succeeds", mailLinkIsUsedOnce},
	{"a sign-out is stored per site, with its latest time", signOutsAreKept},
	{"a site keeps its latest salt", saltsAreKept},
	{"a site has one key at a time", onePairIsKept},
	{"a verified name is reserved on one site, until long after its last use", namesAreKept},
}

func (w *env) newAccount() authz.Account {
	w.Helper()
	a := authz.Account{
		ID: w.id("account"), Name: hostile, Password: "$argon2id$…", Disabled: true, AllSites: authz.Author,
		Roles: map[int64]authz.Role{w.site.ID: authz.Owner}, CreatedAt: began,
	}
	a.Email = a.ID + "@x.example"
	w.update(func(tx store.Tx) error { return tx.InsertAccount(a) })
	return a
}

func accountComesBack(w *env) {
	var count int
	w.view(func(tx store.Tx) (err error) {
		count, err = tx.CountAccounts()
		return err
	})
	a := w.newAccount()
	w.view(func(tx store.Tx) error {
		byID, err := tx.AccountByID(a.ID)
		if err != nil {
			return err
		}
		byEmail, err := tx.AccountByEmail(a.Email)
		if !reflect.DeepEqual(byID, a) || !reflect.DeepEqual(byEmail, a) {
			w.Errorf("came back as %+v and %+v, want %+v", byID, byEmail, a)
		}
		if err != nil {
			return err
		}
		all, err := tx.Accounts()
		if err != nil {
			return err
		}
		if !slices.IsSortedFunc(all,
			func(a, b authz.Account) int { return slices.Compare([]byte(a.Email), []byte(b.Email)) }) {
			w.Error("accounts are not listed by e-mail")
		}
		if !slices.ContainsFunc(all, func(b authz.Account) bool { return reflect.DeepEqual(a, b) }) {
			w.Errorf("the list has not %+v", a)
		}
		names, err := tx.AccountNames([]string{"", a.ID, `no"bo\dy`, "{NULL,*}", "nobody"})
		if err != nil || len(names) != 1 || names[a.ID] != a.Name {
			w.Errorf("names of ids: got %v, %v, want that of %s alone", names, err, a.ID)
		}
		if n, err := tx.CountAccounts(); n != count+1 || err != nil {
			w.Errorf("%d accounts (%v), want %d", n, err, count+1)
		}
		_, err = tx.AccountByEmail("nobody")
		w.wants("no account by e-mail", err, txn.ErrNotFound)
		_, err = tx.AccountByID("nobody")
		w.wants("no account by id", err, txn.ErrNotFound)
		return nil
	})
	again := a
	again.ID = w.id("account")
	_, err := w.store.Update(w.ctx(), func(tx store.Tx) error { return tx.InsertAccount(again) })
	w.wants("an e-mail twice", err, txn.ErrTaken)
}

func accountChanges(w *env) {
	a := w.newAccount()
	other := w.newSite("other")
	for _, roles := range []map[int64]authz.Role{
		{other.ID: authz.Moderator}, {}, {w.site.ID: authz.Author, other.ID: authz.Owner},
	} {
		a.Name, a.Password, a.Disabled, a.AllSites, a.Roles = "new", "", false, authz.NoRole, roles
		a.Mail, a.MailFrom, a.MailLang = authz.MailDigest, 0.25, "kk"
		w.update(func(tx store.Tx) error { return tx.UpdateAccount(a) })
		w.view(func(tx store.Tx) error {
			got, err := tx.AccountByID(a.ID)
			if !reflect.DeepEqual(got, a) {
				w.Errorf("after the change %+v, want %+v", got, a)
			}
			return err
		})
	}
	a.ID = "nobody"
	_, err := w.store.Update(w.ctx(), func(tx store.Tx) error { return tx.UpdateAccount(a) })
	w.wants("no account", err, txn.ErrNotFound)
}

func (w *env) newSession(account string, expires time.Time) authz.Session {
	w.Helper()
	id := w.id("session")
	s := authz.Session{
		Hash: []byte("hash of " + id), ID: id, Account: account, Agent: hostile, CreatedAt: began, SeenAt: began,
		ExpiresAt: expires,
	}
	w.update(func(tx store.Tx) error { return tx.InsertSession(s) })
	return s
}

func (w *env) newToken(account string, sites ...int64) authz.Token {
	w.Helper()
	id := w.id("token")
	k := authz.Token{
		ID: id, Hash: []byte("hash of " + id), Account: account, Name: hostile, Sites: sites, Scope: authz.ScopeDecide,
		CreatedAt: began, ExpiresAt: began.Add(time.Hour),
	}
	w.update(func(tx store.Tx) error { return tx.InsertToken(k) })
	return k
}

func (w *env) newLink(account string, expires time.Time) authz.Link {
	w.Helper()
	l := authz.Link{Hash: []byte("hash of " + w.id("link")), Account: account, ExpiresAt: expires}
	w.update(func(tx store.Tx) error { return tx.InsertLink(l) })
	return l
}

func accountIsRemoved(w *env) {
	a, b := w.newAccount(), w.newAccount()
	for _, account := range []string{a.ID, b.ID} {
		w.newSession(account, began)
		w.newToken(account)
	}
	link := w.newLink(a.ID, began)
	w.update(func(tx store.Tx) error { return tx.DeleteAccount(a.ID) })
	for account, want := range map[string]int{a.ID: 0, b.ID: 1} {
		w.view(func(tx store.Tx) error {
			sessions, err := tx.Sessions(account)
			if err != nil {
				return err
			}
			tokens, err := tx.Tokens(account)
			if len(sessions) != want || len(tokens) != want {
				w.Errorf("%d sessions and %d tokens are left, want %d", len(sessions), len(tokens), want)
			}
			return err
		})
	}
	w.view(func(tx store.Tx) error {
		_, err := tx.LinkByHash(link.Hash)
		w.wants("its link", err, txn.ErrNotFound)
		return nil
	})
	_, err := w.store.Update(w.ctx(), func(tx store.Tx) error { return tx.DeleteAccount(a.ID) })
	w.wants("removing it twice", err, txn.ErrNotFound)
}

func sessionsEnd(w *env) {
	a := w.newAccount()
	first, second, third := w.newSession(a.ID, began), w.newSession(a.ID, began), w.newSession(a.ID, began)
	first.SeenAt, first.ExpiresAt = began.Add(time.Minute), began.Add(time.Hour)
	w.update(func(tx store.Tx) error { return tx.TouchSession(first.Hash, first.SeenAt, first.ExpiresAt) })
	w.update(func(tx store.Tx) error { return tx.TouchAccount(a.ID, first.SeenAt) })
	w.view(func(tx store.Tx) error {
		got, err := tx.AccountByID(a.ID)
		a.SeenAt = first.SeenAt
		if !reflect.DeepEqual(got, a) {
			w.Errorf("the last visit is %+v, want %+v", got, a)
		}
		return err
	})
	left := func(want ...authz.Session) {
		w.Helper()
		w.view(func(tx store.Tx) error {
			got, err := tx.Sessions(a.ID)
			if !reflect.DeepEqual(got, want) {
				w.Errorf("sessions are %+v, want %+v", got, want)
			}
			return err
		})
	}
	left(first, second, third)
	w.view(func(tx store.Tx) error {
		got, err := tx.SessionByHash(first.Hash)
		if !reflect.DeepEqual(got, first) {
			w.Errorf("found %+v, want %+v", got, first)
		}
		return err
	})
	w.update(func(tx store.Tx) error { return tx.DeleteSession(second.Hash) })
	left(first, third)
	w.view(func(tx store.Tx) error {
		_, err := tx.SessionByHash(second.Hash)
		w.wants("an ended session", err, txn.ErrNotFound)
		return nil
	})
	w.update(func(tx store.Tx) error { return tx.DeleteSessions(a.ID) })
	left()
	_, err := w.store.Update(w.ctx(), func(tx store.Tx) error { return tx.TouchSession(first.Hash, began, began) })
	w.wants("touching an ended session", err, txn.ErrNotFound)
	_, err = w.store.Update(w.ctx(), func(tx store.Tx) error { return tx.TouchAccount("nobody", began) })
	w.wants("touching no account", err, txn.ErrNotFound)
}

func tokensAreKept(w *env) {
	a := w.newAccount()
	bound, free := w.newToken(a.ID, w.site.ID, 77), w.newToken(a.ID)
	w.view(func(tx store.Tx) error {
		byHash, err := tx.TokenByHash(bound.Hash)
		if err != nil {
			return err
		}
		byID, err := tx.TokenByID(bound.ID)
		if !reflect.DeepEqual(byHash, bound) || !reflect.DeepEqual(byID, bound) {
			w.Errorf("came back as %+v and %+v, want %+v", byHash, byID, bound)
		}
		if err != nil {
			return err
		}
		own, err := tx.Tokens(a.ID)
		if len(own) != 2 || own[1].ID != free.ID || len(own[1].Sites) != 0 {
			w.Errorf("own tokens are %+v", own)
		}
		all, err2 := tx.Tokens("")
		if len(all) < len(own) {
			w.Errorf("%d tokens in all", len(all))
		}
		return errors.Join(err, err2)
	})
	bound.Name, bound.Sites, bound.Scope = "new", []int64{w.site.ID}, authz.ScopeAdmin
	w.update(func(tx store.Tx) error { return tx.UpdateToken(bound) })
	bound.UsedAt = began.Add(time.Minute)
	w.update(func(tx store.Tx) error { return tx.TouchToken(bound.ID, bound.UsedAt) })
	// Removing a site does not widen the tokens that were bound to it.
	gone := w.newSite("gone")
	held := w.newToken(a.ID, gone.ID)
	w.update(func(tx store.Tx) error { return tx.DeleteSite(gone.ID) })
	for _, want := range []authz.Token{bound, held} {
		w.view(func(tx store.Tx) error {
			got, err := tx.TokenByID(want.ID)
			if !reflect.DeepEqual(got, want) {
				w.Errorf("is %+v, want %+v", got, want)
			}
			return err
		})
	}
	w.update(func(tx store.Tx) error { return tx.DeleteToken(bound.ID) })
	_, err := w.store.Update(w.ctx(), func(tx store.Tx) error { return tx.TouchToken(bound.ID, began) })
	w.wants("touching an ended token", err, txn.ErrNotFound)
	_, err = w.store.Update(w.ctx(), func(tx store.Tx) error { return tx.UpdateToken(bound) })
	w.wants("changing a removed token", err, txn.ErrNotFound)
	w.view(func(tx store.Tx) error {
		_, err := tx.TokenByHash(bound.Hash)
		w.wants("a removed token", err, txn.ErrNotFound)
		return nil
	})
}

func linkIsTakenOnce(w *env) {
	a := w.newAccount()
	for _, link := range []authz.Link{w.newLink(a.ID, began), w.newLink("", began.Add(time.Hour))} {
		w.view(func(tx store.Tx) error {
			got, err := tx.LinkByHash(link.Hash)
			if !reflect.DeepEqual(got, link) {
				w.Errorf("came back as %+v, want %+v", got, link)
			}
			return err
		})
		var took, missed atomic.Int32
		runConcurrently(100, func(int) {
			var got authz.Link
			_, err := w.store.Update(w.ctx(), func(tx store.Tx) (err error) {
				got, err = tx.TakeLink(link.Hash)
				return err
			})
			switch {
			case err == nil && reflect.DeepEqual(got, link):
				took.Add(1)
			case errors.Is(err, txn.ErrNotFound):
				missed.Add(1)
			default:
				w.Errorf("took %+v: %v", got, err)
			}
		})
		if took.Load() != 1 || missed.Load() != 99 {
			w.Errorf("%d took it and %d missed it, want 1 and 99", took.Load(), missed.Load())
		}
	}
	first, second, other := w.newLink(a.ID, began), w.newLink(a.ID, began), w.newLink(w.newAccount().ID, began)
	w.update(func(tx store.Tx) error { return tx.DeleteLinks(a.ID) })
	w.view(func(tx store.Tx) error {
		for _, gone := range []authz.Link{first, second} {
			_, err := tx.LinkByHash(gone.Hash)
			w.wants("a removed link", err, txn.ErrNotFound)
		}
		_, err := tx.LinkByHash(other.Hash)
		return err
	})
}

func (w *env) newMailLink(account string, expires time.Time) authz.MailLink {
	w.Helper()
	l := authz.MailLink{
		Hash: []byte("hash of " + w.id("mail link")), Account: account, Site: w.site.ID, Comment: "c", Version: 3,
		ExpiresAt: expires,
	}
	w.update(func(tx store.Tx) error { return tx.InsertMailLink(l) })
	return l
}

func mailLinkIsUsedOnce(w *env) {
	a, b := w.newAccount(), w.newAccount()
	link, old := w.newMailLink(a.ID, began.Add(time.Hour)), w.newMailLink(a.ID, began)
	var used, missed atomic.Int32
	runConcurrently(100, func(i int) {
		_, err := w.store.Update(w.ctx(), func(tx store.Tx) error { return tx.UseMailLink(link.Hash, began) })
		switch {
		case err == nil:
			used.Add(1)
		case errors.Is(err, txn.ErrNotFound):
			missed.Add(1)
		default:
			w.Errorf("use %d: %v", i, err)
		}
	})
	if used.Load() != 1 || missed.Load() != 99 {
		w.Errorf("%d used it and %d missed it, want 1 and 99", used.Load(), missed.Load())
	}
	again := link
	again.Version, again.ExpiresAt = 4, began.Add(2*time.Hour)
	w.update(func(tx store.Tx) error { return tx.InsertMailLink(again) })
	link.ExpiresAt, link.UsedAt = again.ExpiresAt, began
	w.view(func(tx store.Tx) error {
		got, err := tx.MailLinkByHash(link.Hash)
		if !reflect.DeepEqual(got, link) {
			w.Errorf("came back as %+v, want %+v", got, link)
		}
		return err
	})
	w.update(func(tx store.Tx) error { return tx.PruneMailLinks(began.Add(1000)) })
	w.view(func(tx store.Tx) error {
		_, gone := tx.MailLinkByHash(old.Hash)
		w.wants("a link that had ended", gone, txn.ErrNotFound)
		_, err := tx.MailLinkByHash(link.Hash)
		return err
	})
	others := w.newMailLink(b.ID, began.Add(time.Hour))
	w.update(func(tx store.Tx) error { return tx.DeleteMailLinks(a.ID) })
	w.view(func(tx store.Tx) error {
		_, gone := tx.MailLinkByHash(link.Hash)
		w.wants("a link of who has none any more", gone, txn.ErrNotFound)
		_, err := tx.MailLinkByHash(others.Hash)
		return err
	})
}

func proofIsOfOne(w *env) {
	a, b := w.newAccount(), w.newAccount()
	proof := func(account, issuer, subject string, at time.Time) authz.LinkedIdentity {
		return authz.LinkedIdentity{ExternalIdentity: authz.ExternalIdentity{Issuer: issuer, Subject: subject}, Account: account,
			Provider: hostile, CreatedAt: at}
	}
	first, second := w.id("https://first"), w.id("https://second")
	late, early := proof(a.ID, first, hostile, began.Add(time.Hour)), proof(a.ID, second, hostile, began)
	other := proof(b.ID, first, hostile+"b", began)
	for _, p := range []authz.LinkedIdentity{late, early, other} {
		w.update(func(tx store.Tx) error { return tx.InsertProof(p) })
	}
	_, err := w.store.Update(w.ctx(), func(tx store.Tx) error { return tx.InsertProof(proof(b.ID, first, hostile, began)) })
	w.wants("somebody else's", err, txn.ErrTaken)
	w.view(func(tx store.Tx) error {
		got, err := tx.AccountByProof(first, hostile)
		if !reflect.DeepEqual(got, a) {
			w.Errorf("found %+v, want %+v", got, a)
		}
		_, none := tx.AccountByProof(second, hostile+"b")
		w.wants("the subject of another issuer", none, txn.ErrNotFound)
		return err
	})
	left := func(account string, want ...authz.LinkedIdentity) {
		w.Helper()
		w.view(func(tx store.Tx) error {
			got, err := tx.Proofs(account)
			if !reflect.DeepEqual(got, want) {
				w.Errorf("it is linked with %+v, want %+v", got, want)
			}
			return err
		})
	}
	left(a.ID, early, late)
	w.update(func(tx store.Tx) error { return tx.DeleteProofs(a.ID, first) })
	left(a.ID, early)
	left(b.ID, other)
	w.update(func(tx store.Tx) error { return tx.InsertProof(late) })
	w.update(func(tx store.Tx) error { return tx.DeleteProofs(a.ID, "") })
	left(a.ID)
	w.update(func(tx store.Tx) error { return tx.DeleteAccount(b.ID) })
	left(b.ID)
}

func expiredIsPruned(w *env) {
	a := w.newAccount()
	now := began.Add(time.Hour)
	for _, expires := range []time.Time{now.Add(-1000), now, now.Add(1000)} {
		w.newSession(a.ID, expires)
	}
	old, young := w.newLink(a.ID, now.Add(-1000)), w.newLink(a.ID, now)
	w.update(func(tx store.Tx) error {
		if err := tx.PruneSessions(now); err != nil {
			return err
		}
		return tx.PruneLinks(now)
	})
	w.view(func(tx store.Tx) error {
		sessions, err := tx.Sessions(a.ID)
		if len(sessions) != 2 {
			w.Errorf("%d sessions are left, want 2", len(sessions))
		}
		_, gone := tx.LinkByHash(old.Hash)
		w.wants("the old link", gone, txn.ErrNotFound)
		_, kept := tx.LinkByHash(young.Hash)
		return errors.Join(err, kept)
	})
}

func signOutsAreKept(w *env) {
	other := w.newSite("signed in")
	who := []byte("hash of " + w.id("subject"))
	late := began.Add(time.Hour)
	for _, at := range []time.Time{began, late, began.Add(time.Minute)} { // clocks of processes differ
		w.update(func(tx store.Tx) error { return tx.SignOut(w.site.ID, who, at) })
	}
	want := func(site int64, subject []byte, want time.Time) {
		w.Helper()
		w.view(func(tx store.Tx) error {
			at, err := tx.SignedOut(site, subject)
			if !at.Equal(want) {
				w.Errorf("signed out at %v, want %v", at, want)
			}
			return err
		})
	}
	want(w.site.ID, who, late)
	want(other.ID, who, time.Time{})
	want(w.site.ID, []byte("another"), time.Time{})
	w.update(func(tx store.Tx) error { return tx.PruneSignOuts(late) })
	want(w.site.ID, who, late)
	w.update(func(tx store.Tx) error { return tx.PruneSignOuts(late.Add(time.Second)) })
	want(w.site.ID, who, time.Time{})
}

func saltsAreKept(w *env) {
	other := w.newSite("salted")
	want := func(site int64, salt string, known error) {
		w.Helper()
		w.view(func(tx store.Tx) error {
			got, err := tx.SSOSalt(site)
			if string(got) != salt || !errors.Is(err, known) {
				w.Errorf("the salt is %q (%v), want %q (%v)", got, err, salt, known)
			}
			return nil
		})
	}
	want(w.site.ID, "", txn.ErrNotFound)
	for _, salt := range []string{"first", "second"} {
		w.update(func(tx store.Tx) error { return tx.SetSSOSalt(w.site.ID, []byte(salt), began) })
		want(w.site.ID, salt, nil)
	}
	want(other.ID, "", txn.ErrNotFound)
}

func onePairIsKept(w *env) {
	want := func(public string, known error) {
		w.Helper()
		w.view(func(tx store.Tx) error {
			got, err := tx.KeyPair(w.site.ID)
			if string(got.Public) != public || !errors.Is(err, known) || err == nil && !got.At.Equal(began) {
				w.Errorf("the key is %q of %v (%v), want %q (%v)", got.Public, got.At, err, public, known)
			}
			return nil
		})
	}
	put := func(public string, instead []byte) {
		w.update(func(tx store.Tx) error {
			p := signing.KeyPair{Site: w.site.ID, Public: []byte(public), Sealed: []byte("sealed"), At: began}
			return tx.PutKeyPair(p, instead)
		})
	}
	want("", txn.ErrNotFound)
	put("first", nil)
	put("late", nil) // by another process that found none either
	want("first", nil)
	put("second", []byte("first"))
	put("late", []byte("first"))
	want("second", nil)
}

func namesAreKept(w *env) {
	other := w.newSite("named")
	name, late := []byte("hash of "+w.id("name")), began.Add(time.Hour)
	want := func(site int64, want bool) {
		w.Helper()
		w.view(func(tx store.Tx) error {
			kept, err := tx.HasVerifiedName(site, name)
			if kept != want {
				w.Errorf("on site %d the name is kept: %v, want %v", site, kept, want)
			}
			return err
		})
	}
	want(w.site.ID, false)
	for _, at := range []time.Time{began, late} {
		w.update(func(tx store.Tx) error { return tx.SaveVerifiedName(w.site.ID, name, at) })
	}
	want(w.site.ID, true)
	want(other.ID, false)
	w.update(func(tx store.Tx) error { return tx.PruneVerifiedNames(late) })
	want(w.site.ID, true)
	w.update(func(tx store.Tx) error { return tx.PruneVerifiedNames(late.Add(time.Second)) })
	want(w.site.ID, false)
}
