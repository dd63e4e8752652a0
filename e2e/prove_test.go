package e2e

import (
	"regexp"
	"testing"

	"github.com/aitys/aitys/e2e/kit"
)

const root = `document.querySelector("aitys-comments").shadowRoot`

var eightDigits = regexp.MustCompile(`\b\d{8}\b`)

// Where a site asks for an address that is the reader's for certain, the form has a code mailed, and goes on with the
// text that was begun. A wrong code is said beside its field; nothing of it sends the comment.
func TestAReaderShowsAnAddressByAMailedCode(t *testing.T) {
	box := kit.NewMailbox(t)
	t.Setenv("AITYS_SMTP", box.URL)
	t.Setenv("AITYS_MAIL_FROM", "comments@service.example")
	w := newWorld(t, kit.Binary(t), nil)
	at := w.otherSite()
	w.must(w.client.Do(t.Context(), "PATCH", "", nil, map[string]any{"who": "verified"}, nil))
	for i, tt := range []struct {
		lang, comment, mail, send, code, name, enter, post, wrong, as string
		width                                                         int64
	}{
		{"en", "Comment", "E-mail", "Mail me a code", "Code from the mail", "Name", "Sign in", "Post comment",
			"This is not the code that was mailed last", "Signed in as", 1280},
		{"kk", "Пікір", "Эл. пошта", "Код жіберу", "Хаттағы код", "Аты-жөні", "Кіру", "Пікірді жіберу",
			"Бұл соңғы жіберілген код емес", "кірдіңіз", 390},
	} {
		email := "nobody." + tt.lang + "@mail.example"
		tab := w.tab(tt.width, 844, i == 1)
		w.must(tab.NoThirdParties(), tab.Go(at+"/prove?lang="+tt.lang), tab.See("textbox", tt.comment))
		w.steps(tab,
			func() error { return tab.Type("textbox", tt.comment, "Half of the bridges here are closed, "+tt.lang) },
			func() error { return tab.Gone("textbox", tt.name) },
			func() error { return tab.Type("textbox", tt.mail, "nobody") },
			func() error { return tab.Click("button", tt.send) },
			func() error { return tab.Holds(root + `.querySelector("#prove-email[aria-invalid]")`) },
		)
		w.fair(tab, "prove-email-"+tt.lang)
		w.steps(tab,
			func() error { return tab.Type("textbox", tt.mail, "."+tt.lang+"@mail.example") },
			func() error { return tab.Press(kit.Key{Key: "Enter", Code: "Enter", Number: 13}) },
			func() error { return tab.See("textbox", tt.code) },
			func() error { return tab.Holds(root + `.activeElement?.id === "prove-code"`) },
			func() error { return tab.Type("textbox", tt.code, "1234") },
			func() error { return tab.Press(kit.Key{Key: "Enter", Code: "Enter", Number: 13}) },
			func() error { return tab.Holds(shows(tt.wrong)) },
		)
		w.fair(tab, "prove-code-"+tt.lang)
		said, _, err := box.Wait(t, email, 1).Parts()
		w.must(err)
		w.steps(tab,
			func() error { return tab.Type("textbox", tt.name, "Nora "+tt.lang) },
			func() error { return tab.Type("textbox", tt.code, eightDigits.FindString(said)) },
			func() error { return tab.Click("button", tt.enter) },
			func() error { return tab.Holds(shows(tt.as) + " && " + shows("Nora "+tt.lang)) },
			func() error { return tab.Gone("textbox", tt.code) },
			func() error {
				return tab.Holds(root + `.querySelector("textarea").value.endsWith(", ` + tt.lang + `")`)
			},
		)
		w.fair(tab, "prove-done-"+tt.lang)
		w.steps(tab,
			func() error { return tab.Click("button", tt.post) },
			func() error { return tab.Holds(root + `.querySelector(".posted")`) },
		)
		if name, verified := w.author(); name != "Nora "+tt.lang || !verified {
			t.Errorf("a moderator sees %q, verified: %v", name, verified)
		}
	}
}
