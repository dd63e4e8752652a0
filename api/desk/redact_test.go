package desk_test

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/moderation/authz"
)

func TestRedact_AndUndoWithoutScript(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Anton", authz.Author, "blog")
	c := w.post("Call <b>Mira</b> at 555 0142, and then 555 0142 again.")
	at := "/moderate/blog/comments/" + c.ID
	b := w.as("Olga").open(at)
	part := func(name string) *html.Node { return b.form(name) }

	b.press(part("Remove this part"), "Remove this part", fields{"words": "555 0142", "why": "A number."})
	typed := find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "rd-w" })
	if b.status != http.StatusUnprocessableEntity || !strings.Contains(nameOf(typed), "555 0142") {
		t.Errorf("words that stand there twice are answered %d, or lost", b.status)
	}
	b.sees("These words must appear exactly once. Add words around them, or use the numbers.")
	for _, wrong := range []fields{{"from": "3", "to": "2"}, {"from": "x", "to": "8"}, {"from": "0", "to": "9000"}, {}} {
		wrong["why"] = "A number."
		b.open(at).press(part("Remove this part"), "Remove this part", wrong).sees("This part cannot be removed.")
	}
	b.open(at).press(part("Remove this part"), "Remove this part",
		fields{"from": "20", "to": "28", "why": "<i>A number.</i>"})
	b.sees("Part removed. You can restore it under History.").sees("Call <b>Mira</b> at ███, and then 555 0142 again.").
		sees("Olga removed a part of the text").sees("<i>A number.</i>")
	b.press(part("Remove this part"), "Remove this part", fields{"words": "\r\n555 0142 again ", "why": "The other."})
	b.sees("at ███, and then ███.")
	b.open("/moderate/blog/log?action=redact").sees("You removed a part of the text").misses("555 0142")
	w.as("Anton").open(at).sees("███").misses("Remove a part")

	stale := w.as("Olga").open(at)
	form := stale.form("Remove this part")
	b = w.as("Olga").open(at)
	b.press(b.doc, "Undo this decision", nil).sees("Olga restored the removed part").sees("555 0142 again")
	stale.press(form, "Remove this part", fields{"words": "Mira", "why": "A name."}).
		sees("The text changed after you opened this page. This is the current text.")
	b.open(at).press(b.doc, "Undo this decision", nil).sees("at 555 0142, and then 555 0142 again")
}
