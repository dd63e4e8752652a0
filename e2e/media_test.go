package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/internal/testkit"
)

// emulated sets the medium of a tab, "" for the screen, and one preference of the reader.
func (w *world) emulated(tab *testkit.Tab, medium, preference, value string) {
	w.t.Helper()
	_, err := chromedp.Call(tab.Context(), emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: medium,
		Features: []*emulation.MediaFeature{{Name: preference, Value: value}}})
	w.must(err)
}

// cut returns a JavaScript expression for elements below root that are useless on paper or cut off.
func cut(root string) string {
	return `[...` + root + `.querySelectorAll("form, button, summary.btn, input, textarea, pre, article")].filter(e =>
		e.matches("pre, article") ? !e.checkVisibility() || e.scrollWidth > e.clientWidth + 1 : e.checkVisibility())
		.map(e => e.outerHTML.slice(0, 80)).join("\n")`
}

// A printed page has all comments and replies completely, and no controls.
func TestWidget_PrintsThread(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	w.published("Long code is whole:\n\n```\n" + strings.Repeat("long code ", 60) + "\n```")
	items, _, err := w.client.Queue(t.Context(), "state=approved")
	w.must(err)
	var reply testkit.PostResult
	w.must(w.client.Do(t.Context(), "POST", "/comments", nil, map[string]any{"parent": items[0].Comment.ID,
		"page": map[string]string{"url": w.blog.URL + "/post"}, "body": "A reply is there, too."}, &reply))
	_, err = w.client.Decide(t.Context(), "approve", "", testkit.CommentRef{ID: reply.ID, Version: reply.Version})
	w.must(err)
	for _, on := range []struct{ name, address, root string }{
		{"widget", w.blog.URL + "/post", `document.querySelector("aitys-comments").shadowRoot`},
		{"plain", w.plainOf("/post", "en"), "document"},
	} {
		tab := w.tab(720, 900, false)
		w.must(tab.Go(on.address), tab.Holds(shows("A reply is there, too.")))
		before, err := testkit.Eval[string](tab, cut(on.root))
		w.must(err)
		if !strings.Contains(before, "<form") || !strings.Contains(before, "<pre") {
			t.Errorf("%s: on a screen there is no form, or no long code: %q", on.name, before)
		}
		w.emulated(tab, "print", "prefers-color-scheme", "light")
		if tab.Holds("!"+cut(on.root)) != nil { // the script for code blocks may still load
			found, err := testkit.Eval[string](tab, cut(on.root))
			t.Errorf("%s: on paper there is, or is not whole: %s %v", on.name, found, err)
		}
		w.picture(tab, "paper-"+on.name)
	}
}

// With forced colours, information that is shown by a background colour must still be visible.
func TestWidget_ForcedColors(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	w.published("Thank you.")
	tab := w.tab(390, 844, false)
	w.emulated(tab, "", "forced-colors", "active")
	w.steps(tab,
		func() error { return tab.Go(w.blog.URL + "/post") },
		func() error { return tab.Click("textbox", "Comment") },
		func() error {
			return tab.Holds(`(root => matchMedia("(forced-colors: active)").matches &&
				getComputedStyle(root.querySelector(".ed")).outlineStyle === "solid")(
				document.querySelector("aitys-comments").shadowRoot)`)
		},
		func() error { return tab.Click("button", "Post comment") },
		func() error { return tab.Holds(shows("There is no text yet.")) },
	)
	w.picture(tab, "forced")
	w.steps(tab,
		func() error { return tab.Go(w.plainOf("/post", "en")) },
		func() error { return tab.Type("textbox", "Comment", "One") },
		func() error { return tab.Click("button", "Post comment") },
		func() error { return tab.Holds(shows("Preview")) },
		func() error { return tab.Click("button", "Post comment") },
		func() error {
			return tab.Holds(`(ground => ground(".wait") && ground(".wait") !== ground("body"))(
				e => document.querySelector(e) && getComputedStyle(document.querySelector(e)).backgroundColor)`)
		},
	)
	desk := w.tab(1280, 900, false)
	w.emulated(desk, "", "forced-colors", "active")
	_, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", "Ruth", "", "The chain came off twice on the hill.")
	w.must(err)
	w.signIn(desk, email)
	w.must(desk.Holds(`(card => card && getComputedStyle(card).outlineStyle === "solid")(
		document.querySelector(".card[aria-current=true]"))`))
}

// With reduced motion only the ten-second progress bar moves, because nothing else shows the time.
func TestWidget_ReducedMotion(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	const moves = `getComputedStyle(document.querySelector(".btn")).transitionDuration !== "0s"`
	for value, rests := range map[string]bool{"reduce": true, "no-preference": false} {
		w.published("Thank you, with " + value)
		_, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", "Ruth", "", "The chain came off, and "+value)
		w.must(err)
		desk, blog := w.tab(1280, 900, false), w.tab(390, 844, false)
		w.emulated(desk, "", "prefers-reduced-motion", value)
		w.emulated(blog, "", "prefers-reduced-motion", value)
		w.signIn(desk, email)
		w.must(desk.Holds(current("chain")), desk.Holds(map[bool]string{true: "!(" + moves + ")", false: moves}[rests]))
		w.must(blog.Go(w.blog.URL+"/post"), blog.Holds(shows("Thank you, with "+value)),
			blog.Holds(`[...document.querySelector("aitys-comments").shadowRoot.querySelectorAll("*")].every(e =>
				(s => s.transitionDuration === "0s" && s.animationName === "none")(getComputedStyle(e)))`))
	}
}
