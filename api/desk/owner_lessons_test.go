package desk_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/site"
)

// warned returns the form of the page that asks before lessons are erased.
func (b *browser) warned() *html.Node {
	b.t.Helper()
	b.sees("Erase for good?").sees("This cannot be undone")
	return find(b.doc, func(n *html.Node) bool {
		return n.Data == "form" && find(n, func(n *html.Node) bool { return nameOf(n) == "Erase for good" }) != nil
	})
}

func TestLessonsAreErasedOnlyAfterAQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, err := w.S.AddSite(w.Ctx, authz.Operator,
		site.Site{Key: "second", Name: "Second", Origins: []string{"https://second.example"}}, nil)
	w.Must(err)
	for _, c := range []moderation.Submission{
		{Name: "Ann", Email: "Ann@mail.example", Body: "A wagtail on the roof."},
		{Name: "Bob", Email: "bob@mail.example", Body: "A kingfisher by the river."},
	} {
		w.submit(c)
	}
	b := w.as("Olga").open("/moderate/blog/queue")
	b.press(b.card("wagtail"), "Approve", nil)
	b.press(b.card("kingfisher"), "Spam", nil)
	b.open("/moderate/second/settings")
	b.press(b.doc, "Take its examples", fields{"from": "blog"}).sees("2 examples were taken over.")

	settings := func() *browser { return b.open("/moderate/blog/settings") }
	settings().press(b.doc, "Find what is theirs…", fields{"email": "nobody@mail.example"}).
		sees("There is nothing here to erase.")
	settings().press(b.doc, "Find what is theirs…", fields{"email": "nobody"}).
		sees("This does not look like an e-mail address.")
	settings().press(b.doc, "Find what is theirs…", fields{"email": "ann@mail.example"})
	b.sees("1 comment was written under ann@mail.example").
		sees("1 example of this site comes from what was written under ann@mail.example.").
		sees("1 more is a copy of it on another site of yours")
	w.as("Olga").open("/moderate/blog/settings").sees("2 examples") // nothing happened yet
	b.press(b.warned(), "Erase for good", nil).sees("3 comments and examples were erased for good.").sees("1 example")
	if undo := find(b.doc, func(n *html.Node) bool { return n.Data == "button" && nameOf(n) == "Undo" }); undo != nil {
		t.Error("it offers an undo that there is not")
	}
	b.open("/moderate/blog/queue?state=approved").misses("wagtail")
	b.open("/moderate/blog/log").sees("Olga erased for good what one person’s comments taught: 1 example")
	if strings.Contains(strings.ToLower(nameOf(b.doc)), "ann@") {
		t.Error("the log names the person")
	}

	w.Clock.Add(48 * time.Hour)
	b = w.as("Olga") // the session has ended
	today := w.Clock.Now().Format(time.DateOnly)
	settings().press(b.doc, "Find old examples…", fields{"before": "2020-01-01"}).sees("There is nothing here to erase.")
	settings().press(b.doc, "Find old examples…", fields{"before": "2999-01-01"}).sees("A day in the past is wanted")
	settings().press(b.doc, "Find old examples…", fields{"before": "then"}).sees("A day in the past is wanted")
	settings().press(b.doc, "Find old examples…", fields{"before": today}).sees("1 example was given before " + today)
	b.press(b.warned(), "Erase for good", nil).sees("1 example was erased for good.").sees("Nothing has been taught yet.")
	b.open("/moderate/blog/log").sees("Olga erased for good what was taught before " + today)
}

func TestOnlyAnOwnerErasesAtTheDesk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Mara", authz.Moderator)
	w.submit(moderation.Submission{Name: "Ann", Email: "ann@mail.example", Body: "A wagtail on the roof."})
	b := w.as("Olga").open("/moderate/blog/queue")
	b.press(b.card("wagtail"), "Approve", nil)
	b.open("/moderate/blog/settings")
	form := find(b.doc, func(n *html.Node) bool {
		return n.Data == "form" && find(n, func(n *html.Node) bool { return attr(n, "value") == "erase" }) != nil
	})
	mara := w.as("Mara")
	for _, values := range []url.Values{
		{"do": {"erase"}, "email": {"ann@mail.example"}}, {"do": {"erase"}, "email": {"ann@mail.example"}, "sure": {"yes"}},
		{"do": {"retire"}, "before": {"2026-11-20"}, "sure": {"yes"}},
	} {
		if mara.submit(form, values); mara.status != http.StatusForbidden {
			t.Errorf("%v by a moderator answers %d, want 403", values, mara.status)
		}
	}
	b.open("/moderate/blog/settings").sees("1 example")
	b.open("/moderate/blog/queue?state=approved").sees("A wagtail on the roof.")
}
