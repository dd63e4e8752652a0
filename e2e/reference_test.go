package e2e

import (
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

func TestReference_IsSearchable(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	for _, width := range []int64{1280, 390} {
		tab := w.tab(width, 900, width < 720)
		w.must(
			tab.Go(w.service.URL+"/docs"),
			tab.See("heading", "Post comment"),
			tab.Press(testkit.Key{Key: "/", Code: "Slash"}),
			tab.Type("searchbox", "Search the reference", "idempotency"),
			tab.Holds(`document.querySelectorAll(".found li").length > 3`),
			tab.Press(testkit.Key{Key: "ArrowDown", Code: "ArrowDown"}),
			tab.Press(testkit.Key{Key: "ArrowDown", Code: "ArrowDown"}),
			tab.Press(testkit.Key{Key: "ArrowDown", Code: "ArrowDown"}),
			tab.Holds(`document.activeElement === document.querySelectorAll(".found a")[2]`),
			tab.Press(testkit.Key{Key: "Enter", Code: "Enter"}),
			tab.Holds(`location.hash !== "" && document.querySelector(".found").hidden`),
			tab.Holds(`document.documentElement.scrollWidth <= innerWidth`),
		)
		if wrong := tab.Axe(t); len(wrong) > 0 {
			t.Errorf("at %d: %q", width, wrong)
		}
	}
}
