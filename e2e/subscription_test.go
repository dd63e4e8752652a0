package e2e

import (
	"regexp"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

var readersLink = regexp.MustCompile(`http://\S+/mail/\S+`)

// says returns a JavaScript expression that is true on a mail page that shows the result of its button.
func says(what string) string {
	return `document.querySelector(".notice.ok")?.textContent.includes("` + what + `")`
}

// A commenter subscribes with a checkbox, gets a confirmation mail and confirms on the linked page. Each mail has a link
// to unsubscribe.
func TestSubscription_ConfirmedByMail(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	box := testkit.NewMailServer(t)
	w := newWorldWith(t, options{mails: box})
	at := w.otherSite()
	for i, tt := range []struct {
		lang, comment, mail, post, box, asked, yes, done, stop, stopped string
		width                                                           int64
	}{
		{"en", "Comment", "E-mail", "Post comment", "Mail me when it is published or answered",
			"Confirm in the mail we send you", "Yes, notify me", "will get notifications",
			"Stop all mail", "en@mail.example will get no more mail about comments", 1280},
		{"ru", "Комментарий", "Эл. почта", "Отправить комментарий", "Сообщить письмом о публикации и ответах",
			"Подтвердите в письме", "Да, присылать", "Уведомления будут приходить",
			"Отписаться от всего", "Писем о комментариях на ru@mail.example больше не будет", 390},
	} {
		email := tt.lang + "@mail.example"
		tab := w.tab(tt.width, 844, i == 1)
		w.must(tab.BlockThirdPartyCookies(), tab.Go(at+"/told?lang="+tt.lang), tab.See("textbox", tt.comment))
		w.steps(tab,
			func() error { return tab.Type("textbox", tt.comment, "The boats on the lake leave at nine, "+tt.lang) },
			func() error { return tab.Type("textbox", tt.mail, email) },
			func() error { return tab.Click("button", tt.post) },
			func() error { return tab.See("checkbox", tt.box) },
			// The field is added below, so that no control moves under the pointer.
			func() error {
				return tab.Holds(`(status => status.querySelector("button").getBoundingClientRect().bottom <=
					status.querySelector("[name=told]").getBoundingClientRect().top
				)(document.querySelector("aitys-comments").shadowRoot.querySelector("[part=status]"))`)
			},
			func() error { return tab.Click("checkbox", tt.box) },
			func() error { return tab.Holds(shows(tt.asked)) },
		)
		w.checkView(tab, "told-"+tt.lang)
		m := box.WaitForMail(t, email, 1)
		said, page, err := m.Parts()
		w.must(err)
		w.keep("told-"+tt.lang+".html", []byte(page))
		links := readersLink.FindAllString(said, -1)
		if len(links) != 2 {
			t.Fatalf("the mail says %s", said)
		}
		w.must(tab.Go(links[0]), tab.See("button", tt.yes))
		w.checkView(tab, "told-link-"+tt.lang)
		w.must(tab.Click("button", tt.yes), tab.Holds(says(tt.done)))
		w.must(tab.Go(links[1]), tab.See("button", tt.stop))
		w.checkView(tab, "told-stop-"+tt.lang)
		w.must(tab.Click("button", tt.stop), tab.Holds(says(tt.stopped)))
	}
}
