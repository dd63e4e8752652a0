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

// warned returns the form of the confirmation page.
func (b *browser) warned() *html.Node {
	b.t.Helper()
	b.sees("Erase permanently?").sees("This cannot be undone")
	return find(b.doc, func(n *html.Node) bool {
		return n.Data == "form" && find(n, func(n *html.Node) bool { return nameOf(n) == "Erase permanently" }) != nil
	})
}

func TestLessons_EraseNeedsConfirmation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, err := w.App.AddSite(w.Ctx, authz.Operator,
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
	b.open("/moderate/blog/queue")
	b.press(b.card("kingfisher"), "Spam", nil)
	b.open("/moderate/second/settings/training")
	b.press(b.doc, "Copy examples", fields{"from": "blog"}).sees("2 examples copied.")

	settings := func() *browser { return b.open("/moderate/blog/settings/data") }
	settings().press(b.doc, "Check first…", fields{"email": "nobody@mail.example"}).
		sees("Nothing to erase.")
	settings().press(b.doc, "Check first…", fields{"email": "nobody"}).
		sees("Enter a valid e-mail address.")
	settings().press(b.doc, "Check first…", fields{"email": "ann@mail.example"})
	b.sees("1 comment by ann@mail.example will read “This comment was removed.”").
		sees("1 training example of this site comes from ann@mail.example.").
		sees("1 copy on your other sites is erased too.")
	w.as("Olga").open("/moderate/blog/settings/training").sees("2 examples") // nothing is erased yet
	b.press(b.warned(), "Erase permanently", nil).sees("3 comments and examples erased.")
	if undo := find(b.doc, func(n *html.Node) bool { return n.Data == "button" && nameOf(n) == "Undo" }); undo != nil {
		t.Error("it offers an undo that there is not")
	}
	b.open("/moderate/blog/settings/training").sees("1 example")
	b.open("/moderate/blog/queue?state=approved").misses("wagtail")
	b.open("/moderate/blog/log").sees("You erased one person’s training data: 1 example")
	if strings.Contains(strings.ToLower(nameOf(b.doc)), "ann@") {
		t.Error("the log names the person")
	}

	w.Clock.Add(48 * time.Hour)
	b = w.as("Olga") // the session ended
	today := w.Clock.Now().Format(time.DateOnly)
	// The other form with this button erases a person's data.
	retire := func() *html.Node {
		b.open("/moderate/blog/settings/danger")
		return find(b.doc, func(n *html.Node) bool {
			return n.Data == "form" && find(n, func(n *html.Node) bool { return attr(n, "name") == "before" }) != nil
		})
	}
	b.press(retire(), "Check first…", fields{"before": "2020-01-01"}).sees("Nothing to erase.")
	b.press(retire(), "Check first…", fields{"before": "2999-01-01"}).sees("Enter a past date, like 2026-01-31.")
	b.press(retire(), "Check first…", fields{"before": "then"}).sees("Enter a past date, like 2026-01-31.")
	b.press(retire(), "Check first…", fields{"before": today}).sees("1 example is older than " + today)
	b.press(b.warned(), "Erase permanently", nil).sees("1 example erased.")
	b.open("/moderate/blog/settings/training").sees("No training data yet.")
	b.open("/moderate/blog/log").sees("You erased training data from before " + today)
}

func TestLessons_OnlyOwnerErases(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Mara", authz.Moderator)
	w.submit(moderation.Submission{Name: "Ann", Email: "ann@mail.example", Body: "A wagtail on the roof."})
	b := w.as("Olga").open("/moderate/blog/queue")
	b.press(b.card("wagtail"), "Approve", nil)
	b.open("/moderate/blog/settings/data")
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
	b.open("/moderate/blog/settings/training").sees("1 example")
	b.open("/moderate/blog/queue?state=approved").sees("A wagtail on the roof.")
}
