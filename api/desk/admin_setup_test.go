package desk_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/site"
)

func TestSetup_FirstOwnerUsesLink(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	token, err := w.App.SetupLink(w.Ctx)
	w.Must(err)
	b := newBrowser(t, w.url)
	link := web.LinkURL(&url.URL{Scheme: "http", Host: "blog.example"}, token)
	b.follow(link + "x").sees("No account exists yet. Open the set-up link that “aitys serve” printed; a restart prints a new one.")
	b.follow(link).sees("The first account becomes the owner of all sites. No e-mail is sent.")
	b.press(b.doc, "Continue", fields{"name": "Jonas", "email": "jonas@blog.example", "password": "short"})
	if b.status != http.StatusUnprocessableEntity {
		t.Errorf("a short password answers %d, want 422", b.status)
	}
	b.sees("Use twelve or more characters that are hard to guess")
	b.press(b.doc, "Continue", fields{"password": password}).sees("Site")
	b.press(b.doc, "Continue", fields{"name": "The Long Way", "origin": "longway.example/blog", "key": "longway"})
	b.sees("Use https:// and no path: https://blog.example")
	b.press(b.doc, "Continue", fields{"origin": "https://longway.example"}).sees("What needs approval")
	b.press(b.doc, "Continue", fields{"moderation": "new_writers", "rules": "Be kind."})
	b.press(b.doc, "Invite", fields{"name": "Dana", "email": "dana@blog.example"}).sees("Link for dana@blog.example")
	// Continue does not lose a typed invitation.
	b.press(b.doc, "Continue", fields{"name": "Erik", "email": "erik@blog.example"}).sees("Link for erik@blog.example")
	b.press(b.doc, "Continue", nil).sees("Waiting for your page…")
	b.sees(`<script async crossorigin src="` + w.url + `/embed.js" data-site="longway"></script>`)
	b.open("/moderate/").sees("No pending comments").sees("The Long Way")

	blog, err := w.App.Site(w.Ctx, "longway")
	w.Must(err)
	if blog.Settings.Moderation != site.PolicyNewWriters || blog.Settings.Rules["en"] != "Be kind." {
		t.Errorf("the site has %+v", blog.Settings)
	}
	w.App.RecordOrigin(w.Ctx, blog, "https://longway.example")
	w.Clock.Add(3 * time.Second)
	b.open("/moderate/longway/setup/embed").sees("Seen 3 s ago on https://longway.example").misses("Waiting")
	b.open("/moderate/longway/setup/seen").sees(`{"seen":"Seen 3 s ago on https://longway.example"}`)
	b.open("/moderate/longway/setup/site").press(b.doc, "Continue", fields{"name": "The Longer Way"}).sees("Moderation")
	b.open("/moderate/sessions/mail")
	if chosen := find(b.doc, func(n *html.Node) bool { return attr(n, "name") == "mail" && has(n, "checked") }); attr(chosen, "value") != "daily" {
		t.Errorf("the first owner gets the mail %q, want a daily digest", attr(chosen, "value"))
	}
	if other := newBrowser(t, w.url).follow(link); other.status != http.StatusUnauthorized {
		t.Errorf("the used link answers %d, want 401", other.status)
	} else {
		other.sees("This link no longer works").sees("run “aitys account reset E-MAIL” on the server.")
	}
}

// Submitting a completed step again shows the error at its field and keeps the submitted values.
func TestSetup_StepCanBeRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/setup/site")
	site := fields{"name": "The Second", "origin": "https://second.example", "key": "second"}
	b.press(b.doc, "Continue", site).sees("What needs approval")
	b.open("/moderate/setup/site").press(b.doc, "Continue", site)
	field := find(b.doc, func(n *html.Node) bool { return attr(n, "name") == "key" })
	if b.status < 400 || attr(field, "aria-invalid") != "true" || attr(field, "value") != "second" {
		t.Errorf("the same site again: %d, %v", b.status, field.Attr)
	}
	for range 2 { // a completed step may be repeated
		b.open("/moderate/second/setup/moderation")
		b.press(b.doc, "Continue", fields{"moderation": "new_writers", "rules": "Be kind."}).sees("Invite people")
	}
	b.open("/moderate/second/setup/embed").sees(`data-site="second"></script>`)
}

func TestSetup_ExistingSiteAsksPolicy(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	_, _, err := w.App.AddSite(w.Ctx, authz.Operator, site.Site{Key: "blog", Name: "The Blog",
		Origins: []string{"https://blog.example"}}, nil)
	w.Must(err)
	token, err := w.App.SetupLink(w.Ctx)
	w.Must(err)
	b := newBrowser(t, w.url)
	b.follow(web.LinkURL(&url.URL{Scheme: "http", Host: "blog.example"}, token))
	b.press(b.doc, "Continue", fields{"name": "Jonas", "email": "jonas@blog.example", "password": password})
	snippet := `<script async crossorigin src="` + w.url + `/embed.js" data-site="blog"></script>`
	b.sees("What needs approval").press(b.doc, "Continue", nil).sees("Invite people")
	b.open("/moderate/blog/setup/embed").sees("Install").sees(snippet)

	// The queue shows the snippet until the first comment.
	b.open("/moderate/blog/queue").sees("No pending comments").sees("No comments yet. Paste this").sees(snippet)
	w.account("Dana", authz.Moderator, "blog")
	w.as("Dana").sees("No comments yet. Paste this").sees(snippet)
	w.site, err = w.App.Site(w.Ctx, "blog")
	w.Must(err)
	w.post("The first remark about apples.")
	b.open("/moderate/blog/queue").misses("No comments yet. Paste this")
	w.as("Dana").misses("No comments yet. Paste this").misses(snippet)
}

func TestPeople_InvitationSetsPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/people")
	b.press(b.doc, "Add a person", fields{"name": "Dana", "email": "dana@staff.example", "role": "moderator"}).
		sees("Link for dana@staff.example")
	link := nameOf(find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "made" }))
	dana := newBrowser(t, w.url).follow(link).sees("For Dana, dana@staff.example.")
	dana.press(dana.doc, "Continue", fields{"password": password}).sees("No pending comments")

	b.open("/moderate/people")
	row := find(b.doc, func(n *html.Node) bool { return n.Data == "li" && strings.Contains(nameOf(n), "Dana") })
	b.press(row, "Disable", nil).sees("disabled")
	dana.open("/moderate/blog/queue").sees("For authors and moderators")
}

// TestOneTimeLink_OnlyLastLinkWorksOnce covers an account takeover through an old invitation, and through the first of
// two resets.
func TestOneTimeLink_OnlyLastLinkWorksOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/people")
	made := func() string {
		return nameOf(find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "made" }))
	}
	b.press(b.doc, "Add a person", fields{"name": "Dana", "email": "dana@staff.example", "role": "moderator"})
	links := []string{made()}
	for range 2 {
		row := find(b.doc, func(n *html.Node) bool { return n.Data == "li" && strings.Contains(nameOf(n), "Dana") })
		b.press(row, "Create new link", nil)
		links = append(links, made())
	}
	for i, link := range links[:2] {
		if old := newBrowser(t, w.url).follow(link); old.status != http.StatusUnauthorized {
			t.Errorf("link %d of 3 answers %d, want 401", i+1, old.status)
		}
	}
	here, there := newBrowser(t, w.url).follow(links[2]), newBrowser(t, w.url).follow(links[2])
	here.press(here.doc, "Continue", fields{"password": password}).sees("No pending comments")
	there.press(there.doc, "Continue", fields{"password": "another long password"})
	if there.status != http.StatusUnauthorized {
		t.Errorf("the second browser on one link is answered %d, want 401", there.status)
	}

	b.open("/moderate/people")
	row := find(b.doc, func(n *html.Node) bool { return n.Data == "li" && strings.Contains(nameOf(n), "Dana") })
	b.press(row, "Create new link", nil)
	here.open("/moderate/blog/queue").sees("For authors and moderators") // a reset ends open sessions
}

func TestSetup_NeedsOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Ada", authz.Author, "blog")
	w.account("Max", authz.Moderator, "blog")
	for _, step := range []string{"site", "moderation", "people", "embed", "seen"} {
		for name, want := range map[string]int{"Ada": 403, "Max": 403, "Olga": 200} {
			if b := w.as(name).open("/moderate/blog/setup/" + step); b.status != want {
				t.Errorf("%s of %s answers %d, want %d", step, name, b.status, want)
			}
		}
	}
}
