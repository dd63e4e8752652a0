package e2e

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
)

// A sharedQueue has one comment per day. Jonas reads it in a browser while Dana, the owner, decides over the API.
type sharedQueue struct {
	*world
	posted []testkit.PostResult
}

func newShared(t *testing.T, days int) *sharedQueue {
	t.Helper()
	return newSharedWith(t, options{}, days)
}

func newSharedWith(t *testing.T, o options, days int) *sharedQueue {
	t.Helper()
	s := &sharedQueue{world: newWorldWith(t, o)}
	s.account(jonas, "Jonas", authz.Moderator, "blog")
	for n := range days {
		s.post(fmt.Sprintf("The ferry of day %d came.", n))
	}
	return s
}

func (s *sharedQueue) post(text string) testkit.PostResult {
	s.t.Helper()
	var posted testkit.PostResult
	s.must(s.client.Call(s.t.Context(), http.MethodPost, blogPath+"/comments", nil, map[string]any{
		"page": map[string]string{"url": s.blog.URL + "/ferries"}, "body": text,
		"author": map[string]string{"name": fmt.Sprintf("Writer %d", len(s.posted))}}, &posted))
	s.posted = append(s.posted, posted)
	return posted
}

// frozenClock stops Date.now in a tab. The test advances it with later += 1000.
const frozenClock = `{ const start = Date.now(); window.later = 0; Date.now = () => start + later }`

// openQueue opens the queue as Jonas, in a tab with a frozen clock.
func (s *sharedQueue) openQueue(width, height int64, dark bool) *testkit.Tab {
	s.t.Helper()
	tab := s.tab(width, height, dark)
	s.must(tab.AddInitScript(frozenClock))
	s.signIn(tab, jonas)
	s.must(tab.Holds(current("day 0 ")))
	return tab
}

func (s *sharedQueue) decide(action string, days ...int) {
	s.t.Helper()
	s.must(s.tryDecide(s.t.Context(), action, days...))
}

func (s *sharedQueue) tryDecide(ctx context.Context, action string, days ...int) error {
	var refs []testkit.CommentRef
	for _, day := range days {
		refs = append(refs, testkit.CommentRef{ID: s.posted[day].ID, Version: s.posted[day].Version})
	}
	_, err := s.client.Decide(ctx, action, "", refs...)
	return err
}

func (s *sharedQueue) withdraw(ctx context.Context, day int) error {
	return s.client.Call(ctx, http.MethodDelete, blogPath+"/comments/"+s.posted[day].ID,
		map[string]string{"Authorization": "Bearer " + s.posted[day].EditToken}, nil, nil)
}

// state returns the state of the comment of a day.
func (s *sharedQueue) state(day int) string {
	s.t.Helper()
	var item struct{ Comment struct{ State string } }
	s.must(s.client.Do(s.t.Context(), http.MethodGet, "/moderation/comments/"+s.posted[day].ID, nil, nil, &item))
	return item.Comment.State
}

// checkStates compares the states of all comments.
func (s *sharedQueue) checkStates(want ...string) {
	s.t.Helper()
	var got []string
	for day := range want {
		got = append(got, s.state(day))
	}
	if !slices.Equal(got, want) {
		s.t.Fatalf("the comments are %q, want %q", got, want)
	}
}

// waitStates waits until all comments are in the given states.
func (s *sharedQueue) waitStates(want ...string) {
	s.t.Helper()
	testkit.Until(s.t, fmt.Sprintf("the comments are %q", want), func() bool {
		for day, state := range want {
			if s.state(day) != state {
				return false
			}
		}
		return true
	})
}

func second(tab *testkit.Tab) func() error {
	return func() error { _, err := testkit.Eval[int](tab, "later += 1000"); return err }
}

// decidedCard returns a JavaScript expression that is true if the card of a day is greyed, in its place, and has a notice
// that contains says.
func (s *sharedQueue) decidedCard(day int, says string) string {
	return fmt.Sprintf(`[...document.querySelectorAll('[data-comment="%s"][data-settled] .happened')].some(
		notice => notice.textContent.includes(%q))`, s.posted[day].ID, says)
}

const unsaved = `document.getElementById("unsaved").hidden`

func TestQueue_KeyOnCommentDecidedMeanwhile(t *testing.T) {
	t.Parallel()
	s := newShared(t, 3)
	desk := s.openQueue(1280, 900, false)
	before, err := testkit.Eval[string](desk, rows)
	s.must(err)
	s.decide("approve", 0)
	s.steps(desk,
		func() error { return desk.Holds(s.decidedCard(0, "Approved by Dana")) },
		func() error { return desk.Holds(current("day 0 ")) },
		func() error { s.picture(desk, "changed-desk"); return nil },
		func() error { return desk.Press(keyS) },
		func() error { return desk.Holds(toastSays("Approved by Dana – press again to overrule")) },
		func() error { return desk.Holds(current("day 0 ")) },
		func() error { s.picture(desk, "changed-desk-pressed"); return nil },
		func() error { return desk.Press(keyS, keyS) }, // too fast for reading
		func() error { return desk.Holds(unsaved) },
	)
	if after, err := testkit.Eval[string](desk, rows); err != nil || after != before {
		t.Errorf("something moved (%v)\nbefore %s\nafter  %s", err, before, after)
	}
	s.checkStates("approved", "pending", "pending")
	s.steps(desk, second(desk),
		func() error { return desk.Press(keyA) }, // another key does not confirm
		func() error { return desk.Holds(current("day 0 ")) },
		func() error { return desk.Press(keyS) },
		second(desk),
		func() error { return desk.Press(keyS) },
		func() error { return desk.Holds(toastSays("Marked as spam.")) },
		func() error { return desk.Holds(current("day 1 ")) },
	)
	s.waitStates("spam", "pending", "pending")
	s.steps(desk, // undo restores Dana's decision
		func() error { return desk.Press(keyZ) },
		func() error { return desk.Holds(s.decidedCard(0, "Approved by Dana")) },
		func() error { return desk.Holds(current("day 0 ")) },
	)
	s.waitStates("approved", "pending", "pending")
	s.steps(desk, // j keeps the decision and moves on
		func() error { return desk.Press(keyJ) },
		func() error { return desk.Holds(current("day 1 ")) },
		func() error {
			return desk.Holds(`document.querySelector(".run").textContent.includes("Approved by Dana")`)
		},
		func() error { return desk.Press(keyA) },
		func() error { return desk.Holds(current("day 2 ")) },
	)
	s.waitStates("approved", "approved", "pending")
}

// A key press during another moderator's decision decides only the comment that was read, or none.
func TestQueue_KeyDuringConflictingDecision(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	s := newShared(t, 8)
	desk := s.openQueue(1280, 900, false)
	for day := range 6 {
		s.must(desk.Holds(current(fmt.Sprintf("day %d ", day))), desk.Holds(unsaved))
		if day%2 == 0 {
			s.decide("approve", day)
		} else {
			s.must(s.withdraw(t.Context(), day))
		}
		if day < 3 {
			s.must(desk.Press(keyS), desk.Holds(s.decidedCard(day, "")))
		} else { // after the tab got the event
			s.must(desk.Holds(s.decidedCard(day, "")), desk.Press(keyS, keyS))
		}
		want := "approved"
		if day%2 == 1 {
			want = "removed"
		}
		if got, next := s.state(day), s.state(day+1); got != want || next != "pending" {
			t.Fatalf("day %d is %s and the next one %s, want %s and pending", day, got, next, want)
		}
		at, err := testkit.Eval[bool](desk, current(fmt.Sprintf("day %d ", day)))
		s.must(err)
		if at {
			s.must(desk.Press(keyJ))
		}
	}
}

func TestQueue_MouseOnCommentDecidedMeanwhile(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	pressedWhereTheButtonWas(t, 1280, 900)
}

func TestQueue_TapOnCommentDecidedMeanwhile(t *testing.T) {
	t.Parallel()
	pressedWhereTheButtonWas(t, 390, 844)
}

// pressedWhereTheButtonWas clicks at the former positions of Approve and Spam, like a finger that is already moving.
func pressedWhereTheButtonWas(t *testing.T, width, height int64) {
	for _, dark := range []bool{false, true} {
		s := newShared(t, 3)
		desk := s.openQueue(width, height, dark)
		place := func(value string) [2]float64 {
			t.Helper()
			at, err := testkit.Eval[[]float64](desk, fmt.Sprintf(`(box => [box.x + box.width / 2, box.y + box.height / 2])(
				document.querySelector("#deal button[name=action][value=%s]").getBoundingClientRect())`, value))
			s.must(err)
			return [2]float64{at[0], at[1]}
		}
		spam, approve := place("spam"), place("approve")
		press := func(at [2]float64) func() error {
			return func() error { return chromedp.Do(desk.Context(), chromedp.MouseClickXY(at[0], at[1])) }
		}
		s.decide("approve", 0)
		name := fmt.Sprintf("changed-%d-dark-%v", width, dark)
		s.steps(desk,
			func() error { return desk.Holds(s.decidedCard(0, "Approved by Dana")) },
			func() error { s.picture(desk, name); return nil },
			press(spam),
			func() error { return desk.Holds(toastSays("Approved by Dana – press again to overrule")) },
			func() error { return desk.Holds(current("day 0 ")) },
			func() error { s.picture(desk, name+"-pressed"); return nil },
			press(spam), // a double click
			func() error { return desk.Holds(unsaved) },
		)
		s.checkStates("approved", "pending", "pending")
		s.must(s.withdraw(t.Context(), 1), desk.Holds(s.decidedCard(1, "Withdrawn")))
		s.steps(desk, second(desk), press(spam),
			func() error { return desk.Holds(current("day 2 ")) }, // day 1 is skipped
		)
		s.waitStates("spam", "removed", "pending")
		s.decide("spam", 2)
		s.steps(desk,
			func() error { return desk.Holds(s.decidedCard(2, "Marked as spam by Dana")) },
			press(approve), second(desk), press(approve),
			func() error { return desk.Holds(toastSays("Approved.")) },
		)
		s.waitStates("spam", "removed", "approved")
	}
}

func TestQueue_WithdrawnCommentTakesNoKey(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	s := newShared(t, 3)
	desk := s.openQueue(1280, 900, false)
	s.must(s.withdraw(t.Context(), 0))
	gone := fmt.Sprintf("document.querySelector(%q)", fmt.Sprintf(`[data-comment="%s"]`, s.posted[0].ID))
	stays := func() error { return desk.Holds(gone + `.matches("[data-settled][aria-current=true]")`) }
	s.steps(desk, stays,
		func() error { return desk.Holds(gone + `.innerText.includes("Withdrawn by its writer")`) },
		func() error { return desk.Press(keyA) },
		func() error { return desk.Holds(toastSays("Withdrawn by its writer")) }, stays, second(desk),
		func() error { return desk.Press(keyA) }, stays,
		func() error { return desk.Holds("!" + toastSays("press again")) },
		func() error { return desk.Press(keyJ) },
		func() error { return desk.Holds(current("day 1 ")) },
	)
	s.checkStates("removed", "pending", "pending")
}

func TestQueue_EditedCommentTakesTwoPresses(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	s := newShared(t, 2)
	desk := s.openQueue(1280, 900, false)
	s.must(s.client.Call(t.Context(), http.MethodPatch, blogPath+"/comments/"+s.posted[0].ID,
		map[string]string{"Authorization": "Bearer " + s.posted[0].EditToken}, map[string]string{"body": "Buy day 0 pills here."}, nil))
	s.steps(desk,
		func() error { return desk.Holds(current("day 0 pills")) },
		func() error { return desk.Holds(shows("Edited by its writer")) },
		func() error { return desk.Press(keyA) },
		func() error { return desk.Holds(toastSays("Edited by its writer – press again to decide")) },
		func() error { return desk.Holds(current("day 0 pills")) },
	)
	s.checkStates("pending", "pending")
	s.steps(desk, second(desk),
		func() error { return desk.Press(keyA) },
		func() error { return desk.Holds(current("day 1 ")) },
	)
	s.waitStates("approved", "pending")
}

// The second click of a double click would decide the comment that has moved under the pointer.
func TestQueue_DoubleClickDecidesOnce(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	s := newShared(t, 2)
	desk := s.openQueue(1280, 900, false)
	s.steps(desk,
		func() error { return desk.Click("button", "Approve") },
		func() error { return desk.Holds(current("day 1 ")) },
		func() error {
			return desk.Holds(`document.querySelector("#deal [data-decide] button[value=approve]").dispatchEvent(
				new MouseEvent("click", { bubbles: true, cancelable: true, detail: 2 })) === false`)
		},
		func() error { return desk.Holds(current("day 1 ")) },
	)
	s.waitStates("approved", "pending")
}

// A reply is sent if another moderator approved the comment meanwhile. It is refused if the comment was rejected.
func TestQueue_ReplyToCommentDecidedMeanwhile(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	for action, says := range map[string]string{
		"approve": "Reply published.", "spam": "Refused and withdrawn comments take no replies.",
	} {
		t.Run(action, func(t *testing.T) {
			s := newShared(t, 1)
			desk := s.openQueue(1280, 900, false)
			s.steps(desk,
				func() error { return desk.Press(keyR) },
				func() error { return desk.Type("textbox", "Your reply", "It does.") },
			)
			s.decide(action, 0)
			s.steps(desk,
				func() error { return desk.Holds(`!!document.querySelector("[data-changed]")`) },
				func() error { return desk.Click("button", "Publish reply") },
				func() error { return desk.Holds(toastSays(says)) },
			)
		})
	}
}

// An edit may change only the target of a link, which is not visible in the text.
func TestQueue_EditedLinkTakesTwoPresses(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	s := newShared(t, 1)
	edit := func(target string) {
		t.Helper()
		s.must(s.client.Call(t.Context(), http.MethodPatch, blogPath+"/comments/"+s.posted[0].ID,
			map[string]string{"Authorization": "Bearer " + s.posted[0].EditToken},
			map[string]string{"body": "The ferry of day 0 came, as [the mill](https://mills.example/" + target + ") says."}, nil))
	}
	edit("story")
	desk := s.openQueue(1280, 900, false)
	s.steps(desk, func() error { return desk.Holds(current("the mill")) })
	edit("casino")
	s.steps(desk,
		func() error { return desk.Holds(shows("Edited by its writer")) },
		func() error {
			return desk.Holds(`[...document.querySelectorAll("#what .link")].some(link => link.title.includes("casino"))`)
		},
		func() error { return desk.Press(keyA) },
		func() error { return desk.Holds(toastSays("Edited by its writer – press again to decide")) },
	)
	s.checkStates("pending")
}

func TestQueue_SelectionKeepsWhatChangedMeanwhile(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	s := newShared(t, 6)
	desk := s.openQueue(1280, 900, false)
	const chosen = `document.querySelectorAll(".card[data-picked]").length`
	s.steps(desk,
		func() error { return desk.Press(keyX, keyJ, keyX, keyJ, keyX, keyJ, keyX) },
		func() error { return desk.Holds(chosen + " === 4") },
	)
	s.must(s.withdraw(t.Context(), 1))
	s.decide("approve", 2)
	s.steps(desk,
		func() error { return desk.Holds(s.decidedCard(2, "Approved by Dana")) },
		func() error { return desk.Holds(`document.querySelectorAll("[data-settled]").length === 2`) },
		func() error { return desk.Holds(chosen + " === 4") },
		func() error { s.picture(desk, "changed-selection"); return nil },
		func() error { return desk.Press(shiftS) },
		func() error { return desk.Holds(toastSays("2 marked as spam.")) },
		func() error {
			return desk.Holds(toastSays("2 skipped – press again to overrule"))
		},
		func() error { return desk.Holds(chosen + " === 1") },
	)
	s.waitStates("spam", "removed", "approved", "spam", "pending", "pending")
	s.steps(desk, second(desk),
		func() error { return desk.Press(shiftS) },
		func() error { return desk.Holds(chosen + " === 0") },
	)
	s.waitStates("spam", "removed", "spam", "spam", "pending", "pending")
	// Select all selects unchanged comments only.
	s.decide("approve", 4)
	s.steps(desk,
		func() error { return desk.Holds(s.decidedCard(4, "Approved by Dana")) },
		func() error { return desk.Press(shiftX) },
		func() error { return desk.Holds(chosen + " === 1") },
	)
}

// Two moderators and a commenter act at the same time: only comments that were read are decided.
func TestQueue_ThreeActAtOnce(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	onBoth(t, threeActAtOnce)
}

func threeActAtOnce(t *testing.T, o options) {
	const rounds = 6
	s := newSharedWith(t, o, 3*rounds+1)
	s.client.URL = s.secondServer().URL
	desk := s.openQueue(1280, 900, false)
	for round := range rounds {
		day := 3 * round
		s.must(desk.Holds(current(fmt.Sprintf("day %d ", day))), desk.Holds(unsaved))
		other, withdrawn := make(chan error, 1), make(chan error, 1)
		go func() { other <- s.tryDecide(t.Context(), "approve", day) }()
		go func() { withdrawn <- s.withdraw(t.Context(), day+1) }()
		s.must(desk.Press(keyS))
		s.must(<-other, <-withdrawn)
		s.must(desk.Holds(unsaved), desk.Holds(fmt.Sprintf(`!(%s) || %s`, rowOf(day), s.decidedCard(day, "Approved by Dana"))))
		if first := s.state(day); first != "spam" && first != "approved" {
			t.Errorf("day %d is %s", day, first)
		}
		if got := []string{s.state(day + 1), s.state(day + 2)}; !slices.Equal(got, []string{"removed", "pending"}) {
			t.Fatalf("of days %d and %d one was decided that nobody read: %q", day+1, day+2, got)
		}
		testkit.Until(t, "the third is current", func() bool {
			at, err := testkit.Eval[bool](desk, current(fmt.Sprintf("day %d ", day+2)))
			s.must(err)
			if !at {
				s.must(desk.Press(keyJ))
			}
			return at
		})
		s.must(desk.Press(keyA), desk.Holds(current(fmt.Sprintf("day %d ", day+3))), desk.Holds(unsaved))
		testkit.Until(t, "the third is approved", func() bool { return s.state(day+2) == "approved" })
	}
}

func TestQueue_CampaignDecidedMeanwhile(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	s := newShared(t, 0)
	for n := range 3 {
		s.post(fmt.Sprintf("The harbour sells its old cranes by the hour, and whoever wants one asks at gate %d", n))
	}
	testkit.Until(t, "they are alike", func() bool {
		k, err := campaignIn(t.Context(), s.client)
		return err == nil && k.Size == 3
	})
	s.post("The ferry of day 3 came.")
	desk := s.tab(1280, 900, false)
	s.must(desk.AddInitScript(frozenClock))
	s.signIn(desk, jonas)
	const card = `document.querySelector("[data-campaign]")`
	s.steps(desk, func() error { return desk.Holds(card + `?.matches("[aria-current=true]")`) })
	k, err := campaignIn(t.Context(), s.client)
	s.must(err, s.client.Do(t.Context(), http.MethodPost, "/moderation/decisions", nil,
		map[string]any{"action": "approve", "campaign": k}, nil))
	s.steps(desk,
		func() error { return desk.Holds(card + `?.matches("[aria-current=true][data-settled]")`) },
		func() error { s.picture(desk, "changed-campaign"); return nil },
		func() error { return desk.Press(shiftS) },
		func() error { return desk.Holds(toastSays("Approved by Dana")) },
		func() error { return desk.Press(keyS) },
		func() error { return desk.Holds(unsaved) },
		func() error { return desk.Holds(card + `.matches("[aria-current=true]")`) },
	)
	s.checkStates("approved", "approved", "approved", "pending")
	s.steps(desk,
		func() error { return desk.Press(keyJ) },
		func() error { return desk.Holds(current("day 3 ")) },
	)
}

func TestCommentPage_KeyOnCommentDecidedMeanwhile(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	s := newShared(t, 1)
	desk := s.openQueue(1280, 900, false)
	s.must(desk.Go(s.service.URL+"/moderate/blog/comments/"+s.posted[0].ID), desk.Holds(shows("History")))
	s.decide("approve", 0)
	s.steps(desk,
		func() error { return desk.Press(keyS) },
		func() error {
			return desk.Holds(`document.querySelector(".taken")?.textContent.includes("Approved by Dana – press again to overrule")`)
		},
		func() error { s.picture(desk, "changed-page"); return nil },
		func() error { return desk.Press(keyS) }, // too fast for reading
	)
	s.checkStates("approved")
	s.steps(desk, second(desk),
		func() error { return desk.Press(keyS) },
		func() error { return desk.Holds(shows("Marked as spam.")) },
	)
	s.checkStates("spam")
}

func TestQueue_NextSkipsCommentsOthersHaveOpen(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	onBoth(t, nextSkipsCommentsOthersHaveOpen)
}

func nextSkipsCommentsOthersHaveOpen(t *testing.T, o options) {
	s := newSharedWith(t, o, 6)
	dana := s.tab(1280, 900, false)
	s.signIn(dana, email)
	s.must(dana.Holds(current("day 0 ")))
	s.must(dana.Holds(`performance.getEntriesByType("resource").some(r => r.name.endsWith("/presence") && r.responseEnd > 0)`))
	held := func(day int) string {
		return fmt.Sprintf(`(%s).matches("[data-held]") && document.querySelectorAll("[data-held]").length === 1`, rowOf(day))
	}
	tab := s.tab(1280, 900, false)
	s.signInAt(s.secondServer(), tab, jonas)
	s.steps(tab,
		func() error { return tab.Holds(held(0)) },
		func() error { return tab.Holds(current("day 1 ")) },
	)
	s.steps(dana,
		func() error { return dana.Holds(held(1)) },
		func() error { return dana.Press(keyJ) },
		func() error { return dana.Holds(current("day 2 ")) },
	)
	s.steps(tab,
		func() error { return tab.Holds(held(2)) },
		func() error { return tab.Press(keyJ) },
		func() error { return tab.Holds(current("day 3 ")) },
		func() error { return tab.Press(keyK) }, // k goes back to the last card
		func() error { return tab.Holds(current("day 2 ")) },
		func() error { return tab.Press(keyK) },
		func() error { return tab.Holds(current("day 1 ")) },
		func() error { return tab.Press(keyA) }, // a decision moves on in the same way
		func() error { return tab.Holds(current("day 3 ")) },
	)
}
