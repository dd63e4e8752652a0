package e2e

import (
	"fmt"
	"testing"
)

// The desk shows field errors itself. The browser's bubble would use its own language and cover the hint.
func TestDesk_ShowsFieldErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tt := range []struct{ lang, name, button, missing, email string }{
		{"en", "English", "Sign in", "This field is required.", "Enter a valid e-mail address."},
		{"ru", "Русский", "Войти", "Заполните это поле.", "Введите корректный адрес почты."},
		{"kk", "Қазақша", "Кіру", "Бұл өрісті толтырыңыз.", "Дұрыс пошта мекенжайын енгізіңіз."},
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
				document.querySelector('[name=password]').closest('.field').innerText.includes('Enter at least 12 characters.')`)
		},
	)
}
