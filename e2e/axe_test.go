package e2e

import (
	"fmt"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
)

// axe finds no accessibility problem on the pages for decisions.
func TestDesk_PassesAxe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var last testkit.PostResult
	for n, text := range []string{
		"Buy cheap pi\u200blls and a cаsino now, see [here](https://pills.example/win)\n\n> a quote\n> > in a quote",
		"The ferry was late again.", "And so was I.",
	} {
		name := fmt.Sprintf("Writer %d", n)
		posted, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", name, "ruth@mail.example", text)
		w.must(err)
		last = posted
	}
	_, err := w.client.Decide(t.Context(), "reject", "personal_attack", testkit.CommentRef{ID: last.ID, Version: last.Version})
	w.must(err)
	w.site("empty", "Empty", "https://empty.example")
	link := w.invite(author, "Aliya", authz.Author, "blog")
	for _, v := range views(t) {
		tab := w.tab(v.width, 800, v.dark)
		check := func(what string) {
			t.Helper()
			if found := tab.Axe(t); len(found) > 0 {
				t.Errorf("%s in %s at %d: axe finds %q", what, v.lang, v.width, found)
			}
		}
		open := func(page, shows string) {
			t.Helper()
			w.must(tab.Go(w.service.URL+"/moderate/"+page), tab.Holds(fmt.Sprintf("document.querySelector(%q)", shows)))
		}
		open("signin", "form")
		w.speak(tab, v.lang)
		open("signin", "form")
		check("signin")
		w.must(tab.Go(link), tab.Holds(`document.querySelector("#yp") && document.readyState === "complete"`))
		check("setup")
		w.speak(tab, "en")
		w.signIn(tab, email)
		w.speak(tab, v.lang)
		for page, shows := range map[string]string{
			"blog/queue?state=rejected": ".card", "blog/comments/" + last.ID: ".line",
			"blog/comments/" + last.ID + "/notes": "#nt", "blog/log": ".acts-log",
			"empty/queue": "#snippet", "blog/queue?q=xyzzy": "#rest",
			"blog/queue?sort=risk&lang=en&host=a.example": ".filters .tag", "setup/site": "form", "blog/setup/moderation": "form",
			"blog/setup/embed": "#snippet",
		} {
			open(page, shows)
			check(page)
		}
		open("blog/queue", ".card")
		check("the queue")
		for _, does := range []struct {
			what string
			keys []testkit.Key
			is   string
		}{
			{"the reasons", []testkit.Key{{Key: "d", Code: "KeyD"}}, ".refuse[open]"},
			{"the evidence", []testkit.Key{keyEscape, keyI}, ".evidence[open]"},
			{"a reply", []testkit.Key{keyEscape, keyR}, ".reply[open]"},
			{"a selection", []testkit.Key{keyEscape, keyX}, ".pick :checked"},
			{"a decision", []testkit.Key{keyX, keyA}, "#toast:not([hidden])"}, {"an undo", []testkit.Key{keyZ}, ".card ~ *, #toast"},
		} {
			w.must(tab.Press(does.keys...), tab.Holds(fmt.Sprintf("document.querySelector(%q)", does.is)))
			check(does.what)
		}
		w.must(tab.Holds(`document.querySelectorAll(".card").length === 2 && document.querySelector("#unsaved").hidden`))
	}
}
