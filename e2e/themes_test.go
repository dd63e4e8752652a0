package e2e

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// Each style sheet of docs/embedding.md sets existing properties of the widget and keeps all text readable on its
// background, in the thread and in the form. The table there lists all properties.
func TestThemes_AreReadable(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	const document = "../docs/embedding.md"
	all, err := testkit.Themes(document)
	if err != nil || len(all) != 3 {
		t.Fatalf("the document has %d themes, want 3: %v", len(all), err)
	}
	w := newWorld(t)
	w.published("Thank you.\n\n> for what?\n\n`code`")
	properties := regexp.MustCompile(`--aitys-[a-z-]+`)
	text, err := os.ReadFile(document)
	w.must(err)
	for name, page := range map[string]string{"Newspaper": "background: #fbf8f2",
		"Night": "background: #0e141b; color: #e4e8ee", "Round": "background: #ffffff"} {
		tab := w.tab(390, 844, false)
		w.steps(tab,
			func() error { return tab.Go(w.blog.URL + "/post") },
			func() error { return tab.Holds(shows("Thank you.")) },
			func() error { return tab.AddStyleSheet(all[name] + "html, body { " + page + " }") },
			func() error { return tab.Click("textbox", "Comment") },
			func() error { return tab.Click("button", "Post comment") },
			func() error { return tab.Holds(shows("There is no text yet.")) },
		)
		w.checkView(tab, "theme-"+strings.ToLower(name))
		for _, p := range properties.FindAllString(all[name], -1) {
			if p != "--aitys-comments" && !strings.Contains(string(text), "`"+p+"`") {
				t.Errorf("%s sets %s, which the document does not list", name, p)
			}
		}
	}
	sheets, err := os.ReadFile("../widget/src/reading.css")
	w.must(err)
	for _, p := range properties.FindAllString(string(sheets), -1) {
		if !strings.Contains(string(text), "`"+p+"`") {
			t.Errorf("the document does not list %s", p)
		}
	}
}
