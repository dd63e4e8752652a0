package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// The filters of a queue are in its URL, so that a shared URL shows the same comments.
func TestQueue_FiltersAreInURL(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	post := func(path, name, text string) {
		t.Helper()
		_, err := w.client.Post(t.Context(), "", w.blog.URL+path, name, "", text)
		w.must(err)
	}
	post("/bread", "Ann", "A remark on bread, see https://shop.example/rye for more of it.")
	post("/bread", "Bolat", "Нан туралы пікір осында тұр, әрі қазақша жазылған.")
	w.must(w.client.Do(t.Context(), http.MethodPost, "/comments", nil, map[string]any{ // fills the hidden field, like a bot
		"page":   map[string]string{"url": w.blog.URL + "/salt", "title": "On salt"},
		"author": map[string]string{"name": "Ann"}, "body": "A remark on salt.", "form": map[string]string{"trap": "x"},
	}, nil))
	band := "70–94"
	w.queued("state=suspected", func(items []testkit.QueueItem) bool {
		if len(items) == 1 && items[0].Verdict.Score >= .945 {
			band = "95 and up"
		}
		return len(items) == 1
	})
	desk := w.tab(1280, 900, false)
	w.signIn(desk, email)
	lists := func(n int) string {
		return fmt.Sprintf(`document.readyState === "complete" && document.querySelectorAll(".card").length === %d`, n)
	}
	for _, tt := range []struct {
		typed, option, named, chip string
		left                       int
	}{
		{"/bread", "Page: " + w.blog.URL + "/bread 2", "page", "Page: " + w.blog.URL + "/bread", 2}, // the page has no title yet
		{"Қазақ", "Language: Қазақша 1", "lang", "Language: Қазақша", 1},
		{"writer: ann", "Writer: Ann 2", "writer", "Writer: Ann", 2},
		{"shop.example", "Host: shop.example 1", "host", "Host: shop.example", 1},
		{band, "Score: " + band + " 1", "score", "Score: " + band, 1},
		{"2000-01-02", "Since: 2000-01-02", "since", "Since: 2000-01-02", 3},
		{"2000-01-02", "Until: 2000-01-02", "until", "Until: 2000-01-02", 0},
	} {
		w.steps(desk,
			func() error { return desk.Go(w.service.URL + "/moderate/blog/queue?sort=newest") },
			func() error { return desk.Holds(lists(3)) },
			func() error { return desk.Press(testkit.Key{Key: "f", Code: "KeyF"}) },
			func() error { return desk.Type("combobox", "Filter by", tt.typed) },
			func() error { return desk.Click("option", tt.option) },
			func() error { return desk.Holds(`new URLSearchParams(location.search).has("` + tt.named + `")`) },
			func() error { return desk.Holds(`new URLSearchParams(location.search).get("sort") === "newest"`) },
			func() error { return desk.Holds(lists(tt.left)) },
		)
		at, err := testkit.Eval[string](desk, "location.href")
		w.must(err)
		other, err := desk.NewTab(1280, 900)
		w.must(err)
		w.steps(other,
			func() error { return other.Go(at) },
			func() error { return other.Holds(lists(tt.left)) },
			func() error { return other.See("link", "remove "+tt.chip) },
		)
		other.Close()
		w.steps(desk,
			func() error { return desk.Click("link", "remove "+tt.chip) },
			func() error { return desk.Holds(lists(3)) },
			func() error { return desk.Holds(`!new URLSearchParams(location.search).has("` + tt.named + `")`) },
		)
	}
}

// While a moderator types a filter, the queue shows the rows that match. Escape shows all again.
func TestFilter_PreviewsRowsWhileTyping(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	for path, text := range map[string]string{"/a": "Rye bread needs time.", "/b": "Soup needs salt.", "/c": "Rye again, and again."} {
		_, err := w.client.Post(t.Context(), "", w.blog.URL+path, "Ruth", "", text)
		w.must(err)
	}
	desk := w.tab(1280, 900, false)
	w.signIn(desk, email)
	shown := func(n int) string {
		return fmt.Sprintf(`[...document.querySelectorAll(".card")].filter(c => c.checkVisibility()).length === %d`, n)
	}
	w.steps(desk,
		func() error { return desk.Holds(shown(3)) },
		func() error { return desk.Press(testkit.Key{Key: "f", Code: "KeyF"}) },
		func() error { return desk.See("option", "Writer: Ruth 3") },
		func() error { return desk.Type("combobox", "Filter by", "rye") },
		func() error { return desk.See("option", "Text contains: rye 2") },
		func() error { return desk.Holds(shown(2)) },
		func() error { return desk.Press(testkit.Key{Key: "Escape", Code: "Escape"}) },
		func() error { return desk.Holds(shown(3)) },
		func() error { return desk.Holds(`!location.search.includes("q=")`) },
	)
}
