package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// Each recipe of docs/embedding.md shows the thread of its article, with its template expressions replaced.
func TestRecipes_ShowThread(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	text, err := os.ReadFile("../docs/embedding.md")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	article := w.blog.URL + "/post"
	w.published("Thank you.")
	// The values of the template expressions, by language of the code block.
	written := map[string][]string{
		"html": nil,
		"php": {"<?php if ( post_password_required() ) { return; } ?>", "", "<?php echo esc_url( get_permalink() ); ?>", article,
			"<?php echo esc_attr( get_the_title() ); ?>", "An article"},
		"go-html-template": {"{{ .Permalink }}", article, "{{ .Title }}", "An article", "{{ .Site.Language.Lang }}", "en"},
		"liquid":           {"{{ page.url | absolute_url }}", article, "{{ page.title | escape }}", "An article"},
		"handlebars":       {`{{url absolute="true"}}`, article, "{{title}}", "An article"},
		"astro":            {"is:inline ", "", "{page}", `"` + article + `"`, "{title}", `"An article"`},
	}
	page := ""
	blog := http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(out, page)
	})
	preview := httptest.NewServer(blog) // another URL than the article, so that only the recipe names the thread
	t.Cleanup(preview.Close)
	w.set(map[string]string{"origin": w.blog.URL + "," + preview.URL})
	testkit.Until(t, "the running server knows the new origin", func() bool { return w.welcomes(preview.URL) })
	tab := w.tab(1280, 900, false)
	seen := map[string]bool{}
	for _, block := range regexp.MustCompile("(?ms)^```([a-z-]+)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		expressions, known := written[block[1]]
		if !known || seen[block[1]] {
			continue
		}
		seen[block[1]] = true
		source := block[2]
		if block[1] == "astro" {
			source = source[strings.LastIndex(source, "---")+4:]
		}
		source = strings.NewReplacer(append(expressions, "https://comments.example", w.service.URL)...).Replace(source)
		if strings.ContainsAny(source, "{}") || strings.Contains(source, "<?") {
			t.Errorf("%s: an expression is left: %s", block[1], source)
		}
		page = `<!doctype html><html lang="en"><title>An article</title><link rel="canonical" href="` + article + `">` +
			source
		if block[1] == "html" {
			page = strings.Replace(page, article, preview.URL+"/other", 1) // only the canonical URL decides
			w.steps(tab, func() error { return tab.Go(preview.URL + "/preview") },
				func() error { return tab.Holds(shows("No published comments yet")) })
			continue
		}
		w.steps(tab, func() error { return tab.Go(preview.URL + "/preview") },
			func() error { return tab.Holds(shows("1 comment")) })
	}
	if len(seen) != len(written) {
		t.Errorf("the document has recipes for %v only", seen)
	}
	application(t, w, tab, string(text), &page, preview.URL)
}

// application tests the recipe of a single-page application, which creates the element and changes its page.
func application(t *testing.T, w *world, tab *testkit.Tab, text string, page *string, at string) {
	t.Helper()
	here := strings.NewReplacer("https://blog.example/first", w.blog.URL+"/post", "https://blog.example/second",
		w.blog.URL+"/second")
	element := regexp.MustCompile("(?m)^<aitys-comments .*$").FindString(text)
	change := regexp.MustCompile("(?ms)^```js\n(.*?)^```$").FindStringSubmatch(text)
	if element == "" || change == nil {
		t.Fatal("the document has no recipe for an application of one page")
	}
	*page = `<!doctype html><html lang="en"><title>App</title><script async crossorigin src="` + w.service.URL +
		`/embed.js" data-site="blog"></script><body>` + here.Replace(element)
	w.steps(tab,
		func() error { return tab.Go(at + "/app") },
		func() error { return tab.Holds(shows("1 comment")) },
		func() error { return tab.Type("textbox", "Comment", "Half a thought") },
		func() error { return tab.See("button", "Post comment") },
		func() error {
			return tab.Holds(`(() => {` + here.Replace(change[1]) + `; return true })()`)
		},
		func() error { return tab.Holds(shows("No published comments yet")) },
		func() error { return tab.See("textbox", "Comment") },
		func() error {
			return tab.Holds(`document.querySelectorAll('aitys-comments').length === 1 &&
				document.querySelector('aitys-comments').shadowRoot.querySelector('textarea').value === ''`)
		},
	)
}

// welcomes reports whether pages of an origin may read comments.
func (w *world) welcomes(origin string) bool {
	w.t.Helper()
	req, err := http.NewRequest(http.MethodGet, w.service.URL+"/api/v1/sites/blog/comments?page="+w.blog.URL, nil)
	w.must(err)
	req.Header.Set("Origin", origin)
	res, err := http.DefaultClient.Do(req)
	w.must(err)
	w.must(res.Body.Close())
	return res.Header.Get("Access-Control-Allow-Origin") != ""
}
