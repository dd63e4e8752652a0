package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
)

const author = "aliya@blog.example"

var (
	keyI      = testkit.Key{Key: "i", Code: "KeyI"}
	keyR      = testkit.Key{Key: "r", Code: "KeyR"}
	keyU      = testkit.Key{Key: "u", Code: "KeyU"}
	keyEscape = testkit.Key{Key: "Escape", Code: "Escape"}
	shiftA    = testkit.Key{Key: "A", Code: "KeyA", Shift: true}
)

// toastSays returns a JavaScript expression that is true if the toast contains s.
func toastSays(s string) string { return fmt.Sprintf("%s.includes(%q)", toast, s) }

// replying is a JavaScript expression that is true if the reply field is visible and has the focus.
const replying = `document.activeElement.matches(".reply textarea") &&
	document.activeElement.getBoundingClientRect().height > 40`

func TestDesk_UnusableKeySaysWhy(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	post := func(text string) testkit.PostResult {
		t.Helper()
		posted, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", "Ruth", "", text)
		w.must(err)
		return posted
	}
	waiting := post("The chain came off twice on the hill.")
	refused := post("You would rather complain than ride.")
	_, err := w.client.Decide(t.Context(), "reject", "personal_attack", testkit.CommentRef{ID: refused.ID, Version: refused.Version})
	if err != nil {
		t.Fatal(err)
	}

	owner := w.tab(1280, 900, false)
	w.signIn(owner, email)
	w.steps(owner,
		func() error { return owner.Holds(current("chain")) },
		func() error { return owner.Press(keyU) },
		func() error { return owner.Holds(toastSays("Already done.")) },
		func() error { return owner.Press(shiftA) },
		func() error { return owner.Holds(toastSays("Nothing selected.")) },
		func() error { return owner.Press(testkit.Key{Key: "e", Code: "KeyE"}) },
		func() error { return owner.Holds(toastSays("Comments cannot be edited.")) },
		func() error { return owner.Press(keyR) },
		func() error { return owner.Holds(replying) },
		func() error { return owner.Press(keyEscape, keyI) },
		func() error { return owner.Holds(`document.querySelector("#what .evidence[open]")`) },
		func() error { return owner.Go(w.service.URL + "/moderate/blog/queue?state=rejected") },
		func() error { return owner.Holds(current("complain")) },
		func() error { return owner.Press(keyR) },
		func() error { return owner.Holds(toastSays("Refused and withdrawn comments take no replies.")) },
	)

	// In a narrow window the card shows fewer buttons. The keys do the same.
	narrow := w.tab(600, 900, false)
	w.signIn(narrow, email)
	w.steps(narrow,
		func() error { return narrow.Holds(current("chain")) },
		func() error { return narrow.Press(keyR) },
		func() error { return narrow.Holds(replying) },
	)

	// An author may read pending comments, but may reply only to public ones.
	w.account(author, "Aliya", authz.Author, "blog")
	staff := w.tab(1280, 900, false)
	w.signIn(staff, author)
	w.steps(staff,
		func() error { return staff.Holds(current("chain")) },
		func() error { return staff.Press(keyR) },
		func() error {
			return staff.Holds(toastSays("A moderator must approve this comment before you can reply."))
		},
		func() error { return staff.Press(keyA) },
		func() error { return staff.Holds(toastSays("Only moderators can decide.")) },
		func() error { return staff.Go(w.service.URL + "/moderate/blog/comments/" + waiting.ID) },
		func() error { return staff.Press(keyR) },
		func() error {
			return staff.Holds(`!document.querySelector("#cannot").hidden &&
				document.querySelector("#cannot").textContent.startsWith("A moderator must approve")`)
		},
	)
}

// tooWide is a JavaScript expression for the elements of the main part, including the tables of charts, that are wider
// than the window or scroll sideways.
const tooWide = `(document.querySelectorAll("figure details").forEach(d => d.open = true),
	[...document.querySelectorAll("main *")])
	.filter(e => e.checkVisibility() && !e.closest(".vh, svg, .cut *, .set > nav") &&
		(e.getBoundingClientRect().right > innerWidth + 1 ||
		e.scrollWidth > e.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(e).overflowX)))
	.map(e => e.tagName + "." + e.className + " " + e.textContent.trim().slice(0, 40)).join("\n")`

// overflowing is a JavaScript expression for the elements that make a page scroll sideways or are beyond its edges.
const overflowing = `[document.documentElement.scrollWidth > innerWidth ? "it scrolls sideways" : "",
	...[...document.querySelectorAll("button, summary, input")]
		.filter(e => e.checkVisibility() && !e.closest(".vh, .rail, .set > nav") &&
			(e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1))
		.map(e => e.tagName + " " + e.textContent.trim())].filter(Boolean).join("\n")`

// A trainer posts comments of three kinds, without near-duplicates, and decides about them.
type trainer struct {
	*world
	rnd *rand.Rand
}

func (w *world) school() trainer { return trainer{w, rand.New(rand.NewPCG(1, 7))} }

var kinds = []struct {
	action, reason string
	words          []string
}{
	{"approve", "", strings.Fields("tomatoes grew well thank recipe garden carrots soil apples beans roses onions")},
	{"spam", "", strings.Fields("cheap pills order now casino best price bonus loans watches followers slots")},
	{"reject", "personal_attack",
		strings.Fields("idiot clueless moron pathetic liar stupid fool coward nobody clown dunce oaf")},
}

// text returns a text of eight of the words.
func (s trainer) text(words []string) string {
	var some []string
	for range 8 {
		some = append(some, words[s.rnd.IntN(len(words))])
	}
	return strings.Join(some, " ")
}

func (s trainer) post(words []string) testkit.CommentRef {
	s.t.Helper()
	text := s.text(words)
	posted, err := s.client.Post(s.t.Context(), "", s.blog.URL+"/post", fmt.Sprintf("Reader %d", s.rnd.IntN(1e6)), "", text)
	s.must(err)
	return testkit.CommentRef{ID: posted.ID, Version: posted.Version}
}

// decide posts n comments of each kind and decides about them.
func (s trainer) decide(n int) {
	s.t.Helper()
	for _, kind := range kinds {
		var refs []testkit.CommentRef
		for range n {
			refs = append(refs, s.post(kind.words))
		}
		_, err := s.client.Decide(s.t.Context(), kind.action, kind.reason, refs...)
		s.must(err)
	}
}

// learned waits until the score of a comment satisfies as.
func (s trainer) learned(id string, as func(spam float64, reasons int) bool) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		var item struct {
			Verdict struct{ Spam float64 }
			Reasons []struct{}
		}
		s.must(s.client.Do(s.t.Context(), http.MethodGet, "/moderation/comments/"+id, nil, nil, &item))
		if as(item.Verdict.Spam, len(item.Reasons)) {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s is judged %+v", id, item)
		}
	}
}

func TestReply_ContradictionIsShownWithUndo(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	s := newWorld(t).school()
	for range 2 { // alternating, so that the filter is sure about both
		s.decide(28)
		s.learned(s.post(kinds[2].words).ID, func(_ float64, reasons int) bool { return reasons > 0 })
	}
	const text = "Cheap pills, casino bonus: order slots, watches and loans now, best price!"
	posted, err := s.client.Post(t.Context(), "", s.blog.URL+"/post", "Ruth", "", text)
	s.must(err)
	s.learned(posted.ID, func(spam float64, _ int) bool { return spam > 0.98 })
	desk := s.tab(1280, 900, false)
	s.signIn(desk, email)
	s.steps(desk,
		func() error { return desk.Go(s.service.URL + "/moderate/blog/queue?sort=newest") },
		func() error { return desk.Holds(current(text)) },
		func() error { return desk.Press(keyR) },
		func() error { return desk.Type("textbox", "Your reply", "What makes you ask?") },
		func() error { return desk.Click("button", "Publish reply") },
		func() error {
			return desk.Holds(toastSays("Reply published. The filter disagreed: "))
		},
		func() error {
			return desk.Holds(`document.querySelector(".run [data-against]:not([hidden])")
				?.textContent.startsWith("The filter disagreed")`)
		},
		func() error { return desk.Press(keyZ) },
		func() error { return desk.Holds(toastSays("Undone.")) },
		func() error { return desk.Holds(current(text)) },
	)
	s.queued("sort=newest", func(items []testkit.QueueItem) bool { return len(items) > 0 && items[0].Comment.ID == posted.ID })
}

func TestDesk_ReasonsFitPhone(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	s := w.school()
	s.decide(30)
	rude := s.post(kinds[2].words)
	w.set(map[string]string{"shadow": "0.7"})
	s.learned(rude.ID, func(_ float64, reasons int) bool { return reasons > 0 })
	s.decide(6) // these have a score, which Insights compares
	for _, dark := range []bool{false, true} {
		tab := w.tab(360, 780, dark)
		w.signIn(tab, email)
		for _, lang := range []string{"en", "ru", "kk"} {
			w.speak(tab, lang)
			for page, shows := range map[string]string{
				"comments/" + rude.ID: ".weights", "queue": ".card", "insights": ".figs", "insights/filter": "h1",
				"insights/decisions": "h1", "what-if": ".bars",
				"settings": "form", "settings/moderation": "form", "rules": "form", "log": ".acts-log", "block?comment=" + rude.ID: "form",
			} {
				w.must(tab.Go(w.service.URL+"/moderate/blog/"+page), tab.Holds(fmt.Sprintf("document.querySelector(%q)", shows)))
				if found, err := testkit.Eval[string](tab, tooWide); err != nil || found != "" {
					t.Errorf("%s in %s, dark %v: too wide: %s (%v)", page, lang, dark, found, err)
				}
			}
		}
	}
}

func TestDesk_LongTextsAreCut(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	wide := strings.Repeat("W", 78)
	var posted testkit.PostResult
	w.must(w.client.Do(t.Context(), http.MethodPost, "/comments", nil, map[string]any{
		"page": map[string]string{"url": w.blog.URL + "/" + wide + wide, "title": wide + wide},
		"body": "Look at this: " + wide + wide,
		"author": map[string]string{
			"name": wide, "email": strings.Repeat("w", 60) + "@" + strings.Repeat("w", 60) + ".example",
			"website": "https://w.example/" + strings.Repeat("w", 1_900),
		},
	}, &posted))
	w.account(wide[:60]+"@staff.example", wide, authz.Author, "blog")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.service.URL+"/api/v1/session",
		strings.NewReader(fmt.Sprintf(`{"email":%q,"password":%q}`, email, password)))
	w.must(err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", wide+wide)
	res, err := http.DefaultClient.Do(req)
	w.must(err)
	w.must(res.Body.Close())

	for _, width := range []int64{280, 360, 1200} {
		tab := w.tab(width, 900, false)
		w.signIn(tab, email)
		for _, page := range []string{"blog/queue", "blog/comments/" + posted.ID, "people", "sessions", "blog/pages"} {
			w.must(tab.Go(w.service.URL+"/moderate/"+page), tab.Holds(`document.querySelector("main h1")`))
			for _, wrong := range []string{tooWide, overflowing} {
				if found, err := testkit.Eval[string](tab, wrong); err != nil || found != "" {
					t.Errorf("%s at %d: too wide: %s (%v)", page, width, found, err)
				}
			}
		}
		w.must(tab.Go(w.service.URL+"/moderate/blog/queue"), tab.Holds(current("Look at this")))
		w.steps(tab, // and the elements that a decision adds
			func() error { return tab.Press(keyA) },
			func() error {
				return tab.Holds(`document.querySelector(".run") && !document.querySelector("#toast").hidden`)
			},
		)
		if found, err := testkit.Eval[string](tab, tooWide); err != nil || found != "" {
			t.Errorf("what was decided at %d: too wide: %s (%v)", width, found, err)
		}
		w.steps(tab,
			func() error { return tab.Press(keyZ) },
			func() error { return tab.Holds(current("Look at this")) },
			func() error { return tab.Holds(`document.querySelector("#unsaved").hidden`) },
		)
		high, err := testkit.Eval[float64](tab, `document.querySelector(".who").offsetHeight`)
		if limit := map[int64]float64{280: 420, 360: 330, 1200: 190}[width]; err != nil || high > limit {
			t.Errorf("the name takes %.0f pixels of height at %d (%v)", high, width, err)
		}
		if dir := os.Getenv("TEST_PICTURES"); dir != "" {
			png, err := tab.Screenshot(true)
			w.must(err, os.WriteFile(fmt.Sprintf("%s/long-%d.png", dir, width), png, 0o600))
		}
	}
}

func TestDesk_LinkHasNoReferrer(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	link := w.invite(author, "Aliya", authz.Moderator, "blog")
	_, token, _ := strings.Cut(link, "#")
	tab := w.tab(360, 740, false)
	w.steps(tab,
		func() error { return tab.Go(link) },
		func() error {
			return tab.Holds(`location.pathname === "/moderate/setup" && location.hash === "" &&
				document.readyState === "complete" && document.querySelector("h1")?.textContent === "Choose a password"`)
		},
		func() error { return tab.Type("textbox", "Password", password) },
		func() error { return tab.Click("button", "Continue") },
		func() error { return tab.Holds(`location.pathname.startsWith("/moderate/queue")`) },
	)
	if log := w.service.Log(); token == "" || !strings.Contains(log, "/moderate/setup") || strings.Contains(log, token) {
		t.Errorf("the log shows the token of %q, or nothing:\n%s", link, log)
	}
}

// The toast shows for how long an approved comment has been public, starting at five seconds.
func TestDesk_CountsPublicSecondsFromFive(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	_, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", "Ruth", "", "The chain came off twice on the hill.")
	w.must(err)
	owner := w.tab(1280, 900, false)
	w.signIn(owner, email)
	const seen = `(window.said = document.querySelector("#public").textContent) && document.querySelector("#public").checkVisibility()`
	w.steps(owner,
		func() error { return owner.Holds(current("chain")) },
		func() error { return owner.Press(keyA) },
		func() error { return owner.Holds(seen) },
		func() error { return owner.Holds(`/Public for ([5-9]|\d\d+) seconds/.test(window.said)`) },
	)
}

// A narrow screen shows all columns of the transparency page's table.
func TestTransparency_TableFitsNarrowScreen(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	posted, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", "Ruth", "", "Buy cheap chains here.")
	w.must(err)
	_, err = w.client.Decide(t.Context(), "spam", "", testkit.CommentRef{ID: posted.ID, Version: posted.Version})
	w.must(err)
	reader := w.tab(280, 700, false)
	w.steps(reader,
		func() error { return reader.Go(w.service.URL + "/sites/blog/transparency") },
		func() error {
			return reader.Holds(`(cells => cells.length > 0 && cells.every(cell => cell.getBoundingClientRect().right <= innerWidth))(
				[...document.querySelectorAll(".rows td")])`)
		},
	)
}
