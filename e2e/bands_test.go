package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/internal/testkit"
)

var (
	keyB   = testkit.Key{Key: "b", Code: "KeyB"}
	keyИ   = testkit.Key{Key: "и", Code: "KeyB"}
	keyN   = testkit.Key{Key: "n", Code: "KeyN"}
	shiftZ = testkit.Key{Key: "Z", Code: "KeyZ", Shift: true}
)

// Band selection includes only rows that were on the screen.
func TestBand_SelectsSeenRowsOnly(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	s := newWorld(t).school()
	s.decide(14)
	const all = 60
	var texts []string
	for n := range all {
		words := strings.Fields("cheap pills order now best price bonus loans slots") // too short for a campaign
		texts = append(texts, fmt.Sprintf("%s %s %d %s %s", words[n%9], words[n*5%9], n, words[(n+3)%9], words[(n*7+1)%9]))
	}
	s.postAll(texts)
	for n := range 9 { // from good to bad, so that some scores are in between
		some := []string{kinds[0].words[n], kinds[1].words[n]}
		_, err := s.client.Post(t.Context(), "", s.blog.URL+"/post", "Ruth", "", strings.Join(some, " "))
		s.must(err)
	}
	s.queued("sort=risk&limit=100", func(items []testkit.QueueItem) bool { // all are scored with the decisions
		return items[0].Verdict.Score > 0.7 && items[all-1].Verdict.Score > 0.65
	})
	desk := s.tab(1280, 900, false)
	s.signIn(desk, email)
	s.steps(desk,
		func() error { return desk.Go(s.service.URL + "/moderate/blog/queue?sort=risk") },
		func() error { return desk.Holds(`document.querySelector("[data-select]:not([hidden])")`) },
	)
	const first = `[...document.querySelectorAll(".band")].find(b => b.querySelectorAll(".card").length >= 18)`
	const selected = `[...document.querySelectorAll(".card[data-picked]")]`
	_, err := testkit.Eval[bool](desk, `(`+first+`.querySelector(".name").click(), true)`)
	s.must(err)
	s.steps(desk,
		func() error {
			return desk.Holds(first + `.querySelector("[data-seen]").textContent.endsWith("not seen below")`)
		},
		func() error { return desk.Press(keyB) },
		func() error { return desk.Holds(selected + `.length >= 8`) },
	)
	s.picture(desk, "bands")
	unseen, err := testkit.Eval[int](desk, // a row counts as seen if 90 % of it is visible
		selected+`.filter(card => card.getBoundingClientRect().bottom > innerHeight + 6).length`)
	if err != nil || unseen > 0 {
		t.Errorf("%d rows are selected that were not on the screen (%v)", unseen, err)
	}
	press := func() error { // the button does the same as the key
		_, err := testkit.Eval[bool](desk, `(`+first+`.querySelector("[data-select]").click(), true)`)
		return err
	}
	s.steps(desk, // the same key on another layout undoes it
		func() error { return desk.Press(keyИ) },
		func() error { return desk.Holds(selected + `.length === 0`) },
		press,
		func() error {
			return desk.Holds(selected + `.length >= 8 && ` + first + `.querySelector("[aria-pressed=true]")`)
		},
		press,
		func() error { return desk.Holds(selected + `.length === 0`) },
	)
	for range all { // scroll to the end of the band, so that all rows are seen
		s.must(desk.Press(keyJ), desk.WaitForPaint())
	}
	s.steps(desk, func() error {
		return desk.Holds(first + `.querySelector("[data-select]").textContent.startsWith("Select all ")`)
	})
	s.steps(desk,
		func() error { return desk.Holds(`document.querySelectorAll(".card").length > 50`) },
		func() error { return desk.Press(keyN) },
		func() error {
			return desk.Holds(`document.querySelector(".band[data-band=either] .card[aria-current=true][data-doubt]")`)
		},
	)
	// A new comment is sorted into its place above, and is not counted as below.
	_, err = s.client.Post(t.Context(), "", s.blog.URL+"/post", "Ruth", "", texts[0]+" "+texts[1])
	s.must(err)
	s.steps(desk,
		func() error { return desk.Click("link", "Show") },
		func() error {
			return desk.Holds(`[...document.querySelectorAll("[data-seen]")].some(said => said.textContent === "1 not seen")`)
		},
	)
	s.steps(desk, press, // last, because decisions rescore the list; the new comment may be seen only now
		func() error { return desk.Holds(selected + `.length >= 8`) },
		func() error { return desk.Press(shiftS) },
		func() error {
			return desk.Holds(`[...document.querySelectorAll(".run")].reduce((n, run) => n + Number(run.dataset.n), 0) >= 8`)
		},
		func() error { return desk.Press(shiftZ) },
		func() error { return desk.Holds(toastSays("Press z again to undo this.")) },
		func() error { return desk.Holds(toastSays("Undo: ")) },
		func() error {
			return desk.Holds(`[...document.querySelectorAll(".run")].reduce((n, run) => n + Number(run.dataset.n), 0) >= 8`)
		},
		func() error { return desk.Press(keyZ) },
		func() error { return desk.Holds(`document.querySelectorAll(".run").length === 0`) },
	)
}

// The next comment is shown on key-up without waiting for the network.
func TestQueue_NextCommentWithoutNetwork(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	const pressed, every = 100, 200 * time.Millisecond
	var texts []string
	for n := range testkit.EnvInt(t, "TEST_WAITING", 250) {
		texts = append(texts, fmt.Sprintf("Day %d: late again.", n))
	}
	w.postAll(texts)
	desk := w.tab(1280, 900, false)
	w.must(desk.AddInitScript(`window.wentUp = []; addEventListener("keyup", () => {
		const card = document.querySelector("[aria-current=true][data-comment]"), box = card?.getBoundingClientRect()
		wentUp.push(card && box.top >= 53 && box.bottom <= innerHeight && document.querySelector("#what .said").checkVisibility() ?
			card.dataset.comment : "nothing") })`))
	w.signIn(desk, email)
	w.must(desk.Holds(`document.querySelectorAll(".card").length === 50`))
	slow := network.Conditions{Latency: 200, DownloadThroughput: -1, UploadThroughput: -1}
	_, err := chromedp.Call(desk.Context(), network.EmulateNetworkConditionsByRule,
		network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{&slow}})
	w.must(err)
	testkit.Until(t, "the network takes 200 ms", func() bool {
		took, err := testkit.Eval[float64](desk, `(async () => { const began = performance.now()
			await fetch("/healthz"); return performance.now() - began })()`)
		return err == nil && took >= 200
	})
	var want []string
	for after := ""; len(want) < pressed+1; {
		items, next, err := w.client.Queue(t.Context(), "limit=100&after="+after)
		w.must(err)
		for _, item := range items {
			want = append(want, item.Comment.ID)
		}
		after = next
	}
	for range pressed {
		time.Sleep(every) // the pace of a moderator
		w.must(desk.Press(keyA))
	}
	testkit.Until(t, "all decisions are saved", func() bool {
		var page struct{ Counts struct{ Approved int } }
		w.must(w.client.Do(t.Context(), http.MethodGet, "/moderation/queue?limit=1", nil, nil, &page))
		return page.Counts.Approved == pressed
	})
	w.must(desk.Holds(`document.querySelector("#unsaved").hidden`))
	got, err := testkit.Eval[string](desk, `wentUp.join(" ")`)
	if err != nil || got != strings.Join(want[1:pressed+1], " ") {
		t.Errorf("as the keys went up there were (%v)\n%s\nwant\n%s", err, got, strings.Join(want[1:pressed+1], " "))
	}
}

// A rescore does not change the selection of a moderator.
func TestSelection_KeptAfterRescore(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	s := newWorld(t).school()
	s.decide(14)
	const sign = "quince" // with two more words still too short for a campaign
	for n := range 12 {
		bad := kinds[1].words
		some := []string{bad[n%9], sign, bad[(n*5+2)%9], fmt.Sprint(n)}
		_, err := s.client.Post(t.Context(), "", s.blog.URL+"/post", fmt.Sprintf("Writer %d", n), "", strings.Join(some, " "))
		s.must(err)
	}
	worst := func(items []testkit.QueueItem) bool { return len(items) > 11 && items[0].Verdict.Score > 0.6 }
	s.queued("sort=risk", worst)
	desk := s.tab(1280, 900, false)
	s.signIn(desk, email)
	s.steps(desk,
		func() error { return desk.Go(s.service.URL + "/moderate/blog/queue?sort=risk") },
		func() error { return desk.Holds(`document.querySelector("[data-select]:not([hidden])")`) },
		func() error { return desk.Press(keyB) },
		func() error { return desk.Holds(`document.querySelectorAll(".card .pick :checked").length > 0`) },
	)
	chosen, err := testkit.Eval[[]string](desk,
		`[...document.querySelectorAll(".card[data-picked]")].map(card => card.dataset.comment)`)
	s.must(err)
	before, _, err := s.client.Queue(t.Context(), "sort=risk")
	s.must(err)
	for n := range 25 { // their common words are not spam
		posted, err := s.client.Post(t.Context(), "", s.blog.URL+"/post", fmt.Sprintf("Gardener %d", n), "",
			fmt.Sprintf("%s %s %d", sign, sign, n))
		s.must(err)
		_, err = s.client.Decide(t.Context(), "approve", "", testkit.CommentRef{ID: posted.ID, Version: posted.Version})
		s.must(err)
	}
	s.queued("sort=risk", func(items []testkit.QueueItem) bool {
		return len(items) > 0 && items[0].Verdict.Score < before[0].Verdict.Score-0.1
	})
	s.steps(desk, func() error { return desk.Press(shiftS) })
	s.queued("state=spam&limit=100", func(items []testkit.QueueItem) bool {
		done := 0
		for _, item := range items {
			if slices.Contains(chosen, item.Comment.ID) {
				done++
			} else if strings.Contains(item.Comment.Body, sign) {
				t.Fatalf("%q was decided and not selected", item.Comment.Body)
			}
		}
		return done == len(chosen)
	})
}
