package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
)

var (
	keyX   = testkit.Key{Key: "x", Code: "KeyX"}
	shiftS = testkit.Key{Key: "S", Code: "KeyS", Shift: true}
	shiftX = testkit.Key{Key: "X", Code: "KeyX", Shift: true}
)

// atTheEnd is a JavaScript expression that is true if the queue says that no comments are left.
const atTheEnd = `document.querySelector("#rest").checkVisibility() &&
	document.querySelector("#rest h2").textContent.includes("All done")`

// pendingCount returns the number of pending comments from the API.
func (w *world) pendingCount() int {
	w.t.Helper()
	var page struct{ Counts struct{ Pending int } }
	w.must(w.client.Do(w.t.Context(), http.MethodGet, "/moderation/queue?limit=1", nil, nil, &page))
	return page.Counts.Pending
}

// postDays posts comments of days in order, each by another commenter.
func (w *world) postDays(days int) {
	w.t.Helper()
	for n := range days {
		_, err := w.client.Post(w.t.Context(), "", w.blog.URL+"/post", fmt.Sprintf("Writer %d", n), "",
			fmt.Sprintf("The ferry of day %d came.", n))
		w.must(err)
	}
}

// Rescored comments move above the position of a moderator who sorts by risk.
func TestQueue_EndMeansNoPending(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	s := newWorld(t).school()
	s.decide(12)
	const sign = "zebra quagga okapi"
	post := func(n int, text string) {
		t.Helper()
		_, err := s.client.Post(t.Context(), "", s.blog.URL+"/post", fmt.Sprintf("Writer %d", n), "", text)
		s.must(err)
	}
	some := func(words []string, n int) string { // some of the words, never the same selection twice
		return fmt.Sprintf("%s %d %s %s", words[n%len(words)], n, words[n*5/3%len(words)], words[n*7/2%len(words)])
	}
	for n := range 50 { // the first page
		post(n, some(kinds[1].words, n)+" "+sign+" "+some(kinds[1].words, n+1))
	}
	for n := range 40 {
		post(n, fmt.Sprintf("We walked for %d hours, and on day %d it snowed", n+2, n))
	}
	for n := range 30 { // last until the first page is decided
		post(n, some(kinds[0].words, n)+" "+sign+" "+some(kinds[0].words, n+1))
	}
	desk := s.tab(1280, 900, false)
	s.signIn(desk, email)
	s.must(desk.Go(s.service.URL + "/moderate/blog/queue?sort=risk"))
	decide := func(chosen string, key testkit.Key) {
		t.Helper()
		_, err := testkit.Eval[int](desk, fmt.Sprintf(`[...document.querySelectorAll(".card")]
			.filter(c => /zebra/.test(c.textContent) === %s).map(c => c.querySelector(".pick input").click()).length`, chosen))
		s.must(err)
		s.steps(desk, func() error { return desk.Press(key) })
	}
	for page := 0; ; page++ {
		s.steps(desk, func() error { return desk.Holds(`document.querySelector(".card") !== null || ` + atTheEnd) })
		ended, err := testkit.Eval[bool](desk, atTheEnd)
		s.must(err)
		if ended {
			break
		}
		if page == 10 {
			t.Fatalf("after %d pages %d comments wait", page, s.pendingCount())
		}
		if page == 1 { // after the decisions are learned
			s.queued("sort=risk", func(items []testkit.QueueItem) bool { return strings.Contains(items[0].Comment.Body, sign) })
		}
		decide("true", shiftS)
		decide("false", shiftA)
	}
	if n := s.pendingCount(); n != 0 {
		t.Errorf("the desk says that nothing else waits, and %d comments wait", n)
	}
}

// inSight returns a JavaScript expression that is true if the first match of a selector is completely in the window, below
// the top bar and not under the toast.
func inSight(selector string) string {
	return fmt.Sprintf(`(e => { const box = e.getBoundingClientRect(), toast = document.querySelector("#toast"),
		over = toast.getBoundingClientRect(); return box.top >= document.querySelector(".list .head").offsetHeight &&
		(toast.hidden || box.bottom <= over.top || box.right <= over.left) && box.bottom <= innerHeight
	})(document.querySelector(%q))`, selector)
}

// After a conflict, undo would affect the decision before it. The desk names that decision first.
func TestQueue_UndoAfterConflictAsksFirst(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	post := func(name, text string) testkit.PostResult {
		t.Helper()
		posted, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", name, "", text)
		w.must(err)
		return posted
	}
	lena := post("Lena", "The chain came off twice on the hill.")
	tomasz := post("Tomasz", "Buy a chain that never comes off."+strings.Repeat(" It is good.", 40))
	for n := range 8 {
		post("Ruth", fmt.Sprintf("A remark of day %d about the weather.", n)+strings.Repeat(" It was wet.", 40))
	}
	state := func(id, want string) {
		t.Helper()
		w.queued("state="+want, func(items []testkit.QueueItem) bool {
			return slices.ContainsFunc(items, func(i testkit.QueueItem) bool { return i.Comment.ID == id })
		})
	}
	for _, size := range []struct{ width, height int64 }{{1280, 900}, {390, 844}} {
		desk := w.tab(size.width, size.height, false)
		w.must(desk.AddInitScript(`{ const send = fetch; window.held = new Promise(go => window.letGo = go);
			fetch = (...all) => held.then(() => send(...all)) }`))
		w.signIn(desk, email)
		w.steps(desk,
			func() error { return desk.Holds(current("on the hill")) },
			func() error { return desk.Press(keyA) },
			func() error { return desk.See("button", "Undo: Lena’s comment approved") },
			func() error { return desk.Holds(current("never comes off")) },
			func() error { return desk.Press(keyA) },
			func() error { return desk.See("button", "Undo: Tomasz’s comment approved") },
		)
		_, err := w.client.Decide(t.Context(), "spam", "", testkit.CommentRef{ID: tomasz.ID, Version: tomasz.Version})
		w.must(err)
		_, err = testkit.Eval[bool](desk, "(scrollTo(0, document.body.scrollHeight), letGo(), true)")
		w.must(err)
		w.steps(desk,
			func() error { return desk.Holds(toastSays("skipped")) },
			func() error { return desk.See("alert", "") },
			func() error { return desk.Holds("!" + toastSays("Undo")) },
			func() error { return desk.Holds(inSight(".happened[role=alert]")) },
			func() error { return desk.Press(keyZ) },
			func() error { return desk.Holds(toastSays("Press z again to undo this.")) },
			func() error { return desk.Holds(toastSays("Undo: Lena’s comment approved")) },
		)
		state(lena.ID, "approved")
		w.steps(desk,
			func() error { return desk.Press(keyZ) },
			func() error { return desk.Holds(toastSays("Undone.")) },
		)
		state(lena.ID, "pending")
		_, err = w.client.Decide(t.Context(), "hold", "", testkit.CommentRef{ID: tomasz.ID, Version: tomasz.Version + 1})
		w.must(err)
		tomasz.Version += 2
	}
}

func TestQueue_ResumesAfterOffline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.postDays(60)
	desk := w.tab(1280, 900, false)
	w.signIn(desk, email)
	offline := func(on bool) {
		t.Helper()
		free := network.Conditions{Offline: on, DownloadThroughput: -1, UploadThroughput: -1}
		_, errRequests := chromedp.Call(desk.Context(), network.EmulateNetworkConditionsByRule,
			network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{&free}})
		_, errPage := chromedp.Call(desk.Context(), network.OverrideNetworkState, network.OverrideNetworkStateParams{
			Offline: on, DownloadThroughput: -1, UploadThroughput: -1})
		w.must(errRequests, errPage)
	}
	const says = "The next comments could not be loaded. Your decisions are saved."
	w.steps(desk, func() error { return desk.Holds(current("day 0 ")) })
	offline(true)
	w.steps(desk,
		func() error { return desk.Press(shiftX) },
		func() error { return desk.Press(shiftA) },
		func() error {
			return desk.Holds(`document.querySelector("#halted").checkVisibility() && ` + shows(says))
		},
		func() error { return desk.Holds(shows("1 unsaved") + " && !(" + atTheEnd + ")") },
		func() error { return desk.Click("button", "Try again") },
		func() error { return desk.Holds(`document.querySelector("#halted").checkVisibility()`) },
	)
	offline(false)
	w.steps(desk,
		func() error { return desk.Holds(current("day 50 ")) },
		func() error { return desk.Holds(`!document.querySelector("#halted").checkVisibility()`) },
		func() error { return desk.Holds(`document.querySelector("#unsaved").hidden`) },
	)
	if n := w.pendingCount(); n != 10 {
		t.Errorf("%d comments wait, want 10", n)
	}

	// The last ones are decided offline. The end is shown only after they are saved.
	offline(true)
	w.steps(desk,
		func() error { return desk.Press(shiftX) },
		func() error { return desk.Press(shiftS) },
		func() error { return desk.Holds(shows("1 unsaved") + " && !(" + atTheEnd + ")") },
	)
	offline(false)
	w.steps(desk, func() error { return desk.Holds(atTheEnd) })
	if n := w.pendingCount(); n != 0 {
		t.Errorf("the desk says that nothing else waits, and %d comments wait", n)
	}
}

func TestQueue_TabsAgree(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	w.postDays(2)
	one, two := w.tab(1280, 900, false), w.tab(390, 844, false)
	w.signIn(one, email)
	w.signIn(two, email)
	w.steps(two, func() error { return two.Holds(current("day 0 ")) })
	w.steps(one,
		func() error { return one.Holds(current("day 0 ")) },
		func() error { return one.Holds(shows("None approved, none marked as spam.")) },
		func() error { return one.Press(keyA) },
		func() error { return one.Holds(current("day 1 ")) },
		func() error { return one.Holds(shows("1 approved, none marked as spam.")) },
	)
	w.steps(two,
		func() error { return two.Holds(shows("Approved by Dana")) },
		func() error { return two.Holds(current("day 0 ")) },
		func() error { return two.Press(keyJ) },
		func() error { return two.Holds(current("day 1 ")) },
	)
	w.steps(one, func() error { return one.Press(keyS) }, func() error { return one.Holds(atTheEnd) })
	w.steps(two,
		func() error { return two.Holds(shows("Marked as spam by Dana")) },
		func() error { return two.Press(keyJ) },
		func() error { return two.Holds(atTheEnd) },
	)
	// An undo in one tab is shown in the other.
	w.steps(one, func() error { return one.Press(keyZ) }, func() error { return one.Holds(current("day 1 ")) })
	w.steps(two,
		func() error { return two.Holds("!(" + atTheEnd + ") && " + shows("1 new")) },
		func() error { return two.Click("link", "Show") },
		func() error { return two.Holds(current("day 1 ")) },
	)
}

// A tab shows decisions and withdrawals that happened before its stream opened. This works for authors too, who may not
// read the log.
func TestQueue_ShowsChangesBeforeStreamOpens(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	w.account(author, "Aliya", authz.Author, "blog")
	w.postDays(3)
	var gone testkit.PostResult
	w.must(w.client.Call(t.Context(), http.MethodPost, blogPath+"/comments", nil, map[string]any{
		"page": map[string]string{"url": w.blog.URL + "/ferries"}, "body": "I take back that day 9 had no ferry."}, &gone))
	items, _, err := w.client.Queue(t.Context(), "")
	w.must(err)
	desk := w.tab(1280, 900, false)
	block := func(patterns ...*network.BlockPattern) {
		t.Helper()
		_, err := chromedp.Call(desk.Context(), network.SetBlockedURLs, network.SetBlockedURLsParams{URLPatterns: patterns})
		w.must(err)
	}
	var mu sync.Mutex
	var refused []string
	w.must(chromedp.Listen(desk.Context(), func(event any) {
		if e, is := event.(*network.EventResponseReceived); is && e.Response.Status >= 400 {
			mu.Lock()
			defer mu.Unlock()
			refused = append(refused, e.Response.URL)
		}
	}))
	_, err = chromedp.Call(desk.Context(), network.Enable, network.EnableParams{})
	w.must(err)
	block(&network.BlockPattern{URLPattern: "*://*:*/*/moderation/live", Block: true})
	w.signIn(desk, author)
	w.steps(desk, func() error { return desk.Holds(shows("day 9")) })
	first := items[0].Comment
	_, err = w.client.Decide(t.Context(), "approve", "", testkit.CommentRef{ID: first.ID, Version: first.Version})
	w.must(err, w.client.Call(t.Context(), http.MethodDelete, blogPath+"/comments/"+gone.ID,
		map[string]string{"Authorization": "Bearer " + gone.EditToken}, nil, nil))
	block()
	w.steps(desk,
		func() error { return desk.Holds(shows("Approved by Dana")) },
		func() error { return desk.Holds(shows("Withdrawn by its writer")) },
	)
	mu.Lock()
	defer mu.Unlock()
	if len(refused) > 0 {
		t.Errorf("the tab was refused %q", refused)
	}
}

func TestQueue_PhoneBarActsOnTappedCard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n, name := range []string{"Ruth", "Lena", "Tomasz"} {
		_, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", name, "",
			fmt.Sprintf("The ferry of day %d was late.", n))
		w.must(err)
	}
	const triangle = "DisclosureTriangleGrouped" // Chromium's role for the summary of a details group
	desk := w.tab(390, 844, false)
	w.signIn(desk, email)
	w.steps(desk,
		func() error { return desk.Holds(current("day 0 ")) },
		func() error { return desk.Click("StaticText", "The ferry of day 1 was late.") },
		func() error { return desk.Holds(current("day 1 ")) },
		func() error { return desk.Click("button", "More actions") },
		func() error { return desk.Click("button", "Evidence") },
		func() error { return desk.Holds(`document.querySelector(".evidence[open]").checkVisibility()`) },
		func() error { return desk.Click(triangle, "Reply") },
		func() error { return desk.Type("textbox", "Your reply", "It will be on time tomorrow.") },
		func() error { return desk.Press(keyEscape) },
		func() error { return desk.Click("button", "More actions") },
		func() error { return desk.Click("button", "Approve") },
		func() error { return desk.See("button", "Undo: Lena’s comment approved") },
		func() error { return desk.Holds(current("day 2 ")) },
		func() error {
			return desk.Holds(`(all => all.length === 4 && all.every(b => b.getBoundingClientRect().height >= 44 &&
				b.getBoundingClientRect().top >= document.querySelector("#toast").getBoundingClientRect().bottom &&
				b.getBoundingClientRect().bottom <= innerHeight))([...document.querySelectorAll(".deal .btn")]
				.filter(b => b.checkVisibility() && !b.closest(".pop")))`)
		},
		func() error { return desk.Click("button", "Undo: Lena’s comment approved") },
		func() error { return desk.Holds(current("day 1 ")) },
	)
}

// A draft is kept if the session ends while the moderator types.
func TestQueue_DraftSurvivesSignOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ids []string
	for n := range 2 {
		posted, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", "Ruth", "", fmt.Sprintf("A remark of day %d.", n))
		w.must(err)
		ids = append(ids, posted.ID)
	}
	const ready = `document.readyState === "complete"`
	const answer, note = "It will be on time tomorrow.", "Say it kindly."
	desk := w.tab(390, 844, false)
	typed := func(selector, text string) func() error {
		return func() error {
			return desk.Holds(fmt.Sprintf("document.querySelector(%q)?.value === %q", selector, text))
		}
	}
	signInAgain := func() {
		t.Helper()
		w.steps(desk,
			// A look-up by role during a navigation may hang until its timeout.
			func() error { return desk.Holds(`location.pathname === "/moderate/signin" && ` + ready) },
			func() error { return desk.Type("textbox", "E-mail", email) },
			func() error { return desk.Type("textbox", "Password", password) },
			func() error { return desk.Click("button", "Sign in") },
			func() error { return desk.Holds(`location.pathname !== "/moderate/signin" && ` + ready) },
		)
	}
	endSession := func() {
		t.Helper()
		w.endSession(desk)
	}
	w.signIn(desk, email)
	w.steps(desk,
		func() error { return desk.Holds(current("day 0")) },
		func() error { return desk.Press(keyR) },
		func() error { return desk.Type("textbox", "Your reply", answer) },
	)
	endSession()
	w.steps(desk,
		func() error { return desk.Click("button", "Publish reply") },
		func() error { return desk.Holds(shows("Decisions and drafts are kept")) },
		func() error { return desk.Click("link", "Sign in") },
	)
	signInAgain()
	w.steps(desk,
		typed(".reply[open] textarea", answer),
		func() error { return desk.Click("button", "Publish reply") },
		func() error { return desk.See("button", "Undo: Ruth’s comment approved") },
		func() error { return desk.Holds(current("day 1")) },
		// A note of a decision that is sent without a session.
		func() error { return desk.Press(testkit.Key{Key: "d", Code: "KeyD"}) },
		func() error { return desk.Type("textbox", "Note to the writer", note) },
	)
	endSession()
	w.steps(desk,
		func() error { return desk.Click("button", "Off topic") },
		func() error { return desk.Holds(shows("Decisions and drafts are kept")) },
		func() error { return desk.Click("link", "Sign in") },
	)
	signInAgain()
	w.queued("state=rejected", func(items []testkit.QueueItem) bool { return len(items) == 1 && items[0].Comment.ID == ids[1] })
	var item struct{ History []struct{ Note string } }
	w.must(w.client.Do(t.Context(), http.MethodGet, "/moderation/comments/"+ids[1], nil, nil, &item))
	if !slices.ContainsFunc(item.History, func(h struct{ Note string }) bool { return h.Note == note }) {
		t.Errorf("the note is lost: %+v", item)
	}

	// On the comment page, which sends its forms without the queue's script.
	w.steps(desk,
		func() error { return desk.Go(w.service.URL + "/moderate/blog/comments/" + ids[0]) },
		func() error { return desk.Press(keyR) },
		func() error { return desk.Type("textbox", "Your reply", note) },
	)
	endSession()
	w.steps(desk, func() error { return desk.Click("button", "Publish reply") })
	signInAgain()
	w.steps(desk,
		func() error { return desk.Holds(`location.pathname.includes("/comments/") && ` + ready) },
		func() error { return desk.Press(keyR) },
		typed(".reply[open] textarea", note),
		func() error { return desk.Click("button", "Publish reply") },
		func() error { return desk.Holds(shows("Reply published.") + " && " + ready) },
		func() error { return desk.Press(keyR) },
		typed(".reply[open] textarea", ""),
	)
}

// endSession removes the session cookie of a browser.
func (w *world) endSession(tab *testkit.Tab) {
	w.t.Helper()
	_, err := chromedp.Call(tab.Context(), network.ClearBrowserCookies, cdp.Empty{})
	w.must(err)
}

// After a reload or Back the queue shows pending comments, and the last decision can be undone.
func TestQueue_ReloadAndBackShowPending(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	for n := range 4 {
		_, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", "Ruth", "", fmt.Sprintf("A remark of day %d.", n))
		w.must(err)
	}
	desk := w.tab(1280, 900, false)
	waits := func(days ...int) func() error {
		return func() error {
			return desk.Holds(fmt.Sprintf(`[...document.querySelectorAll(".card .text")]
				.map(said => said.textContent.match(/day (\d)/)[1]).join(" ") === %q`, strings.Trim(fmt.Sprint(days), "[]")))
		}
	}
	leave := func(by string) func() error { return func() error { return desk.LeaveBy(by) } }
	saved := func(state string, n int) func() error {
		return func() error {
			w.queued("state="+state, func(items []testkit.QueueItem) bool { return len(items) == n })
			return nil
		}
	}
	w.signIn(desk, email)
	w.steps(desk,
		waits(0, 1, 2, 3),
		func() error { return desk.Press(keyA) },
		waits(1, 2, 3),
		saved("approved", 1),
		leave("location.reload()"),
		waits(1, 2, 3),
		func() error { return desk.Press(keyZ) }, // after a reload the first key names the decision
		func() error { return desk.See("button", "Undo: your decision before this page opened") },
		func() error { return desk.Press(keyZ) },
		waits(0, 1, 2, 3),
		saved("approved", 0),
		func() error { return desk.Press(keyS) }, // at the last position
		waits(0, 2, 3),
		saved("spam", 1),
		leave(`document.querySelector("#what .who a.icon").click()`), // to the comment page
		func() error { return desk.See("button", "Approve") },
		func() error { return desk.Click("button", "Approve") },
		func() error { return desk.Holds(shows("Approved.")) },
		leave("location.reload()"), // repeats no toast and decides nothing
		func() error { return desk.Holds("!" + shows("Approved.")) },
		leave("window.history.go(-2)"),
		waits(0, 3),
		leave("window.history.forward()"),
		func() error {
			return desk.Holds(`location.pathname.includes("/comments/") && document.readyState === "complete"`)
		},
		leave("window.history.back()"),
		waits(0, 3),
	)
	w.steps(desk, saved("pending", 2), saved("approved", 1), saved("spam", 1))
}
