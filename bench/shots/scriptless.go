package shots

import (
	"fmt"
	"net/url"

	"github.com/aitys/aitys/internal/testkit"
)

// scriptless lists the shots of what readers do on the service's own pages, in three languages.
func scriptless(demo said) (all []shot) {
	for _, lang := range languages {
		all = append(all,
			shot{named("window", lang), false, someLooks, demo.window(lang)},
			shot{named("twice", lang), false, someLooks, demo.twice(lang)},
			shot{named("report", lang), false, someLooks, demo.report(lang)},
			shot{named("appeal", lang), false, someLooks, demo.appeal(lang)},
		)
	}
	return all
}

// plainIn is the address of the page without script of the demo's article in a language.
func (s said) plainIn(lang string) string {
	return s["url"] + "/sites/demo/page?lang=" + lang + "&url=" + url.QueryEscape(s["url"]+articles[lang])
}

// window is where somebody signs in from the blog, whose page is not there to be told.
func (s said) window(lang string) func(*testkit.Tab) error {
	return func(t *testkit.Tab) error {
		return testkit.InOrder(
			func() error { return t.BeforeEach(`window.opener = { postMessage() {} }`) },
			func() error {
				return t.Go(s["url"] + "/sites/demo/signin?lang=" + lang + "&origin=" + url.QueryEscape(s["url"]))
			},
			func() error { return t.Holds(`document.querySelector("[name=password]")`) },
		)
	}
}

// twice is the form after the first press, while the ten seconds run.
func (s said) twice(lang string) func(*testkit.Tab) error {
	text := map[string]string{
		"en": "My uncle keeps his starter in the cellar, and *names* it after the street.",
		"ru": "В нашей библиотеке такой же запах: клей, бумага и чай.",
		"kk": "Біздің ауылда да осындай бақ бар еді, *алмасы* тәтті болатын.",
	}[lang]
	return func(t *testkit.Tab) error {
		return testkit.InOrder(
			func() error { return t.Go(s.plainIn(lang)) },
			func() error {
				_, err := testkit.Eval[bool](t, fmt.Sprintf(`(({ form: { body, elements } }) => (body.value = %q,
					[...elements].find(e => e.type === "submit").click(), true))(document.querySelector("[name=body]"))`, text))
				return err
			},
			func() error { return t.Holds(`document.getAnimations().length > 0`) },
			func() error { // a picture cannot be taken of what moves
				_, err := testkit.Eval[bool](t, `(document.getAnimations().forEach(a => { a.pause(); a.currentTime = 4000 }), true)`)
				return err
			},
			func() error { return scroll(t, `document.querySelector("[name=body]").form`) },
		)
	}
}

// report is the form that says what is wrong with a comment.
func (s said) report(lang string) func(*testkit.Tab) error {
	return func(t *testkit.Tab) error {
		return testkit.InOrder(
			func() error { return t.Go(s.plainIn(lang)) },
			func() error {
				_, err := testkit.Eval[bool](t, `(document.querySelector("a[href*='report=']").click(), true)`)
				return err
			},
			func() error { return t.Holds(`document.querySelector("[name=reason]")`) },
		)
	}
}

// appeal is what a writer who was refused reads there, with the form that asks for a second look.
func (s said) appeal(lang string) func(*testkit.Tab) error {
	return func(t *testkit.Tab) error {
		made, err := s.refuse(lang)
		if err != nil {
			return err
		}
		return testkit.InOrder(
			func() error { return t.Go(s.plainIn(lang)) },
			func() error {
				_, err := testkit.Eval[string](t, fmt.Sprintf(`document.cookie = "aitys-own=%s:%s; path=/sites/demo/page"`,
					made.ID, made.Token))
				return err
			},
			func() error { return t.Go(s.plainIn(lang)) },
			func() error { return t.Holds(`document.querySelector(".own summary")`) },
			func() error {
				_, err := testkit.Eval[bool](t, `(document.querySelector(".own summary").click(), true)`)
				return err
			},
			func() error { return scroll(t, `document.querySelector(".own")`) },
		)
	}
}
