package mail_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
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
	"github.com/aitys/aitys/moderation/takedown"
)

// Environment variables of the victim process: database, mail server and time. They are unset in the test process.
const victimDatabase, victimServer, victimTime = "TEST_MAIL_DATABASE", "TEST_MAIL_SERVER", "TEST_MAIL_TIME"

func TestMain(m *testing.M) {
	if url := os.Getenv(victimDatabase); url != "" {
		victim(url)
		return
	}
	os.Exit(m.Run())
}

// victim runs a mail service until its process is killed.
func victim(url string) {
	db, err := store.Open(context.Background(), url, store.Options{})
	at, bad := time.Parse(time.RFC3339Nano, os.Getenv(victimTime))
	if err != nil || bad != nil {
		fmt.Println(err, bad)
		os.Exit(1)
	}
	s, err := serviceOf(db, testkit.NewClock(at), os.Getenv(victimServer), os.Stdout)
	if err == nil {
		err = s.Run(context.Background())
	}
	fmt.Println(err)
	os.Exit(1)
}

// kill runs a mail service in a victim process and kills it as soon as is returns true.
func (w *world) kill(url, when string, is func() bool) {
	w.T.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimDatabase+"="+url, victimServer+"="+w.box.URL,
		victimTime+"="+w.Clock.Now().Format(time.RFC3339Nano))
	w.Must(cmd.Start())
	defer func() { _ = cmd.Wait() }() // it was killed
	defer func() { _ = cmd.Process.Kill() }()
	testkit.Until(w.T, when, is)
}

func TestSend_KilledProcessSendsNoMailTwice(t *testing.T) {
	t.Parallel()
	for _, database := range []func(testing.TB) string{testkit.DurableSQLite, testkit.Postgres} {
		url := database(t)
		w := newWorld(t, apptest.NewOn(t, url))
		who := w.AddStaff("mo", authz.Moderator, "a")
		w.chooses(who, authz.MailEach, 0, "")
		waits := func() mail.Message {
			w.run(w.service())() // the follower is registered
			w.arrives(func(*comment.Comment) {})
			w.kill(url, "it is gathered", func() bool { m, known := w.lastMail(who, mail.Each); return known && m.Outcome == "" })
			w.Clock.Add(4 * time.Second)
			m, _ := w.lastMail(who, mail.Each)
			return m
		}
		var held atomic.Bool
		hold := func() (answer func() error, release func()) {
			held.Store(false)
			end := make(chan struct{})
			return func() error { held.Store(true); <-end; return errTryLater }, sync.OnceFunc(func() { close(end) })
		}

		// Killed before the text was sent: the mail arrives once.
		waits()
		answer, release := hold()
		w.box.SetAnswers(func(string) error { return answer() }, nil)
		w.kill(url, "it is named", held.Load)
		release()
		w.box.SetAnswers(nil, nil)
		w.Clock.Add(31 * time.Second)
		stop := w.run(w.service())
		w.ended(who, mail.Each, "sent")
		stop()
		if n := len(w.box.MailsTo(who.Account.Email)); n != 1 {
			t.Errorf("killed before: %d came, want one", n)
		}

		// Killed when the server had the text and had not answered: this mail is not sent again, and the next one is sent.
		waits()
		answer, release = hold()
		w.box.SetAnswers(nil, func(testkit.Mail) error { return answer() })
		w.kill(url, "it is handed in", held.Load)
		release()
		w.box.SetAnswers(nil, nil)
		w.Clock.Add(11 * time.Minute)
		stop = w.run(w.service())
		w.ended(who, mail.Each, "unknown")
		w.arrives(func(*comment.Comment) {})
		w.gathered(who, 1)
		w.Clock.Add(4 * time.Second)
		w.ended(who, mail.Each, "sent")
		stop()
		names := map[string]int{}
		for _, m := range w.box.MailsTo(who.Account.Email) {
			names[m.Header.Get("Message-Id")]++
		}
		if len(names) != 3 || len(w.box.MailsTo(who.Account.Email)) != 3 {
			t.Errorf("killed after: %v came, want three, each once", names)
		}
	}
}

// If a process is killed while it gathers or sends, the reader gets the mail once. Only a mail whose text was being
// sent may be lost.
func TestNotification_KilledProcessMailsReaderOnce(t *testing.T) {
	t.Parallel()
	for _, database := range []func(testing.TB) string{testkit.DurableSQLite, testkit.Postgres} {
		url := database(t)
		w := newWorld(t, apptest.NewOn(t, url))
		c, token := w.SubmitWithToken(w.A, "Does the ferry to the island run in a storm?")
		stop := w.run(w.service())
		w.subscribes(c, token, "en")
		w.box.WaitForMail(t, c.Email, 1)
		stop()
		var held atomic.Bool
		hold := func() (answer func() error, release func()) {
			held.Store(false)
			end := make(chan struct{})
			return func() error { held.Store(true); <-end; return errTryLater }, sync.OnceFunc(func() { close(end) })
		}

		// Killed after gathering, and again before the text was sent: the mail arrives once.
		w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
		w.kill(url, "it is gathered", func() bool { return w.gathering(c.Email) == 1 })
		w.Clock.Add(time.Minute)
		answer, release := hold()
		w.box.SetAnswers(func(string) error { return answer() }, nil)
		w.kill(url, "it is named", held.Load)
		release()
		w.box.SetAnswers(nil, nil)
		w.Clock.Add(31 * time.Second)
		stop = w.run(w.service())
		w.box.WaitForMail(t, c.Email, 2)
		stop()

		// Killed when the server had the text and had not answered: this mail is not sent again, and the next one is sent.
		reply := w.Reply(w.A, c.ID, "It did not last week, says the captain.")
		w.Decide(authz.Operator, w.A, comment.Approve, reply.ID)
		w.kill(url, "an answer is gathered", func() bool { return w.gathering(c.Email) == 1 })
		w.Clock.Add(time.Minute)
		answer, release = hold()
		w.box.SetAnswers(nil, func(testkit.Mail) error { return answer() })
		w.kill(url, "it is handed in", held.Load)
		release()
		w.box.SetAnswers(nil, nil)
		w.Clock.Add(11 * time.Minute)
		stop = w.run(w.service())
		reply = w.Reply(w.A, c.ID, "Ask the harbour master in the morning.")
		w.Decide(authz.Operator, w.A, comment.Approve, reply.ID)
		w.notificationDue(c.Email, 1)
		w.box.WaitForMail(t, c.Email, 4)
		stop()

		// The same for mails about a takedown: that a comment is withheld, and that it is restored.
		w.Clock.Add(2 * time.Hour)
		id := w.withhold(takedown.Draft{By: "A court", Kind: takedown.Court, Comments: []string{c.ID}})
		for i, next := range []func(){
			func() { w.Must(w.App.Restore(w.Ctx, authz.Operator, w.A, id, "It is over.")) }, func() {},
		} {
			w.kill(url, "a demand is gathered", func() bool { return w.gathering(c.Email) == 1 })
			w.Clock.Add(2 * time.Minute)
			answer, release = hold()
			w.box.SetAnswers(func(string) error { return answer() }, nil)
			w.kill(url, "it is named", held.Load)
			release()
			w.box.SetAnswers(nil, nil)
			w.Clock.Add(31 * time.Second)
			stop = w.run(w.service())
			w.box.WaitForMail(t, c.Email, 5+i)
			stop()
			next()
		}
		stop = w.run(w.service())
		w.Must(w.App.RequestCode(w.Ctx, w.A, "later@mail.example", "en"))
		w.box.WaitForMail(t, "later@mail.example", 1) // all earlier mails are sent by then
		stop()
		names := map[string]int{}
		for _, m := range w.box.MailsTo(c.Email) {
			names[m.Header.Get("Message-Id")]++
		}
		if len(names) != 6 || len(w.box.MailsTo(c.Email)) != 6 {
			t.Errorf("%v came, want six, each once", names)
		}
	}
}
