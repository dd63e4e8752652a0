package e2e

import (
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// An owner tries a rule, adds it, removes it and restores it, all by role and name.
func TestRules_TryBeforeAdd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ids []testkit.CommentRef
	for _, text := range []string{"A casino, but a good one.", "The casino of all casinos.", "A tram."} {
		posted, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", "Ruth", "ruth@mail.example", text)
		w.must(err)
		ids = append(ids, testkit.CommentRef{ID: posted.ID, Version: posted.Version})
	}
	for i, action := range []string{"approve", "spam"} {
		_, err := w.client.Decide(t.Context(), action, "", ids[i])
		w.must(err)
	}
	tab := w.tab(1280, 900, false)
	w.signIn(tab, email)
	w.steps(tab,
		func() error { return tab.Go(w.service.URL + "/moderate/blog/rules") },
		func() error { return tab.Type("textbox", "Words", "casino") },
		func() error { return tab.Click("button", "Test") },
		func() error {
			return tab.Holds(`document.querySelector(".bench")?.textContent.includes("2 of the last 2")`)
		},
		func() error { return tab.Holds(shows("Matches 2 of 2 comments, nearly everything.")) },
		func() error { return tab.Holds(`document.querySelectorAll(".members mark").length >= 2`) },
	)
	if found := tab.Axe(t); len(found) > 0 {
		t.Errorf("axe finds %q", found)
	}
	w.steps(tab,
		func() error { return tab.Click("button", "Add rule") },
		func() error { return tab.See("button", "Remove rule casino") },
		func() error { return tab.Click("button", "Remove rule casino") },
		func() error { return tab.Click("button", "Undo") },
		func() error { return tab.See("button", "Remove rule casino") },
	)
}
