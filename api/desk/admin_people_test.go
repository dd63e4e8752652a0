package desk_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/site"
)

func TestPeople_FieldErrorUsesReadersLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tt := range []struct{ lang, path, button, field, value, says string }{
		{"en", "people", "Add a person", "email", "olga@staff.example",
			"There is an account with this e-mail already."},
		{"ru", "people", "Добавить человека", "email", "olga@staff.example",
			"Учётная запись с этой почтой уже есть."},
		{"kk", "people", "Адам қосу", "email", "olga", "Пошта мекенжайы name@example.org түрінде болады."},
		{"ru", "people", "Добавить человека", "name", "\n", "Введите имя одной строкой, до 80 знаков."},
		{"kk", "tokens", "Токен жасау", "name", strings.Repeat("ә", 101), "Атын бір жолмен енгізіңіз, 100 таңбаға дейін."},
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

func TestSessions_EndOtherSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	here, there := w.as("Olga"), w.as("Olga")
	here.open("/moderate/sessions").sees("current")
	other := find(here.doc, func(n *html.Node) bool {
		return n.Data == "tr" && strings.Contains(nameOf(n), "End") && !strings.Contains(nameOf(n), "current") &&
			find(n, func(n *html.Node) bool { return n.Data == "form" }) != nil
	})
	here.press(other, "End", nil)
	there.open("/moderate/blog/queue").sees("For authors and moderators")
	here.open("/moderate/blog/queue").sees("No pending comments")
}

func TestSessions_PasswordChangeNeedsOldPassword(t *testing.T) {
	t.Parallel()
	const fresh = "seven grey herons in a row"
	w := newWorld(t)
	here, there := w.as("Olga"), w.as("Olga")
	change := func(old, fresh string) *browser {
		here.open("/moderate/sessions")
		return here.press(here.doc, "Change password", fields{"old": old, "password": fresh})
	}
	change("not mine at all", fresh).sees("This is not your current password.")
	change(password, "olga@staff.example").sees("Use twelve or more characters that are hard to guess")
	there.open("/moderate/sessions").sees("current")

	change(password, fresh).sees("current")
	there.open("/moderate/sessions").sees("For authors and moderators")
	b := newBrowser(t, w.url).open("/moderate/signin")
	b.press(b.doc, "Sign in", fields{"email": "olga@staff.example", "password": fresh}).sees("No pending comments")
}

func TestTokens_ValueIsShownOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/tokens")
	b.press(b.doc, "Create token", fields{"name": "script", "scope": "read"}).sees("New token")
	value := nameOf(find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "made" }))
	if _, err := w.App.ActorByToken(w.Ctx, value); err != nil {
		t.Errorf("the token shown is no token: %v", err)
	}
	b.open("/moderate/tokens").misses(value).sees("script")
	b.press(find(b.doc, func(n *html.Node) bool { return n.Data == "tr" && strings.Contains(nameOf(n), "script") }),
		"Revoke", nil)
	b.sees("Token revoked.")
	if _, err := w.App.ActorByToken(w.Ctx, value); err == nil {
		t.Error("an ended token still works")
	}
}

func TestTokens_ShowScopeUseAndExpiry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, err := w.App.AddSite(w.Ctx, authz.Operator,
		site.Site{Key: "second", Name: "Second", Origins: []string{"https://second.example"}}, nil)
	w.Must(err)
	b := w.as("Olga").open("/moderate/tokens")
	b.press(b.doc, "Create token", fields{"name": "mirror", "scope": "read", "site": "second", "ends": "30"})
	value := nameOf(find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "made" }))
	row := func(name string) string {
		return nameOf(find(b.doc, func(n *html.Node) bool { return n.Data == "tr" && strings.Contains(nameOf(n), name) }))
	}
	ends := w.Clock.Now().AddDate(0, 0, 30)
	for _, what := range []string{"read", "Second", "never", ends.Format("2006-01-02")} {
		if got := row("mirror"); !strings.Contains(got, what) {
			t.Errorf("a new token's row is %q, without %q", got, what)
		}
	}
	who, err := w.App.ActorByToken(w.Ctx, value)
	w.Must(err)
	if second, err := w.App.Site(w.Ctx, "second"); err != nil || !slices.Equal(who.Sites, []int64{second.ID}) {
		t.Errorf("it reaches the sites %v (%v)", who.Sites, err)
	}
	b.open("/moderate/tokens")
	if got, today := row("mirror"), w.Clock.Now().Format("2006-01-02 15:04"); strings.Count(got, today) != 2 {
		t.Errorf("a token that was made and used at %s says %q", today, got)
	}
	w.Clock.Add(31 * 24 * time.Hour)
	b = w.as("Olga").open("/moderate/tokens")
	if got := row("mirror"); !strings.Contains(got, "expired") {
		t.Errorf("after its end it says %q", got)
	}
	b.press(b.doc, "Create token", fields{"name": strings.Repeat("x", 101), "ends": "90"})
	field := find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "tn" })
	if attr(field, "aria-describedby") != "wrong" || attr(field, "value") != strings.Repeat("x", 101) {
		t.Errorf("a wrong name is not said at its field, or lost: %v", field.Attr)
	}
	if ends := find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "te" }); chosen(ends) != "90" {
		t.Errorf("the end that was chosen is lost: %s", chosen(ends))
	}
}

func TestPeople_ChangeRoleAndSites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, err := w.App.AddSite(w.Ctx, authz.Operator,
		site.Site{Key: "second", Name: "Second", Origins: []string{"https://second.example"}}, nil)
	w.Must(err)
	w.account("Dana", authz.Moderator, "blog")
	dana := w.as("Dana")
	b := w.as("Olga").open("/moderate/people")
	row := func(name string) *html.Node {
		return find(b.doc, func(n *html.Node) bool { return n.Data == "li" && strings.Contains(nameOf(n), name) })
	}
	b.press(row("Dana"), "Save", fields{"name": "Dana K.", "role": "author", "site": "second"}).sees("Saved.")
	if got := nameOf(row("Dana K.")); !strings.Contains(got, "Author Second") {
		t.Errorf("after the change the row says %q", got)
	}
	dana.open("/moderate/second/queue").sees("For authors and moderators") // a changed role ends the session
	w.as("Dana").open("/moderate/second/queue").sees("No pending comments").
		open("/moderate/blog/queue").misses("No pending comments")
	b.open("/moderate/people")
	if got := nameOf(row("Dana K.")); !strings.Contains(got, "last seen "+w.Clock.Now().Format("2006-01-02 15:04")) {
		t.Errorf("the row does not say when Dana was here: %q", got)
	}

	// The error is shown at its field, with the submitted value.
	b.press(row("olga@"), "Save", fields{"name": "Olga B.", "role": "moderator"}).
		sees("This is the last owner. Make someone else an owner first.")
	bad := find(b.doc, func(n *html.Node) bool { return attr(n, "aria-describedby") == "wrong" })
	if b.status != http.StatusUnprocessableEntity || bad == nil || attr(bad, "name") != "role" ||
		chosen(bad) != "moderator" || !inside(bad, row("Olga B.")) {
		t.Errorf("the last owner's new role is answered %d, at %v", b.status, bad)
	}
	open := func(n *html.Node) bool { return n.Data == "details" && has(n, "open") }
	if find(row("Olga B."), open) == nil {
		t.Error("the form with the mistake is closed")
	}
	b.open("/moderate/people").press(row("Dana K."), "Save", fields{"name": "\n"}).sees("Enter a name in one line")
	b.open("/moderate/people").press(b.doc, "Add a person", fields{"name": "Eva", "email": "olga@staff.example",
		"role": "author", "site": "second"})
	if role := find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "pr" }); chosen(role) != "author" {
		t.Errorf("the role that was chosen for a new person is lost: %s", chosen(role))
	}

	// Without a site the form is refused: it never means all sites.
	b.open("/moderate/people").press(row("Dana K."), "Save", fields{"site": ""}).sees("Choose at least one site.")
	if a := w.actor("Dana").Account; a.AllSites != authz.NoRole || len(a.Roles) != 1 {
		t.Errorf("Dana has the roles %v and %v on all sites", a.Roles, a.AllSites)
	}
	b.open("/moderate/people").press(b.doc, "Add a person", fields{"name": "Eva", "email": "eva@staff.example",
		"role": "author"}).sees("Choose at least one site.")
	b.press(row("Dana K."), "Save", fields{"all": "all"}).sees("Saved.")
	if a := w.actor("Dana").Account; a.AllSites != authz.Author {
		t.Errorf("on all sites, Dana has the role %v", a.AllSites)
	}

	// There is another owner now, so the first one may step down.
	w.account("Nina", authz.Owner)
	b.open("/moderate/people").press(row("olga@"), "Save", fields{"role": "moderator"}).sees("For authors and moderators")
	w.as("Olga").open("/moderate/people").misses("Add a person")
}

func TestSessions_ChooseMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga")
	b.open("/moderate/sessions/mail").sees("This server sends no mail yet. The operator can enable it with --smtp.")
	b.press(b.doc, "Save", fields{"mail": "each", "from": "12,5"}).sees("Saved")
	if who := w.actor("Olga").Account; who.Mail != authz.MailEach || who.MailFrom != 0.125 || who.MailLang != "en" {
		t.Errorf("it was kept as %v from %v in %q", who.Mail, who.MailFrom, who.MailLang)
	}
	b.langs = "ru"
	b.open("/moderate/sessions/mail")
	if field := find(b.doc, func(n *html.Node) bool { return attr(n, "name") == "from" }); attr(field, "value") != "12,5" {
		t.Errorf("the page shows %q", attr(field, "value"))
	}
	for _, bad := range []string{"101", "-1", "NaN", "many", ""} {
		b.press(b.doc, "Сохранить", fields{"mail": "digest", "from": bad}).sees("Введите оценку от 0 до 100.")
		if b.status != http.StatusUnprocessableEntity {
			t.Errorf("%q: got %d", bad, b.status)
		}
	}
	if who := w.actor("Olga").Account; who.Mail != authz.MailEach || who.MailLang != "en" {
		t.Errorf("what was refused changed it: %v, %q", who.Mail, who.MailLang)
	}
}
