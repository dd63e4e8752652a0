package desk_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/store/storetest"
)

// mailed is a link in a mail to somebody about a comment, or about their mails.
func (w *world) mailed(name string, c comment.Comment) (path string) {
	w.T.Helper()
	token, hash := secret.New("")
	link := people.MailLink{Hash: hash, Account: w.actor(name).ID(), Site: w.site.ID, Comment: c.ID, Version: c.Version,
		ExpiresAt: w.Clock.Now().Add(72 * time.Hour)}
	w.Must(w.DB.Update(w.Ctx, func(tx storetest.Tx) error { return tx.InsertMailLink(link) }))
	return "/m/" + token
}

func TestALinkInAMailDecidesOnceAndByAButtonOnly(t *testing.T) {
	for button, want := range map[string]comment.State{
		"Approve": comment.Approved, "Spam": comment.Spam, "Off topic": comment.Rejected,
	} {
		decides := func(t *testing.T, w *world) {
			w.account("Mo", people.Moderator, "blog")
			c := w.post("It is quiet in our street since then, and the birds are back.")
			path, b := w.mailed("Mo", c), newBrowser(t, w.url)
			for range 3 { // as mail programs do
				b.open(path).sees("You decide as Mo, on The Blog.").sees("the birds are back").sees("Reader")
			}
			w.stands(c, comment.Pending)
			b.press(b.doc, button, nil).sees("At the desk it can be taken back.")
			w.stands(c, want)
			log, _, err := w.S.Item(w.Ctx, people.Operator, w.site, c.ID)
			w.Must(err)
			if log.Comment.Standing == 0 {
				t.Error("no decision stands")
			}
			if b.open(path).sees("This link was used already."); strings.Contains(nameOf(b.doc), "birds") {
				t.Error("a used link shows the comment")
			}
		}
		t.Run(button, func(t *testing.T) { onBoth(t, decides) })
	}
}

func TestALinkInAMailEndsAndSaysSo(t *testing.T) { onBoth(t, aLinkInAMailEndsAndSaysSo) }

func aLinkInAMailEndsAndSaysSo(t *testing.T, w *world) {
	w.account("Mo", people.Moderator, "blog")
	nothing := func(path, says string, c comment.Comment) {
		t.Helper()
		was := w.now(c).State
		b := newBrowser(t, w.url)
		b.open(path).sees(says).misses("Approve")
		if b.post(path, "action=approve"); b.status < 400 || w.now(c).State != was {
			t.Errorf("%s: a POST gets %d, and the comment is %v", says, b.status, w.now(c).State)
		}
	}
	decided := w.post("One about which somebody was quicker.")
	quick := w.mailed("Mo", decided)
	_, err := w.S.Decide(w.Ctx, w.actor("Olga"), w.site, w.choice(comment.MarkSpam, decided))
	w.Must(err)
	nothing(quick, "This comment was changed or decided since.", decided)

	late := w.post("Another that waited for a week.")
	old := w.mailed("Mo", late)
	w.Clock.Add(72 * time.Hour)
	nothing(old, "It worked until 23 November 2026. Nothing was changed.", late)

	lost := w.post("A third, and whoever was told of it may not decide any more.")
	gone, author := w.mailed("Mo", lost), people.Author
	_, err = w.S.SetAccount(w.Ctx, people.Operator, w.actor("Mo").ID(),
		identity.AccountChange{Role: &author, Sites: []string{"blog"}})
	w.Must(err)
	nothing(gone, "Nothing was changed.", lost)
	nothing("/m/nobody-made-this", "This link does not work any more", lost)
	good := w.mailed("Olga", lost)
	b := newBrowser(t, w.url)
	for _, bad := range []string{"action=hold", "", "action=delete", "reason=nothing"} {
		if b.post(good, bad); b.status != http.StatusUnprocessableEntity {
			t.Errorf("%q: got %d", bad, b.status)
		}
	}
	w.stands(lost, comment.Pending)
}

func TestMailIsStoppedByALinkAndByAMailProgram(t *testing.T) {
	onBoth(t, mailIsStoppedByALinkAndByAMailProgram)
}

func mailIsStoppedByALinkAndByAMailProgram(t *testing.T, w *world) {
	each, nobody := people.MailEach, comment.Comment{}
	choose := func() {
		_, err := w.S.SetAccount(w.Ctx, people.Operator, w.actor("Olga").ID(),
			identity.AccountChange{Mail: &each, MailLang: "ru"})
		w.Must(err)
	}
	chosen := func(want people.Mail) {
		t.Helper()
		if got := w.actor("Olga").Account.Mail; got != want {
			t.Errorf("it is %v, want %v", got, want)
		}
	}
	choose()
	path, b := w.mailed("Olga", nobody), newBrowser(t, w.url)
	b.open(path).sees("olga@staff.example получает письма, когда комментарии ждут.")
	chosen(people.MailEach)
	b.press(b.doc, "Только сводку", nil)
	chosen(people.MailDigest)
	b.open(path)
	b.press(b.doc, "Больше не писать", nil).sees("На olga@staff.example писем больше не будет.")
	chosen(people.NoMail)
	choose()
	if b.post(path, "List-Unsubscribe=One-Click"); b.status != http.StatusOK {
		t.Errorf("a mail program gets %d", b.status)
	}
	chosen(people.NoMail)
	choose()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	w.Must(form.WriteField("List-Unsubscribe", "One-Click"))
	w.Must(form.Close())
	res, err := http.Post(w.url+path, form.FormDataContentType(), &body)
	w.Must(err)
	if _ = res.Body.Close(); res.StatusCode != http.StatusOK {
		t.Errorf("a mail program that sends parts gets %d", res.StatusCode)
	}
	chosen(people.NoMail)
}

// post sends a form as a program does, which has no page to send it from.
func (b *browser) post(path, form string) {
	b.t.Helper()
	req, err := http.NewRequest(http.MethodPost, b.at.Scheme+"://"+b.at.Host+path, strings.NewReader(form))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	b.load(req)
}

func (w *world) choice(a comment.Action, c comment.Comment) moderation.Choice {
	return moderation.Choice{Action: a, Comments: []moderation.Ref{{ID: c.ID, Version: c.Version}}}
}
