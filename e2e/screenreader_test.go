package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// accessibilityTree returns a page in the order in which a screen reader reads it.
func (w *world) accessibilityTree(tab *testkit.Tab) []testkit.AccessibleNode {
	w.t.Helper()
	all, err := tab.AccessibilityTree()
	w.must(err)
	return all
}

// interactiveRoles are the accessibility roles of interactive elements.
var interactiveRoles = []string{"button", "link", "textbox", "searchbox", "checkbox", "radio", "combobox", "slider",
	"spinbutton", "DisclosureTriangle", "DisclosureTriangleGrouped", "option", "switch"}

// accessibilityFaults returns controls without a name, and headings that skip a level.
func accessibilityFaults(all []testkit.AccessibleNode) (wrong []string) {
	level, firsts := 0, 0
	for i, h := range all {
		if slices.Contains(interactiveRoles, h.Role) && strings.TrimSpace(h.Name) == "" {
			wrong = append(wrong, fmt.Sprintf("a %s has no name; before it: %s", h.Role, textBefore(all, i)))
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

// textBefore returns the text that is read just before a node.
func textBefore(all []testkit.AccessibleNode, i int) string {
	for i--; i >= 0; i-- {
		if all[i].Name != "" {
			return fmt.Sprintf("%s %q", all[i].Role, all[i].Name)
		}
	}
	return "nothing"
}

// namesOf returns the names of the nodes with a role, in reading order.
func namesOf(all []testkit.AccessibleNode, role string) (names []string) {
	for _, h := range all {
		if h.Role == role {
			names = append(names, h.Name)
		}
	}
	return names
}

// nodesIn returns the nodes inside the first node with a role and name.
func nodesIn(all []testkit.AccessibleNode, role, name string) (inside []testkit.AccessibleNode) {
	root := slices.IndexFunc(all, func(h testkit.AccessibleNode) bool { return h.Role == role && h.Name == name })
	for i := root + 1; root >= 0 && i < len(all); i++ {
		of := all[i].Parent
		for of > root {
			of = all[of].Parent
		}
		if of != root {
			break
		}
		inside = append(inside, all[i])
	}
	return inside
}

// textOfRole returns the text of the live regions with a role.
func textOfRole(all []testkit.AccessibleNode, role string) string {
	var words []string
	for i := range all {
		if all[i].Role != role {
			continue
		}
		for j := i + 1; j < len(all) && all[j].Parent >= i; j++ {
			if all[j].Role == "StaticText" {
				words = append(words, all[j].Name)
			}
		}
	}
	return strings.Join(words, " ")
}

// The test checks the reading order of the queue and the announcement of each decision.
func TestQueue_ReadByScreenReader(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	post := func(name, text string) testkit.PostResult {
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
			testkit.Until(t, role+" says "+words, func() bool { return strings.Contains(textOfRole(w.accessibilityTree(desk), role), words) })
			return nil
		}
	}
	at := func(name string) func() error { // checks which element has the focus
		return func() error {
			testkit.Until(t, "the focus is on "+name, func() bool {
				return slices.ContainsFunc(w.accessibilityTree(desk), func(h testkit.AccessibleNode) bool {
					return h.Focused && h.Role == "article" && h.Name == name
				})
			})
			return nil
		}
	}

	all := w.accessibilityTree(desk)
	for _, wrong := range accessibilityFaults(all) {
		t.Error(wrong)
	}
	var marks []string
	for _, h := range all {
		if slices.Contains([]string{"banner", "search", "navigation", "main", "complementary"}, h.Role) {
			marks = append(marks, strings.TrimSpace(h.Role+" "+h.Name))
		}
	}
	want := "navigation Desk, search, main, navigation Queue, complementary Comment by Lena"
	if got := strings.Join(marks, ", "); got != want {
		t.Errorf("the landmarks are %s; want %s", got, want)
	}
	if got := nodesIn(all, "main", ""); !slices.Equal(namesOf(got, "heading"), []string{"Queue", "Comments"}) {
		t.Errorf("the headings of the queue are %q", namesOf(got, "heading"))
	}
	if got := namesOf(all, "article"); !slices.Equal(got, []string{"Lena", "Tomasz", "3 alike", "Ruth"}) {
		t.Errorf("the cards are %q", got)
	}
	card := nodesIn(all, "article", "Lena")
	for i, h := range card {
		twice := func(o testkit.AccessibleNode) bool { return o.Role == h.Role && o.Name == h.Name }
		if slices.Contains(interactiveRoles, h.Role) && h.Role != "link" && slices.ContainsFunc(card[i+1:], twice) {
			t.Errorf("a card has two of %s %q", h.Role, h.Name)
		}
	}
	var does []string
	for _, h := range nodesIn(all, "complementary", "Comment by Lena") {
		if h.Role == "button" || strings.HasPrefix(h.Role, "DisclosureTriangle") {
			does = append(does, h.Name)
		}
	}
	if got := strings.Join(does, ", "); got != "Change title, Evidence, Approve, Spam, Refuse, Reply, Evidence, Writer" {
		t.Errorf("what can be done with a comment is read as %q", got)
	}
	if !slices.Contains(namesOf(all, "status"), "") { // a live region must exist before its text, or it may not be announced
		t.Error("nothing is there that could say what was done")
	}

	w.steps(desk,
		func() error { return desk.Press(keyA) }, says("status", "Approved."), at("Tomasz"),
		func() error { return desk.Press(keyZ) }, says("status", "Undone."), at("Lena"),
		func() error { return desk.Press(keyJ, keyJ) }, at("3 alike"),
		func() error { return desk.Press(shiftS) }, says("status", "3 marked as spam."), at("Ruth"),
		func() error { return desk.Press(keyZ) }, says("status", "3 undone."),
		func() error { return desk.Holds(`document.getElementById("unsaved").hidden`) },
		func() error {
			_, err := w.client.Decide(t.Context(), "approve", "", testkit.CommentRef{ID: tomasz.ID, Version: tomasz.Version})
			return err
		},
	)
	// Another moderator decided first: the conflict is announced.
	post("Samal", "Is the museum open on the second of January?")
	w.steps(desk, says("status", "1 new"))
	second := w.tab(1280, 900, false)
	w.must(second.AddInitScript(`EventSource = class extends EventTarget { close() {} }`)) // it gets no events
	w.signIn(second, email)
	w.steps(second, func() error { return second.Holds(current("chain")) })
	items, _, err := w.client.Queue(t.Context(), "")
	w.must(err)
	_, err = w.client.Decide(t.Context(), "spam", "", testkit.CommentRef{ID: items[0].Comment.ID, Version: items[0].Comment.Version})
	w.must(err, second.Press(keyA), second.See("alert", ""))
	if said := textOfRole(w.accessibilityTree(second), "alert"); !strings.Contains(said, "Marked as spam by Dana") {
		t.Errorf("of the conflict is said %q", said)
	}

	// All controls of all pages have a name.
	for page, shows := range w.deskPages() {
		w.must(desk.Go(w.service.URL+"/moderate/"+page), desk.Holds(fmt.Sprintf("document.querySelector(%q)", shows)))
		_, err := testkit.Eval[bool](desk, openDetails)
		w.must(err)
		for _, wrong := range accessibilityFaults(w.accessibilityTree(desk)) {
			t.Errorf("%s: %s", page, wrong)
		}
	}
}
