package desk_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/secret"
)

// mailed returns the path of a mail link about a comment, or of an unsubscribe link.
func (w *world) mailed(name string, c comment.Comment) (path string) {
	w.T.Helper()
	token, hash := secret.New("")
	link := authz.MailLink{Hash: hash, Account: w.actor(name).ID(), Site: w.site.ID, Comment: c.ID, Version: c.Version,
		ExpiresAt: w.Clock.Now().Add(72 * time.Hour)}
	w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error { return tx.InsertMailLink(link) }))
	return "/m/" + token
}

func TestMailLink_DecidesOnceByButton(t *testing.T) {
	for button, want := range map[string]comment.State{
		"Approve": comment.Approved, "Spam": comment.Spam, "Off topic": comment.Rejected,
	} {
		decides := func(t *testing.T, w *world) {
			w.account("Mo", authz.Moderator, "blog")
			c := w.post("It is quiet in our street since then, and the birds are back.")
			path, b := w.mailed("Mo", c), newBrowser(t, w.url)
			for range 3 { // prefetch, as mail programs do
				b.open(path).sees("You decide as Mo on The Blog.").sees("the birds are back").sees("Reader")
			}
			w.stands(c, comment.Pending)
			b.press(b.doc, button, nil).sees("You can undo this at the desk.")
			w.stands(c, want)
			log, _, err := w.App.Item(w.Ctx, authz.Operator, w.site, c.ID)
			w.Must(err)
			if log.Comment.Standing == 0 {
				t.Error("no decision stands")
			}
			if b.open(path).sees("This link was already used."); strings.Contains(nameOf(b.doc), "birds") {
				t.Error("a used link shows the comment")
			}
		}
		t.Run(button, func(t *testing.T) { onBoth(t, decides) })
	}
}

func TestMailLink_ExpiredShowsMessage(t *testing.T) { onBoth(t, mailLinkExpiredShowsMessage) }

func mailLinkExpiredShowsMessage(t *testing.T, w *world) {
	w.account("Mo", authz.Moderator, "blog")
	nothing := func(path, says string, c comment.Comment) {
		t.Helper()
		was := w.now(c).State
		b := newBrowser(t, w.url)
		b.open(path).sees(says).misses("Approve")
		if b.post(path, "action=approve"); b.status < 400 || w.now(c).State != was {
			t.Errorf("%s: a POST gets %d, and the comment is %v", says, b.status, w.now(c).State)
		}
	}
	withdrawn, token := w.SubmitWithToken(w.site, "One that its writer withdraws.")
	quick := w.mailed("Mo", withdrawn)
	w.Must(w.App.WithdrawAndForget(w.Ctx, w.site, withdrawn.ID, token))
	nothing(quick, "Withdrawn by its writer.", withdrawn)

	late := w.post("Another that waited for a week.")
	old := w.mailed("Mo", late)
	w.Clock.Add(72 * time.Hour)
	nothing(old, "It was valid until 23 November 2026. Nothing was changed.", late)

	lost := w.post("A third, and whoever was told of it may not decide any more.")
	gone, author := w.mailed("Mo", lost), authz.Author
	_, err := w.App.SetAccount(w.Ctx, authz.Operator, w.actor("Mo").ID(),
		identity.AccountChange{Role: &author, Sites: []string{"blog"}})
	w.Must(err)
	nothing(gone, "Nothing was changed.", lost)
	nothing("/m/nobody-made-this", "This link no longer works", lost)
	good := w.mailed("Olga", lost)
	b := newBrowser(t, w.url)
	for _, bad := range []string{"action=hold", "", "action=delete", "reason=nothing"} {
		if b.post(good, bad); b.status != http.StatusUnprocessableEntity {
			t.Errorf("%q: got %d", bad, b.status)
		}
	}
	w.stands(lost, comment.Pending)
}

func TestMailLink_Unsubscribes(t *testing.T) {
	onBoth(t, mailLinkUnsubscribes)
}

func mailLinkUnsubscribes(t *testing.T, w *world) {
	each, nobody := authz.MailEach, comment.Comment{}
	choose := func() {
		_, err := w.App.SetAccount(w.Ctx, authz.Operator, w.actor("Olga").ID(),
			identity.AccountChange{Mail: &each, MailLang: "ru"})
		w.Must(err)
	}
	chosen := func(want authz.Mail) {
		t.Helper()
		if got := w.actor("Olga").Account.Mail; got != want {
			t.Errorf("it is %v, want %v", got, want)
		}
	}
	choose()
	path, b := w.mailed("Olga", nobody), newBrowser(t, w.url)
	b.open(path).sees("olga@staff.example получает письма о ждущих комментариях.")
	chosen(authz.MailEach)
	b.press(b.doc, "Только сводка", nil)
	chosen(authz.MailDigest)
	b.open(path)
	b.press(b.doc, "Отписаться от всего", nil).sees("Писем на olga@staff.example больше не будет.")
	chosen(authz.NoMail)
	choose()
	if b.post(path, "List-Unsubscribe=One-Click"); b.status != http.StatusOK {
		t.Errorf("a mail program gets %d", b.status)
	}
	chosen(authz.NoMail)
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
	chosen(authz.NoMail)
}

// post submits a form without a page, as a mail program does.
func (b *browser) post(path, form string) {
	b.t.Helper()
	req, err := http.NewRequest(http.MethodPost, b.at.Scheme+"://"+b.at.Host+path, strings.NewReader(form))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	b.load(req)
}

// nodeAbove returns the nearest ancestor with an element name.
func nodeAbove(n *html.Node, name string) *html.Node {
	for n = n.Parent; n != nil && n.Data != name; n = n.Parent {
	}
	return n
}

func (w *world) choice(a comment.Action, c comment.Comment) moderation.Choice {
	return moderation.Choice{Action: a, Comments: []moderation.Ref{{ID: c.ID, Version: c.Version}}}
}

func TestMailLink_ChangedCommentNeedsTwoPresses(t *testing.T) {
	onBoth(t, mailLinkChangedCommentNeedsTwoPresses)
}

func mailLinkChangedCommentNeedsTwoPresses(t *testing.T, w *world) {
	w.account("Mo", authz.Moderator, "blog")
	shown := func(b *browser) int { // buttons outside details elements
		n := 0
		each(b.doc, func(node *html.Node) {
			if attr(node, "name") == "action" && nodeAbove(node, "details") == nil {
				n++
			}
		})
		return n
	}

	// Decided after the mail was sent: the page shows the decision and hides its buttons in a details element.
	c := w.post("A remark of which Mo has a mail.")
	path, b := w.mailed("Mo", c), newBrowser(t, w.url)
	_, err := w.App.Decide(w.Ctx, w.actor("Olga"), w.site, w.choice(comment.Approve, c))
	w.Must(err)
	b.open(path).sees("Approved by Olga.").sees("Decide anyway").sees("A remark of which Mo has a mail.")
	if n := shown(b); n > 0 {
		t.Errorf("%d buttons decide at once", n)
	}
	for _, stale := range []string{"action=spam", fmt.Sprintf("action=spam&version=%d", c.Version), "action=spam&version=x"} {
		if b.post(path, stale); b.status != http.StatusConflict {
			t.Errorf("%s is answered with %d", stale, b.status)
		}
		b.sees("Approved by Olga.").sees("Nothing was changed.")
		w.stands(c, comment.Approved)
	}
	b.press(b.doc, "Spam", nil).sees("Refused as spam.")
	w.stands(c, comment.Spam)

	// Decided while the page is open: the first press shows the conflict, the second one decides.
	c = w.post("Another remark of which Mo has a mail.")
	path = w.mailed("Mo", c)
	if n := shown(b.open(path)); n == 0 {
		t.Error("no button decides at once about a comment that nobody changed")
	}
	_, err = w.App.Decide(w.Ctx, w.actor("Olga"), w.site, w.choice(comment.MarkSpam, c))
	w.Must(err)
	if b.press(b.doc, "Approve", nil).sees("Marked as spam by Olga."); b.status != http.StatusConflict {
		t.Errorf("a press on a changed comment is answered with %d", b.status)
	}
	w.stands(c, comment.Spam)
	b.press(b.doc, "Approve", nil).sees("Published.")
	w.stands(c, comment.Approved)
}
