package e2e

import (
	"strings"

	"github.com/aitys/aitys/internal/testkit"
)

// A user works in a tab and finds everything by role and accessible name. A step that fails ends the test.
type user struct {
	*world
	tab *testkit.Tab
}

// user opens a tab.
func (w *world) user(width, height int64, dark bool) user {
	w.t.Helper()
	return user{w, w.tab(width, height, dark)}
}

func (u user) do(step func() error) user {
	u.t.Helper()
	u.steps(u.tab, step)
	return u
}

func (u user) opens(url string) user {
	u.t.Helper()
	return u.do(func() error { return u.tab.Go(url) })
}

func (u user) sees(role, name string) user {
	u.t.Helper()
	return u.do(func() error { return u.tab.See(role, name) })
}

// reads waits for a text. Unlike shows, it finds only what a screen reader reads.
func (u user) reads(text string) user {
	u.t.Helper()
	return u.sees("StaticText", text)
}

func (u user) misses(role, name string) user {
	u.t.Helper()
	return u.do(func() error { return u.tab.Gone(role, name) })
}

func (u user) clicks(role, name string) user {
	u.t.Helper()
	return u.do(func() error { return u.tab.Click(role, name) })
}

func (u user) types(role, name, text string) user {
	u.t.Helper()
	return u.do(func() error { return u.tab.Type(role, name, text) })
}

func (u user) presses(keys ...testkit.Key) user {
	u.t.Helper()
	return u.do(func() error { return u.tab.Press(keys...) })
}

// holds waits until a JavaScript expression is true.
func (u user) holds(expression string) user {
	u.t.Helper()
	return u.do(func() error { return u.tab.Holds(expression) })
}

// finds waits for a text that contains part, and returns it.
func (u user) finds(part string) (text string) {
	u.t.Helper()
	testkit.Until(u.t, "the page says "+part, func() bool {
		all, err := u.tab.AccessibilityTree()
		u.must(err)
		for _, n := range all {
			if text = n.Name; n.Role == "StaticText" && strings.Contains(text, part) {
				return true
			}
		}
		return false
	})
	return text
}

// readsIn returns the text of the first element with a role and name.
func (u user) readsIn(role, name string) string {
	u.t.Helper()
	u.sees(role, name)
	all, err := u.tab.AccessibilityTree()
	u.must(err)
	var text strings.Builder
	within := map[int]bool{}
	for i, n := range all {
		if within[i] = n.Role == role && n.Name == name || within[n.Parent]; within[i] && n.Role == "StaticText" {
			text.WriteString(n.Name)
		}
	}
	return text.String()
}

// signsIn signs in at the page that the tab shows.
func (u user) signsIn(email, password string) user {
	u.t.Helper()
	return u.types("textbox", "E-mail", email).types("textbox", "Password", password).clicks("button", "Sign in")
}
