package e2e

import (
	"fmt"
	"net/url"
	"regexp"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

const root = `document.querySelector("aitys-comments").shadowRoot`

var eightDigits = regexp.MustCompile(`\b\d{8}\b`)

// If a site requires a verified e-mail address, the form mails a code and keeps the draft. A wrong code shows an error
// next to the field. Entering a code does not send the comment.
func TestVerify_CodeInForm(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	box := testkit.NewMailServer(t)
	w := newWorldWith(t, options{mails: box})
	at := w.otherSite()
	w.must(w.client.Do(t.Context(), "PATCH", "", nil, map[string]any{"who": "verified"}, nil))
	for i, tt := range []struct {
		lang, comment, mail, send, code, name, enter, post, wrong, as string
		width                                                         int64
	}{
		{"en", "Comment", "E-mail", "Mail me a code", "Code from the mail", "Name", "Sign in", "Post comment",
			"Wrong or expired code.", "Signed in as", 1280},
		{"kk", "Пікір", "Эл. пошта", "Код жіберу", "Хаттағы код", "Аты-жөні", "Кіру", "Пікірді жіберу",
			"Код қате немесе ескірген.", "кірдіңіз", 390},
	} {
		email := "nobody." + tt.lang + "@mail.example"
		tab := w.tab(tt.width, 844, i == 1)
		w.must(tab.BlockThirdPartyCookies(), tab.Go(at+"/prove?lang="+tt.lang), tab.See("textbox", tt.comment))
		w.steps(tab,
			func() error { return tab.Type("textbox", tt.comment, "Half of the bridges here are closed, "+tt.lang) },
			func() error { return tab.Gone("textbox", tt.name) },
			func() error { return tab.Type("textbox", tt.mail, "nobody") },
			func() error { return tab.Click("button", tt.send) },
			func() error { return tab.Holds(root + `.querySelector("#prove-email[aria-invalid]")`) },
		)
		w.checkView(tab, "prove-email-"+tt.lang)
		w.steps(tab,
			func() error { return tab.Type("textbox", tt.mail, "."+tt.lang+"@mail.example") },
			func() error { return tab.Press(testkit.Key{Key: "Enter", Code: "Enter", KeyCode: 13}) },
			func() error { return tab.See("textbox", tt.code) },
			func() error { return tab.Holds(root + `.activeElement?.id === "prove-code"`) },
			func() error { return tab.Type("textbox", tt.code, "1234") },
			func() error { return tab.Press(testkit.Key{Key: "Enter", Code: "Enter", KeyCode: 13}) },
			func() error { return tab.Holds(shows(tt.wrong)) },
		)
		w.checkView(tab, "prove-code-"+tt.lang)
		said, _, err := box.WaitForMail(t, email, 1).Parts()
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
		w.checkView(tab, "prove-done-"+tt.lang)
		w.steps(tab,
			func() error { return tab.Click("button", tt.post) },
			func() error { return tab.Holds(root + `.querySelector(".posted")`) },
		)
		if name, verified := w.author(); name != "Nora "+tt.lang || !verified {
			t.Errorf("a moderator sees %q, verified: %v", name, verified)
		}
	}
}

// A code also works in the sign-in window. The identity is handed to the blog only after the right code. Names of
// moderators are refused.
func TestVerify_CodeInSignInWindow(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	box := testkit.NewMailServer(t)
	w := newWorldWith(t, options{mails: box})
	at := w.otherSite()
	for _, width := range []int64{1280, 390} {
		email := fmt.Sprintf("reader%d@mail.example", width)
		blog := w.blogAt(fmt.Sprintf("%s/code-%d", at, width), width, 844)
		window := w.window(blog, width, 844)
		w.must(window.See("link", "Continue with e-mail"), window.See("textbox", "Password"))
		w.checkView(window, fmt.Sprintf("code-ways-%d", width))
		w.steps(window,
			func() error { return window.Click("link", "Continue with e-mail") },
			func() error { return window.Holds(asks("m")) },
		)
		w.checkView(window, fmt.Sprintf("code-mail-%d", width))
		w.steps(window,
			func() error { return window.Type("textbox", "E-mail", email) },
			func() error { return window.Click("button", "Mail me a code") },
			func() error { return window.Holds(asks("c") + ` && ` + shows(email)) },
		)
		w.checkView(window, fmt.Sprintf("code-code-%d", width))
		said, _, err := box.WaitForMail(t, email, 1).Parts()
		w.must(err)
		code := eightDigits.FindString(said)
		w.steps(window,
			func() error { return window.Type("textbox", "Code from the mail", code) },
			func() error { return window.Type("textbox", "Display name", "Dаna") },
			func() error { return window.Click("button", "Sign in") },
			func() error { return window.Holds(asks("c") + ` && ` + shows("Choose another.")) },
			func() error { return window.Holds(emptied) },
			func() error { return window.Type("textbox", "Code from the mail", "12345678") },
			func() error { return window.Type("textbox", "Display name", "Nora") },
			func() error { return window.Click("button", "Sign in") },
			func() error {
				return window.Holds(asks("c") + ` && ` + shows("Wrong or expired code."))
			},
			func() error { return blog.Holds("!window.heard") },
		)
		w.checkView(window, fmt.Sprintf("code-wrong-%d", width))
		w.steps(window,
			func() error { return window.Type("textbox", "Code from the mail", code) },
			func() error { return window.Click("button", "Sign in") },
			func() error { return blog.Holds(fmt.Sprintf("heard.length === 1 && heard[0] === %q", w.service.URL)) },
			func() error { return blog.Holds(shows("Signed in as") + " && " + shows("Nora")) },
			func() error { return blog.Type("textbox", "Comment", fmt.Sprintf("The %d comes at noon.", width)) },
			func() error { return blog.Click("button", "Post comment") },
			func() error { return blog.Holds(shows("waiting for a moderator")) },
		)
		if name, verified := w.author(); name != "Nora" || !verified {
			t.Errorf("a moderator sees %q, verified: %v", name, verified)
		}
		w.leave(blog)
	}

	// Without an opener the window says that the form on the blog accepts a code, if it does.
	w.must(w.client.Do(t.Context(), "PATCH", "", nil, map[string]any{"who": "verified"}, nil))
	cut := w.tab(390, 844, true)
	w.must(cut.Go(w.service.URL+"/sites/blog/signin?"+url.Values{"origin": {at}}.Encode()),
		cut.See("heading", "Connection to the blog lost"),
		cut.Holds(shows("use a mailed code instead")))
	w.checkView(cut, "code-cut")
}

// asks returns a JavaScript expression that is true when the window shows the field id.
func asks(id string) string {
	return `document.readyState === "complete" && document.getElementById("` + id + `")`
}
