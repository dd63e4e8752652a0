package browser

import (
	"fmt"
	"testing"

	"github.com/aitys/aitys/e2e/chrome"
	"github.com/aitys/aitys/e2e/instance"
	"github.com/aitys/aitys/e2e/machine"
)

const author = "aliya@blog.example"

var (
	keyI      = chrome.Key{Key: "i", Code: "KeyI"}
	keyR      = chrome.Key{Key: "r", Code: "KeyR"}
	keyU      = chrome.Key{Key: "u", Code: "KeyU"}
	keyEscape = chrome.Key{Key: "Escape", Code: "Escape"}
	shiftA    = chrome.Key{Key: "A", Code: "KeyA", Shift: true}
)

// toastSays is a JavaScript expression: whether the desk says s of what was done last.
func toastSays(s string) string { return fmt.Sprintf("%s.includes(%q)", toast, s) }

// replying is a JavaScript expression: whether the field of a reply can be seen and written in.
const replying = `document.activeElement.matches(".reply textarea") && document.activeElement.getBoundingClientRect().height > 40`

func TestAKeyThatDoesNothingSaysWhy(t *testing.T) {
	w := newWorld(t, machine.Binary(t), nil)
	post := func(text string) instance.Posted {
		t.Helper()
		posted, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", "Ruth", "", text)
		w.must(err)
		return posted
	}
	waiting := post("The chain came off twice on the hill.")
	refused := post("You would rather complain than ride.")
	if _, err := w.client.Decide(t.Context(), "reject", "personal_attack", instance.Ref{ID: refused.ID, Version: refused.Version}); err != nil {
		t.Fatal(err)
	}

	owner := w.tab(1280, 900, false)
	w.signIn(owner, email)
	w.steps(owner,
		func() error { return owner.Holds(current("chain")) },
		func() error { return owner.Press(keyU) },
		func() error { return owner.Holds(toastSays("It stands like that already.")) },
		func() error { return owner.Press(shiftA) },
		func() error { return owner.Holds(toastSays("Nothing is selected.")) },
		func() error { return owner.Press(keyR) },
		func() error { return owner.Holds(replying) },
		func() error { return owner.Press(keyEscape, keyI) },
		func() error { return owner.Holds(`document.querySelector(".card .evidence[open]")`) },
		func() error { return owner.Go(w.service.URL + "/moderate/blog/queue?state=rejected") },
		func() error { return owner.Holds(current("complain")) },
		func() error { return owner.Press(keyR) },
		func() error { return owner.Holds(toastSays("A refused or withdrawn comment takes no reply.")) },
	)

	// Narrow, the card shows fewer buttons; the keys do what they do elsewhere.
	narrow := w.tab(600, 900, false)
	w.signIn(narrow, email)
	w.steps(narrow,
		func() error { return narrow.Holds(current("chain")) },
		func() error { return narrow.Press(keyR) },
		func() error { return narrow.Holds(replying) },
	)

	// Who writes for the blog reads what waits, but answers only what is public.
	w.runWith(password+"\n", machine.Binary(t), "account", "add", "--email", author, "--name", "Aliya", "--role", "author",
		"--site", "blog", "--password-stdin", "--data", w.data)
	staff := w.tab(1280, 900, false)
	w.signIn(staff, author)
	w.steps(staff,
		func() error { return staff.Holds(current("chain")) },
		func() error { return staff.Press(keyR) },
		func() error {
			return staff.Holds(toastSays("A moderator has to approve this comment before you can answer it."))
		},
		func() error { return staff.Press(keyA) },
		func() error { return staff.Holds(toastSays("Only moderators decide.")) },
		func() error { return staff.Go(w.service.URL + "/moderate/blog/comments/" + waiting.ID) },
		func() error { return staff.Press(keyR) },
		func() error {
			return staff.Holds(`!document.querySelector("#cannot").hidden && document.querySelector("#cannot").textContent.startsWith("A moderator has to approve")`)
		},
	)
}
