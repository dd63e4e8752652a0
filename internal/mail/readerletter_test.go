package mail_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

func TestACodeIsMailedInTheLanguageOfWhoAskedForIt(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.run(w.service())
		for lang, says := range map[string]string{
			"en": "Type this code on Site a to sign in there:",
			"ru": "Чтобы войти на сайте Site a, введите там этот код:",
			"kk": "Site a сайтына кіру үшін сол жерде осы кодты теріңіз:",
		} {
			email := lang + "@mail.example"
			w.Must(w.S.AskCode(w.Ctx, w.A, email, lang))
			code := w.MailedCode(w.A, email)
			m := w.box.Wait(t, email, 1)
			if !slices.Equal(m.To, []string{email}) || !strings.Contains(m.Says("Subject"), code) {
				t.Errorf("to %v came %s", m.To, m.Raw)
			}
			for _, name := range []string{"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"} {
				if m.Header.Get(name) != "" {
					t.Errorf("a mail that was asked for is called one of a list: %s", m.Raw)
				}
			}
			text, html, err := m.Parts()
			w.Must(err)
			for _, part := range []string{strings.ReplaceAll(text, "\n", " "), html} {
				if !strings.Contains(part, says) || strings.Count(part, code) != 1 {
					t.Errorf("in %s the mail says %s", lang, part)
				}
			}
			if to, pictures := links(t, html); len(to)+len(pictures) > 0 {
				t.Errorf("the mail leads to %v and loads %v", to, pictures)
			}
		}
	})
}

// A code that nobody can use any more is not mailed, and no address is kept of a mail that has ended.
func TestACodeThatIsOverIsNotMailed(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.Must(w.S.AskCode(w.Ctx, w.A, "late@mail.example", "en"))
		w.Clock.Add(10 * time.Minute)
		w.Must(w.S.AskCode(w.Ctx, w.A, "early@mail.example", "en"))
		w.run(w.service())
		w.box.Wait(t, "early@mail.example", 1)
		if late := w.box.To("late@mail.example"); len(late) > 0 {
			t.Errorf("it came: %s", late[0].Raw)
		}
		if w.Path == "" {
			return
		}
		testkit.Until(t, "both addresses are gone", func() bool {
			return w.InFile("early@mail.example")+w.InFile("late@mail.example") == 0
		})
		if out := w.log.String(); strings.Contains(out, "mail.example") {
			t.Errorf("the log has an address: %s", out)
		}
	})
}
