package desk_test

import (
	"strings"
	"testing"
)

func TestTakedowns_AddAndRestoreWithoutScript(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.post("The tram depot was sold below its price.")
	b := w.as("Olga").open("/moderate/blog/queue")
	b.press(b.card("tram depot"), "Approve", nil)
	b.open("/moderate/blog/comments/" + c.ID).misses("hidden by legal request").sees("Hide on request…")
	b.open("/moderate/blog/demands").sees("No requests yet.").misses("Requested by")
	b.open("/moderate/blog/demands?comment=" + c.ID).sees("Step 1 of 2").sees(c.ID)

	first := func(in fields) *browser {
		return b.open("/moderate/blog/demands?new").press(b.form("Continue"), "Continue", in)
	}
	person := fields{"what": "https://blog.example/post#aitys-" + c.ID, "by": "Aliya <i>B.</i>", "kind": "person",
		"law": "privacy", "country": "Germany", "received": "2026-11-19"}
	first(person).sees("Step 2 of 2").sees("Reader The tram depot was sold").
		sees("Aliya <i>B.</i> · a person · Germany · privacy")
	b.press(b.form("Hide"), "Change", nil).sees("Step 1 of 2").sees("blog.example/post#aitys-" + c.ID)
	b.press(b.form("Continue"), "Continue", fields{"law": "data protection"}).sees("data protection")
	b.press(b.form("Hide"), "Hide", fields{"public": "full"}).
		sees("People are never named in public. Choose another option.").sees("Step 2 of 2")
	b.press(b.form("Hide"), "Hide", fields{"public": ""}).sees("Hidden.").sees("Aliya <i>B.</i>").
		sees("a person, Germany · 1 comment · data protection").sees("Received on 19 November 2026").
		sees("Requested by: a person. Law: data protection.")
	b.open("/moderate/blog/comments/" + c.ID).sees("This comment is hidden by legal request.")

	b.open("/moderate/blog/demands").press(b.form("Restore"), "Restore", fields{"why": " "}).
		sees("Enter a reason in one line, up to 300 characters.")
	b.press(b.form("Restore"), "Restore", fields{"why": "The letter was taken back."}).
		sees("Visible again, unless another legal request applies.").sees("The letter was taken back.").
		misses("What readers see")
	b.open("/moderate/blog/comments/" + c.ID).misses("hidden by legal request.")

	for _, bad := range []struct{ field, value, says string }{
		{"what", "https://blog.example/never-commented", "Enter links to comments of this site"},
		{"what", "https://blog.example/a " + c.ID, "Enter links to comments of this site"},
		{"by", " ", "Enter the requester in one line"}, {"received", "2027-01-01", "cannot be in the future"},
	} {
		first(fields{"what": c.ID, "by": "A court", "kind": "court", bad.field: bad.value}).sees(bad.says).sees("Step 1 of 2")
	}
	for _, until := range []string{"2026-01-01", "soon"} {
		first(fields{"what": c.ID, "by": "A court", "kind": "court"})
		b.press(b.form("Hide"), "Hide", fields{"until": until}).sees("Enter a date in the future").sees("Step 2 of 2")
	}
	first(fields{"what": "https://blog.example/post", "by": "A court", "kind": "court"}).sees("All comments on a page: A post")
	// The same form twice, then once with another word: two takedowns.
	form := first(fields{"what": c.ID, "by": "Court of appeal", "kind": "court", "law": "Art. 44"}).form("Hide")
	sent := b.values(form, nil)
	sent.Set("do", "hide")
	for range 2 {
		b.submit(form, sent).sees("Hidden.")
	}
	sent.Set("law", "Art. 45")
	b.submit(form, sent).sees("Hidden.").sees("Art. 45")
	if n := strings.Count(nameOf(b.doc), "Requested by: Court of appeal."); n != 2 {
		t.Errorf("%d demands were entered, want 2: %s", n, nameOf(b.doc))
	}
	w.as("Mira").open("/moderate/blog/queue").misses("Legal requests")
}
