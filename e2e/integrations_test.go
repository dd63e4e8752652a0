package e2e

import (
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/internal/testkit"
)

// hugo implements the template functions of Hugo that our partial calls.
type hugo struct {
	Params   struct{ Aitys map[string]string }
	Language struct{ Lang string }
	warned   []string
}

// An attempt is the result of Hugo's try.
type attempt struct {
	Value *resource
	Err   error
}

type resource struct{ Content string }

type remotes struct{}

func (remotes) GetRemote(address string) attempt {
	answer, err := http.Get(address)
	if err != nil {
		return attempt{Err: err}
	}
	defer func() { _ = answer.Body.Close() }() // it was read to the end
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return attempt{Err: fmt.Errorf("%s: %v", answer.Status, err)}
	}
	return attempt{Value: &resource{string(body)}}
}

// built returns the HTML of Hugo's partial for an article.
func (h *hugo) built(t *testing.T, article string) string {
	t.Helper()
	source, err := os.ReadFile("../integrations/hugo/layouts/partials/aitys.html")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(source), "site.Params.aitys", "site.Params.Aitys") // Hugo ignores case
	partial, err := template.New("aitys.html").Funcs(template.FuncMap{
		"site": func() *hugo { return h }, "resources": func() remotes { return remotes{} },
		"try":      func(a attempt) attempt { return a },
		"safeHTML": func(s string) template.HTML { return template.HTML(s) },
		"warnf": func(format string, about ...any) string {
			h.warned = append(h.warned, fmt.Sprintf(format, about...))
			return ""
		},
	}).Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := partial.Execute(&b, map[string]string{"Permalink": article, "Title": `"An" article`}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Hugo's partial shows the thread and, without JavaScript, the comments at build time. If the server does not answer, the
// build still succeeds. The plain HTML example shows the thread and the count.
func TestIntegrations_ShowThread(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	article := w.blog.URL + "/post"
	w.published("Thank you.")
	page := ""
	preview := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(out, page)
	}))
	t.Cleanup(preview.Close)
	w.must(w.client.Do(t.Context(), "PATCH", "", nil, map[string]any{"origin": []string{w.blog.URL, preview.URL}}, nil))

	h := &hugo{}
	h.Language.Lang = "en"
	h.Params.Aitys = map[string]string{"server": w.service.URL, "site": "blog"}
	page = "<!doctype html><html lang=en><title>Hugo</title><h1>Hugo</h1>" + h.built(t, article)
	tab := w.tab(390, 844, false)
	w.must(tab.Go(preview.URL+"/hugo"), tab.Holds(shows("Thank you.")), tab.See("button", "Report"))
	bare := w.tab(390, 844, false)
	_, err := chromedp.Call(bare.Context(), emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true})
	w.must(err, bare.Go(preview.URL+"/hugo"), bare.Holds(`document.querySelector('noscript article')?.checkVisibility() &&
		document.querySelector('noscript').innerText.includes('Thank you.')`))
	w.must(bare.Click("link", "Write a comment"), bare.See("button", "Post comment"))
	if len(h.warned) > 0 {
		t.Errorf("Hugo warns of %q", h.warned)
	}
	h.Params.Aitys["server"] = "http://127.0.0.1:1"
	if got := h.built(t, article); len(h.warned) != 1 || strings.Contains(got, "<noscript>") ||
		!strings.Contains(got, "embed.js") {
		t.Errorf("without a server Hugo warns of %q and builds %s", h.warned, got)
	}

	example, err := os.ReadFile("../integrations/html/article.html")
	w.must(err)
	at := preview.URL + "/html" // a canonical URL of another origin is ignored
	posted, err := w.client.Post(t.Context(), "", at, "Ruth", "", "Thank you too.")
	w.must(err)
	_, err = w.client.Decide(t.Context(), "approve", "", testkit.CommentRef{ID: posted.ID, Version: 1})
	w.must(err)
	page = strings.NewReplacer("https://comments.example", w.service.URL, "https://blog.example/post", at,
		url.QueryEscape("https://blog.example/post"), url.QueryEscape(at)).Replace(string(example))
	plain := w.tab(1280, 900, true)
	w.must(plain.Go(at), plain.Holds(shows("Thank you too.")),
		plain.Holds(`document.querySelector('[data-aitys-count]').innerText === '1'`))
}

// A page that renders comments itself loads, previews, posts, edits and withdraws them, and gets live events.
func TestHeadless_PageRendersThread(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	article := w.blog.URL + "/post"
	w.published("Thank you.")
	own := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(out, `<!doctype html><html lang=en><title>Drawn</title><h1>Drawn</h1><ol></ol><script type=module>
			import { createThread } from %q
			const thread = window.thread = createThread({ base: %q, site: "blog", page: %q, title: "An article" })
			window.heard = []
			window.stop = thread.follow({ comment: c => heard.push(c.html), removed: c => heard.push(c.id),
				count: n => heard.push(n) })
			const { comments } = await thread.load()
			for (const { author, html } of comments) document.querySelector("ol").append(
				Object.assign(document.createElement("li"), { textContent: author.name + ": " + html }))
			thread.open()</script>`, w.service.URL+"/embed-headless.js", w.service.URL, article)
	}))
	t.Cleanup(own.Close)
	w.must(w.client.Do(t.Context(), "PATCH", "", nil, map[string]any{"origin": []string{w.blog.URL, own.URL}}, nil))
	tab := w.tab(390, 844, false)
	w.must(tab.Go(own.URL), tab.Holds(`document.querySelector("li")?.textContent === "Ruth: <p>Thank you.</p>"`))
	does := func(what string) string {
		t.Helper()
		said, err := testkit.Eval[string](tab, `(async () => JSON.stringify(await (`+what+`)))()`)
		w.must(err)
		return said
	}
	if got := does(`thread.preview("*So*")`); got != `{"html":"<p><em>So</em></p>","likely":null}` {
		t.Errorf("a preview is %s", got)
	}
	if got := does(`thread.submit({ body: " " }).catch(e => [e.code, e.status, e instanceof Error])`); got !=
		`["comment.empty",422,true]` {
		t.Errorf("an empty comment is refused by %s", got)
	}
	if got := does(`thread.more()`); got != "[]" {
		t.Errorf("after the last comes %s", got)
	}
	state := does(`thread.submit({ body: "Drawn by *hand*.", name: "Nora" }).then(posted => (window.mine = posted).state)`)
	if state != `"pending"` {
		t.Errorf("posted, it is %s", state)
	}
	changed := does(`thread.edit(mine.id, mine.edit_token, "Drawn by *foot*.").then(edited => edited.html)`)
	if !strings.Contains(changed, "foot") {
		t.Errorf("changed, it is %s", changed)
	}
	id, err := testkit.Eval[string](tab, "mine.id")
	w.must(err)
	_, err = w.client.Decide(t.Context(), "approve", "", testkit.CommentRef{ID: id, Version: 2})
	w.must(err, tab.Holds(`heard.some(h => String(h).includes("<em>foot</em>"))`))
	does(`thread.withdraw(mine.id, mine.edit_token)`)
	w.must(tab.Holds(`heard.includes(mine.id)`))
}

// The test reads all files that print the widget, because WordPress leaves the password check to each comments template.
// TestWordPress_Integrations checks a protected post in a real WordPress.
func TestWordPressPlugin_AsksForThePassword(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	plugin, err := os.ReadFile("../integrations/wordpress/aitys-comments/aitys-comments.php")
	if err != nil {
		t.Fatal(err)
	}
	_, thread, found := strings.Cut(string(plugin), "function aitys_comments() {\n")
	const guard = "\tif ( post_password_required() ) {\n\t\treturn '';\n\t}\n"
	if !found || !strings.HasPrefix(thread, guard) {
		t.Errorf("aitys_comments does not begin with\n%s", guard)
	}
	if n := strings.Count(string(plugin), "/embed.js"); n != 1 {
		t.Errorf("the widget is printed in %d places, want aitys_comments alone", n)
	}
	manual, err := os.ReadFile("../docs/embedding.md")
	if err != nil {
		t.Fatal(err)
	}
	_, recipe, found := strings.Cut(string(manual), "```php\n")
	if !found || !strings.HasPrefix(recipe, "<?php if ( post_password_required() ) { return; } ?>\n") {
		t.Error("the recipe for classic themes does not ask whether a post's password is required")
	}
}
