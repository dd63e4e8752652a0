package shots

import (
	"fmt"
	"net/url"

	"github.com/aitys/aitys/internal/testkit"
)

// scriptless lists the shots of the service's pages for readers without JavaScript, in three languages.
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

// plainIn returns the URL of the plain page of the demo's article in a language.
func (s said) plainIn(lang string) string {
	return s["url"] + "/sites/demo/page?lang=" + lang + "&url=" + url.QueryEscape(s["url"]+articles[lang])
}

// window opens the sign-in window, with a stub for the page of the blog that opened it.
func (s said) window(lang string) func(*testkit.Tab) error {
	return func(t *testkit.Tab) error {
		return testkit.RunSteps(
			func() error { return t.AddInitScript(`window.opener = { postMessage() {} }`) },
			func() error {
				return t.Go(s["url"] + "/sites/demo/signin?lang=" + lang + "&origin=" + url.QueryEscape(s["url"]))
			},
			func() error { return t.Holds(`document.querySelector("[name=password]")`) },
		)
	}
}

// twice shows the form after the first submit, during the ten seconds before it can be confirmed.
func (s said) twice(lang string) func(*testkit.Tab) error {
	text := map[string]string{
		"en": "My uncle keeps his starter in the cellar, and *names* it after the street.",
		"ru": "В нашей библиотеке такой же запах: клей, бумага и чай.",
		"kk": "Біздің ауылда да осындай бақ бар еді, *алмасы* тәтті болатын.",
	}[lang]
	return func(t *testkit.Tab) error {
		return testkit.RunSteps(
			func() error { return t.Go(s.plainIn(lang)) },
			func() error {
				_, err := testkit.Eval[bool](t, fmt.Sprintf(`(({ form: { body, elements } }) => (body.value = %q,
					[...elements].find(e => e.type === "submit").click(), true))(document.querySelector("[name=body]"))`, text))
				return err
			},
			func() error { return t.Holds(`document.getAnimations().length > 0`) },
			func() error { // pause animations, so that the screenshot is stable
				_, err := testkit.Eval[bool](t, `(document.getAnimations().forEach(a => { a.pause(); a.currentTime = 4000 }), true)`)
				return err
			},
			func() error { return scroll(t, `document.querySelector("[name=body]").form`) },
		)
	}
}

// report opens the form that reports a comment.
func (s said) report(lang string) func(*testkit.Tab) error {
	return func(t *testkit.Tab) error {
		return testkit.RunSteps(
			func() error { return t.Go(s.plainIn(lang)) },
			func() error {
				_, err := testkit.Eval[bool](t, `(document.querySelector("a[href*='report=']").click(), true)`)
				return err
			},
			func() error { return t.Holds(`document.querySelector("[name=reason]")`) },
		)
	}
}

// appeal shows a refused comment to its commenter on the plain page, with the form of an appeal.
func (s said) appeal(lang string) func(*testkit.Tab) error {
	return func(t *testkit.Tab) error {
		made, err := s.refuse(lang)
		if err != nil {
			return err
		}
		return testkit.RunSteps(
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
