package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func TestAWrongFieldIsSaidInTheReadersLanguage(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct{ lang, path, button, field, value, says string }{
		{"en", "people", "Add a person", "email", "olga@staff.example",
			"This is not an e-mail address, or it has an account already."},
		{"ru", "people", "Добавить человека", "email", "olga@staff.example",
			"Это не адрес почты, или у него уже есть учётная запись."},
		{"kk", "people", "Адам қосу", "email", "olga", "Бұл пошта мекенжайы емес немесе оның есептік жазбасы бар."},
		{"ru", "people", "Добавить человека", "name", "\n", "Имя — одна строка, не больше 80 знаков."},
		{"kk", "tokens", "Токен жасау", "name", strings.Repeat("ә", 101), "Аты — 100 таңбадан аспайтын бір жол."},
	} {
		b := w.as("Olga")
		b.langs = tt.lang
		b.open("/moderate/" + tt.path)
		in := fields{"name": "Dana"}
		if tt.path == "people" {
			in["email"] = "dana@staff.example"
		}
		in[tt.field] = tt.value
		if b.press(b.doc, tt.button, in).sees(tt.says); b.status != http.StatusUnprocessableEntity {
			t.Errorf("%s, %s: got %d, want 422", tt.lang, tt.path, b.status)
		}
	}
}

func TestASessionCanBeEndedFromAnother(t *testing.T) {
	w := newWorld(t)
	here, there := w.as("Olga"), w.as("Olga")
	here.open("/moderate/sessions").sees("this one")
	other := find(here.doc, func(n *html.Node) bool {
		return n.Data == "tr" && strings.Contains(nameOf(n), "End") && !strings.Contains(nameOf(n), "this one") &&
			find(n, func(n *html.Node) bool { return n.Data == "form" }) != nil
	})
	here.press(other, "End", nil)
	there.open("/moderate/blog/queue").sees("For authors and moderators")
	here.open("/moderate/blog/queue").sees("Nothing waits")
}

func TestOnesOwnPasswordIsChangedWithTheOldOne(t *testing.T) {
	const fresh = "seven grey herons in a row"
	w := newWorld(t)
	here, there := w.as("Olga"), w.as("Olga")
	change := func(old, fresh string) *browser {
		here.open("/moderate/sessions")
		return here.press(here.doc, "Change your password", fields{"old": old, "password": fresh})
	}
	change("not mine at all", fresh).sees("This is not your password.")
	change(password, "olga@staff.example").sees("A password has twelve characters or more and is hard to guess")
	there.open("/moderate/sessions").sees("this one")

	change(password, fresh).sees("this one")
	there.open("/moderate/sessions").sees("For authors and moderators")
	b := newBrowser(t, w.url).open("/moderate/signin")
	b.press(b.doc, "Sign in", fields{"email": "olga@staff.example", "password": fresh}).sees("Nothing waits")
}

func TestATokenIsShownOnce(t *testing.T) {
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/tokens")
	b.press(b.doc, "Make a token", fields{"name": "script", "scope": "read"}).sees("Your new token")
	value := nameOf(find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "made" }))
	if _, err := w.S.ActorByToken(w.Ctx, value); err != nil {
		t.Errorf("the token shown is no token: %v", err)
	}
	b.open("/moderate/tokens").misses(value).sees("script")
	b.press(find(b.doc, func(n *html.Node) bool { return n.Data == "tr" && strings.Contains(nameOf(n), "script") }),
		"Revoke", nil)
	if _, err := w.S.ActorByToken(w.Ctx, value); err == nil {
		t.Error("an ended token still works")
	}
}
