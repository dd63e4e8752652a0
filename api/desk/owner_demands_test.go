package desk_test

import (
	"strings"
	"testing"
)

func TestADemandIsEnteredReadAndEndedWithoutScript(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.post("The tram depot was sold below its price.")
	b := w.as("Olga").open("/moderate/blog/queue")
	b.press(b.card("tram depot"), "Approve", nil)
	b.open("/moderate/blog/comments/" + c.ID).misses("withheld on demand").sees("Withhold it on demand…")
	b.open("/moderate/blog/demands?comment=" + c.ID).sees("None so far.").sees(c.ID)

	person := fields{"what": "https://blog.example/post#aitys-" + c.ID, "by": "Aliya <i>B.</i>", "kind": "person",
		"law": "privacy", "country": "Germany", "received": "2026-11-19", "public": "full"}
	b.press(b.form("Withhold"), "Withhold", person).sees("A person is never named in public.").sees("None so far.")
	person["public"] = ""
	b.press(b.form("Withhold"), "Withhold", person).sees("It is withheld.").sees("Aliya <i>B.</i>").
		sees("a person, Germany").sees("1 comment · privacy").sees("Received on 19 November 2026").
		sees("Demanded by: a person. Law: privacy.")
	b.open("/moderate/blog/comments/" + c.ID).sees("This comment is withheld on demand.")

	b.open("/moderate/blog/demands").press(b.form("Restore"), "Restore", fields{"why": " "}).
		sees("Say why in one line")
	b.press(b.form("Restore"), "Restore", fields{"why": "The letter was taken back."}).
		sees("It is shown again").sees("The letter was taken back.").misses("What readers see")
	b.open("/moderate/blog/comments/" + c.ID).misses("withheld on demand.")

	for _, bad := range []struct{ field, value, says string }{
		{"what", "https://blog.example/never-commented", "Give links to comments of this site"},
		{"what", "https://blog.example/a " + c.ID, "Give links to comments of this site"},
		{"by", " ", "Say who demands this"}, {"until", "2026-01-01", "Name a day to come"},
		{"until", "soon", "Name a day to come"}, {"received", "2027-01-01", "Name a day that has come"},
	} {
		in := fields{"what": c.ID, "by": "A court", "kind": "court", bad.field: bad.value}
		b.open("/moderate/blog/demands").press(b.form("Withhold"), "Withhold", in).sees(bad.says)
	}
	// The same form, sent twice and once more with another word in it: two demands.
	form := b.open("/moderate/blog/demands").form("Withhold")
	sent := b.values(form, fields{"what": c.ID, "by": "Court of appeal", "kind": "court", "law": "Art. 44"})
	for range 2 {
		b.submit(form, sent).sees("It is withheld.")
	}
	sent.Set("law", "Art. 45")
	b.submit(form, sent).sees("It is withheld.").sees("Art. 45")
	if n := strings.Count(nameOf(b.doc), "Demanded by: Court of appeal."); n != 2 {
		t.Errorf("%d demands were entered, want 2: %s", n, nameOf(b.doc))
	}
	w.as("Mira").open("/moderate/blog/queue").misses("Demands")
}
