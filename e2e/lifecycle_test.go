package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

var (
	keyA  = testkit.Key{Key: "a", Code: "KeyA"}
	keyZ  = testkit.Key{Key: "z", Code: "KeyZ"}
	keyФ  = testkit.Key{Key: "ф", Code: "KeyA"}
	keyЯ  = testkit.Key{Key: "я", Code: "KeyZ"}
	keyS  = testkit.Key{Key: "s", Code: "KeyS"}
	waits = "Your comment is waiting for a moderator."
)

// signIn signs in to the desk with an e-mail address.
func (w *world) signIn(tab *testkit.Tab, email string) {
	w.t.Helper()
	w.signInAt(w.service, tab, email)
}

func (w *world) signInAt(service *server, tab *testkit.Tab, email string) {
	w.t.Helper()
	w.steps(tab,
		func() error { return tab.Go(service.URL + "/moderate/") },
		func() error { return tab.Type("textbox", "E-mail", email) },
		func() error { return tab.Type("textbox", "Password", password) },
		func() error { return tab.Click("button", "Sign in") },
		func() error {
			return tab.Holds(`location.pathname !== "/moderate/signin" && document.readyState === "complete"`)
		},
	)
}

// shows returns a JavaScript expression that is true if the page, including its shadow roots, shows s.
func shows(s string) string {
	return fmt.Sprintf(`(function all(root) {
		return [...root.childNodes].map(n => n.nodeType === 3 ? n.data :
			n.nodeName === "SCRIPT" || n.nodeName === "STYLE" || n.hidden ? "" :
			(n.shadowRoot ? all(n.shadowRoot) : "") + all(n)).join(" ")
	})(document.body).includes(%q)`, s)
}

// current returns a JavaScript expression that is true if the current card of the desk contains s.
func current(s string) string {
	return fmt.Sprintf(`document.querySelector('[aria-current="true"][data-comment]')?.textContent.includes(%q)`, s)
}

func TestComment_FullLifecycle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const text = "The chain came off twice on the hill, and still I would not go back to the car."
	reader, desk := w.tab(390, 844, false), w.tab(1280, 900, false)

	w.steps(reader,
		func() error { return reader.Go(w.blog.URL + "/post") },
		func() error { return reader.Type("textbox", "Comment", text) },
		func() error { return reader.Type("textbox", "Name", "Ruth") },
		func() error { return reader.Click("button", "Post comment") },
		func() error { return reader.Holds(shows(waits)) },
		func() error { return reader.Go(w.blog.URL + "/post") },
		func() error { return reader.Holds(shows(text)) },
		func() error { return reader.Holds(shows("aiting for a moderator")) },
	)
	stranger := w.tab(1280, 900, true)
	w.steps(stranger,
		func() error { return stranger.Go(w.blog.URL + "/post") },
		func() error { return stranger.See("textbox", "Comment") },
		func() error { return stranger.Holds("!" + shows(text)) },
	)

	w.signIn(desk, email)
	w.steps(desk,
		func() error { return desk.Holds(current(text)) },
		func() error { return desk.Press(keyA) },
	)
	w.becomes(stranger, text, true)
	w.steps(desk, func() error { return desk.Press(keyZ) })
	w.becomes(stranger, text, false)

	// The same keys on a layout that is not Latin.
	w.steps(desk,
		func() error { return desk.Go(w.service.URL + "/moderate/") },
		func() error { return desk.Holds(current(text)) },
		func() error { return desk.Press(keyФ) },
	)
	w.becomes(stranger, text, true)
	w.steps(desk, func() error { return desk.Press(keyЯ) })
	w.becomes(stranger, text, false)
}

// becomes waits until a reader who opens the page sees the text, or no longer sees it.
func (w *world) becomes(tab *testkit.Tab, text string, seen bool) {
	w.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		w.must(tab.Go(w.blog.URL+"/post"), tab.See("textbox", "Comment"),
			tab.Holds(`document.querySelector("aitys-comments").shadowRoot.querySelector("[part~=list]")`))
		got, err := testkit.Eval[bool](tab, shows(text))
		w.must(err)
		if got == seen {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%q is shown: %v, want %v", text, got, seen)
		}
	}
}

func TestDesk_ShowsNewCommentAndLearns(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	post := func(n int, text string) {
		t.Helper()
		_, err := w.client.Post(t.Context(), fmt.Sprintf("whole-way-key-%04d", n), w.blog.URL+"/post",
			fmt.Sprintf("Writer %d", n), "", text)
		w.must(err)
	}
	for n, text := range []string{
		"Thank you, the part about the winter tyres was just what I was looking for.",
		"I rode the same road in May, and the bridge was still closed then.",
		"Does anybody know whether the small hut by the lake sells tea?",
		"My daughter laughed at the picture of the goat on the saddle.",
		"We met an old man there who told us about the flood of 1957.",
		"Is the path marked, or do I need a map?",
		"Wonderful photographs, the one with the fog most of all.",
		"I disagree about the tent: a heavy one is worth it in the wind.",
		"Greetings from Pavlodar, we read every post aloud at breakfast.",
		"You wrote north, but the river is to the east of the village.",
	} {
		post(n, text)
	}
	decideAll(t, w, "approve")
	const enough = 10 // the filter suspects nothing with fewer lessons of each kind
	for n := range enough {
		post(100+n, fmt.Sprintf("Earn %d dollars a week from home, write to our casino bonus manager, "+
			"cheap pills at https://pills-%d.example/win", 4000+n, n))
	}
	desk := w.tab(1280, 900, false)
	w.signIn(desk, email)
	for w.pendingCount() > 0 { // those that are alike are one row
		w.steps(desk,
			func() error { return desk.Holds(`(` + current("casino bonus") + `) || ` + atTheEnd) },
			func() error { return desk.Press(keyS) },
			func() error { return desk.Holds(unsaved) },
		)
	}
	w.steps(desk, func() error { return desk.Holds("!" + current("casino bonus")) })
	w.queued("state=spam", func(items []testkit.QueueItem) bool { return len(items) == enough })
	const next = "Earn 7000 dollars a week from home, our casino bonus manager has cheap pills for you"
	post(200, next)
	w.steps(desk,
		func() error {
			return desk.Holds(`[...document.querySelectorAll("[role=status]")]
				.some(n => /arrived|new/i.test(n.textContent)) || ` + shows(next))
		},
		func() error { return desk.Go(w.service.URL + "/moderate/") },
		func() error { return desk.Holds(current("casino bonus")) },
	)
	// The similar comment, after the decisions are learned and it is rescored.
	w.queued("state=suspected", func(items []testkit.QueueItem) bool { return len(items) == 1 && items[0].Comment.Body == next })
}

// queued waits until the result of a queue query satisfies is. The desk shows decisions before they are saved.
func (w *world) queued(query string, is func(items []testkit.QueueItem) bool) {
	w.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		items, _, err := w.client.Queue(w.t.Context(), query)
		w.must(err)
		if is(items) {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%s: the queue has %+v", query, items)
		}
	}
}

// decideAll decides about all pending comments.
func decideAll(t testing.TB, w *world, action string) {
	t.Helper()
	for {
		items, _, err := w.client.Queue(t.Context(), "limit=100")
		w.must(err)
		if len(items) == 0 {
			return
		}
		refs := make([]testkit.CommentRef, len(items))
		for i, item := range items {
			refs[i] = testkit.CommentRef{ID: item.Comment.ID, Version: item.Comment.Version}
		}
		if _, err := w.client.Decide(t.Context(), action, "", refs...); err != nil {
			t.Fatal(err)
		}
	}
}
