package e2e

import (
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// A moderator finds a decided comment with the command bar, from any page of the desk.
func TestSearch_FindsDecidedComments(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	say := func(text string) testkit.PostResult {
		posted, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", "Ruth", "", text)
		w.must(err)
		return posted
	}
	say("The harbour was open all winter.")
	_, err := w.client.Decide(t.Context(), "spam", "", testkit.CommentRef{ID: say("Cheap boats in Harbour Street, by the harbour.").ID, Version: 1})
	w.must(err)
	say("Nothing to see here.")
	desk := w.tab(1280, 900, false)
	w.signIn(desk, email)
	const hits = `[...(CSS.highlights.get("hit") ?? [])].map(String).join()`
	w.steps(desk,
		func() error { return desk.Go(w.service.URL + "/moderate/sites") },
		func() error { return desk.Press(testkit.Key{Key: "k", Code: "KeyK", Control: true}) },
		func() error { return desk.Type("combobox", "Go to, filter or search", "harbour") },
		func() error { return desk.Click("option", "Search all comments: “harbour”") },
		func() error { return desk.Holds(shows("2 comments contain “harbour”")) },
		func() error { return desk.Holds(current("Cheap boats")) }, // the newest first, in any state
		func() error {
			return desk.Holds(`document.querySelector("[aria-current=true] .pill").textContent === "Spam"`)
		},
		func() error { // in the row and in the pane
			return desk.Holds(hits + ` === "Harbour,harbour,harbour,Harbour,harbour"`)
		},
	)
}
