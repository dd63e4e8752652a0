package e2e

import (
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// A moderator redacts the selected part of a comment. Readers see that text was removed; the commenter sees the reason.
func TestRedact_RemovesSelection(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	const text = "The 🇰🇿 flag hangs at 12 Poplar Lane, where my neighbour lives; at 12 he goes to bed."
	writer, desk := w.tab(390, 844, false), w.tab(1280, 900, false)
	w.steps(writer,
		func() error { return writer.Go(w.blog.URL + "/post") },
		func() error { return writer.Type("textbox", "Comment", text) },
		func() error { return writer.Type("textbox", "Name", "Ruth") },
		func() error { return writer.Click("button", "Post comment") },
		func() error { return writer.Holds(shows(waits)) },
	)
	w.signIn(desk, email)
	field := func(name string) string {
		return `document.querySelector("form[data-redact] [name=` + name + `]").value`
	}
	const taken = "document.querySelector('.one .text > .said').textContent.includes('hangs at ███, where')"
	open := func() error { return desk.Holds(`document.querySelector(".redact").open`) }
	w.steps(desk,
		func() error { return desk.Holds(current("Poplar")) },
		func() error { return desk.Press(keyA) },
		func() error { return desk.Holds(toastSays("pproved")) },
	)
	id := ""
	w.queued("state=approved", func(items []testkit.QueueItem) bool {
		if len(items) == 1 {
			id = items[0].Comment.ID
		}
		return id != ""
	})
	w.steps(desk,
		func() error { return desk.Go(w.service.URL + "/moderate/blog/comments/" + id) },
		func() error { return desk.Holds(`document.querySelector("form[data-redact]")`) },
		// Select words in the rendered text.
		func() error {
			_, err := testkit.Eval[bool](desk, `(() => { const p = document.querySelector(".one .text > .said p").firstChild
				const at = p.data.indexOf("12 Poplar Lane")
				getSelection().setBaseAndExtent(p, at, p, at + 14); return true })()`)
			return err
		},
		func() error { return desk.Holds(`getSelection().toString() === "12 Poplar Lane"`) },
		func() error {
			_, err := testkit.Eval[bool](desk, `(document.querySelector(".redact summary").click(), true)`)
			return err
		},
		open,
		// A flag emoji is two code points and four UTF-16 units.
		func() error { return desk.Holds(field("from") + ` === "21" && ` + field("to") + ` === "35"`) },
	)
	if found := desk.Axe(t); len(found) > 0 {
		t.Errorf("axe finds %q", found)
	}
	w.picture(desk, "redact")
	w.steps(desk,
		func() error { return desk.Type("textbox", "Reason for the writer", "Somebody else's address.") },
		func() error { return desk.Click("button", "Remove this part") },
		func() error { return desk.Holds(taken) },
		func() error { return desk.Holds(shows("removed a part of the text")) },
		func() error { return writer.Go(w.blog.URL + "/post") },
		func() error { return writer.Holds(shows("hangs at ███, where my neighbour lives; at 12 he")) },
		func() error { return writer.Holds(shows("a moderator removed a part")) },
		func() error { return writer.Holds(shows("Somebody else's address.")) },
	)
	w.picture(writer, "redacted-own")
	stranger := w.tab(1280, 900, true)
	w.steps(stranger,
		func() error { return stranger.Go(w.blog.URL + "/post") },
		func() error { return stranger.Holds(shows("hangs at ███, where")) },
		func() error { return stranger.Holds(shows("a moderator removed a part")) },
		func() error { return stranger.Holds("!" + shows("Somebody else's address.")) },
	)
	w.picture(stranger, "redacted")

	w.picture(desk, "redacted-desk")
	w.steps(desk,
		func() error { return desk.Click("button", "Undo this decision") },
		func() error { return desk.Holds(shows("restored the removed part")) },
	)
	w.becomes(stranger, "12 Poplar Lane", true)
}
