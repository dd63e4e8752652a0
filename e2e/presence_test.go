package e2e

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
)

const jonas = "jonas@blog.example"

// rowOf returns a JavaScript expression for the row of the comment of a day.
func rowOf(day int) string {
	return fmt.Sprintf(`[...document.querySelectorAll(".card")].find(c => c.innerText.includes("day %d "))`, day)
}

func TestPresence_ShowsOtherModerator(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	onBoth(t, twoModeratorsSeeWhatTheOtherLooksAt)
}

func twoModeratorsSeeWhatTheOtherLooksAt(t *testing.T, o options) {
	w := newWorldWith(t, o)
	w.account(jonas, "Jonas <b>", authz.Moderator, "blog")
	w.postDays(3)
	dana, other := w.tab(1280, 900, false), w.tab(390, 844, true)
	w.must(dana.AddInitScript(`{ const now = Date.now; window.later = 0; Date.now = () => now() + later }`))
	w.signIn(dana, email)
	w.steps(dana,
		func() error { return dana.Holds(current("day 0 ")) },
		func() error { return dana.Holds(`!document.querySelector(".here .av, .looking, [data-held]")`) },
	)
	w.signInAt(w.secondServer(), other, jonas)
	looks := func(who string, day int) string {
		return fmt.Sprintf(`(%[1]s).matches("[data-held]") && (%[1]s).querySelector(".t").innerText.includes(%[2]q)`,
			rowOf(day), who+" is reading")
	}
	w.steps(other, // the second moderator starts at a comment that nobody reads
		func() error { return other.Holds(looks("Dana", 0)) },
		func() error { return other.Holds(current("day 1 ")) },
		func() error { return other.Press(keyK) },
		func() error { return other.Holds(current("day 0 ")) },
	)
	w.steps(dana,
		func() error { return dana.Holds(shows("Jonas <b> is here")) },
		func() error { return dana.Holds(looks("Jonas <b>", 0)) },
		func() error { return dana.Holds(`document.querySelector("#what .who .looking")`) },
		func() error { w.picture(dana, "presence-same"); return nil },
	)
	w.steps(other,
		func() error { return other.Holds(looks("Dana", 0)) },
		func() error { w.picture(other, "presence-phone"); return nil },
		func() error { return other.Press(testkit.Key{Key: "j", Code: "KeyJ"}) },
	)
	w.steps(dana,
		func() error { return dana.Holds(looks("Jonas <b>", 1)) },
		func() error { return dana.Holds(`document.querySelectorAll("[data-held]").length === 1`) },
		func() error {
			return dana.Holds(`new Set([...document.querySelectorAll(".card")].map(c => c.offsetHeight)).size === 1`)
		},
		func() error { w.picture(dana, "presence-row"); return nil },
		// A moderator who looked at a comment for long without a decision is shown after moving on.
		func() error { _, err := testkit.Eval[int](dana, "later = 6000"); return err },
	)
	w.steps(other, func() error { return other.Press(testkit.Key{Key: "j", Code: "KeyJ"}) })
	w.steps(dana,
		func() error { return dana.Holds(looks("Jonas <b>", 2)) },
		func() error { return dana.Press(testkit.Key{Key: "j", Code: "KeyJ"}) },
		func() error { return dana.Holds(shows("Jonas <b> was here")) },
		func() error { w.picture(dana, "presence-left"); return nil },
		// Presence does not block decisions.
		func() error { return dana.Press(testkit.Key{Key: "j", Code: "KeyJ"}) },
		func() error { return dana.Press(keyA) },
	)
	w.steps(other,
		func() error { return other.Holds(shows("Approved by Dana")) },
		func() error { return other.Go(w.service.URL + "/moderate/sessions") },
	)
	w.steps(dana, func() error { return dana.Holds(`!document.querySelector(".here .av, [data-held]")`) })
}

// Two moderators split the queue with one press: each skips the half of the other, until one of them ends the split.
func TestPresence_SplitsQueue(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	w.account(jonas, "Jonas", authz.Moderator, "blog")
	const days = 16
	w.postDays(days)
	dana, other := w.tab(1280, 900, false), w.tab(1280, 900, false)
	w.signIn(dana, email)
	w.signIn(other, jonas)
	w.steps(dana, func() error { return dana.Click("button", "Split the queue") })
	w.steps(other, func() error { return other.Holds(shows("Dana split the queue.")) })
	// A row belongs to one of them. What somebody reads is held too, so compare the labels.
	const theirs = `[...document.querySelectorAll(".card")].filter(c => /Assigned to/.test(c.querySelector(".t").textContent))
		.map(c => c.dataset.comment)`
	testkit.Until(t, "each row to belong to one", func() bool {
		a, err := testkit.Eval[[]string](dana, theirs)
		w.must(err)
		b, err := testkit.Eval[[]string](other, theirs)
		w.must(err)
		both := slices.ContainsFunc(a, func(id string) bool { return slices.Contains(b, id) })
		return !both && len(a) > 0 && len(b) > 0 && len(a)+len(b) >= days-2 // each may read a comment of the other
	})
	w.picture(dana, "presence-split")
	for _, tab := range []*testkit.Tab{dana, other} {
		w.steps(tab,
			func() error { return tab.Press(keyJ) },
			func() error {
				return tab.Holds(`!document.querySelector("[aria-current=true]").matches("[data-held]")`)
			},
		)
	}
	w.steps(other, func() error { return other.Click("button", "End the split") })
	w.steps(dana,
		func() error { return dana.Holds(shows("Jonas ended the split.")) },
		func() error { return dana.Holds(theirs + ".length === 0") },
	)
}
