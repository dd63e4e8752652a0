package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// Whoever gave an address asks what is held about it, by a page that says the same to everybody, reads it behind a
// mailed link and has it erased.
func TestAReaderSeesAndErasesWhatIsHeld(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	parallel(t)
	box := testkit.NewMailbox(t)
	w := newWorldWith(t, options{mails: box})
	w.must(w.client.Call(t.Context(), "PATCH", "/sites/blog", nil, map[string]any{"keep_address_days": 90}, nil))
	form := w.tab(390, 844, false)
	w.must(form.Go(w.blog.URL+"/post-0"), form.Type("textbox", "Comment", "Before I give my name:"),
		form.See("link", "What is held about you"))
	for i, tt := range []struct {
		lang, email, send, sent, erase, erased, unname, unnamed string
	}{
		{"en", "E-mail", "Send me the link", "A link goes to en@mail.example", "Erase it",
			"All that was held about en@mail.example is erased", "Keep the texts, but without my name",
			"Nothing here says any more that en@mail.example wrote 2 comments"},
		{"ru", "Эл. почта", "Прислать ссылку", "На ru@mail.example уходит ссылка", "Стереть всё",
			"Всё, что хранилось о ru@mail.example, стёрто", "Оставить тексты, но без моего имени",
			"с адреса ru@mail.example написаны 2 комментария"},
		{"kk", "Эл. пошта", "Сілтеме жіберу", "kk@mail.example мекенжайына сілтеме барады", "Бәрін өшіру",
			"kk@mail.example туралы сақталғанның бәрі өшірілді", "Мәтіндер қалсын, бірақ атымсыз",
			"kk@mail.example мекенжайынан 2 пікір жазылғанын ештеңе айтпайды"},
	} {
		email := tt.lang + "@mail.example"
		tab := w.tab([]int64{1280, 390, 390}[i], 844, i == 1)
		for nth, press := range []struct{ button, says, name string }{
			{tt.erase, tt.erased, "erased"}, {tt.unname, tt.unnamed, "unnamed"},
		} {
			for n := range 2 {
				_, err := w.client.Post(t.Context(), "", fmt.Sprintf("%s/post-%d", w.blog.URL, n), "Ruth", email,
					fmt.Sprintf("The wagtail number %d of %s is back on the roof, to be %s.", n, tt.lang, press.name))
				w.must(err)
			}
			w.must(tab.NoThirdParties(), tab.Go(w.service.URL+"/sites/blog/privacy?lang="+tt.lang))
			w.fair(tab, "privacy-ask-"+tt.lang)
			w.must(tab.Type("textbox", tt.email, email), tab.Click("button", tt.send), tab.Holds(says(tt.sent)))
			m := box.Wait(t, email, nth+1)
			said, page, err := m.Parts()
			w.must(err)
			w.keep("privacy-"+tt.lang+".html", []byte(page))
			links := readersLink.FindAllString(said, -1)
			if len(links) != 1 || strings.Contains(said+page, "wagtail") || strings.Contains(said+page, "Ruth") {
				t.Fatalf("the mail says %s", said)
			}
			for range 2 {
				w.must(tab.Go(links[0]), tab.See("button", tt.erase), tab.See("button", tt.unname))
			}
			w.fair(tab, "privacy-held-"+tt.lang)
			w.must(tab.Click("button", press.button), tab.Holds(says(press.says)))
			w.fair(tab, "privacy-"+press.name+"-"+tt.lang)
		}
	}
}
