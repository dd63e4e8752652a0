package e2e

import (
	"fmt"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// Five similar adverts are one card. One key decides all, and one key undoes it. The next copy is suspected.
func TestCampaign_IsOneCard(t *testing.T) {
	t.Parallel()
	s := newWorld(t).school()
	advert := func(n int) {
		t.Helper()
		text := fmt.Sprintf("Wonderful article, it reminded me of my grandmother's kitchen. I bought my new stone oven "+
			"with a discount of %d percent and it bakes like hers did: https://oven.example/?ref=%d", 20+n, n)
		_, err := s.client.Post(t.Context(), "", fmt.Sprintf("%s/post-%d", s.blog.URL, n%2), fmt.Sprintf("Reader %d", n), "",
			text)
		s.must(err)
	}
	for n := range 5 {
		advert(n)
	}
	desk := s.tab(1280, 900, false)
	s.signIn(desk, email)
	const card = `document.querySelector("[data-campaign]")`
	// Campaigns are updated after the commit, so a page that is opened at once may not show them yet.
	opened := func() {
		t.Helper()
		testkit.Until(t, "they are one card", func() bool {
			s.must(desk.Go(s.service.URL + "/moderate/blog/queue?sort=newest"))
			n, err := testkit.Eval[string](desk, card+`?.dataset.alike ?? ""`)
			return err == nil && n == "5"
		})
	}
	opened()
	s.steps(desk,
		func() error { return desk.Holds(`document.querySelectorAll("[data-campaign]").length === 1`) },
		func() error { return desk.Holds(card + `.textContent.includes("5 alike")`) },
		func() error { return desk.Holds(`document.querySelector("#pane").textContent.includes("5 writers")`) },
	)
	fits := func(tab *testkit.Tab, what string) {
		t.Helper()
		s.picture(tab, what)
		if found := tab.Axe(t); len(found) > 0 {
			t.Errorf("%s: axe finds %q", what, found)
		}
	}
	fits(desk, "campaign-card")
	phone := s.tab(360, 800, true)
	s.signIn(phone, email)
	s.steps(phone,
		func() error { return phone.Go(s.service.URL + "/moderate/blog/queue?sort=newest") },
		func() error { return phone.Holds(card) },
	)
	fits(phone, "campaign-card-phone")
	s.steps(phone,
		func() error {
			return phone.LeaveBy(`location.href = document.querySelector("#what .alike a, #x").href`)
		},
		func() error { return phone.Holds(`document.querySelectorAll(".members.alike > li").length === 5`) },
	)
	fits(phone, "campaign-page-phone")
	_, err := testkit.Eval[bool](desk, `(`+card+`.querySelector(".name").click(), true)`)
	s.must(err)
	s.steps(desk,
		func() error { return desk.Press(shiftS) },
		func() error { return desk.Holds(toastSays("5 marked as spam")) },
		func() error { return desk.Holds(`!` + card) },
		func() error { return desk.Holds(`document.getElementById("unsaved").hidden`) },
	)
	s.queued("state=spam", func(items []testkit.QueueItem) bool { return len(items) >= 5 })
	s.steps(desk, func() error { return desk.Press(keyZ) }, func() error { return desk.Holds(card) })
	s.queued("state=spam", func(items []testkit.QueueItem) bool { return len(items) < 5 })

	// Selected with another comment, it is one action and one undo.
	other, err := s.client.Post(t.Context(), "", s.blog.URL+"/post", "Reader", "", "The cranes were repaired last spring.")
	s.must(err)
	opened()
	const rows = `[...document.querySelectorAll(".card")]`
	total, err := testkit.Eval[int](desk, rows+`.reduce((n, card) => n + Number(card.dataset.alike ?? 1), 0)`)
	s.must(err)
	s.steps(desk,
		func() error { return desk.Press(shiftX) },
		func() error { return desk.Holds(rows + `.every(card => "picked" in card.dataset)`) },
		func() error { return desk.Press(shiftS) },
		func() error { return desk.Holds(toastSays(fmt.Sprint(total, " marked as spam"))) },
		func() error { return desk.Press(keyZ) },
		func() error { return desk.Holds(fmt.Sprint(rows, ".length === ", total-4)) },
		func() error { return desk.Holds(`document.getElementById("unsaved").hidden`) },
	)
	_, err = s.client.Decide(t.Context(), "approve", "", testkit.CommentRef{ID: other.ID, Version: other.Version + 2})
	s.must(err)

	// Without JavaScript, on the page of the campaign.
	opened()
	s.steps(desk,
		func() error { return desk.LeaveBy(`location.href = document.querySelector("#what .alike a, #x").href`) },
		func() error { return desk.Holds(`document.querySelectorAll(".members.alike > li").length === 5`) },
		func() error { return desk.Holds(`document.querySelectorAll(".vary").length >= 2`) },
	)
	fits(desk, "campaign-page")
	s.steps(desk,
		func() error { return desk.LeaveBy(`document.querySelector(".members.alike form button").click()`) },
		func() error { return desk.Holds(`document.querySelectorAll(".members.alike > li").length === 4`) },
		func() error { return desk.Press(keyZ) }, // a mistake
		func() error {
			return desk.Holds(shows("Back in the campaign.") +
				` && document.querySelectorAll(".members.alike > li").length === 5`)
		},
		func() error { return desk.Click("checkbox", "Include the comment by Reader 2") },
		func() error {
			return desk.Holds(`document.querySelector(".act-bar b").textContent === "4 included, 1 left out"`)
		},
		func() error { return desk.Press(shiftS) },
		func() error { return desk.Holds(toastSays("4 marked as spam")) },
	)
	advert(9)
	s.queued("state=suspected", func(items []testkit.QueueItem) bool { return len(items) == 2 && items[1].Verdict.Score >= 0.9 })

	// From the list of campaigns, and from one of its comments.
	s.steps(desk,
		func() error { return desk.Go(s.service.URL + "/moderate/blog/campaigns") },
		func() error { return desk.Holds(`document.querySelectorAll("main table.rows tbody tr").length === 1`) },
	)
	fits(desk, "campaigns")
	s.steps(desk,
		func() error {
			return desk.LeaveBy(`document.querySelector("main table.rows a").click()`)
		},
		func() error { return desk.Holds(shows("2 included") + ` && document.readyState === "complete"`) },
		func() error {
			return desk.LeaveBy(`location.href = document.querySelector(".members.alike .who a").href`)
		},
		func() error {
			return desk.Holds(`location.pathname.includes("/comments/") && document.readyState === "complete"`)
		},
		func() error { return desk.Click("link", "Show all") },
		func() error { return desk.Holds(`document.querySelectorAll(".members.alike > li").length === 6`) },
	)
}

// If the session ends before a campaign decision is saved, the desk keeps it and sends it after the next sign-in. It
// covers only comments that were visible, not later ones.
func TestCampaign_DecisionSurvivesSignOut(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	copies := 0
	post := func(n int) {
		for range n {
			copies++
			_, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", fmt.Sprintf("Reader %d", copies), "",
				fmt.Sprintf("The harbour sells its old cranes by the hour, and whoever wants one asks at gate %d", copies))
			w.must(err)
		}
		testkit.Until(t, "they are alike", func() bool {
			k, err := campaignIn(t.Context(), w.client)
			return err == nil && k.Size == copies
		})
	}
	post(6)
	desk := w.tab(1280, 900, false)
	w.signIn(desk, email)
	const alike = `document.querySelector("[data-campaign]")?.dataset.alike`
	w.steps(desk, func() error { return desk.Holds(alike + ` === "6"`) })
	w.endSession(desk)
	w.steps(desk,
		func() error { return desk.Press(shiftS) },
		func() error { return desk.Holds(shows("Decisions and drafts are kept")) },
		func() error { return desk.Holds(`!document.getElementById("unsaved").hidden`) },
	)
	w.queued("state=spam", func(items []testkit.QueueItem) bool { return len(items) == 0 })
	post(1)
	w.steps(desk,
		func() error { return desk.Click("link", "Sign in") },
		func() error {
			return desk.Holds(`location.pathname === "/moderate/signin" && document.readyState === "complete"`)
		},
		func() error { return desk.Type("textbox", "E-mail", email) },
		func() error { return desk.Type("textbox", "Password", password) },
		func() error { return desk.Click("button", "Sign in") },
	)
	w.queued("state=spam", func(items []testkit.QueueItem) bool { return len(items) == 6 })
	w.queued("state=pending", func(items []testkit.QueueItem) bool { return len(items) == 1 })
}
