package e2e

import (
	"regexp"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

var readersLink = regexp.MustCompile(`http://\S+/mail/\S+`)

// says holds on a page behind a mailed link that has done what its button says.
func says(what string) string {
	return `document.querySelector(".notice.ok")?.textContent.includes("` + what + `")`
}

// Who posts with an e-mail address ticks a box, is asked by mail, and says yes on a page behind the link. Another link
// in each mail ends them.
func TestAReaderWishesToBeToldByMail(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	parallel(t)
	box := testkit.NewMailbox(t)
	w := newWorldWith(t, options{mails: box})
	at := w.otherSite()
	for i, tt := range []struct {
		lang, comment, mail, post, box, asked, yes, done, stop, stopped string
		width                                                           int64
	}{
		{"en", "Comment", "E-mail", "Post comment", "Tell me by mail when it is published or answered",
			"We mail you one question a day at most", "Yes, tell me", "is told from now on",
			"Stop all mail", "No more mail about comments goes to en@mail.example", 1280},
		{"ru", "Комментарий", "Эл. почта", "Отправить комментарий", "Сообщить письмом о публикации и ответах",
			"Мы пришлём вопрос", "Да, сообщать", "Теперь письма будут приходить",
			"Больше не писать", "Писем о комментариях на ru@mail.example больше не будет", 390},
	} {
		email := tt.lang + "@mail.example"
		tab := w.tab(tt.width, 844, i == 1)
		w.must(tab.NoThirdParties(), tab.Go(at+"/told?lang="+tt.lang), tab.See("textbox", tt.comment))
		w.steps(tab,
			func() error { return tab.Type("textbox", tt.comment, "The boats on the lake leave at nine, "+tt.lang) },
			func() error { return tab.Type("textbox", tt.mail, email) },
			func() error { return tab.Click("button", tt.post) },
			func() error { return tab.See("checkbox", tt.box) },
			// It comes after the answer: nothing moves away that a finger is about to press.
			func() error {
				return tab.Holds(`(status => status.querySelector("button").getBoundingClientRect().bottom <=
					status.querySelector("[name=told]").getBoundingClientRect().top
				)(document.querySelector("aitys-comments").shadowRoot.querySelector("[part=status]"))`)
			},
			func() error { return tab.Click("checkbox", tt.box) },
			func() error { return tab.Holds(shows(tt.asked)) },
		)
		w.fair(tab, "told-"+tt.lang)
		m := box.Wait(t, email, 1)
		said, page, err := m.Parts()
		w.must(err)
		w.keep("told-"+tt.lang+".html", []byte(page))
		links := readersLink.FindAllString(said, -1)
		if len(links) != 2 {
			t.Fatalf("the mail says %s", said)
		}
		w.must(tab.Go(links[0]), tab.See("button", tt.yes))
		w.fair(tab, "told-link-"+tt.lang)
		w.must(tab.Click("button", tt.yes), tab.Holds(says(tt.done)))
		w.must(tab.Go(links[1]), tab.See("button", tt.stop))
		w.fair(tab, "told-stop-"+tt.lang)
		w.must(tab.Click("button", tt.stop), tab.Holds(says(tt.stopped)))
	}
}
