package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

var (
	keyJ = testkit.Key{Key: "j", Code: "KeyJ"}
	keyK = testkit.Key{Key: "k", Code: "KeyK"}
)

// rows is a JavaScript expression for the position and height of each row of the list, and the position of the first
// button of the pane.
const rows = `JSON.stringify([[...document.querySelectorAll(".lines > li")].map(row => {
	const box = row.getBoundingClientRect(); return [Math.round(box.top + scrollY + document.querySelector("#rows").scrollTop), box.height] }),
	(at => [at.x, at.y])(document.querySelector("#deal .btn").getBoundingClientRect())])`

// highRow is a JavaScript expression that is true if the current row is in the upper third of the list, or the list cannot
// scroll further.
const highRow = `((list, box) => box.top >= list.getBoundingClientRect().top && (box.top <= list.getBoundingClientRect().top +
	list.clientHeight / 3 + 2 || list.scrollTop + list.clientHeight >= list.scrollHeight - 2))(
	document.querySelector("#rows"), document.querySelector(".card[aria-current=true]").getBoundingClientRect())`

// picture saves a screenshot in the folder TEST_PICTURES, if it is set.
func (w *world) picture(tab *testkit.Tab, name string) {
	w.t.Helper()
	if dir := os.Getenv("TEST_PICTURES"); dir != "" {
		png, err := tab.Screenshot(false)
		w.must(err, os.WriteFile(fmt.Sprintf("%s/%s.png", dir, name), png, 0o600))
	}
}

// Texts of different lengths that are not similar.
var remarks = []string{
	"Yes.", "The chain came off twice on the hill, and still I would not go back to the car.",
	"Мен де биыл көлігімді сатып, велосипедке ауыстым. Басында қиын болды, қазір жүрегім де, қалтам да риза. Қыста ең " +
		"бастысы — қолғап пен жарық, ал көктемде ұзағырақ жолға шығамыз.",
	"Кто-нибудь заказывал шипы в velo-zima.example? Там скидка, но отзывов не нашёл.\n\n> Не хочу остаться зимой\n\n" +
		"- без велосипеда\n- без шипов",
	strings.Repeat("Question about the cost table: did you count the years the car would still have driven? ", 9),
	strings.Repeat("W", 300),
	"See [this shop](https://shop.example/a/b/c?d=e) and **do not** buy.\n\n```\ncode\n```",
}

func (w *world) remark(n int) {
	w.t.Helper()
	name := []string{"Ruth", "Әсел Нұрланқызы", "", strings.Repeat("Longname", 9)}[n%4]
	_, err := w.client.Post(w.t.Context(), "", fmt.Sprintf("%s/post-%d", w.blog.URL, n%3), name, "",
		fmt.Sprintf("%s (%d)", distinctText(remarks[n%len(remarks)], n), n))
	w.must(err)
}

// distinctText returns a text of the same length and letter classes that is not similar to others. Similar comments would
// be one row.
func distinctText(text string, n int) string {
	rnd := rand.New(rand.NewPCG(uint64(n), 3))
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z' && c != 'w':
			return 'a' + rnd.Int32N(26)
		case c >= 'а' && c <= 'я':
			return 'а' + rnd.Int32N(32)
		}
		return c
	}, text)
}

func TestQueue_MovingKeepsLayout(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	const all = 24
	for n := range all {
		w.remark(n)
	}
	desk := w.tab(1280, 900, false)
	w.signIn(desk, email)
	for _, lang := range []string{"en", "ru", "kk"} {
		w.speak(desk, lang)
		w.steps(desk,
			func() error { return desk.Go(w.service.URL + "/moderate/blog/queue") },
			func() error {
				return desk.Holds(fmt.Sprintf(`document.querySelectorAll(".card").length === %d && `, all) + current("(0)"))
			},
		)
		whole, err := testkit.Eval[int](desk, `[...document.querySelectorAll(".lines > li")].filter(row =>
			row.getBoundingClientRect().height === 62 && row.getBoundingClientRect().bottom <= innerHeight).length`)
		if err != nil || whole < 11 {
			t.Errorf("%s: %d whole rows of 62 pixels are in view, want 11 (%v)", lang, whole, err)
		}
		before, err := testkit.Eval[string](desk, rows)
		w.must(err)
		stays := func(what string) {
			t.Helper()
			if after, err := testkit.Eval[string](desk, rows); err != nil || after != before {
				t.Errorf("%s: %s moved something (%v)\nbefore %s\nafter  %s", lang, what, err, before, after)
			}
		}
		for n := 1; n < 16; n++ {
			w.must(desk.Press(keyJ), desk.Holds(current(fmt.Sprintf("(%d)", n))))
			stays(fmt.Sprintf("going to row %d", n))
			high, err := testkit.Eval[bool](desk, highRow)
			if err != nil || !high {
				t.Errorf("%s: row %d is current and not in the upper third (%v)", lang, n, err)
			}
		}
		w.picture(desk, "rows-"+lang)
		w.must(desk.Press(keyK), desk.Holds(current("(14)")))
		stays("going back")
		w.must(desk.Press(keyA), desk.Holds(current("(15)")), desk.Holds(`document.querySelector(".run")`), desk.Holds(highRow))
		w.must(desk.Press(keyZ), desk.Holds(current("(14)")), desk.Holds(`document.querySelector("#unsaved").hidden`))
		stays("taking back")
		w.steps(desk, func() error { return desk.Holds(`!document.querySelector(".run")`) })
		w.queued("state=pending", func(items []testkit.QueueItem) bool { return len(items) == all })
	}
}

// postAll posts texts concurrently, each by another commenter.
func (w *world) postAll(texts []string) {
	w.t.Helper()
	var group sync.WaitGroup
	for at := range 8 {
		group.Go(func() {
			for n := at; n < len(texts); n += 8 {
				name := fmt.Sprintf("Writer %d", n)
				if _, err := w.client.Post(w.t.Context(), "", w.blog.URL+"/post", name, "", texts[n]); err != nil {
					w.t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

// Four hundred comments take at most forty screens in the queue, and on a phone at most a third of a screen per
// comment.
func TestQueue_FourHundredCommentsFewScreens(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	s := newWorld(t).school()
	s.decide(12)
	const all = 400
	var texts []string
	for n := range all {
		words := kinds[n%3].words
		var some []string
		for range 4 + s.rnd.IntN(50) { // 25 to 350 letters
			some = append(some, words[s.rnd.IntN(len(words))])
		}
		texts = append(texts, strings.Join(some[:3], " ")+" "+distinctText(strings.Join(some[3:], " "), n))
	}
	s.postAll(texts)
	const cards, more = `document.querySelectorAll(".card").length`, `document.querySelector(".more-cards a").click()`
	for _, size := range []struct {
		width, height int64
		measures      string
		most          float64
	}{
		{1280, 900, `(document.querySelector(".cards").offsetHeight / document.querySelector("#rows").clientHeight)`, 40},
		{390, 844, `(all => all.reduce((sum, row) => sum + row.offsetHeight, 0) / all.length)(
			[...document.querySelectorAll(".lines > li")])`, 260},
	} {
		desk := s.tab(size.width, size.height, false)
		s.signIn(desk, email)
		s.must(desk.Go(s.service.URL + "/moderate/blog/queue?sort=risk"))
		s.must(desk.Holds(cards + ` === 50`))
		_, err := testkit.Eval[bool](desk, `(`+more+`, true)`)
		s.must(err, desk.Holds(cards+` > 50`))
		// Rescored comments move between pages: the last ones may be at the top again.
		for shown := 100; shown <= all; shown += 50 {
			s.must(desk.Holds(fmt.Sprintf(cards+` >= %d || (`+more+`, false)`, shown)))
		}
		got, err := testkit.Eval[float64](desk, size.measures)
		if err != nil || got > size.most || got < 10 {
			t.Errorf("at %d×%d: %.1f, want at most %.0f (%v)", size.width, size.height, got, size.most, err)
		}
		t.Logf("at %d×%d: %.1f", size.width, size.height, got)
	}
}
