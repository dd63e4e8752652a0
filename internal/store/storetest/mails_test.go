package storetest

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/aitys/aitys/internal/mail"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/readerauth"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

var mailRules = []rule{
	{"a mail comes back as it was put, and is changed as a whole", mailComesBack},
	{"due mails are those without a sender, oldest first", mailsAreDue},
	{"a mail gathers until it is taken, and the last of a kind is the newest", mailGathers},
	{"accounts are notified if they asked for mail and may decide on the site", accountsAreTold},
	{"a letter comes back, without its address once it has ended", lettersComeBack},
	{"letters are counted by day, apart from others", lettersAreCounted},
	{"a mailbox has one mailed code, until it is dropped or expires", codesArePut},
	{"ended mails are pruned, except those about a stalled queue", mailsArePruned},
}

func (w *env) newMail(account string, change func(*mail.Message)) mail.Message {
	w.Helper()
	m := mail.Message{Site: w.site.ID, ID: w.id("mail"), Account: account, Kind: mail.Each,
		CreatedAt: began, DueAt: began}
	change(&m)
	w.update(func(tx store.Tx) error { return tx.PutMail(m) })
	return m
}

func mailComesBack(w *env) {
	m := w.newMail(w.newAccount().ID, func(m *mail.Message) {
		m.Comments, m.More, m.Tries, m.Outcome = []string{hostile, "b"}, 3, 2, hostile
		m.TakenUntil, m.HandedAt, m.EndedAt = began.Add(1000), began.Add(2000), began.Add(3000)
	})
	for range 2 {
		w.view(func(tx store.Tx) error {
			got, err := tx.MailByID(m.Site, m.ID)
			if !reflect.DeepEqual(got, m) {
				w.Errorf("came back as %+v, want %+v", got, m)
			}
			return err
		})
		m.Comments, m.More, m.Outcome, m.EndedAt = nil, 0, "", time.Time{}
		w.update(func(tx store.Tx) error { return tx.PutMail(m) })
	}
	w.view(func(tx store.Tx) error {
		_, err := tx.MailByID(m.Site, "nothing")
		w.wants("no mail", err, txn.ErrNotFound)
		return nil
	})
}

func mailsAreDue(w *env) {
	a, now := w.newAccount().ID, began.Add(-time.Hour) // due before the mails of other tests
	second := w.newMail(a, func(m *mail.Message) { m.DueAt = now })
	first := w.newMail(a, func(m *mail.Message) { m.DueAt, m.TakenUntil = now.Add(-1000), now })
	w.newMail(a, func(m *mail.Message) { m.DueAt = now.Add(1000) })
	w.newMail(a, func(m *mail.Message) { m.DueAt, m.TakenUntil = now, now.Add(1000) })
	w.newMail(a, func(m *mail.Message) { m.DueAt, m.EndedAt = now, now })
	w.view(func(tx store.Tx) error {
		all, err := tx.DueMails(now, 100)
		all = slices.DeleteFunc(all, func(m mail.Message) bool { return m.Site != w.site.ID })
		if len(all) != 2 || all[0].ID != first.ID || all[1].ID != second.ID {
			w.Errorf("due are %+v, want %s and %s", all, first.ID, second.ID)
		}
		if err != nil {
			return err
		}
		one, err := tx.DueMails(now, 1)
		if len(one) != 1 {
			w.Errorf("%d are due of at most one", len(one))
		}
		return err
	})
}

func mailGathers(w *env) {
	a, b := w.newAccount().ID, w.newAccount().ID
	for _, change := range []func(*mail.Message){
		func(m *mail.Message) { m.EndedAt = began },
		func(m *mail.Message) { m.HandedAt = began },
		func(m *mail.Message) { m.TakenUntil = began.Add(1000) },
		func(m *mail.Message) { m.Kind = mail.Stalled },
	} {
		w.newMail(a, change)
	}
	open := func(tx store.Tx) error {
		m, err := tx.OpenMail(w.site.ID, a, began)
		w.wants("one that is sent, or about something else: "+m.ID, err, txn.ErrNotFound)
		return nil
	}
	w.view(open)
	w.newMail(b, func(*mail.Message) {})
	m := w.newMail(a, func(m *mail.Message) {
		m.Kind, m.TakenUntil, m.CreatedAt = mail.Digest, began, began.Add(time.Hour)
	})
	w.newMail(a, func(m *mail.Message) { m.Kind, m.CreatedAt, m.EndedAt = mail.Digest, began, began })
	w.update(func(tx store.Tx) error {
		got, err := tx.OpenMail(w.site.ID, a, began)
		if got.ID != m.ID {
			w.Errorf("it gathers in %+v, want %s", got, m.ID)
		}
		if err != nil {
			return err
		}
		last, err := tx.LastMail(w.site.ID, a, mail.Digest)
		if last.ID != m.ID {
			w.Errorf("the last is %+v, want %s", last, m.ID)
		}
		return err
	})
	w.view(func(tx store.Tx) error {
		_, err := tx.LastMail(w.site.ID, b, mail.Stalled)
		w.wants("none of the kind", err, txn.ErrNotFound)
		return nil
	})
}

func accountsAreTold(w *env) {
	there, elsewhere := map[int64]authz.Role{w.site.ID: authz.Moderator}, map[int64]authz.Role{}
	elsewhere[w.newSite("other").ID] = authz.Owner
	want := map[string]authz.Role{}
	var made []string
	for _, tt := range []struct {
		told   bool
		change func(a *authz.Account)
	}{
		{true, func(a *authz.Account) { a.Mail, a.Roles = authz.MailEach, there }},
		{true, func(a *authz.Account) { a.Mail, a.AllSites = authz.MailDigest, authz.Owner }},
		{false, func(a *authz.Account) { a.Roles = there }},
		{false, func(a *authz.Account) { a.Mail, a.Roles = authz.MailEach, elsewhere }},
		{false, func(a *authz.Account) { a.Mail, a.Roles, a.Disabled = authz.MailEach, there, true }},
		{false, func(a *authz.Account) {
			a.Mail, a.AllSites, a.Roles = authz.MailEach, authz.Author, map[int64]authz.Role{w.site.ID: authz.Author}
		}},
	} {
		a := w.newAccount()
		made = append(made, a.ID)
		a.MailFrom, a.Disabled, a.AllSites, a.Roles = 0.25, false, authz.NoRole, nil
		tt.change(&a)
		w.update(func(tx store.Tx) error { return tx.UpdateAccount(a) })
		if tt.told {
			want[a.ID] = a.Role(w.site.ID)
		}
	}
	w.view(func(tx store.Tx) error {
		all, err := tx.AccountsToNotify(w.site.ID)
		got := map[string]authz.Role{}
		for _, a := range all {
			got[a.ID] = a.Role(w.site.ID)
			if a.Mail == authz.NoMail || a.MailFrom != 0.25 {
				w.Errorf("%s chose %v from %v", a.ID, a.Mail, a.MailFrom)
			}
		}
		if !maps.Equal(got, want) {
			w.Errorf("told are %v, want %v", got, want)
		}
		return err
	})
	w.update(func(tx store.Tx) (err error) { // an account for all sites would receive mail in other rules
		for _, id := range made {
			err = errors.Join(err, tx.DeleteAccount(id))
		}
		return err
	})
}

func lettersComeBack(w *env) {
	l := mailbox.Letter{Site: w.site.ID, ID: w.id("letter"), Kind: mailbox.Notification, AddressHash: []byte(w.id("box")),
		To: text.AddressOf(hostile), Lang: "kk", Comments: []string{hostile, "b"}, CreatedAt: began, DueAt: began.Add(time.Hour)}
	w.update(func(tx store.Tx) error { return tx.InsertLetter(l) })
	want := mail.Message{Site: l.Site, ID: l.ID, Kind: "news", Comments: l.Comments, CreatedAt: l.CreatedAt,
		DueAt: l.DueAt, Reader: mail.Recipient{AddressHash: l.AddressHash, Address: l.To.String(), Lang: l.Lang}}
	for _, change := range []func(*mail.Message){
		func(*mail.Message) {},
		func(m *mail.Message) { m.Tries, m.HandedAt, m.TakenUntil, m.More = 2, began, began.Add(time.Second), 3 },
		func(m *mail.Message) { m.EndedAt, m.Outcome, m.Reader.Address = began, "sent", "" },
	} {
		w.update(func(tx store.Tx) error {
			m, err := tx.MailByID(l.Site, l.ID)
			if err != nil {
				return err
			}
			address := m.Reader.Address
			change(&m)
			change(&want)
			m.Reader.Address = address
			return tx.PutMail(m)
		})
		w.view(func(tx store.Tx) error {
			got, err := tx.MailByID(l.Site, l.ID)
			if !reflect.DeepEqual(got, want) {
				w.Errorf("came back as %+v, want %+v", got, want)
			}
			return err
		})
	}
	l.ID = w.id("letter")
	w.update(func(tx store.Tx) error { return tx.InsertLetter(l) })
	w.view(func(tx store.Tx) error {
		m, err := tx.OpenLetter(l.Site, l.AddressHash, began)
		if m.ID != l.ID {
			w.Errorf("it gathers in %+v, want %s", m, l.ID)
		}
		_, other := tx.OpenLetter(l.Site, []byte("nobody"), began)
		w.wants("nobody's", other, txn.ErrNotFound)
		return err
	})
}

func lettersAreCounted(w *env) {
	box, day := []byte(w.id("box")), 24*time.Hour
	for i, tt := range []struct {
		site int64
		kind mailbox.Kind
		at   time.Time
		want int
	}{
		{w.site.ID, mailbox.Code, began, 1}, {w.site.ID, mailbox.Code, began.Add(day - 1000), 2},
		{0, mailbox.Code, began, 1}, {w.site.ID, mailbox.DataLink, began, 1},
		{w.site.ID, mailbox.Code, began.Add(day), 1}, {w.site.ID, mailbox.Code, began.Add(day), 2},
	} {
		w.update(func(tx store.Tx) error {
			n, err := tx.CountLetter(tt.site, box, tt.kind, tt.at, tt.at.Add(-day))
			if n != tt.want {
				w.Errorf("the count of step %d is %d, want %d", i, n, tt.want)
			}
			return err
		})
	}
	w.update(func(tx store.Tx) error { return tx.PruneLetterCounts(began.Add(day)) })
	w.update(func(tx store.Tx) error {
		kept, err := tx.CountLetter(w.site.ID, box, mailbox.Code, began.Add(day), began)
		gone, second := tx.CountLetter(0, box, mailbox.Code, began, began.Add(-day))
		if kept != 3 || gone != 1 {
			w.Errorf("after pruning the counts are %d and %d, want 3 and 1", kept, gone)
		}
		return errors.Join(err, second)
	})
}

func codesArePut(w *env) {
	box := []byte(w.id("box"))
	is := func(want readerauth.MailedCode, known error) {
		w.Helper()
		w.view(func(tx store.Tx) error {
			got, err := tx.MailedCode(w.site.ID, box)
			if w.wants("the code", err, known); got != want {
				w.Errorf("the code is %+v, want %+v", got, want)
			}
			return nil
		})
	}
	put := func(c readerauth.MailedCode) {
		w.update(func(tx store.Tx) error { return tx.PutMailedCode(w.site.ID, box, c) })
		is(c, nil)
	}
	is(readerauth.MailedCode{}, txn.ErrNotFound)
	put(readerauth.MailedCode{Letter: "one", At: began})
	put(readerauth.MailedCode{Letter: "two", Tries: 3, At: began.Add(time.Hour)})
	w.update(func(tx store.Tx) error { return tx.PruneMailedCodes(began.Add(time.Hour)) })
	is(readerauth.MailedCode{Letter: "two", Tries: 3, At: began.Add(time.Hour)}, nil)
	w.update(func(tx store.Tx) error { return tx.PruneMailedCodes(began.Add(time.Hour + time.Second)) })
	is(readerauth.MailedCode{}, txn.ErrNotFound)
	put(readerauth.MailedCode{Letter: "three", At: began})
	w.update(func(tx store.Tx) error { return tx.DropMailedCode(w.site.ID, box) })
	is(readerauth.MailedCode{}, txn.ErrNotFound)
}

func mailsArePruned(w *env) {
	a, long := w.newAccount().ID, began.Add(-1000*time.Hour)
	old := w.newMail(a, func(m *mail.Message) { m.EndedAt = long })
	kept := []mail.Message{
		w.newMail(a, func(m *mail.Message) { m.EndedAt = long.Add(1000) }),
		w.newMail(a, func(m *mail.Message) { m.Kind, m.EndedAt = mail.Stalled, long }),
		w.newMail(a, func(m *mail.Message) { m.CreatedAt = long }),
	}
	w.update(func(tx store.Tx) error { return tx.PruneMails(long.Add(1000)) })
	w.view(func(tx store.Tx) error {
		_, err := tx.MailByID(old.Site, old.ID)
		w.wants("what ended long ago", err, txn.ErrNotFound)
		for _, m := range kept {
			if _, err := tx.MailByID(m.Site, m.ID); err != nil {
				w.Errorf("%+v is gone: %v", m, err)
			}
		}
		return nil
	})
}
