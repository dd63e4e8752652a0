package desk_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/site"
)

func TestTheFirstOwnerSetsUpByTheLink(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	token, err := w.S.SetupLink(w.Ctx)
	w.Must(err)
	b := newBrowser(t, w.url)
	link := web.LinkURL(&url.URL{Scheme: "http", Host: "blog.example"}, token)
	b.follow(link).sees("The first account owns everything.")
	b.press(b.doc, "Continue", fields{"name": "Jonas", "email": "jonas@blog.example", "password": "short"})
	if b.status != http.StatusUnprocessableEntity {
		t.Errorf("a short password answers %d, want 422", b.status)
	}
	b.sees("A password has twelve characters or more and is hard to guess")
	b.press(b.doc, "Continue", fields{"password": password}).sees("Your site")
	b.press(b.doc, "Continue", fields{"name": "The Long Way", "origin": "longway.example/blog", "key": "longway"})
	b.sees("Write it with https://")
	b.press(b.doc, "Continue", fields{"origin": "https://longway.example"}).sees("Who waits for you.")
	b.press(b.doc, "Continue", fields{"moderation": "new_writers", "rules": "Be kind."})
	b.sees(`<script async crossorigin src="` + w.url + `/embed.js" data-site="longway"></script>`)
	b.open("/moderate/").sees("Nothing waits").sees("The Long Way")

	blog, err := w.S.Site(w.Ctx, "longway")
	w.Must(err)
	if blog.Settings.Moderation != site.PolicyNewWriters || blog.Settings.Rules["en"] != "Be kind." {
		t.Errorf("the site has %+v", blog.Settings)
	}
	if other := newBrowser(t, w.url).follow(link); other.status != http.StatusUnauthorized {
		t.Errorf("the used link answers %d, want 401", other.status)
	} else {
		other.sees("This link does not work any more")
	}
}

// Who goes back and sends a step again is told at the field, and has not lost what was typed.
func TestAStepOfSettingUpCanBeSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/setup/site")
	site := fields{"name": "The Second", "origin": "https://second.example", "key": "second"}
	b.press(b.doc, "Continue", site).sees("Who waits for you.")
	b.open("/moderate/setup/site").press(b.doc, "Continue", site)
	field := find(b.doc, func(n *html.Node) bool { return attr(n, "name") == "key" })
	if b.status < 400 || attr(field, "aria-invalid") != "true" || attr(field, "value") != "second" {
		t.Errorf("the same site again: %d, %v", b.status, field.Attr)
	}
	for range 2 { // and a step that was done may be done again
		b.open("/moderate/second/setup/moderation")
		b.press(b.doc, "Continue", fields{"moderation": "new_writers", "rules": "Be kind."}).sees("Put it in")
	}
	b.open("/moderate/second/setup/embed").sees(`data-site="second"></script>`)
}

func TestWhereACommandAddedTheSiteSettingUpEndsWithItsSnippet(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	_, _, err := w.S.AddSite(w.Ctx, authz.Operator, site.Site{Key: "blog", Name: "The Blog",
		Origins: []string{"https://blog.example"}}, nil)
	w.Must(err)
	token, err := w.S.SetupLink(w.Ctx)
	w.Must(err)
	b := newBrowser(t, w.url)
	b.follow(web.LinkURL(&url.URL{Scheme: "http", Host: "blog.example"}, token))
	b.press(b.doc, "Continue", fields{"name": "Jonas", "email": "jonas@blog.example", "password": password})
	snippet := `<script async crossorigin src="` + w.url + `/embed.js" data-site="blog"></script>`
	b.sees("Put it in").sees(snippet)

	// The queue says the same until the first comment comes, and to owners afterwards.
	b.open("/moderate/blog/queue").sees("Nothing waits").sees("No comment has come yet.").sees(snippet)
	w.account("Dana", authz.Moderator, "blog")
	w.as("Dana").sees("No comment has come yet.").sees(snippet)
	w.site, err = w.S.Site(w.Ctx, "blog")
	w.Must(err)
	w.post("The first remark about apples.")
	b.open("/moderate/blog/queue").misses("No comment has come yet.").sees("Put comments on a page").sees(snippet)
	w.as("Dana").misses("No comment has come yet.").misses(snippet)
}

func TestANewPersonChoosesAPasswordByALinkOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/people")
	b.press(b.doc, "Add a person", fields{"name": "Dana", "email": "dana@staff.example", "role": "moderator"}).
		sees("A link for dana@staff.example")
	link := nameOf(find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "made" }))
	dana := newBrowser(t, w.url).follow(link).sees("For Dana, dana@staff.example.")
	dana.press(dana.doc, "Continue", fields{"password": password}).sees("Nothing waits")

	b.open("/moderate/people")
	row := find(b.doc, func(n *html.Node) bool { return n.Data == "li" && strings.Contains(nameOf(n), "Dana") })
	b.press(row, "Disable", nil).sees("disabled")
	dana.open("/moderate/blog/queue").sees("For authors and moderators")
}

// TestOfSeveralLinksTheLastWorksOnce walks the way on which an account was once taken over: by an invitation,
// and by the first of two resets.
func TestOfSeveralLinksTheLastWorksOnce(t *testing.T) {
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
		b.press(row, "Make a new link", nil)
		links = append(links, made())
	}
	for i, link := range links[:2] {
		if old := newBrowser(t, w.url).follow(link); old.status != http.StatusUnauthorized {
			t.Errorf("link %d of 3 answers %d, want 401", i+1, old.status)
		}
	}
	here, there := newBrowser(t, w.url).follow(links[2]), newBrowser(t, w.url).follow(links[2])
	here.press(here.doc, "Continue", fields{"password": password}).sees("Nothing waits")
	there.press(there.doc, "Continue", fields{"password": "another long password"})
	if there.status != http.StatusUnauthorized {
		t.Errorf("the second browser on one link is answered %d, want 401", there.status)
	}

	b.open("/moderate/people")
	row := find(b.doc, func(n *html.Node) bool { return n.Data == "li" && strings.Contains(nameOf(n), "Dana") })
	b.press(row, "Make a new link", nil)
	here.open("/moderate/blog/queue").sees("For authors and moderators") // a reset ends what is open
}

func TestOnlyAnOwnerSeesTheStepsOfSettingUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Ada", authz.Author, "blog")
	w.account("Max", authz.Moderator, "blog")
	for _, step := range []string{"moderation", "embed"} {
		for name, want := range map[string]int{"Ada": 403, "Max": 403, "Olga": 200} {
			if b := w.as(name).open("/moderate/blog/setup/" + step); b.status != want {
				t.Errorf("%s of %s answers %d, want %d", step, name, b.status, want)
			}
		}
	}
}
