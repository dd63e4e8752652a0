package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// aloud is a page as a screen reader reads it.
func (w *world) aloud(tab *testkit.Tab) []testkit.Heard {
	w.t.Helper()
	all, err := tab.Aloud()
	w.must(err)
	return all
}

// pressable are the roles of what somebody is to do something with.
var pressable = []string{"button", "link", "textbox", "searchbox", "checkbox", "radio", "combobox", "slider",
	"spinbutton", "DisclosureTriangle", "DisclosureTriangleGrouped", "option", "switch"}

// unspoken says what is wrong with how a page is read: things to press without a name, and headings that skip a level.
func unspoken(all []testkit.Heard) (wrong []string) {
	level, firsts := 0, 0
	for i, h := range all {
		if slices.Contains(pressable, h.Role) && strings.TrimSpace(h.Name) == "" {
			wrong = append(wrong, fmt.Sprintf("a %s has no name; before it: %s", h.Role, before(all, i)))
		}
		if h.Role != "heading" {
			continue
		}
		if h.Level == 1 {
			firsts++
		}
		if h.Level > max(level+1, 2) { // the headings of the navigation come before the page's own
			wrong = append(wrong, fmt.Sprintf("heading %q of level %d follows one of %d", h.Name, h.Level, level))
		}
		level = h.Level
	}
	if firsts != 1 {
		wrong = append(wrong, fmt.Sprintf("%d headings are the page's own", firsts))
	}
	return wrong
}

// before are the last words that are read before a node.
func before(all []testkit.Heard, i int) string {
	for i--; i >= 0; i-- {
		if all[i].Name != "" {
			return fmt.Sprintf("%s %q", all[i].Role, all[i].Name)
		}
	}
	return "nothing"
}

// namesOf are the names of nodes of a role, in the order of reading.
func namesOf(all []testkit.Heard, role string) (names []string) {
	for _, h := range all {
		if h.Role == role {
			names = append(names, h.Name)
		}
	}
	return names
}

// within are the nodes in the first one of a role and name.
func within(all []testkit.Heard, role, name string) (inside []testkit.Heard) {
	root := slices.IndexFunc(all, func(h testkit.Heard) bool { return h.Role == role && h.Name == name })
	for i := root + 1; root >= 0 && i < len(all); i++ {
		of := all[i].Of
		for of > root {
			of = all[of].Of
		}
		if of != root {
			break
		}
		inside = append(inside, all[i])
	}
	return inside
}

// spoken is what stands in regions of a role, as they speak when it changes.
func spoken(all []testkit.Heard, role string) string {
	var words []string
	for i := range all {
		if all[i].Role != role {
			continue
		}
		for j := i + 1; j < len(all) && all[j].Of >= i; j++ {
			if all[j].Role == "StaticText" {
				words = append(words, all[j].Name)
			}
		}
	}
	return strings.Join(words, " ")
}

// The queue through the accessibility tree, in the order in which it is read, and what is announced of each decision.
func TestTheQueueIsReadAloud(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	parallel(t)
	w := newWorld(t)
	post := func(name, text string) testkit.Posted {
		t.Helper()
		posted, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", name, "", text)
		w.must(err)
		return posted
	}
	post("Lena", "The chain came off twice on the hill.")
	tomasz := post("Tomasz", "Whoever sells those tyres owes me an afternoon.")
	for n := range 3 {
		post(fmt.Sprintf("Reader %d", n), fmt.Sprintf("The harbour sells its old cranes by the hour; ask at gate %d", n))
	}
	post("Ruth", "Our harbour froze in March, which nobody expected.")
	desk := w.tab(1280, 900, false)
	w.signIn(desk, email)
	testkit.Until(t, "three are one row", func() bool {
		w.must(desk.Go(w.service.URL+"/moderate/blog/queue"), desk.Holds(`document.querySelector("html[data-keys]")`))
		n, err := testkit.Eval[int](desk, `document.querySelectorAll(".card").length`)
		return err == nil && n == 4
	})
	says := func(role, words string) func() error {
		return func() error {
			testkit.Until(t, role+" says "+words, func() bool { return strings.Contains(spoken(w.aloud(desk), role), words) })
			return nil
		}
	}
	at := func(name string) func() error { // where the focus is
		return func() error {
			testkit.Until(t, "the focus is on "+name, func() bool {
				return slices.ContainsFunc(w.aloud(desk), func(h testkit.Heard) bool {
					return h.Focused && h.Role == "article" && h.Name == name
				})
			})
			return nil
		}
	}

	all := w.aloud(desk)
	for _, wrong := range unspoken(all) {
		t.Error(wrong)
	}
	var marks []string
	for _, h := range all {
		if slices.Contains([]string{"banner", "search", "navigation", "main", "complementary"}, h.Role) {
			marks = append(marks, strings.TrimSpace(h.Role+" "+h.Name))
		}
	}
	want := "banner, search, navigation Views, main, complementary Selection and undo"
	if got := strings.Join(marks, ", "); got != want {
		t.Errorf("the landmarks are %s; want %s", got, want)
	}
	if got := within(all, "main", ""); !slices.Equal(namesOf(got, "heading"), []string{"Waiting", "Comments"}) {
		t.Errorf("the headings of the queue are %q", namesOf(got, "heading"))
	}
	if got := namesOf(all, "article"); !slices.Equal(got, []string{"Lena", "Tomasz", "3 alike", "Ruth"}) {
		t.Errorf("the cards are %q", got)
	}
	card := within(all, "article", "Lena")
	for i, h := range card {
		twice := func(o testkit.Heard) bool { return o.Role == h.Role && o.Name == h.Name }
		if slices.Contains(pressable, h.Role) && h.Role != "link" && slices.ContainsFunc(card[i+1:], twice) {
			t.Errorf("a card has two of %s %q", h.Role, h.Name)
		}
	}
	var does []string
	for _, h := range card {
		if h.Role == "button" || strings.HasPrefix(h.Role, "DisclosureTriangle") {
			does = append(does, h.Name)
		}
	}
	if got := strings.Join(does, ", "); got != "Change the title, Approve, Spam, Refuse…, Reply, Evidence" {
		t.Errorf("what can be done with a comment is read as %q", got)
	}
	if !slices.Contains(namesOf(all, "status"), "") { // a region that comes with its words may not be spoken
		t.Error("nothing is there that could say what was done")
	}

	w.steps(desk,
		func() error { return desk.Press(keyA) }, says("status", "Approved."), at("Tomasz"),
		func() error { return desk.Press(keyZ) }, says("status", "Taken back."), at("Lena"),
		func() error { return desk.Press(keyJ, keyJ) }, at("3 alike"),
		func() error { return desk.Press(shiftS) }, says("status", "3 marked as spam."), at("Ruth"),
		func() error { return desk.Press(keyZ) }, says("status", "3 taken back."),
		func() error { return desk.Holds(`document.getElementById("unsaved").hidden`) },
		func() error {
			_, err := w.client.Decide(t.Context(), "approve", "", testkit.Ref{ID: tomasz.ID, Version: tomasz.Version})
			return err
		},
	)
	// Somebody else was first: the decision meets a conflict, which is said.
	post("Samal", "Is the museum open on the second of January?")
	w.steps(desk, says("status", "1 arrived just now."))
	second := w.tab(1280, 900, false)
	w.must(second.BeforeEach(`EventSource = class extends EventTarget { close() {} }`)) // it hears of nothing
	w.signIn(second, email)
	w.steps(second, func() error { return second.Holds(current("chain")) })
	items, _, err := w.client.Queue(t.Context(), "")
	w.must(err)
	_, err = w.client.Decide(t.Context(), "spam", "", testkit.Ref{ID: items[0].Comment.ID, Version: items[0].Comment.Version})
	w.must(err, second.Press(keyA), second.See("alert", ""))
	if said := spoken(w.aloud(second), "alert"); !strings.Contains(said, "Marked as spam by Dana") {
		t.Errorf("of the conflict is said %q", said)
	}

	// No page has anything to press that has no name.
	for page, shows := range w.deskPages() {
		w.must(desk.Go(w.service.URL+"/moderate/"+page), desk.Holds(fmt.Sprintf("document.querySelector(%q)", shows)))
		_, err := testkit.Eval[bool](desk, unfolded)
		w.must(err)
		for _, wrong := range unspoken(w.aloud(desk)) {
			t.Errorf("%s: %s", page, wrong)
		}
	}
}
