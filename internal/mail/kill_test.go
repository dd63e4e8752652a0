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

// What the process that TestMain is in place of the tests is told; "" in the tests.
const victimDatabase, victimServer, victimTime = "TEST_MAIL_DATABASE", "TEST_MAIL_SERVER", "TEST_MAIL_TIME"

func TestMain(m *testing.M) {
	if url := os.Getenv(victimDatabase); url != "" {
		victim(url)
		return
	}
	os.Exit(m.Run())
}

// victim sends mails as another process, until it is killed.
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

// kill has another process send what is due, and kills it once is.
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

func TestAKilledProcessLeavesNoMailTwice(t *testing.T) {
	t.Parallel()
	for _, database := range []func(testing.TB) string{testkit.DurableSQLite, testkit.Postgres} {
		url := database(t)
		w := newWorld(t, apptest.NewOn(t, url))
		who := w.AddPerson("mo", authz.Moderator, "a")
		w.chooses(who, authz.MailEach, 0, "")
		waits := func() mail.Message {
			w.run(w.service())() // it is registered
			w.arrives(func(*comment.Comment) {})
			w.kill(url, "it is gathered", func() bool { m, known := w.mails(who, mail.Each); return known && m.Outcome == "" })
			w.Clock.Add(4 * time.Second)
			m, _ := w.mails(who, mail.Each)
			return m
		}
		var held atomic.Bool
		hold := func() (answer func() error, release func()) {
			held.Store(false)
			end := make(chan struct{})
			return func() error { held.Store(true); <-end; return errAgain }, sync.OnceFunc(func() { close(end) })
		}

		// Killed before its text began to leave: it comes, once.
		waits()
		answer, release := hold()
		w.box.Answer(func(string) error { return answer() }, nil)
		w.kill(url, "it is named", held.Load)
		release()
		w.box.Answer(nil, nil)
		w.Clock.Add(31 * time.Second)
		stop := w.run(w.service())
		w.ended(who, mail.Each, "sent")
		stop()
		if n := len(w.box.To(who.Account.Email)); n != 1 {
			t.Errorf("killed before: %d came, want one", n)
		}

		// Killed when the server had all of it and had not answered: it is not sent again, and the next one is.
		waits()
		answer, release = hold()
		w.box.Answer(nil, func(testkit.Handed) error { return answer() })
		w.kill(url, "it is handed in", held.Load)
		release()
		w.box.Answer(nil, nil)
		w.Clock.Add(11 * time.Minute)
		stop = w.run(w.service())
		w.ended(who, mail.Each, "unknown")
		w.arrives(func(*comment.Comment) {})
		w.gathered(who, 1)
		w.Clock.Add(4 * time.Second)
		w.ended(who, mail.Each, "sent")
		stop()
		names := map[string]int{}
		for _, m := range w.box.To(who.Account.Email) {
			names[m.Header.Get("Message-Id")]++
		}
		if len(names) != 3 || len(w.box.To(who.Account.Email)) != 3 {
			t.Errorf("killed after: %v came, want three, each once", names)
		}
	}
}

// A process that is killed while it gathers or sends tells a reader neither twice nor, where the mail had not begun to
// leave, not at all.
func TestAKilledProcessTellsAReaderOnce(t *testing.T) {
	t.Parallel()
	for _, database := range []func(testing.TB) string{testkit.DurableSQLite, testkit.Postgres} {
		url := database(t)
		w := newWorld(t, apptest.NewOn(t, url))
		c, token := w.SubmitOwn(w.A, "Does the ferry to the island run in a storm?")
		stop := w.run(w.service())
		w.subscribes(c, token, "en")
		w.box.Wait(t, c.Email, 1)
		stop()
		var held atomic.Bool
		hold := func() (answer func() error, release func()) {
			held.Store(false)
			end := make(chan struct{})
			return func() error { held.Store(true); <-end; return errAgain }, sync.OnceFunc(func() { close(end) })
		}

		// Killed once it had gathered, and again before the text began to leave: it comes, once.
		w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
		w.kill(url, "it is gathered", func() bool { return w.gathering(c.Email) == 1 })
		w.Clock.Add(time.Minute)
		answer, release := hold()
		w.box.Answer(func(string) error { return answer() }, nil)
		w.kill(url, "it is named", held.Load)
		release()
		w.box.Answer(nil, nil)
		w.Clock.Add(31 * time.Second)
		stop = w.run(w.service())
		w.box.Wait(t, c.Email, 2)
		stop()

		// Killed when the server had all of it and had not answered: it is not sent again, and the next one is.
		reply := w.Answer(w.A, c.ID, "It did not last week, says the captain.")
		w.Decide(authz.Operator, w.A, comment.Approve, reply.ID)
		w.kill(url, "an answer is gathered", func() bool { return w.gathering(c.Email) == 1 })
		w.Clock.Add(time.Minute)
		answer, release = hold()
		w.box.Answer(nil, func(testkit.Handed) error { return answer() })
		w.kill(url, "it is handed in", held.Load)
		release()
		w.box.Answer(nil, nil)
		w.Clock.Add(11 * time.Minute)
		stop = w.run(w.service())
		reply = w.Answer(w.A, c.ID, "Ask the harbour master in the morning.")
		w.Decide(authz.Operator, w.A, comment.Approve, reply.ID)
		w.news(c.Email, 1)
		w.box.Wait(t, c.Email, 4)
		stop()

		// Likewise what demands do: that it is withheld, and that it is shown again.
		w.Clock.Add(2 * time.Hour)
		id := w.demands(takedown.Draft{By: "A court", Kind: takedown.Court, Comments: []string{c.ID}})
		for i, next := range []func(){
			func() { w.Must(w.S.Restore(w.Ctx, authz.Operator, w.A, id, "It is over.")) }, func() {},
		} {
			w.kill(url, "a demand is gathered", func() bool { return w.gathering(c.Email) == 1 })
			w.Clock.Add(2 * time.Minute)
			answer, release = hold()
			w.box.Answer(func(string) error { return answer() }, nil)
			w.kill(url, "it is named", held.Load)
			release()
			w.box.Answer(nil, nil)
			w.Clock.Add(31 * time.Second)
			stop = w.run(w.service())
			w.box.Wait(t, c.Email, 5+i)
			stop()
			next()
		}
		stop = w.run(w.service())
		w.Must(w.S.AskCode(w.Ctx, w.A, "later@mail.example", "en"))
		w.box.Wait(t, "later@mail.example", 1) // what came before is sent by then
		stop()
		names := map[string]int{}
		for _, m := range w.box.To(c.Email) {
			names[m.Header.Get("Message-Id")]++
		}
		if len(names) != 6 || len(w.box.To(c.Email)) != 6 {
			t.Errorf("%v came, want six, each once", names)
		}
	}
}
