package e2e

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

var mailedLink = regexp.MustCompile(`http://\S+/m/\S+`)

// A new comment leads to a mail; its link opens the comment and decides it without sign-in.
func TestMail_LinkLeadsToDecision(t *testing.T) {
	t.Parallel()
	box := testkit.NewMailServer(t)
	w := newWorldWith(t, options{mails: box})
	for n, v := range views(t) {
		lang := v.lang
		choice := map[string]any{"mail": "each", "mail_from_score": 0}
		w.must(w.client.Call(t.Context(), "PATCH", "/me", map[string]string{"Accept-Language": lang}, choice, nil))
		says := map[string]struct{ text, approve, stop string }{
			"en": {"The ferry was late again, for day", "Approve", "Stop all mail"},
			"ru": {"Паром сегодня снова опоздал, и никто не извинился, день", "Одобрить", "Отписаться от всего"},
			"kk": {"Паром бүгін тағы кешікті, ал ешкім кешірім сұраған жоқ, күн", "Мақұлдау", "Хат жіберілмесін"},
		}[lang]
		text := fmt.Sprintf("%s %d.", says.text, n)
		posted, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", "Ruth", "ruth@mail.example", text)
		w.must(err)
		m := box.WaitForMail(t, email, n+1)
		said, page, err := m.Parts()
		w.must(err)
		w.keep("mail-"+lang+".html", []byte(page))
		links := mailedLink.FindAllString(said, -1)
		if len(links) != 2 || !strings.Contains(strings.ReplaceAll(said, "\n> ", " "), text) {
			t.Fatalf("the mail says:\n%s", said)
		}
		tab := w.tab(v.width, 800, v.dark)
		for which, link := range links {
			w.must(tab.Go(link), tab.Holds(`document.querySelector("form")`))
			_, err := testkit.Eval[bool](tab, `[...document.querySelectorAll("details")].every(d => d.open = true)`)
			w.must(err)
			w.picture(tab, fmt.Sprintf("mailed-%d-%s-%d-%v", which, lang, v.width, v.dark))
			if found := tab.Axe(t); len(found) > 0 {
				t.Errorf("%s in %s at %d: axe finds %q", link, lang, v.width, found)
			}
		}
		if _, state, err := w.client.Own(t.Context(), posted.ID, posted.EditToken); state != "pending" || err != nil {
			t.Fatalf("nobody pressed a button, and it is %s (%v)", state, err)
		}
		tab = w.tab(390, 800, false)
		w.must(tab.Go(links[0]), tab.Click("button", says.approve), tab.Holds(`document.querySelector(".notice.ok")`))
		w.picture(tab, "mailed-done-"+lang)
		if _, state, err := w.client.Own(t.Context(), posted.ID, posted.EditToken); state != "approved" || err != nil {
			t.Errorf("it is %s (%v)", state, err)
		}
		w.must(tab.Go(links[0]), tab.Holds(`document.querySelector(".notice.warn")`))
		w.must(tab.Go(links[1]), tab.Click("button", says.stop), tab.Holds(`document.querySelector(".notice.ok")`))
		var me struct{ Account struct{ Mail string } }
		w.must(w.client.Call(t.Context(), "GET", "/me", nil, nil, &me))
		if me.Account.Mail != "none" {
			t.Errorf("mail is still %q", me.Account.Mail)
		}
	}
	if n, want := len(box.Mails()), len(views(t)); n != want {
		t.Errorf("%d mails came, want %d", n, want)
	}
}

func (w *world) keep(name string, b []byte) {
	w.t.Helper()
	if dir := os.Getenv("TEST_PICTURES"); dir != "" {
		w.must(os.WriteFile(dir+"/"+name, b, 0o600))
	}
}
