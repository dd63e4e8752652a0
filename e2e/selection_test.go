package e2e

import (
	"fmt"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// toast is a JavaScript expression for the text of the toast.
const toast = `document.querySelector("#toast").innerText`

func TestSelection_ShowsConflicts(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	onBoth(t, selectsAllAndSeesWhatSomebodyElseDecidedFirst)
}

func selectsAllAndSeesWhatSomebodyElseDecidedFirst(t *testing.T, o options) {
	w := newWorldWith(t, o)
	w.client.URL = w.secondServer().URL
	var first testkit.PostResult
	for n := range 4 {
		posted, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", fmt.Sprintf("Writer %d", n), "",
			fmt.Sprintf("The ferry of %d o'clock.", n+5))
		w.must(err)
		if n == 0 {
			first = posted
		}
	}
	desk := w.tab(1280, 900, false)
	// Hold the requests of this page until the test releases them.
	w.must(desk.AddInitScript(`{ const send = fetch; window.held = new Promise(go => window.letGo = go);
		fetch = (...all) => held.then(() => send(...all)) }`))
	w.signIn(desk, email)
	w.steps(desk,
		func() error { return desk.Holds(current("of 5 o'clock")) },
		func() error { return desk.Press(keyS) },
		func() error { return desk.Holds(current("of 6 o'clock")) },
		func() error { return desk.Press(keyA) },
		func() error { return desk.Holds(current("of 7 o'clock")) },
	)
	_, err := w.client.Decide(t.Context(), "approve", "", testkit.CommentRef{ID: first.ID, Version: first.Version})
	w.must(err)
	_, err = testkit.Eval[bool](desk, "(letGo(), true)")
	w.must(err)
	w.steps(desk,
		func() error { return desk.Holds(toast + `.includes("skipped")`) },
		func() error { return desk.See("alert", "") },
		func() error { return desk.Holds(`document.querySelectorAll("article.card").length === 3`) },
		// The toast names only the conflict.
		func() error {
			return desk.Holds(`!` + toast + `.includes("public") && !` + toast + `.includes("Undo")`)
		},
	)
	w.queued("state=pending", func(items []testkit.QueueItem) bool { return len(items) == 2 }) // the second decision is saved too
	shiftX := testkit.Key{Key: "X", Code: "KeyX", Shift: true}
	selected := func(n int) func() error {
		return func() error {
			return desk.Holds(fmt.Sprintf(`document.querySelectorAll(".pick :checked").length === %d`, n))
		}
	}
	w.steps(desk,
		func() error { return desk.Go(w.service.URL + "/moderate/") },
		func() error { return desk.Holds(current("of 7 o'clock")) },
		func() error { return desk.Press(shiftX) }, selected(2),
		func() error { return desk.Press(shiftX) }, selected(0),
		func() error { return desk.Press(testkit.Key{Key: "x", Code: "KeyX"}) }, selected(1),
		func() error { return desk.Click("button", "Select all") }, selected(2),
		func() error { return desk.Holds(`document.querySelector("#selected").textContent.startsWith("2 ")`) },
		func() error { return desk.Click("button", "Select none") }, selected(0),
		func() error { return desk.Press(testkit.Key{Key: "x", Code: "KeyX"}) }, selected(1),
		func() error { return desk.Click("button", "Select all") }, selected(2),
		func() error { return desk.See("button", "Select none") },
		func() error { return desk.Press(testkit.Key{Key: "S", Code: "KeyS", Shift: true}) },
		func() error { return desk.Holds(toast + `.includes("2 marked as spam")`) },
	)
}
