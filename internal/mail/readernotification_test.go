package mail_test

import (
	"errors"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

var readerLink = regexp.MustCompile(public + `/mail/(\S+)`)

// linkIn returns the token of the first link to the service in the text of a mail.
func (w *world) linkIn(m testkit.Mail) string {
	w.T.Helper()
	text, _, err := m.Parts()
	w.Must(err)
	found := readerLink.FindStringSubmatch(text)
	if found == nil {
		w.T.Fatalf("no link in %s", text)
	}
	return found[1]
}

// subscribes subscribes the commenter to a comment and confirms the subscription.
func (w *world) subscribes(c comment.Comment, token, lang string) {
	w.T.Helper()
	_, err := w.App.Subscribe(w.Ctx, w.A, c.ID, token, lang, true)
	w.Must(err)
	w.confirms(c.Email, lang)
}

// confirms confirms all subscriptions of an address.
func (w *world) confirms(email, lang string) {
	w.T.Helper()
	link := mailbox.Link{For: mailbox.ToConfirm, Site: w.A.ID, Email: text.AddressOf(email), Lang: lang}
	_, err := w.App.Confirm(w.Ctx, link.Token(apptest.Secret), w.Clock.Now())
	w.Must(err)
}

// gathering returns the number of comments in the open mail to an address.
func (w *world) gathering(email string) (size int) {
	w.T.Helper()
	w.View(func(tx store.Tx) error {
		m, err := tx.OpenLetter(w.A.ID, mailbox.AddressHash(apptest.Secret, text.AddressOf(email)), w.Clock.Now())
		if size = len(m.Comments) + m.More; errors.Is(err, txn.ErrNotFound) {
			err = nil
		}
		return err
	})
	return size
}

// gathers waits until the open mail to an address has n comments.
func (w *world) gathers(email string, n int) {
	w.T.Helper()
	testkit.Until(w.T, "notifications gather for "+email, func() bool { return w.gathering(email) == n })
}

// notificationDue waits until the open mail to an address has n comments, and advances the clock until it is due.
func (w *world) notificationDue(email string, n int) {
	w.T.Helper()
	w.gathers(email, n)
	w.Clock.Add(time.Minute)
}

func TestSubscribe_ConfirmsOnceADayThenNotifies(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.run(w.service())
		w.titlePage("<a href=//evil.example>win</a> http://evil.example")
		c, token := w.SubmitWithToken(w.A, "Has anybody tried the mill road lately? See http://evil.example")
		for range 3 {
			got, err := w.App.Subscribe(w.Ctx, w.A, c.ID, token, "ru", true)
			if w.Must(err); !got.On || got.Confirmed {
				t.Errorf("the subscription is %+v", got)
			}
		}
		asked := w.box.WaitForMail(t, c.Email, 1)
		said, page, err := asked.Parts()
		w.Must(err)
		for _, strange := range []string{"evil", "mill road", c.Name, "win"} {
			if strings.Contains(said+page, strange) {
				t.Errorf("the confirmation mail contains %q, which a commenter typed: %s", strange, said)
			}
		}
		if !strings.Contains(asked.DecodedHeader("Subject"), "Присылать письма с сайта Site a?") ||
			asked.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
			t.Errorf("it is %s", asked.Raw)
		}
		w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
		link := w.linkIn(asked)
		for range 2 { // reading the page changes nothing
			if a, err := w.App.ReadLink(w.Ctx, link); err != nil || len(a.Pending) != 1 || a.Link.Email != text.AddressOf(c.Email) {
				t.Errorf("the link is about %+v (%v)", a, err)
			}
		}
		_, err = w.App.Confirm(w.Ctx, link, w.Clock.Now())
		w.Must(err)
		w.Decide(authz.Operator, w.A, comment.Hold, c.ID)
		w.DecideWith(authz.Operator, w.A, moderation.Choice{Action: comment.Reject, Reason: comment.ReasonPersonalAttack,
			Note: "Leave the miller out of it. http://our.example"}, c.ID)
		w.notificationDue(c.Email, 1)
		told := w.box.WaitForMail(t, c.Email, 2)
		said, page, err = told.Parts()
		w.Must(err)
		if !strings.Contains(told.DecodedHeader("Subject"), "личные нападки") ||
			!strings.Contains(said, "Leave the miller out of it.") {
			t.Errorf("the mail is %s", told.Raw)
		}
		if to, pictures := links(t, page); len(pictures) > 0 || strings.Contains(strings.Join(to, " "), "evil.example") ||
			len(to) != 2 {
			t.Errorf("the mail leads to %v and loads %v", to, pictures)
		}
		_, err = w.App.Stop(w.Ctx, w.stopIn(told))
		w.Must(err)
		w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
		again, err := w.App.Subscribe(w.Ctx, w.A, c.ID, token, "ru", true)
		if w.Must(err); again.Confirmed {
			t.Error("a stopped subscription is confirmed again")
		}
		w.Clock.Add(48 * time.Hour)
		other, _ := w.SubmitWithToken(w.A, "A last remark that has nothing to do with any mail.")
		w.Decide(authz.Operator, w.A, comment.Approve, other.ID)
		w.Must(w.App.RequestCode(w.Ctx, w.A, "later@mail.example", "en"))
		w.box.WaitForMail(t, "later@mail.example", 1) // all earlier mails are sent by then
		if n := len(w.box.MailsTo(c.Email)); n != 2 {
			t.Errorf("%d mails came to %s, want 2", n, c.Email)
		}
	})
}

// The mail about a refusal states the reason, its meaning, who decided and how to appeal, in the reader's language.
func TestNotification_RefusalHasReasons(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.run(w.service())
		ann, bob := w.AddStaff("ann", authz.Moderator, "a"), w.AddStaff("bob", authz.Moderator, "a")
		for _, lang := range []string{"en", "ru", "kk"} {
			c, token := w.SubmitWithToken(w.A, "Whoever built that roundabout has never driven a bus. "+lang)
			say := i18n.In(lang)
			mails := len(w.box.MailsTo(c.Email)) + 1
			w.subscribes(c, token, lang)
			w.box.WaitForMail(t, c.Email, mails) // the confirmation mail
			refuse := func(who authz.Actor) {
				w.DecideWith(who, w.A, moderation.Choice{Action: comment.Reject, Reason: comment.ReasonPersonalAttack}, c.ID)
			}
			told := func(subject, then string) {
				t.Helper()
				w.notificationDue(c.Email, 1)
				mails++
				m := w.box.WaitForMail(t, c.Email, mails)
				text, page, err := m.Parts()
				w.Must(err)
				flat := strings.Join(strings.Fields(text), " ")
				for _, wanted := range []string{"has never driven a bus", say.T("meaning.personal_attack"),
					say.T("write.byWhom"), then} {
					if !strings.Contains(flat, wanted) || !strings.Contains(page, html.EscapeString(wanted)) {
						t.Errorf("%q is not in %s", wanted, m.Raw)
					}
				}
				if m.DecodedHeader("Subject") != subject {
					t.Errorf("it is about %q", m.DecodedHeader("Subject"))
				}
			}
			refused := say.T("write.refused", "reason", say.T("reason.low.personal_attack"))
			refuse(ann)
			told(refused, say.T("mail.redress"))
			_, err := w.App.Appeal(w.Ctx, w.A, c.ID, report.NewAppeal{Token: token, Text: "I was on that bus."})
			w.Must(err)
			refuse(bob)
			told(refused, say.T("write.upheld"))
		}
		// In a mail about two refusals each has its own statement.
		const ruth = "ruth@mail.example"
		var ids []string
		for _, said := range []string{"Buy my bus.", "Buy my other bus."} {
			c := w.arrives(func(c *comment.Comment) { c.Email, c.Source = ruth, said })
			_, err := w.App.Subscribe(w.Ctx, w.A, c.ID, apptest.Secret.EditToken(w.A.ID, w.A.EditEpoch, c.ID), "en", true)
			w.Must(err)
			ids = append(ids, c.ID)
		}
		w.confirms(ruth, "en")
		w.Decide(ann, w.A, comment.MarkSpam, ids...)
		w.notificationDue(ruth, 2)
		text, page, err := w.box.WaitForMail(t, ruth, 2).Parts()
		w.Must(err)
		say := i18n.In("en")
		for _, wanted := range []string{say.T("meaning.spam"), say.T("write.byWhom"), say.T("mail.redress")} {
			if flat := strings.Join(strings.Fields(text), " "); strings.Count(flat, wanted) != 2 ||
				strings.Count(page, html.EscapeString(wanted)) != 2 {
				t.Errorf("a mail about two refusals does not contain %q twice: %s", wanted, text)
			}
		}
	})
}

// stopIn returns the token of the List-Unsubscribe link of a mail.
func (w *world) stopIn(m testkit.Mail) string {
	w.T.Helper()
	return strings.TrimSuffix(strings.TrimPrefix(m.Header.Get("List-Unsubscribe"), "<"+public+"/mail/"), ">")
}

func TestNotification_RepliesAreMailedOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.run(w.service())
		w.run(w.service()) // another process
		c, token := w.SubmitWithToken(w.A, "Which of the two bakeries opens on Sundays in winter?")
		w.subscribes(c, token, "en")
		w.box.WaitForMail(t, c.Email, 1)
		w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
		w.notificationDue(c.Email, 1)
		if m := w.box.WaitForMail(t, c.Email, 2); m.DecodedHeader("Subject") != "Your comment is published." {
			t.Errorf("the mail is %s", m.Raw)
		}
		reply := w.Reply(w.A, c.ID, "The lower one does, as http://bakery.example says.")
		w.Decide(authz.Operator, w.A, comment.Approve, reply.ID)
		w.notificationDue(c.Email, 1)
		m := w.box.WaitForMail(t, c.Email, 3)
		text, page, err := m.Parts()
		w.Must(err)
		if m.DecodedHeader("Subject") != reply.Name+" replied to your comment" || !strings.Contains(text, "The lower one does") {
			t.Errorf("the mail about a reply is %s", m.Raw)
		}
		if to, _ := links(t, page); len(to) != 2 || to[0] != "https://a.example/post#aitys-"+reply.ID {
			t.Errorf("it leads to %v", to)
		}
		// A decision undone within a minute is not mailed, and several replies come in one mail.
		first, second := w.Reply(w.A, c.ID, "The upper one as well, since the spring."),
			w.Reply(w.A, c.ID, "Neither of them opens before eight.")
		slip := w.Reply(w.A, c.ID, "Somebody says a thing that is approved by a slip.")
		w.Decide(authz.Operator, w.A, comment.Approve, first.ID, second.ID)
		batch := w.Decide(authz.Operator, w.A, comment.Approve, slip.ID).Batch
		w.gathers(c.Email, 3)
		w.Undo(authz.Operator, w.A, batch)
		w.Clock.Add(time.Minute)
		m = w.box.WaitForMail(t, c.Email, 4)
		if text, _, err = m.Parts(); err != nil || m.DecodedHeader("Subject") != "2 updates on your comments on Site a" ||
			!strings.Contains(text, "The upper one") || !strings.Contains(text, "before eight") ||
			strings.Contains(text, "a slip") {
			t.Errorf("the mail about two replies is %s (%v)", m.Raw, err)
		}
		w.Must(w.App.RequestCode(w.Ctx, w.A, "later@mail.example", "en"))
		w.box.WaitForMail(t, "later@mail.example", 1)
		if n := len(w.box.MailsTo(c.Email)); n != 4 {
			t.Errorf("%d mails came, want 4", n)
		}
	})
}

// An address gets a limited number of mails of each kind per day, however often they are requested.
func TestLetters_LimitsPerAddressAndDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.New(t))
	w.run(w.service())
	n, invited := 0, ""
	ask := map[mailbox.Kind]func(site site.Site, email string) error{
		mailbox.Code:     func(site site.Site, email string) error { return w.App.RequestCode(w.Ctx, site, email, "en") },
		mailbox.DataLink: func(site site.Site, email string) error { return w.App.RequestData(w.Ctx, site, email, "en") },
		mailbox.Invitation: func(site site.Site, email string) error {
			if invited != "" {
				w.Must(w.App.RemoveAccount(w.Ctx, authz.Operator, invited)) // so that it can be invited again
			}
			out, err := w.App.Invite(w.Ctx, authz.Operator, identity.NewAccount{Email: email, Name: "Frida", Role: authz.Author,
				Sites: []string{site.Key}}, "en")
			invited = out.Account.ID
			return err
		},
		mailbox.Confirm: func(site site.Site, email string) error {
			n++
			out, err := w.App.Submit(w.Ctx, site, moderation.Submission{PageURL: site.Origins[0] + "/post", Name: "Eve",
				Email: email, Body: fmt.Sprintf("A remark of its own, number %d.", n)})
			w.Must(err)
			_, err = w.App.Subscribe(w.Ctx, site, out.ID, out.EditToken, "en", true)
			return err
		},
	}
	documented := map[mailbox.Kind]mailbox.Limit{ // docs/operating.md
		mailbox.Code: {Site: 5, Service: 15}, mailbox.DataLink: {Site: 2, Service: 6}, mailbox.Confirm: {Site: 1, Service: 1},
		mailbox.Invitation: {Site: 2, Service: 6},
	}
	sites := []site.Site{w.A, w.B, w.AddSite("c"), w.AddSite("d")}
	for kind := range mailbox.Limits {
		limit, asks := documented[kind], ask[kind]
		if asks == nil || limit.Site == 0 {
			t.Fatalf("mails of kind %q: add how they are requested, and the documented limit", kind)
		}
		victim, suffixed, came := string(kind)+"@mail.example", string(kind)+"+more@mail.example", 0
		for _, site := range sites {
			for i := range limit.Site + 1 {
				w.Must(asks(site, victim))
				if i < limit.Site && came < limit.Service {
					came++
					w.box.WaitForMail(t, victim, came)
				}
			}
			w.Must(asks(site, suffixed)) // the same mailbox
		}
		last := "after." + victim
		w.Must(w.App.RequestCode(w.Ctx, w.A, last, "en"))
		w.box.WaitForMail(t, last, 1)
		if got := len(w.box.MailsTo(victim)) + len(w.box.MailsTo(suffixed)); got != limit.Service {
			t.Errorf("%s: %d mails came, want %d", kind, got, limit.Service)
		}
	}
}

// A commenter whose address was verified by a code needs no confirmation mail. Another comment's token does not
// subscribe.
func TestSubscribe_VerifiedAddressNeedsNoConfirmation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.New(t))
	const lena = "lena@mail.example"
	w.Must(w.App.RequestCode(w.Ctx, w.A, lena, "en"))
	given, err := w.App.IssueByCode(w.Ctx, w.A, lena, w.MailedCode(w.A, lena), "Lena")
	w.Must(err)
	out, err := w.App.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/post", Writer: given.Writer,
		Body: "A question of somebody who showed who she is."})
	w.Must(err)
	got, err := w.App.Subscribe(w.Ctx, w.A, out.ID, out.EditToken, "en", true)
	if w.Must(err); !got.Confirmed {
		t.Errorf("the subscription is %+v, want it confirmed", got)
	}
	_, err = w.App.Subscribe(w.Ctx, w.A, out.ID, "another", "en", true)
	apptest.WantCode(t, "with another token", err, "comment.unknown")
	_, err = w.App.Subscribe(w.Ctx, w.A, out.ID, "", "en", true)
	apptest.WantCode(t, "with none", err, "auth.needed")
	for _, link := range []string{"", "x", "m." + strings.Repeat("A", 80)} {
		_, err = w.App.ReadLink(w.Ctx, link)
		apptest.WantCode(t, "a link "+link, err, "link.expired")
	}
	old := mailbox.Link{For: mailbox.ToConfirm, Site: w.A.ID, Email: text.AddressOf(lena), Ends: w.Clock.Now()}
	_, err = w.App.Confirm(w.Ctx, old.Token(apptest.Secret), w.Clock.Now())
	apptest.WantCode(t, "a link that is over", err, "link.expired")
	stop := mailbox.Link{For: mailbox.ToStop, Site: w.A.ID, Email: text.AddressOf(lena)}
	_, err = w.App.Confirm(w.Ctx, stop.Token(apptest.Secret), w.Clock.Now())
	apptest.WantCode(t, "a yes by a link that ends mails", err, "link.expired")
}

// withhold creates a takedown and returns its ID.
func (w *world) withhold(d takedown.Draft) string {
	w.T.Helper()
	d.Received = w.Clock.Now()
	out, _, err := w.App.Withhold(w.Ctx, authz.Operator, w.A, d, nil)
	w.Must(err)
	return out.ID
}

// A subscriber is notified that a takedown withheld their comment and that it was restored. The mail contains only the
// public facts of the takedown.
func TestNotification_TakedownAndRestore(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.run(w.service())
		w.run(w.service()) // another process
		const court = "District court http://evil.example"
		for _, lang := range []string{"en", "ru", "kk"} {
			say := i18n.In(lang)
			for _, tt := range []struct {
				draft         takedown.Draft
				said, notSaid []string
			}{
				{takedown.Draft{By: court, Kind: takedown.Court, Law: "Art. 44", Reference: "7-12/26"},
					[]string{"District court", "Art. 44", "7-12/26"}, nil},
				{takedown.Draft{By: court, Kind: takedown.Authority, Law: "Art. 44", Reference: "7-12/26",
					Public: takedown.Unnamed},
					[]string{say.T("withheld.who.authority"), "Art. 44"}, []string{"District court", "7-12/26"}},
				{takedown.Draft{By: court, Kind: takedown.Court, Law: "Art. 44", Reference: "7-12/26", Public: takedown.Sealed},
					nil, []string{"District court", "Art. 44", "7-12/26", say.T("withheld.by"), "It was a mistake"}},
			} {
				c, token := w.SubmitWithToken(w.A, "The harbour office has sold its tide gauge, "+lang+string(tt.draft.Public))
				before := len(w.box.MailsTo(c.Email))
				w.subscribes(c, token, lang)
				w.box.WaitForMail(t, c.Email, before+1)
				w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
				w.notificationDue(c.Email, 1)
				w.box.WaitForMail(t, c.Email, before+2)
				w.Clock.Add(time.Hour)
				told := func(n int, subject string, said ...string) {
					t.Helper()
					w.notificationDue(c.Email, 1)
					m := w.box.WaitForMail(t, c.Email, before+n)
					text, page, err := m.Parts()
					w.Must(err)
					flat := strings.Join(strings.Fields(strings.ReplaceAll(text, "\u2060", "")), " ")
					for _, wanted := range append(said, tt.said...) {
						if !strings.Contains(flat, wanted) ||
							!strings.Contains(strings.ReplaceAll(page, "\u2060", ""), html.EscapeString(wanted)) {
							t.Errorf("%s %s: %q is not in %s", lang, tt.draft.Public, wanted, text)
						}
					}
					for _, never := range tt.notSaid {
						if strings.Contains(flat+page, never) {
							t.Errorf("%s %s: %q is in %s", lang, tt.draft.Public, never, text)
						}
					}
					if m.DecodedHeader("Subject") != subject {
						t.Errorf("it is about %q", m.DecodedHeader("Subject"))
					}
					to, pictures := links(t, page)
					open := public + "/sites/a/transparency?lang=" + lang + "#demands"
					if len(to) != 3 || !slices.Contains(to, open) || !strings.Contains(text, open) || len(pictures) > 0 ||
						strings.Contains(strings.Join(to, " "), "evil") {
						t.Errorf("it leads to %v and loads %v", to, pictures)
					}
				}
				tt.draft.Comments = []string{c.ID}
				id := w.withhold(tt.draft)
				told(3, say.T("mail.withheld.became"), say.T("mail.withheld.then"), c.Source)
				w.Clock.Add(time.Hour)
				w.Must(w.App.Restore(w.Ctx, authz.Operator, w.A, id, "It was a mistake"))
				told(4, say.T("mail.restored.became"), say.T("mail.restored.then"), c.Source)
			}
		}
	})
}

func TestNotification_TakedownsAreMailedOnChange(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.run(w.service())
		c, token := w.SubmitWithToken(w.A, "Who paid for the new pier?")
		w.subscribes(c, token, "en")
		w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
		answer := w.Reply(w.A, c.ID, "Those who use it, I hope.")
		w.Decide(authz.Operator, w.A, comment.Approve, answer.ID)
		w.notificationDue(c.Email, 2)
		w.box.WaitForMail(t, c.Email, 2)
		w.Clock.Add(time.Hour)
		come := 2
		next := func(subject string) {
			t.Helper()
			w.notificationDue(c.Email, 1)
			come++
			if m := w.box.WaitForMail(t, c.Email, come); m.DecodedHeader("Subject") != subject {
				t.Errorf("the mail is %s", m.Raw)
			}
			w.Clock.Add(time.Hour)
		}
		quiet := func() { // checks that all events were read and no mail was sent
			t.Helper()
			for range 2 { // an event that is read only after the two minutes would gather forever
				w.Must(w.App.RequestCode(w.Ctx, w.A, fmt.Sprintf("later%d@mail.example", w.Clock.Now().Unix()), "en"))
				w.box.WaitForMail(t, fmt.Sprintf("later%d@mail.example", w.Clock.Now().Unix()), 1)
				w.Clock.Add(2 * time.Minute)
			}
			testkit.Until(t, "nothing gathers", func() bool { return w.gathering(c.Email) == 0 })
			if n := len(w.box.MailsTo(c.Email)); n != come {
				t.Errorf("%d mails came, want %d", n, come)
			}
		}
		draft := takedown.Draft{By: "A court", Kind: takedown.Court, Comments: []string{c.ID}}
		restore := func(id string) { w.Must(w.App.Restore(w.Ctx, authz.Operator, w.A, id, "It is over.")) }

		// A takedown that ends within a minute is not mailed.
		id := w.withhold(draft)
		w.gathers(c.Email, 1)
		restore(id)
		quiet()

		// Each of two takedowns is mailed; a mail about the restored comment is sent after both ended.
		first := w.withhold(draft)
		next("Your comment is hidden by legal request.")
		second := w.withhold(draft)
		next("Your comment is hidden by legal request.")
		restore(first)
		quiet()
		restore(second)
		next("Your comment is visible again.")

		// A reply that is withheld and restored is not a new reply.
		id = w.withhold(takedown.Draft{By: "A court", Kind: takedown.Court, Comments: []string{answer.ID}})
		w.Clock.Add(time.Hour)
		restore(id)
		quiet()

		// The takedown of a page is mailed to each commenter; a comment approved there later is withheld too.
		page := takedown.Draft{By: "A court", Kind: takedown.Court, Page: "https://a.example/post"}
		id = w.withhold(page)
		next("Your comment is hidden by legal request.")
		w.Decide(authz.Operator, w.A, comment.Hold, c.ID)
		w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
		next("Your comment is hidden by legal request.")
		restore(id)
		next("Your comment is visible again.")

		// A takedown of a refused comment is not mailed.
		w.DecideWith(authz.Operator, w.A, moderation.Choice{Action: comment.Reject, Reason: comment.ReasonPersonalAttack}, c.ID)
		w.notificationDue(c.Email, 1)
		come++
		w.box.WaitForMail(t, c.Email, come)
		w.Clock.Add(time.Hour)
		w.withhold(draft)
		quiet()
	})
}
