package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// A reader requests the data stored about an e-mail address. The page gives the same answer for all addresses. A mailed
// link shows the data and can erase it.
func TestPrivacy_ReaderErasesData(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	box := testkit.NewMailServer(t)
	w := newWorldWith(t, options{mails: box})
	w.must(w.client.Call(t.Context(), "PATCH", "/sites/blog", nil, map[string]any{"keep_address_days": 90}, nil))
	form := w.tab(390, 844, false)
	w.must(form.Go(w.blog.URL+"/post-0"), form.Type("textbox", "Comment", "Before I give my name:"),
		form.See("link", "Your data"))
	for i, tt := range []struct {
		lang, email, send, sent, erase, erased, unname, unnamed string
	}{
		{"en", "E-mail", "Send link", "A link goes to en@mail.example", "Erase everything",
			"All data of en@mail.example is erased", "Keep texts without my name",
			"2 comments are no longer linked to en@mail.example"},
		{"ru", "Эл. почта", "Прислать ссылку", "Ссылка отправлена на ru@mail.example", "Удалить всё",
			"Все данные ru@mail.example удалены", "Оставить тексты без моего имени",
			"2 комментария больше не связаны с ru@mail.example"},
		{"kk", "Эл. пошта", "Сілтеме жіберу", "kk@mail.example мекенжайына сілтеме жіберіледі", "Бәрін өшіру",
			"kk@mail.example бойынша барлық дерек өшірілді", "Мәтіндерді атымсыз қалдыру",
			"2 пікір енді kk@mail.example мекенжайымен байланысты емес"},
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
			w.must(tab.BlockThirdPartyCookies(), tab.Go(w.service.URL+"/sites/blog/privacy?lang="+tt.lang))
			w.checkView(tab, "privacy-ask-"+tt.lang)
			w.must(tab.Type("textbox", tt.email, email), tab.Click("button", tt.send), tab.Holds(says(tt.sent)))
			m := box.WaitForMail(t, email, nth+1)
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
			w.checkView(tab, "privacy-held-"+tt.lang)
			w.must(tab.Click("button", press.button), tab.Holds(says(press.says)))
			w.checkView(tab, "privacy-"+press.name+"-"+tt.lang)
		}
	}
}
