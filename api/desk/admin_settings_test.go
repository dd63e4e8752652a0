package desk_test

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/site"
)

func TestSettings_AreSaved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/blog/settings")
	b.press(b.doc, "Save", fields{"name": "New name", "origin": "https://blog.example\nhttps://www.blog.example"}).sees("Saved.")
	b.open("/moderate/blog/settings/moderation")
	b.press(b.doc, "Save", fields{"suspect": "0.8", "rules_ru": "Будьте добры."}).sees("Saved.")
	site, err := w.App.Site(w.Ctx, "blog")
	w.Must(err)
	if site.Name != "New name" || len(site.Origins) != 2 || site.Settings.Suspect != 0.8 ||
		site.Settings.Rules["ru"] != "Будьте добры." {
		t.Errorf("the site is %+v", site)
	}
	b.press(b.doc, "Save", fields{"suspect": "0,85", "shadow": "70,5"}).sees("Saved.")
	site, err = w.App.Site(w.Ctx, "blog")
	w.Must(err)
	if site.Settings.Suspect != 0.85 || site.Settings.Shadow != 0.705 {
		t.Errorf("typed as 0,85 and 70,5, the thresholds are %v and %v", site.Settings.Suspect, site.Settings.Shadow)
	}
	for name, want := range map[string]string{"suspect": "85", "shadow": "70.5"} {
		field := find(b.doc, func(n *html.Node) bool { return attr(n, "name") == name })
		if got := attr(field, "value"); got != want {
			t.Errorf("%s is shown as %q, want %q", name, got, want)
		}
	}
	b.press(b.doc, "Save", fields{"suspect": "7"}).sees("Enter a number from 50 to 100.")
	if b.status != http.StatusUnprocessableEntity {
		t.Errorf("a score of 7 answers %d, want 422", b.status)
	}
	bad := find(b.doc, func(n *html.Node) bool { return attr(n, "aria-describedby") == "wrong-suspect" })
	if bad == nil || attr(bad, "name") != "suspect" || attr(bad, "value") != "7" {
		t.Errorf("what is wrong is not said at its field, or what was typed is lost: %v", bad)
	}
	b.open("/moderate/blog/settings/retention")
	b.press(b.doc, "Save", fields{"edit_minutes": "often", "grace_days": "0"}).
		sees("Enter 0 to 1440 minutes.").sees("Enter 1 to 365 days.")
	for _, name := range []string{"edit_minutes", "grace_days"} {
		field := find(b.doc, func(n *html.Node) bool { return attr(n, "name") == name })
		if attr(field, "aria-invalid") != "true" || has(field, "autofocus") != (name == "edit_minutes") {
			t.Errorf("of two wrong fields, %s has %v", name, field.Attr)
		}
	}
	b.langs = "ru"
	b.open("/moderate/blog/settings/moderation").press(b.doc, "Сохранить", fields{"suspect": "7"}).
		sees("Введите число от 50 до 100.").misses("Enter a number")
	if b.open("/moderate/blog/settings/nothing"); b.status != http.StatusNotFound {
		t.Errorf("an unknown section answers %d, want 404", b.status)
	}
}

// A form of earlier versions contains settings of all sections. Its address stays.
func TestSettings_OneFormMayChangeAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/blog/settings")
	form := &html.Node{Data: "form", Attr: []html.Attribute{{Key: "method", Val: "post"},
		{Key: "action", Val: "/moderate/blog/settings"}}}
	b.submit(form, url.Values{"name": {"New name"}, "suspect": {"80"}, "edit_minutes": {"5"}}).sees("Saved.")
	site, err := w.App.Site(w.Ctx, "blog")
	w.Must(err)
	if site.Name != "New name" || site.Settings.Suspect != 0.8 || site.Settings.EditMinutes != 5 {
		t.Errorf("the site is %+v", site)
	}
	b.submit(form, url.Values{"suspect": {"7"}}).sees("Enter a number from 50 to 100.") // the field is on another page
}

// Every setting of site.Fields has a labelled field, and saving the unchanged forms changes nothing.
func TestSettings_EachHasLabelledField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := map[string]string{"shadow": "0.755", "origin": "https://a.example,https://b.example"}
	_, err := w.App.SetSite(w.Ctx, authz.Operator, "blog", own)
	w.Must(err)
	before, err := w.App.Site(w.Ctx, "blog")
	w.Must(err)
	var langs []string
	for _, f := range site.Fields {
		if f.Lang != "" {
			langs = append(langs, f.Lang)
		}
	}
	if !slices.Equal(langs, i18n.LanguageKeys()) {
		t.Errorf("there are settings for the languages %v, words for %v", langs, i18n.LanguageKeys())
	}
	for lang, save := range map[string]string{"en": "Save", "ru": "Сохранить", "kk": "Сақтау"} {
		b := w.as("Olga")
		b.langs = lang
		missing := map[string]bool{}
		for _, f := range site.Fields {
			missing[f.Name] = f.Name != "neighbours" // a button on the page of spam lists
		}
		for _, section := range []string{"", "/moderation", "/replies", "/retention", "/checker"} {
			b.open("/moderate/blog/settings" + section)
			for _, f := range site.Fields {
				field := find(b.doc, func(n *html.Node) bool { return attr(n, "name") == f.Name })
				if field == nil {
					continue
				}
				missing[f.Name] = false
				if f.Kind == site.KindPolicy || f.Kind == site.KindIdentity { // each radio button is inside its own label
					continue
				}
				label := find(b.doc, func(n *html.Node) bool { return attr(n, "for") == attr(field, "id") })
				if label == nil || nameOf(label) == f.Name {
					t.Errorf("%s: the field of %s has no words", lang, f.Name)
				}
			}
			b.press(b.doc, save, nil)
			after, err := w.App.Site(w.Ctx, "blog")
			w.Must(err)
			if !reflect.DeepEqual(after, before) {
				t.Errorf("%s%s: what was saved untouched is %+v, was %+v", lang, section, after, before)
			}
		}
		for name, lacks := range missing {
			if lacks {
				t.Errorf("%s: there is no field for %s", lang, name)
			}
		}
	}
}

// The figures count the spam that a threshold catches and the good comments that it holds back.
func TestSettings_ThresholdShowsFigures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/blog/settings/moderation").misses("spam caught")
	w.post("A remark that teaches.")
	b.open("/moderate/blog/queue").press(b.card("teaches"), "Spam", nil)
	b.open("/moderate/blog/settings/moderation").sees("0 of 1 spam caught").sees("0 of 0 good comments held back")
}

func TestLessons_WithdrawAndUndo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post("A remark that teaches.")
	b := w.as("Olga")
	b.press(b.card("teaches"), "Spam", nil)
	b.open("/moderate/blog/settings/training").sees("Olga").sees("1 example")
	row := find(b.doc, func(n *html.Node) bool { return n.Data == "tr" && strings.Contains(nameOf(n), "Olga") })
	b.press(row, "Withdraw", nil).sees("1 example withdrawn.").sees("No training data yet.")
	b.press(b.doc, "Undo", nil).sees("1 example")
	b.open("/moderate/blog/log").sees("You withdrew an account’s training data: 1 example")
}

func TestSettings_OwnerRevokesEditTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Dana", authz.Moderator)
	olga, dana := w.as("Olga").open("/moderate/blog/settings/danger"), w.as("Dana")
	form := find(olga.doc, func(n *html.Node) bool { return attr(n, "action") == "/moderate/blog/edit-tokens" })
	for n := form; ; n = n.Parent {
		if n == nil {
			t.Fatal("the button to end them stands before every question")
		}
		if n.Data == "details" {
			break
		}
	}
	epoch := func() int64 {
		site, err := w.App.Site(w.Ctx, "blog")
		w.Must(err)
		return site.EditEpoch
	}
	before := epoch()
	dana.submit(form, nil)
	if dana.status != http.StatusForbidden || epoch() != before {
		t.Errorf("a moderator is answered %d, want 403; the epoch was %d and is %d", dana.status, before, epoch())
	}
	olga.press(form, "Revoke all tokens", nil).
		sees("Edit tokens revoked. Readers can no longer edit or withdraw earlier comments.")
	if epoch() != before+1 {
		t.Errorf("the epoch was %d and is %d", before, epoch())
	}
}

func TestSettings_RemoveSiteNeedsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, err := w.App.AddSite(w.Ctx, authz.Operator,
		site.Site{Key: "old", Name: "Old", Origins: []string{"https://old.example"}}, nil)
	w.Must(err)
	w.account("Dana", authz.Moderator)
	olga := w.as("Olga").open("/moderate/old/settings/danger")
	olga.press(olga.doc, "Remove permanently", fields{"key": "olt"}).
		sees("This is not the site’s key. Nothing was removed.")
	if olga.status != http.StatusUnprocessableEntity {
		t.Errorf("another key answers %d, want 422", olga.status)
	}
	dana := w.as("Dana")
	form := find(olga.doc, func(n *html.Node) bool { return attr(n, "action") == "/moderate/old/remove" })
	dana.submit(form, url.Values{"key": {"old"}})
	if dana.status != http.StatusForbidden {
		t.Errorf("a moderator who removes it is answered %d, want 403", dana.status)
	}
	if _, err := w.App.Site(w.Ctx, "old"); err != nil {
		t.Fatal(err)
	}
	olga.press(olga.doc, "Remove permanently", fields{"key": "old"}).sees("Site removed.").sees("The Blog")
	if _, err := w.App.Site(w.Ctx, "old"); apptest.Code(err) != "site.unknown" {
		t.Errorf("it is still there: %v", err)
	}
}
