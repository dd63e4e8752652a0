package mail_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

func TestCode_MailedInRequestedLanguage(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.run(w.service())
		for lang, says := range map[string]string{
			"en": "Enter this code on Site a to sign in:",
			"ru": "Чтобы войти на сайте Site a, введите код:",
			"kk": "Site a сайтына кіру үшін осы кодты енгізіңіз:",
		} {
			email := lang + "@mail.example"
			w.Must(w.App.RequestCode(w.Ctx, w.A, email, lang))
			code := w.MailedCode(w.A, email)
			m := w.box.WaitForMail(t, email, 1)
			if !slices.Equal(m.To, []string{email}) || !strings.Contains(m.DecodedHeader("Subject"), code) {
				t.Errorf("to %v came %s", m.To, m.Raw)
			}
			for _, name := range []string{"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"} {
				if m.Header.Get(name) != "" {
					t.Errorf("a mail on request has list headers: %s", m.Raw)
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

// An expired code is not mailed, and the address of a mail that ended is deleted.
func TestCode_ExpiredIsNotMailed(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.Must(w.App.RequestCode(w.Ctx, w.A, "late@mail.example", "en"))
		w.Clock.Add(10 * time.Minute)
		w.Must(w.App.RequestCode(w.Ctx, w.A, "early@mail.example", "en"))
		w.run(w.service())
		w.box.WaitForMail(t, "early@mail.example", 1)
		if late := w.box.MailsTo("late@mail.example"); len(late) > 0 {
			t.Errorf("it came: %s", late[0].Raw)
		}
		if w.Path == "" {
			return
		}
		testkit.Until(t, "both addresses are gone", func() bool {
			return w.CountInFile("early@mail.example")+w.CountInFile("late@mail.example") == 0
		})
		if out := w.log.String(); strings.Contains(out, "mail.example") {
			t.Errorf("the log has an address: %s", out)
		}
	})
}
