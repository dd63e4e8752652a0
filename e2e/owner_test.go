package e2e

import (
	"fmt"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// ownerPages maps the settings pages to a text that each shows when loaded.
var ownerPages = map[string]string{
	"blog/settings": "form", "blog/settings/moderation": "form", "blog/settings/replies": "form",
	"blog/settings/retention": "form", "blog/settings/checker": "form", "blog/settings/training": "h1",
	"blog/settings/appearance": "form", "blog/settings/data": "form", "blog/settings/danger": "form", "sessions/mail": "form", "blog/insights": "h1", "blog/what-if": "h1", "blog/log": "h1", "blog/pages": "h1",
	"blog/rules": "form", "blog/demands": "form", "blog/webhooks": "form", "blog/neighbours": "form",
	"blog/block?kind=host&which=shop.example": "form",
	"people": "form", "tokens": "form", "sites": "table", "sessions": "form",
}

// speak switches the language of the desk in a tab.
func (w *world) speak(tab *testkit.Tab, lang string) {
	w.t.Helper()
	w.must(tab.SetCookie(w.service.URL, "/moderate", "aitys-lang", lang))
}

// smallType is a JavaScript expression for faults: the page changes the reader's font size, or a field is so small that a
// phone zooms in.
const smallType = `[getComputedStyle(document.documentElement).fontSize === "16px" ? "" : "one rem is no 16 px",
	...[...document.querySelectorAll("input:not([type=checkbox], [type=radio], [type=range]), select, textarea")]
		.filter(e => e.checkVisibility() && parseFloat(getComputedStyle(e).fontSize) < 16)
		.map(e => (e.id || e.name) + " is written in " + getComputedStyle(e).fontSize)].filter(Boolean).join("\n")`

func TestDesk_UsesReadersFontSize(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	_, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", "Ruth", "", "A remark.")
	w.must(err)
	tab := w.tab(390, 844, false)
	shows := map[string]string{
		"/": "h1", "/docs": "h1", "/moderate/signin": "form", "/moderate/setup": "form",
		"/sites/blog/page?url=" + w.blog.URL + "/post": "form",
	}
	check := func() {
		t.Helper()
		for page, element := range shows {
			w.must(tab.Go(w.service.URL+page), tab.Holds(fmt.Sprintf("document.querySelector(%q)", element)))
			if found, err := testkit.Eval[string](tab, smallType); err != nil || found != "" {
				t.Errorf("%s: %s (%v)", page, found, err)
			}
		}
	}
	check()
	w.signIn(tab, email)
	shows = map[string]string{"/moderate/blog/queue": ".card", "/moderate/setup/site": "form"}
	for page, element := range ownerPages {
		shows["/moderate/"+page] = element
	}
	check()
}

// On a phone the navigation is a drawer with all places. Settings lists the pages of the site and of the server.
func TestNavigation_PhoneListsAllPages(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	tab := w.tab(360, 780, false)
	w.signIn(tab, email)
	for _, page := range []string{"queue", "blog/settings", "blog/what-if", "people", "sessions"} {
		w.must(tab.Go(w.service.URL+"/moderate/"+page), tab.Holds(`document.querySelector("nav.rail a[aria-current]")`))
		wide, err := testkit.Eval[bool](tab, `document.documentElement.scrollWidth > innerWidth`)
		if err != nil || wide {
			t.Errorf("%s can be scrolled sideways (%v)", page, err)
		}
	}
	w.steps(tab,
		func() error { return tab.Go(w.service.URL + "/moderate/queue") },
		func() error { return tab.Click("link", "Menu") },
		func() error { return tab.Click("link", "Settings") },
		func() error { return tab.Holds(loaded("/moderate/blog/settings")) },
		func() error { return tab.Click("link", "People") },
		func() error { return tab.See("heading", "People") },
	)
}

func TestAdmin_FormsWorkByRoleAndName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tab := w.tab(1280, 900, false)
	w.signIn(tab, email)
	bar := func(says string) func() error {
		return func() error {
			return tab.Holds(fmt.Sprintf(`document.querySelector(".save p").textContent === %q`, says))
		}
	}
	w.steps(tab,
		func() error { return tab.Go(w.service.URL + "/moderate/blog/settings/moderation") },
		bar(""),
		func() error { return tab.Click("radio", "Name") },
		func() error { return tab.Type("textbox", "Suspicious from", "1") },
		func() error { return tab.Click("radio", "New writers") },
		bar("3 changes: what needs approval, suspicious from, required from commenters"),
		func() error { return tab.Click("button", "Discard") },
		bar(""),
		func() error { return tab.Go(w.service.URL + "/moderate/blog/settings") },
		func() error { return tab.Type("textbox", "Name", "Salt on ") },
		bar("1 change: name"),
		func() error { return tab.Click("button", "Save") },
		func() error { return tab.Holds(`document.querySelector(".notice.ok")?.textContent.includes("Saved.")`) },
		func() error { return tab.Holds(`document.querySelector("[name=name]").value === "Salt on The Blog"`) },

		func() error { return tab.Go(w.service.URL + "/moderate/people") },
		func() error { return tab.Type("textbox", "Name", "Aliya") },
		func() error { return tab.Type("textbox", "E-mail", author) },
		func() error { return tab.Click("button", "Add a person") },
		func() error {
			return tab.Holds(`document.querySelector("#made").textContent.includes("/moderate/setup#")`)
		},

		func() error { return tab.Go(w.service.URL + "/moderate/tokens") },
		func() error { return tab.Type("textbox", "Name", "mirror") },
		func() error { return tab.Click("button", "Create token") },
		func() error { return tab.Holds(`document.querySelector("#made").textContent.startsWith("aitys_")`) },
		func() error {
			return tab.Holds(`(document.querySelector("tbody tr:last-child summary").click(),
				document.querySelector("tbody tr:last-child details").open)`)
		},
		func() error { return tab.Click("button", "Revoke") },
		func() error { return tab.Holds(`!document.querySelector("main").textContent.includes("mirror")`) },

		func() error { return tab.Go(w.service.URL + "/moderate/sessions") },
		func() error { return tab.Type("textbox", "Current password", password) },
		func() error { return tab.Type("textbox", "New password", "seven grey herons in a row") },
		func() error { return tab.Click("button", "Change password") },
		func() error { return tab.See("heading", "Your account") },
		func() error { return tab.Holds(`document.querySelector("[name=old]").value === ""`) },
	)
}

// The script shows the same numbers for a slider value as the server for that threshold.
func TestThreshold_SliderMatchesServer(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	w.school().decide(6)
	tab := w.tab(1280, 900, false)
	w.signIn(tab, email)
	const row = `[...document.querySelectorAll("#tried > *")].map(e => e.textContent.trim()).join("|")`
	w.must(tab.Go(w.service.URL+"/moderate/blog/what-if"), tab.Holds(`document.querySelector("#tried")`))
	for _, threshold := range []int{50, 71, 99, 100} {
		_, err := testkit.Eval[bool](tab, fmt.Sprintf(`(wi.value = "%d", wi.dispatchEvent(new Event("input", {bubbles: true})))`,
			threshold))
		w.must(err)
		slid, err := testkit.Eval[string](tab, row)
		w.must(err)
		other := w.tab(1280, 900, false)
		w.signIn(other, email)
		w.must(other.Go(fmt.Sprintf("%s/moderate/blog/what-if?threshold=%d", w.service.URL, threshold)),
			other.Holds(`document.querySelector("#tried")`))
		if said, err := testkit.Eval[string](other, row); err != nil || said != slid {
			t.Errorf("at %d: the script says %q, the server %q (%v)", threshold, slid, said, err)
		}
	}
	w.steps(tab,
		func() error { return tab.Click("link", "Set to 100…") },
		func() error {
			return tab.Holds(`document.querySelector(".save p")?.textContent === "1 change: suspicious from 100"`)
		},
	)
}

func TestAdmin_PagesPassAxe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.school().decide(6)
	for _, v := range views(t) {
		tab := w.tab(v.width, 800, v.dark)
		w.signIn(tab, email)
		w.speak(tab, v.lang)
		for page, shows := range ownerPages {
			w.must(tab.Go(w.service.URL+"/moderate/"+page), tab.Holds(fmt.Sprintf("document.querySelector(%q)", shows)))
			_, err := testkit.Eval[bool](tab, `document.querySelectorAll("main details").forEach(d => d.open = true), true`)
			w.must(err)
			for _, what := range tab.Axe(t) {
				t.Errorf("%s at %d in %s: %s", page, v.width, v.lang, what)
			}
		}
	}
}

// After an owner revokes the edit tokens, a new page shows no pending comments of the commenter, who can still post. An
// open page says that the comment can no longer be edited.
func TestEditTokens_OwnerRevokesAll(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	const text = "My comment, whose token a script has read."
	reader, desk := w.tab(390, 844, false), w.tab(1280, 900, false)
	w.steps(reader,
		func() error { return reader.Go(w.blog.URL + "/post") },
		func() error { return reader.Type("textbox", "Comment", text) },
		func() error { return reader.Type("textbox", "Name", "Ruth") },
		func() error { return reader.Click("button", "Post comment") },
		func() error { return reader.Holds(shows(waits)) },
		func() error { return reader.Holds(`localStorage.getItem("aitys:blog:own") !== null`) },
	)
	w.signIn(desk, email)
	w.steps(desk,
		func() error { return desk.Go(w.service.URL + "/moderate/blog/settings/danger") },
		func() error { return desk.Holds(`!` + shownButton("Revoke all tokens")) },
		func() error {
			return desk.Holds(`[...document.querySelectorAll("summary")].find(e =>
			e.textContent === "Revoke edit tokens…").click(), ` + shownButton("Revoke all tokens"))
		},
		func() error { return desk.Click("button", "Revoke all tokens") },
		func() error {
			return desk.Holds(shows("Readers can no longer edit or withdraw earlier comments."))
		},
	)
	w.steps(reader,
		func() error { return reader.Click("button", "Withdraw") },
		func() error { return reader.Click("button", "Withdraw it") },
		func() error { return reader.Holds(shows("This comment is gone, or it is not yours.")) },
	)
	w.picture(reader, "ended")
	w.steps(reader,
		func() error { return reader.Go(w.blog.URL + "/post") },
		func() error { return reader.See("textbox", "Comment") },
		func() error { return reader.Holds(`localStorage.getItem("aitys:blog:own") === null`) },
		func() error { return reader.Holds("!" + shows(text)) },
	)
	if n := w.pendingCount(); n != 1 {
		t.Errorf("%d comments wait, want the one that was sent", n)
	}
}

// shownButton returns a JavaScript expression that is true if a button is visible.
func shownButton(text string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("button")].some(e =>
		e.textContent === %q && e.checkVisibility())`, text)
}
