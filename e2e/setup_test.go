package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// The test goes from the built binary to the owner's first comment on their blog and the first settings. It uses only the
// output of commands and the text on the screen.
func TestSetup_FirstVisitToFirstDay(t *testing.T) {
	parallel(t)
	w := &world{t: t, data: t.TempDir()}
	var pasted string // the snippet to paste
	w.blog = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(out, `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>The hill</title>
<style>body { background: #101418; color: #e8e6e3; font-family: Georgia, serif }</style></head>
<body><h1>The hill</h1><p>It is steep.</p>
%s
</body></html>`, pasted)
	}))
	t.Cleanup(w.blog.Close)
	binary := testkit.Binary(t)
	if said := w.run(binary, "site", "add", "--key", "blog", "--name", "The Blog", "--origin", w.blog.URL, "--data",
		w.data); said != "added site blog" {
		t.Errorf("site add printed %q", said)
	}
	lines := w.start(binary).Lines
	link := regexp.MustCompile(`set-up link: (\S+)`).FindStringSubmatch(strings.Join(lines, "\n"))
	if link == nil {
		t.Fatalf("serve printed no set-up link: %q", lines)
	}
	var err error

	owner := w.tab(1280, 900, false)
	w.steps(owner,
		func() error { return owner.Go(w.service.URL) },
		func() error { return owner.See("heading", "Comments, read by people.") },
		func() error { return owner.Go(link[1]) }, // it redirects
		func() error {
			return owner.Holds(loaded("/moderate/setup") + ` && document.querySelector("[name=password]")`)
		},
		func() error { return owner.Type("textbox", "Name", "Jonas") },
		func() error { return owner.Type("textbox", "E-mail", "jonas@blog.example") },
		func() error { return owner.Type("textbox", "Password", password) },
		func() error { return owner.Click("button", "Continue") },
		func() error { return owner.Holds(loaded("/moderate/blog/setup/moderation")) },
		func() error { return owner.Click("button", "Continue") },
		func() error { return owner.Holds(loaded("/moderate/blog/setup/people")) },
		func() error { return owner.Click("link", "Continue") },
		func() error { return owner.Holds(loaded("/moderate/blog/setup/embed")) },
		func() error { return owner.See("region", "Snippet") },
		func() error { return owner.Holds(shows("Waiting for your page…")) },
	)
	pasted, err = testkit.Eval[string](owner, `document.querySelector("[role=region][aria-label=Snippet]").innerText`)
	w.must(err)
	if !strings.Contains(pasted, `<script async crossorigin src="`+w.service.URL+`/embed.js" data-site="blog">`) {
		t.Fatalf("the snippet is %q", pasted)
	}

	// The same page under another host is another origin, without comments until the owner allows it.
	const text = "The chain came off twice on the hill."
	other := strings.Replace(w.blog.URL, "127.0.0.1", "localhost", 1)
	reader := w.tab(390, 844, false)
	w.steps(reader,
		func() error { return reader.Go(other + "/hill") },
		func() error { return reader.Holds(shows("Comments could not be loaded.")) },
		func() error { return reader.Gone("button", "Try again") },
		func() error { return reader.Go(w.blog.URL + "/hill") },
	)
	w.steps(owner,
		func() error { return owner.Holds(shows("ago on " + w.blog.URL)) }, // without a reload
		func() error { return owner.Click("link", "Open the queue") },
		func() error { return owner.Holds(loaded("/moderate/blog/queue")) },
		func() error {
			return owner.Holds(shows(other + " asked for comments 1 time and was refused."))
		},
		func() error { return owner.Click("button", "Allow "+other) },
		func() error { return owner.Holds(shows("Pages at that address can show comments now.")) },
	)
	w.steps(reader,
		func() error { return reader.Go(other + "/hill") },
		func() error { return reader.See("textbox", "Comment") },
		func() error { return reader.Go(w.blog.URL + "/hill") },
		func() error { return reader.Type("textbox", "Comment", text) },
		func() error { return reader.Type("textbox", "Name", "Ruth") },
		func() error { return reader.Click("button", "Post comment") },
		func() error { return reader.Holds(shows(waits)) },
	)
	w.steps(owner,
		func() error { return owner.Go(w.service.URL + "/moderate/") },
		func() error { return owner.Holds(current(text)) },
		func() error { return owner.Press(keyA) },
	)
	// The desk saves a decision in the background.
	stranger := w.tab(1280, 900, true)
	testkit.Until(t, "a reader sees the comment", func() bool {
		w.must(stranger.Go(w.blog.URL+"/hill"), stranger.See("textbox", "Comment"))
		seen, err := testkit.Eval[bool](stranger, shows(text))
		w.must(err)
		return seen
	})
	w.steps(stranger, func() error {
		return stranger.Holds(`(function () {
			const shown = document.querySelector("aitys-comments").shadowRoot.querySelector("[part~=content]")
			const { color, fontFamily } = getComputedStyle(shown)
			return color === "rgb(232, 230, 227)" && fontFamily.startsWith("Georgia")
		})()`)
	})

	w.firstDay(owner, stranger)
}

// loaded returns a JavaScript expression that is true if a page of the desk is loaded. A look-up by role during a
// navigation never succeeds.
func loaded(path string) string {
	return fmt.Sprintf(`location.pathname === %q && document.readyState === "complete"`, path)
}

// firstDay sets the site's name and rules, and invites a moderator.
func (w *world) firstDay(owner, stranger *testkit.Tab) {
	w.t.Helper()
	w.steps(owner,
		func() error { return owner.Click("link", "Settings") },
		func() error { return owner.Holds(loaded("/moderate/blog/settings")) },
		func() error { return owner.Type("textbox", "Name", "Jonas on ") },
		func() error { return owner.Click("button", "Save") },
		func() error { return owner.Holds(shows("Saved.")) },
		func() error { return owner.Holds(`document.title.includes("Jonas on The Blog")`) },
		func() error { return owner.Click("link", "Moderation") },
		func() error { return owner.Holds(loaded("/moderate/blog/settings/moderation")) },
		func() error {
			return owner.Type("textbox", "Rules shown to readers (English)", "Be kind to those who walk.")
		},
		func() error { return owner.Click("button", "Save") },
		func() error { return owner.Holds(shows("Saved.")) },
		func() error { return owner.Click("link", "People") },
		func() error { return owner.Holds(loaded("/moderate/people")) },
		func() error { return owner.Type("textbox", "Name", "Dana") },
		func() error { return owner.Type("textbox", "E-mail", email) },
		func() error { return owner.Click("button", "Add a person") },
		func() error { return owner.Holds(shows("Link for " + email)) },
	)
	link, err := testkit.Eval[string](owner, `document.body.innerText.match(/http\S+\/moderate\/setup#\S+/)[0]`)
	w.must(err)
	helper := w.tab(390, 844, false)
	w.steps(helper,
		func() error { return helper.Go(link) },
		func() error {
			return helper.Holds(loaded("/moderate/setup") + ` && document.querySelector("[name=password]")`)
		},
		func() error { return helper.Type("textbox", "Password", "another long enough phrase") },
		func() error { return helper.Click("button", "Continue") },
		func() error { return helper.Holds(shows("No pending comments")) },
	)
	w.steps(stranger,
		func() error { return stranger.Go(w.blog.URL + "/hill") },
		func() error { return stranger.Holds(shows("Be kind to those who walk.")) },
	)
}
