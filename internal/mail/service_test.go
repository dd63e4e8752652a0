package mail_test

import (
	"errors"
	"fmt"
	netmail "net/mail"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/mail"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/txn"
)

func TestEach_NotifiesOnlySubscribedAccounts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		each, strict := w.AddStaff("each", authz.Moderator, "a"), w.AddStaff("strict", authz.Owner, "a")
		author, other := w.AddStaff("author", authz.Author, "a"), w.AddStaff("other", authz.Moderator, "b")
		w.AddStaff("none", authz.Owner, "a")
		for _, who := range []authz.Actor{each, author, other} {
			w.chooses(who, authz.MailEach, 0, "en")
		}
		w.chooses(strict, authz.MailEach, 0.55, "ru")
		w.run(w.service())
		first := w.arrives(func(c *comment.Comment) {
			c.Name, c.Source = "Ruth Adeyemi", "One thing missing from the list: the noise."
		})
		w.arrives(func(c *comment.Comment) { c.Name, c.Verdict.Score = "Suspect", 0.95 })
		w.gathered(each, 1)
		w.Clock.Add(4 * time.Second)
		m := w.box.WaitForMail(t, each.Account.Email, 1)
		text, page, err := m.Parts()
		w.Must(err)
		if got := m.DecodedHeader("Subject"); got != "Ruth Adeyemi, on A post" {
			t.Errorf("the subject is %q", got)
		}
		if m.From != from || len(m.To) != 1 ||
			m.Header.Get("List-Id") != "<a.service.example>" || m.Header.Get("Auto-Submitted") != "auto-generated" ||
			m.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
			t.Errorf("the headers are %v", m.Header)
		}
		for _, says := range []string{"1 new comment is pending on", "Ruth Adeyemi, on A post:",
			"> One thing missing from the list: the noise.", "Decide:\n" + public + "/m/",
			"Open the queue:\n" + public + "/moderate/a/queue"} {
			if !strings.Contains(text, says) {
				t.Errorf("the text lacks %q:\n%s", says, text)
			}
		}
		for _, line := range strings.Split(text, "\n") {
			if n := len([]rune(line)); n > 60 && !strings.HasPrefix(line, public) {
				t.Errorf("a line of %d letters: %s", n, line)
			}
		}
		to, loaded := links(t, page)
		if len(to) != 3 || len(loaded) != 0 {
			t.Errorf("the page leads to %v and loads %v", to, loaded)
		}
		token := strings.TrimPrefix(to[0], public+"/m/")
		who, link, err := w.App.MailLink(w.Ctx, token)
		w.Must(err)
		if who.ID() != each.ID() || link.Comment != first.ID || link.Version != 1 || link.Site != w.A.ID ||
			link.ExpiresAt.Sub(w.Clock.Now()) > 72*time.Hour || link.ExpiresAt.Sub(w.Clock.Now()) < 71*time.Hour {
			t.Errorf("the link is %+v for %s", link, who.Account.Name)
		}
		if stop := strings.Trim(m.Header.Get("List-Unsubscribe"), "<>"); stop != to[2] {
			t.Errorf("List-Unsubscribe leads to %s, the foot to %s", stop, to[2])
		}
		w.arrives(func(c *comment.Comment) { c.Name, c.Verdict.Score = "Боря", 0.6 })
		w.gathered(strict, 1)
		w.Clock.Add(4 * time.Second)
		if got := w.box.WaitForMail(t, strict.Account.Email, 1).DecodedHeader("Subject"); got != "Боря, к странице A post" {
			t.Errorf("in Russian it is %q", got)
		}
		w.box.WaitForMail(t, each.Account.Email, 2)
		if all := w.box.Mails(); len(all) != 3 {
			t.Errorf("%d mails came", len(all))
		}
	})
}

func TestEach_SkipsDecidedAndDisabled(t *testing.T) {
	t.Parallel()
	onBoth(t, skipsDecidedAndDisabled)
}

func skipsDecidedAndDisabled(t *testing.T, w *world) {
	who := w.AddStaff("mo", authz.Moderator, "a")
	w.chooses(who, authz.MailEach, 0, "")
	w.run(w.service())
	c := w.arrives(func(*comment.Comment) {})
	w.gathered(who, 1)
	w.Decide(who, w.A, comment.Approve, c.ID)
	w.Clock.Add(4 * time.Second)
	w.ended(who, mail.Each, "not needed")
	w.arrives(func(*comment.Comment) {})
	w.gathered(who, 1)
	no := authz.NoMail
	_, err := w.App.SetAccount(w.Ctx, authz.Operator, who.ID(), identity.AccountChange{Mail: &no})
	w.Must(err)
	w.Clock.Add(4 * time.Second)
	testkit.Until(t, "it is ended", func() bool { m, _ := w.lastMail(who, mail.Each); return !m.EndedAt.IsZero() })
	if all := w.box.Mails(); len(all) != 0 {
		t.Errorf("%d mails came, want none", len(all))
	}
}

// A comment that is added to a mail after it was composed and before it is leased is sent with it, even if no other
// comment of the mail is pending any more.
func TestEach_IncludesCommentAddedWhileComposing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		db := &delayed{Store: w.DB.Store}
		s, err := serviceOf(db, w.Clock, w.box.URL, w.log)
		w.Must(err)
		who := w.AddStaff("mo", authz.Moderator, "a")
		w.chooses(who, authz.MailEach, 0, "")
		w.run(s)
		for n, decided := range []bool{false, true} {
			first := w.arrives(func(c *comment.Comment) { c.Source = "What was there before." })
			w.gathered(who, 1)
			if decided {
				w.Decide(who, w.A, comment.Approve, first.ID)
			}
			second := w.first
			second.ID, second.Same, second.Path = txn.NewID(), nil, txn.NewID()[:16]
			second.State, second.Source = comment.Pending, "What came meanwhile."
			join := func() {
				w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
					m, err := tx.OpenMail(w.A.ID, who.ID(), w.Clock.Now())
					m.Comments = append(m.Comments, second.ID)
					_, _, inserted := tx.InsertComment(second)
					return errors.Join(err, inserted, tx.PutMail(m))
				}))
			}
			apptest.WaitFollower(w.Env, "mail")
			db.before.Store(&join)
			w.Clock.Add(4 * time.Second)
			text, _, err := w.box.WaitForMail(t, who.Account.Email, n+1).Parts()
			w.Must(err)
			if !strings.Contains(text, "> What came meanwhile.") ||
				strings.Contains(text, "> What was there before.") == decided {
				t.Errorf("with %v it says\n%s", decided, text)
			}
			w.ended(who, mail.Each, "sent")
		}
	})
}

func TestDigest_DelayedAndNotAtNight(t *testing.T) {
	t.Parallel()
	onBoth(t, digestIsDelayedAndNotAtNight)
}

func digestIsDelayedAndNotAtNight(t *testing.T, w *world) { // it is noon
	who := w.AddStaff("mo", authz.Moderator, "a")
	w.chooses(who, authz.MailDigest, 0, "kk")
	w.run(w.service())
	for i := range 5 {
		w.arrives(func(c *comment.Comment) { c.Source = fmt.Sprintf("Remark %d on the weather of this week.", i) })
	}
	w.arrives(func(c *comment.Comment) { c.Verdict.Score = 0.99 })
	// Wait until all events are in the first digest: an event gathered after it was leased would start a second one.
	apptest.WaitFollower(w.Env, "mail")
	due := func() mail.Message { m, _ := w.lastMail(who, mail.Digest); return m }
	if wait := due().DueAt.Sub(w.Clock.Now()); wait < 179*time.Minute || wait > 3*time.Hour {
		t.Errorf("it is due in %v", wait)
	}
	w.Clock.Add(3 * time.Hour)
	text, page, err := w.box.WaitForMail(t, who.Account.Email, 1).Parts()
	w.Must(err)
	for _, says := range []string{"5 пікір күтуде", "3 сағ", "Тағы 1 күмәнді", "тағы 2"} {
		if !strings.Contains(text, says) {
			t.Errorf("the digest lacks %q:\n%s", says, text)
		}
	}
	if to, _ := links(t, page); len(to) != 2 {
		t.Errorf("the digest links to %v, want the queue and the unsubscribe page", to)
	}
	w.ended(who, mail.Digest, "sent")
	w.Clock.Add(5 * time.Hour) // it is eight in the evening
	w.arrives(func(*comment.Comment) {})
	testkit.Until(t, "another one gathers", func() bool { return due().Outcome == "" })
	if want := time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC); !due().DueAt.Equal(want) {
		t.Errorf("it is due at %v, want %v", due().DueAt, want)
	}
}

func TestDaily_DueNextMorning(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.New(t)) // it is noon
	who := w.AddStaff("mo", authz.Moderator, "a")
	w.chooses(who, authz.MailDaily, 0, "en")
	w.run(w.service())
	for range 2 {
		w.arrives(func(*comment.Comment) {})
		apptest.WaitFollower(w.Env, "mail")
		w.Clock.Add(5 * time.Hour)
	}
	m, _ := w.lastMail(who, mail.Digest)
	if want := time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC); !m.DueAt.Equal(want) {
		t.Errorf("it is due at %v, want %v", m.DueAt, want)
	}
	w.Clock.Add(9 * time.Hour)
	text, _, err := w.box.WaitForMail(t, who.Account.Email, 1).Parts()
	w.Must(err)
	if !strings.Contains(text, "2 comments are pending") {
		t.Errorf("the digest says:\n%s", text)
	}
}

func TestInvitation_LinkSetsPassword(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.run(w.service())
		out, err := w.App.Invite(w.Ctx, authz.Operator, identity.NewAccount{Email: "new@staff.example", Name: "New",
			Role: authz.Moderator, Sites: []string{"a"}}, "ru")
		w.Must(err)
		m := w.box.WaitForMail(t, "new@staff.example", 1)
		_, page, err := m.Parts()
		w.Must(err)
		to, _ := links(t, page)
		if len(to) != 1 || !out.Mailed || !strings.HasSuffix(to[0], "/moderate/setup#"+out.Link) {
			t.Fatalf("it links to %v (queued %v)", to, out.Mailed)
		}
		use := identity.LinkUse{Token: out.Link, Password: "green teapot walks slowly"}
		w.Clock.Add(71 * time.Hour)
		in, err := w.App.UseLink(w.Ctx, use)
		w.Must(err)
		if in.Actor.Account.Email != "new@staff.example" {
			t.Errorf("it signs in %q", in.Actor.Account.Email)
		}
		if _, err := w.App.UseLink(w.Ctx, use); err == nil {
			t.Error("it works twice")
		}
	})
}

// An invitation whose link no longer works is not sent.
func TestInvitation_DeadLinkIsNotMailed(t *testing.T) {
	t.Parallel()
	on := true
	for name, end := range map[string]func(w *world, a authz.Account) error{
		"removed": func(w *world, a authz.Account) error { return w.App.RemoveAccount(w.Ctx, authz.Operator, a.ID) },
		"disabled": func(w *world, a authz.Account) error {
			_, err := w.App.SetAccount(w.Ctx, authz.Operator, a.ID, identity.AccountChange{Disabled: &on})
			return err
		},
		"reset": func(w *world, a authz.Account) error {
			_, err := w.App.ResetAccount(w.Ctx, authz.Operator, a.Email)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, apptest.New(t))
			invite := func(email string) authz.Account {
				t.Helper()
				out, err := w.App.Invite(w.Ctx, authz.Operator, identity.NewAccount{Email: email, Name: "New",
					Role: authz.Moderator, Sites: []string{"a"}}, "en")
				w.Must(err)
				return out.Account
			}
			dead := invite("dead@staff.example")
			w.Must(end(w, dead))
			invite("later@staff.example")
			w.run(w.service())
			w.box.WaitForMail(t, "later@staff.example", 1)
			if got := w.box.MailsTo(dead.Email); len(got) > 0 {
				t.Errorf("the dead link was mailed:\n%s", got[0].Raw)
			}
		})
	}
}

var errTryLater = testkit.SMTPError(451, "try again later")

func TestSend_RetriesWithSameMessageID(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		who := w.AddStaff("mo", authz.Moderator, "a")
		w.chooses(who, authz.MailEach, 0, "")
		w.run(w.service())
		w.box.SetAnswers(func(string) error { return errTryLater }, nil)
		w.arrives(func(*comment.Comment) {})
		w.gathered(who, 1)
		w.Clock.Add(4 * time.Second)
		// The clock advances until the result is recorded, because the backoff counts from then.
		passes := func(what string, is func(mail.Message) bool) {
			t.Helper()
			testkit.Until(t, what, func() bool {
				m, _ := w.lastMail(who, mail.Each)
				w.Clock.Add(time.Second)
				return is(m)
			})
		}
		tried := func(n int) {
			t.Helper()
			passes("it was tried", func(m mail.Message) bool { return m.Tries == n })
		}
		tried(1)
		w.box.SetAnswers(nil, func(testkit.Mail) error { return errTryLater }) // the server refuses it after the text
		tried(2)
		w.box.SetAnswers(nil, func(testkit.Mail) error { panic("the server dies before it answers") })
		tried(3)
		w.box.SetAnswers(nil, nil)
		passes("the mail is sent", func(m mail.Message) bool { return m.Outcome == "sent" })
		all, names := w.box.MailsTo(who.Account.Email), map[string]bool{}
		for _, m := range all {
			names[m.Header.Get("Message-Id")] = true
		}
		if len(all) != 3 || len(names) != 1 {
			t.Errorf("%d were handed in under %d names, want 3 under one", len(all), len(names))
		}
		w.box.SetAnswers(func(string) error { return testkit.SMTPError(550, "nobody of that name") }, nil)
		w.arrives(func(*comment.Comment) {})
		w.Clock.Add(4 * time.Second)
		w.gathered(who, 1)
		w.Clock.Add(4 * time.Second)
		w.ended(who, mail.Each, "refused")
	})
}

func TestSend_AllMailsAfterOutage(t *testing.T) {
	t.Parallel()
	onBoth(t, sendsAllAfterOutage)
}

func sendsAllAfterOutage(t *testing.T, w *world) {
	n := testkit.Repeats(t, 1000)
	for i := range n {
		who := w.AddStaff(fmt.Sprintf("m%d", i), authz.Moderator, "a")
		w.chooses(who, authz.MailEach, 0, "")
	}
	w.box.Close()
	stop := w.run(w.service())
	last := w.AddStaff("last", authz.Moderator, "a")
	w.chooses(last, authz.MailEach, 0, "")
	w.arrives(func(*comment.Comment) {})
	w.gathered(last, 1)
	w.Clock.Add(4 * time.Second)
	outages := func() int { return strings.Count(w.log.String(), "mails stay in the queue") }
	testkit.Until(t, "the outage is logged", func() bool { return outages() > 0 })
	if n := outages(); n != 1 {
		t.Errorf("the outage was logged %d times, want once", n)
	}
	stop()
	w.box.Open(t)
	w.Clock.Add(2 * time.Minute)
	w.run(w.service())
	testkit.Within(t, 2*time.Minute, "all of them", func() bool { return len(w.box.Mails()) >= n+1 })
	w.ended(last, mail.Each, "sent")
	to := map[string]int{}
	for _, m := range w.box.Mails() {
		to[m.To[0]]++
	}
	if len(to) != n+1 || len(w.box.Mails()) != n+1 {
		t.Errorf("%d mails came to %d people, want %d", len(w.box.Mails()), len(to), n+1)
	}
}

func TestSend_SlowServerBlocksNoPost(t *testing.T) {
	t.Parallel()
	onBoth(t, slowServerBlocksNoPost)
}

func slowServerBlocksNoPost(t *testing.T, w *world) {
	who := w.AddStaff("mo", authz.Moderator, "a")
	w.chooses(who, authz.MailEach, 0, "")
	w.run(w.service())
	var held atomic.Bool
	release := make(chan struct{})
	w.box.SetAnswers(nil, func(testkit.Mail) error { held.Store(true); <-release; return nil })
	w.arrives(func(*comment.Comment) {})
	w.gathered(who, 1)
	w.Clock.Add(4 * time.Second)
	testkit.Until(t, "the server holds it", held.Load)
	for range 50 { // meanwhile comments are accepted and gathered
		w.arrives(func(*comment.Comment) {})
	}
	w.gathered(who, 50)
	if all := w.box.Mails(); len(all) != 1 {
		t.Errorf("%d mails came", len(all))
	}
	close(release)
	w.box.SetAnswers(nil, nil)
	w.Clock.Add(4 * time.Second)
	text, _, err := w.box.WaitForMail(t, who.Account.Email, 2).Parts()
	w.Must(err)
	if !strings.Contains(text, "50 new comments are pending") || !strings.Contains(text, "and 40 more") {
		t.Errorf("it says:\n%s", text)
	}
	w.ended(who, mail.Each, "sent")
	w.arrives(func(*comment.Comment) {})
	testkit.Until(t, "the next gathers", func() bool { m, _ := w.lastMail(who, mail.Each); return m.Outcome == "" })
	if m, _ := w.lastMail(who, mail.Each); m.DueAt.Sub(w.Clock.Now()) < 4*time.Minute {
		t.Errorf("after a flood the next is due in %v", m.DueAt.Sub(w.Clock.Now()))
	}
}

func TestSend_OneProcessSendsAMail(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		var all []authz.Actor
		for i := range 10 {
			who := w.AddStaff(fmt.Sprintf("m%d", i), authz.Moderator, "a")
			w.chooses(who, authz.MailEach, 0, "")
			all = append(all, who)
		}
		for range 3 {
			w.run(w.service())
		}
		for range 4 {
			w.arrives(func(*comment.Comment) {})
			w.gathered(all[9], 1)
			w.Clock.Add(4 * time.Second)
			for _, who := range all {
				w.ended(who, mail.Each, "sent")
			}
		}
		names := map[string]int{}
		for _, m := range w.box.Mails() {
			names[m.Header.Get("Message-Id")]++
		}
		if len(names) != 40 || len(w.box.Mails()) != 40 {
			t.Errorf("%d mails of %d names came, want 40", len(w.box.Mails()), len(names))
		}
	})
}

func TestStalled_NotifiesOwnersOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, notifiesOwnersOnce)
}

func notifiesOwnersOnce(t *testing.T, w *world) {
	owner, moderator := w.AddStaff("olga", authz.Owner, "a"), w.AddStaff("mo", authz.Moderator, "a")
	c := w.Submit(w.A, "It waits for longer than is good.")
	w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
	waiting := w.Submit(w.A, "And so does this one, on another matter.")
	days := func(n int) {
		t.Helper()
		w.Clock.Add(time.Duration(n) * 24 * time.Hour)
		w.run(w.service())() // a service checks for stalled sites when it starts
	}
	days(2)
	if _, told := w.lastMail(owner, mail.Stalled); told {
		t.Error("they were told after two days")
	}
	days(1)
	w.Clock.Add(time.Minute)
	stop := w.run(w.service())
	m := w.box.WaitForMail(t, owner.Account.Email, 1)
	stop()
	if got := m.DecodedHeader("Subject"); !strings.HasPrefix(got, "No decisions on ") {
		t.Errorf("it says %q", got)
	}
	for range 5 {
		days(1)
	}
	w.Decide(moderator, w.A, comment.Hold, waiting.ID)
	days(2)
	if got := len(w.box.MailsTo(owner.Account.Email)); got != 1 || len(w.box.Mails()) != 1 {
		t.Errorf("%d mails came to the owner, %d in all, want one", got, len(w.box.Mails()))
	}
	days(2)
	w.run(w.service())
	w.box.WaitForMail(t, owner.Account.Email, 2)
}

// Text that a commenter or an owner typed adds no recipient, header, link or image to a mail.
func TestCompose_HostileTextIsInert(t *testing.T) {
	t.Parallel()
	hostile := []string{
		"Bo\r\nBcc: victim@elsewhere.example", "Bo\nSubject: free money\n\n<b>body</b>", "Bo\r\n\r\n.\r\nMAIL FROM:<x@y>",
		`<img src=x onerror=alert(1)>`, `"><a href="https://evil.example/">go</a>`, `</td></table><script>alert(1)</script>`,
		"=?utf-8?Q?=0D=0ABcc:_victim@elsewhere.example?=", "=?utf-8?B?DQpCY2M6IHhAeS5leGFtcGxl?=",
		`Bo" <victim@elsewhere.example>, "x`, "Bo <victim@elsewhere.example>", "victim@elsewhere.example,",
		"\u202eoB\u2028Bcc: x@y.example",
		"\x00\x01\x1b[31m", "https://evil.example/path?q=1", "www.evil.example", "[a](javascript:alert(1))",
		"<style>*{display:none}</style>", `<a href='//evil.example'>`, "&lt;img src=x&gt;", "{{.Stop}}",
		"%0d%0aBcc:x@y.example",
		strings.Repeat("W", 5000), strings.Repeat("Ж ", 2000), "\xff\xfe\xfd", "", ".", "\r\n.\r\n",
	}
	w := newWorld(t, apptest.New(t))
	who := w.AddStaff("mo", authz.Moderator, "a")
	w.chooses(who, authz.MailEach, 0, "")
	w.run(w.service())
	for i, h := range hostile {
		typed := strings.ToValidUTF8(strings.ReplaceAll(h, "\x00", ""), "")
		w.nameSite(typed)
		w.titlePage(typed)
		w.arrives(func(c *comment.Comment) { c.Name, c.Source = typed, typed })
		w.gathered(who, 1)
		w.Clock.Add(4 * time.Second)
		m := w.box.WaitForMail(t, who.Account.Email, i+1)
		w.ended(who, mail.Each, "sent")
		if !slices.Equal(m.To, []string{who.Account.Email}) || m.From != from {
			t.Errorf("%q: from %s to %v", h, m.From, m.To)
		}
		var names []string
		for name := range m.Header {
			names = append(names, name)
		}
		slices.Sort(names)
		if want := []string{"Auto-Submitted", "Content-Type", "Date", "From", "List-Id", "List-Unsubscribe",
			"List-Unsubscribe-Post", "Message-Id", "Mime-Version", "Subject", "To"}; !slices.Equal(names, want) {
			t.Errorf("%q: the headers are %v, want %v", h, names, want)
		}
		for _, header := range []string{"From", "To"} {
			list, err := netmail.ParseAddressList(m.Header.Get(header))
			want := map[string]string{"From": from, "To": who.Account.Email}[header]
			if err != nil || len(list) != 1 || list[0].Address != want {
				t.Errorf("%q: %s is %v, %v", h, header, list, err)
			}
		}
		text, page, err := m.Parts()
		if err != nil {
			t.Errorf("%q: %v", h, err)
			continue
		}
		to, loaded := links(t, page)
		if len(to) != 3 || len(loaded) != 0 {
			t.Errorf("%q: the page leads to %v and loads %v", h, to, loaded)
		}
		for _, link := range to {
			if !strings.HasPrefix(link, public+"/m") {
				t.Errorf("%q: the page leads to %s", h, link)
			}
		}
		for _, said := range []string{text, page, m.DecodedHeader("Subject")} {
			if strings.Contains(said, "evil.example") || strings.Contains(said, "https://evil") {
				t.Errorf("%q: a mail program would make a link of it", h)
			}
		}
	}
}

func TestParseServer_HidesPassword(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"smtp://mail.example": "mail.example:587", "smtps://mail.example": "mail.example:465", "smtp://[::1]:25": "[::1]:25",
		"smtp://me:secret@mail.example:2525": "mail.example:2525", "smtp://mail.example/": "mail.example:587",
	} {
		if got, err := mail.ParseServer(in); err != nil || got.String() != want {
			t.Errorf("%s: got %v, %v, want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"", "mail.example", "http://mail.example", "smtp://", "smtp://mail.example:0",
		"smtp://mail.example:99999", "smtp://mail.example/x", "smtp://me:secret@mail.example?tls=no",
		"smtp://me:secret@%zz"} {
		if got, err := mail.ParseServer(in); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, %v", in, got, err)
		}
	}
	for in, ok := range map[string]bool{
		"comments@service.example": true, "Comments <comments@service.example>": true, "": false, "comments": false,
		"a@b.example, c@d.example": false, "a@b.example\r\nBcc: x@y.example": false,
	} {
		if got, err := mail.ParseFrom(in); (err == nil) != ok {
			t.Errorf("%q: got %q, %v", in, got, err)
		}
	}
}

func TestRun_HangingServerDoesNotBlockExit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.New(t))
	who := w.AddStaff("mo", authz.Moderator, "a")
	w.chooses(who, authz.MailEach, 0, "")
	stop := w.run(w.service())
	var held atomic.Bool
	release := make(chan struct{})
	defer sync.OnceFunc(func() { close(release) })()
	w.box.SetAnswers(func(string) error { held.Store(true); <-release; return errors.New("too late") }, nil)
	w.arrives(func(*comment.Comment) {})
	w.gathered(who, 1)
	w.Clock.Add(4 * time.Second)
	testkit.Until(t, "the server holds it", held.Load)
	began := time.Now()
	stop()
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("it took %v to end", took)
	}
	if m, _ := w.lastMail(who, mail.Each); !m.HandedAt.IsZero() || !m.EndedAt.IsZero() {
		t.Errorf("the mail is %+v, want it pending: its text was not sent", m)
	}
}
