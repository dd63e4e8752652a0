package e2e

import (
	"net/http"
	"slices"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// A card says if a similar comment was approved before.
func TestCard_ShowsSimilarApproved(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	last := ""
	for n, gate := range []string{"four", "five", "six"} {
		posted, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", "Ruth "+gate, "",
			"The harbour gives its old ropes away for nothing, and whoever wants one asks the captain at gate "+gate)
		w.must(err)
		last = posted.ID
		if n < 2 {
			_, err := w.client.Decide(t.Context(), "approve", "", testkit.CommentRef{ID: posted.ID, Version: posted.Version})
			w.must(err)
		}
	}
	desk := w.tab(1280, 900, false)
	w.signIn(desk, email)
	const says = "You approved 2 like this."
	w.steps(desk,
		func() error { return desk.Holds(current("gate six")) },
		func() error { return desk.See("StaticText", says) },
		func() error { return desk.Go(w.service.URL + "/moderate/blog/comments/" + last) },
		func() error { return desk.See("StaticText", says) },
	)
}

// A moderator trusts a writer, or blocks the writer until a date, from a comment. The desk first shows the past matches of
// the block.
func TestCard_TrustOrBlockWriter(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	w.must(w.client.Do(t.Context(), http.MethodPost, "/moderation/rules", nil,
		map[string]any{"kind": "word", "words": "casino", "action": "suspect"}, nil))
	post := func(name, text string) {
		t.Helper()
		_, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", name, name+"@mail.example", text)
		w.must(err)
	}
	by := func(text, signal string, want bool) {
		t.Helper()
		w.queued("limit=100", func(items []testkit.QueueItem) bool {
			at := slices.IndexFunc(items, func(i testkit.QueueItem) bool { return i.Comment.Body == text })
			return at >= 0 && want == slices.ContainsFunc(items[at].Verdict.Signals,
				func(s testkit.Signal) bool { return s.Name == signal })
		})
	}
	desk := w.tab(1280, 900, false)
	w.signIn(desk, email)
	const none = " No decisions to test against yet."
	open := func(name, text string) []func() error {
		return []func() error{
			func() error { return desk.Go(w.service.URL + "/moderate/blog/queue?q=" + name) },
			func() error { return desk.Holds(current(text)) },
			func() error { return desk.Press(testkit.Key{Key: "p", Code: "KeyP"}) },
			func() error { return desk.Click("link", "Block") },
			func() error { return desk.Click("radio", "Writer "+name+none) },
		}
	}
	done := func() error { return desk.Holds(shows("Saved. Pending comments are rescored.")) }

	post("Ruth", "The old casino is a library now.")
	by("The old casino is a library now.", "rule", true)
	w.steps(desk, append(open("Ruth", "library"),
		func() error { return desk.Click("button", "Trust") }, done,
		func() error { return desk.Holds(shows("trusted")) },
	)...)
	by("The old casino is a library now.", "rule", false) // pending comments are checked again
	post("Ruth", "Is the casino open on Sundays?")
	by("Is the casino open on Sundays?", "rule", false)
	post("Tomasz", "A casino again.")
	by("A casino again.", "rule", true)

	post("Lena", "I sell boats.")
	w.steps(desk, append(open("Lena", "boats"), func() error { return desk.Click("button", "Block") }, done)...)
	by("I sell boats.", "block", true)
	post("Lena", "And oars.")
	by("And oars.", "block", true)
	w.steps(desk,
		func() error { return desk.Click("button", "Remove block Lena") },
		func() error { return desk.Holds(shows("Block removed.")) },
	)
	by("And oars.", "block", false)
}
