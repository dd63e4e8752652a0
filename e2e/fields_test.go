package e2e

import (
	"fmt"
	"testing"
)

// A browser would say what is wrong with a field in a bubble of its own, in its own language, over the hint below.
func TestTheDeskSaysWhatIsWrongWithAField(t *testing.T) {
	parallel(t)
	w := newWorld(t)
	for _, tt := range []struct{ lang, name, button, missing, email string }{
		{"en", "English", "Sign in", "This has to be filled in.", "This does not look like an e-mail address."},
		{"ru", "Русский", "Войти", "Это поле нужно заполнить.", "Это не похоже на адрес почты."},
		{"kk", "Қазақша", "Кіру", "Бұл өрісті толтыру керек.", "Бұл пошта мекенжайына ұқсамайды."},
	} {
		tab := w.tab(390, 844, tt.lang == "ru")
		says := func(field, sentence string) func() error {
			return func() error {
				return tab.Holds(fmt.Sprintf(`(f => f.getAttribute('aria-invalid') === 'true' &&
					document.getElementById(f.getAttribute('aria-errormessage')).innerText === %q)(document.querySelector(
					'[name=%s]'))`, sentence, field))
			}
		}
		w.steps(tab,
			func() error { return tab.Go(w.service.URL + "/moderate/signin") },
			func() error { return tab.Holds(`document.documentElement.dataset.before = "yes"`) },
			func() error { return tab.Click("button", tt.name) },
			func() error {
				return tab.Holds(`!document.documentElement.dataset.before && document.readyState === "complete"`)
			},
			func() error { return tab.Click("button", tt.button) },
			says("email", tt.missing),
			says("password", tt.missing),
			func() error { return tab.Holds(`document.activeElement.name === 'email'`) },
			func() error { return tab.Holds(`document.activeElement.value = 'nobody'`) },
			func() error { return tab.Click("button", tt.button) },
			says("email", tt.email),
			func() error { return tab.Holds(`document.querySelectorAll('.bad').length === 2`) },
			func() error {
				if found := tab.Axe(t); len(found) > 0 {
					return fmt.Errorf("axe finds %q", found)
				}
				return nil
			},
			func() error { return tab.Press(keyA) },
			func() error { return tab.Holds(`!document.querySelector('[name=email][aria-invalid]')`) },
		)
	}
	desk := w.tab(1280, 900, false)
	w.signIn(desk, email)
	w.steps(desk,
		func() error { return desk.Go(w.service.URL + "/moderate/sessions") },
		func() error { return desk.Holds(`document.querySelector('[name=password]').focus() === undefined`) },
		func() error { return desk.Press(keyA) },
		func() error {
			return desk.Holds(`document.querySelector('[name=password]').form.requestSubmit() === undefined &&
				document.querySelector('[name=password]').closest('.field').innerText.includes('At least 12 characters.')`)
		},
	)
}
