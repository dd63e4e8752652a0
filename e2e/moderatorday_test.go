package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
)

// A day is the queue of a moderator with two sites: the blog, whose filter is trained, and the garden, whose filter is
// not. Comments are known by the name of their commenter.
type day struct {
	user
	garden *testkit.Client               // of Dana, the owner
	posted map[string]testkit.PostResult // by commenter
	on     map[string]*testkit.Client    // by commenter
}

func (d *day) comment(c *testkit.Client, name, text string) {
	d.t.Helper()
	posted, err := c.Post(d.t.Context(), "", d.blog.URL+"/post", name, strings.ReplaceAll(name, " ", "")+"@mail.example", text)
	d.must(err)
	d.posted[name], d.on[name] = posted, c
}

// current waits until the pane shows a commenter's comment.
func (d *day) current(name string) { d.t.Helper(); d.sees("complementary", "Comment by "+name) }

// undoes waits for the undo button of a decision.
func (d *day) undoes(what string) user { d.t.Helper(); return d.sees("button", "Undo: "+what) }

// A moderated comment has some fields of a comment as moderators see it.
type moderated struct {
	Comment struct{ State, Reason string }
	Writer  struct{ Notes []struct{ Text string } }
	History []struct {
		Action string
		Undone bool
	}
}

func (d *day) read(name string) (m moderated) {
	d.t.Helper()
	d.must(d.on[name].Do(d.t.Context(), http.MethodGet, "/moderation/comments/"+d.posted[name].ID, nil, nil, &m))
	return m
}

// newDay fills the queue, oldest first.
func newDay(t *testing.T) *day {
	w := newWorld(t)
	w.must(w.client.Call(t.Context(), http.MethodPost, "/sites", nil,
		map[string]any{"key": "garden", "name": "The Garden", "origin": []string{w.blog.URL}}, nil))
	garden := *w.client
	garden.Site = "garden"
	w.account(author, "Aliya", authz.Moderator, "blog", "garden")
	w.account(jonas, "Jonas", authz.Moderator, "blog", "garden")
	d := &day{user: w.user(1280, 900, false), garden: &garden, posted: map[string]testkit.PostResult{},
		on: map[string]*testkit.Client{}}
	school := w.school()
	for range 2 { // alternating, so that the filter is sure about both
		school.decide(24)
	}
	d.comment(d.garden, "Ruth", "The tulips came up early this year.")
	d.comment(w.client, "Lena", "The chain came off twice on the hill.")
	d.comment(d.garden, "Tomasz", "You are a fool, and so is your dog.")
	for n := range 4 {
		d.comment(d.garden, fmt.Sprintf("Promo %d", n), fmt.Sprintf("The harbour sells its old cranes by the hour, and "+
			"whoever wants one asks at gate %d", n))
	}
	for _, c := range []struct{ name, text string }{
		{"Mira", "The gate was open all night."}, {"Olle", "Where can I buy these seeds?"},
		{"Vera", "My grandmother had a pear tree like yours."}, {"Nils", "Roofs repaired within one day, call me."},
		{"Sanna", "Does anybody prune in winter?"}, {"Edda", "Slugs again. What did you do against them?"},
	} {
		d.comment(d.garden, c.name, c.text)
	}
	for n := range 4 {
		d.comment(w.client, fmt.Sprintf("Seller %d", n), school.text(kinds[1].words))
	}
	for n := range 4 {
		d.comment(w.client, fmt.Sprintf("Cook %d", n), school.text(kinds[0].words))
	}
	d.comment(d.garden, "Pia", "This is the best soil in town.")
	d.comment(d.garden, "Karl", "Only a fool waters at noon.")
	d.decides(d.garden, "approve", "", "Pia")
	d.decides(d.garden, "reject", "personal_attack", "Karl")
	reader := &testkit.Client{URL: garden.URL, Site: "garden", HTTP: http.DefaultClient}
	w.must(reader.Do(t.Context(), http.MethodPost, "/comments/"+d.posted["Pia"].ID+"/report", nil,
		map[string]string{"reason": "spam"}, nil))
	w.must(reader.Do(t.Context(), http.MethodPost, "/comments/"+d.posted["Karl"].ID+"/appeal",
		map[string]string{"Authorization": "Bearer " + d.posted["Karl"].EditToken}, map[string]string{"text": "I meant myself."}, nil))
	testkit.Until(t, "copies are a campaign", func() bool {
		k, err := campaignIn(t.Context(), d.garden)
		return err == nil && k.Size == 4
	})
	for n := range 4 {
		school.learned(d.posted[fmt.Sprintf("Seller %d", n)].ID, func(spam float64, _ int) bool { return spam >= .7 })
		school.learned(d.posted[fmt.Sprintf("Cook %d", n)].ID, func(spam float64, _ int) bool { return spam < .3 })
	}
	return d
}

func (d *day) decides(c *testkit.Client, action, reason string, names ...string) {
	d.t.Helper()
	var refs []testkit.CommentRef
	for _, name := range names {
		refs = append(refs, testkit.CommentRef{ID: d.posted[name].ID, Version: d.posted[name].Version})
	}
	_, err := c.Decide(d.t.Context(), action, reason, refs...)
	d.must(err)
}

var (
	keyD     = testkit.Key{Key: "d", Code: "KeyD"}
	keyF     = testkit.Key{Key: "f", Code: "KeyF"}
	keyW     = testkit.Key{Key: "w", Code: "KeyW"}
	keySlash = testkit.Key{Key: "/", Code: "Slash"}
	key1     = testkit.Key{Key: "1", Code: "Digit1"}
	key5     = testkit.Key{Key: "5", Code: "Digit5"}
	keyEnter = testkit.Key{Key: "Enter", Code: "Enter", KeyCode: 13}
	ctrlK    = testkit.Key{Key: "k", Code: "KeyK", Control: true}
)

// The whole day of a moderator with two sites and a colleague, by role and name.
func TestModerator_WholeDay(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	d := newDay(t)
	d.opens(d.service.URL+"/moderate/").signsIn(author, password)
	d.sees("heading", "Queue").sees("article", "Ruth").sees("article", "Lena")

	// One by one, with an undo.
	d.current("Ruth")
	d.presses(keyA)
	d.undoes("Ruth’s comment approved")
	d.current("Lena")
	d.presses(keyS)
	d.undoes("Lena’s comment marked as spam")
	d.presses(keyZ).reads("Undone.")
	d.current("Lena")
	d.presses(keyA)
	d.undoes("Lena’s comment approved")
	d.current("Tomasz")
	d.presses(keyD).sees("button", "Personal attack").presses(key5)
	d.undoes("Tomasz’s comment refused")

	// A campaign in one act.
	d.sees("complementary", "4 alike").presses(keyS)
	d.undoes("4 marked as spam")

	// A colleague is faster.
	d.current("Mira")
	colleague, err := d.garden.SignIn(t.Context(), jonas, password)
	d.must(err)
	d.decides(colleague, "approve", "", "Mira")
	d.reads("Approved by Jonas").presses(keyS).holds(`!document.querySelector("#toast").hidden`).presses(keyJ)
	d.holds(`document.querySelector("#toast").hidden`) // it was about Mira's comment

	// A comment's page, a note about the writer, the next comment, and back.
	d.current("Olle")
	d.clicks("link", "Open comment").sees("heading", "Comment by Olle")
	d.types("textbox", "New note", "Asked about seeds before.").clicks("button", "Save note").reads("Note saved.")
	d.finds("Asked about seeds before.")
	d.clicks("link", "Next").sees("heading", "Comment by Vera").clicks("link", "Queue")
	d.current("Vera")
	d.presses(keyK)
	d.current("Olle")
	d.presses(keyA)
	d.undoes("Olle’s comment approved")

	// Focus.
	d.current("Vera")
	d.presses(keyEnter).sees("button", "Leave focus mode").presses(keyA)
	d.current("Nils")
	d.sees("button", "Leave focus mode").presses(keyS)
	d.current("Sanna")
	d.presses(keyEscape).misses("button", "Leave focus mode")

	// One mode replaces another, so that no key decides what is hidden.
	d.presses(keyEnter).sees("button", "Leave focus mode").presses(keyW).sees("button", "Back to the queue")
	d.misses("button", "Leave focus mode").presses(keyEscape).misses("button", "Back to the queue")
	d.current("Sanna")
	d.presses(keyEnter).sees("button", "Leave focus mode").presses(keyX, shiftS)
	d.current("Sanna")
	d.presses(keySlash).misses("button", "Leave focus mode").holds(`document.activeElement.id === "q"`)
	d.clicks("article", "Sanna")
	d.current("Sanna")

	// Filters by writer and by site.
	d.presses(keyF).types("combobox", "Filter by", "sanna").holds(`document.querySelector(".lines > li[hidden]") !== null`)
	d.holds(`document.activeElement.blur() === undefined`).presses(shiftX) // rows are hidden, so keys do nothing
	d.holds(`document.querySelectorAll("[data-picked]").length === 0`)
	d.clicks("option", "Writer: Sanna 1").sees("link", "remove Writer: Sanna")
	d.current("Sanna")
	d.presses(keyA).sees("heading", "End of list").clicks("link", "remove Writer: Sanna")
	d.current("Edda")
	d.presses(keyF).types("combobox", "Filter by", "garden").clicks("option", "Site: The Garden 1").misses("article", "Seller 1")
	d.current("Edda")
	d.presses(keyA).sees("heading", "All done").reads("You decided 1 comment in less than a minute.")

	// A search, a report and an appeal.
	d.presses(ctrlK).types("combobox", "Go to, filter or search", "tulips").clicks("option", "Search all comments: “tulips”")
	d.reads("1 comment contains “tulips”")
	d.current("Ruth")
	d.clicks("link", "Reported 1")
	d.current("Pia")
	d.presses(keyA).reads("Reports closed.")
	d.clicks("link", "Appeals 1")
	d.current("Karl")
	d.presses(keyA)
	d.undoes("Karl’s comment approved")

	// The rest in two sheets. One comment is kept for a look of its own.
	d.presses(ctrlK).clicks("option", "Queue").sees("heading", "Queue").presses(keyW)
	d.sees("heading", "Likely spam").sees("button", "Mark 4 as spam").presses(key1, key1).sees("button", "Mark 3 as spam")
	d.reads("1 stays in the queue").presses(keyEnter)
	d.sees("heading", "Likely good").sees("button", "Approve 4")
	d.holds(`document.querySelector("#sheet").ariaBusy === "false"`)
	d.holds(secondClick("#sweep-take")).sees("button", "Approve 4").presses(keyEnter)
	d.finds("1 comment needs a closer look.")
	d.undoes("4 approved").holds("!" + secondClick("#toast button"))
	d.undoes("4 approved")
	d.misses("heading", "Likely good").presses(keyS)
	d.sees("heading", "All done").reads("You decided 8 comments in less than a minute.")
	d.checkDay()

	// The log, with the words of the comments.
	d.clicks("link", "Settings").clicks("DisclosureTriangle", "Advanced").clicks("link", "Audit log").sees("heading", "Audit log")
	d.reads("“The chain came off twice on the hill.”").clicks("DisclosureTriangleGrouped", "The Blog").clicks("link", "The Garden")
	d.reads("“The tulips came up early this year.”").reads("“The gate was open all night.”")
	d.finds("marked 4 as spam")
	d.finds("refused Tomasz: personal attack")
}

// secondClick is a JavaScript expression that makes the second click of a double click. It is false if the page prevents
// the click.
func secondClick(selector string) string {
	return fmt.Sprintf(`document.querySelector(%q).dispatchEvent(new MouseEvent("click",
		{detail: 2, bubbles: true, cancelable: true}))`, selector)
}

// checkDay compares the comments with what the moderator did.
func (d *day) checkDay() {
	d.t.Helper()
	want := map[string]string{"Tomasz": "rejected", "Nils": "spam", "Promo 0": "spam", "Promo 1": "spam", "Promo 2": "spam",
		"Promo 3": "spam", "Seller 0": "spam", "Seller 1": "spam", "Seller 2": "spam", "Seller 3": "spam"}
	for name := range d.posted {
		if want[name] == "" {
			want[name] = "approved"
		}
		testkit.Until(d.t, name+" is "+want[name], func() bool { return d.read(name).Comment.State == want[name] })
	}
	if got := d.read("Tomasz").Comment.Reason; got != "personal_attack" {
		d.t.Errorf("Tomasz is refused for %q", got)
	}
	if got := d.read("Mira").History; len(got) != 1 {
		d.t.Errorf("the comment that the colleague decided has the history %+v", got)
	}
	if got := d.read("Olle").Writer.Notes; len(got) != 1 || got[0].Text != "Asked about seeds before." {
		d.t.Errorf("the notes about Olle are %+v", got)
	}
	for _, c := range []*testkit.Client{d.client, d.garden} {
		for _, view := range []string{"pending", "reported", "appealed"} {
			if items, _, err := c.Queue(d.t.Context(), "state="+view); err != nil || len(items) > 0 {
				d.t.Errorf("%d comments of %s are %s (%v)", len(items), c.Site, view, err)
			}
		}
	}
}
