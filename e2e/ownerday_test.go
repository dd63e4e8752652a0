package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// The first day of an owner on an empty service: from the address that the binary prints to the first comment, the first
// moderator and the first settings. The owner finds everything by role and name.
func TestOwner_FirstDay(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := &world{t: t, data: t.TempDir()}
	var pasted string // the snippet, once it is in the page
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
	lines := w.start(binary).Lines
	link := regexp.MustCompile(`set-up link: (\S+)`).FindStringSubmatch(strings.Join(lines, "\n"))
	if link == nil {
		t.Fatalf("serve printed no set-up link: %q", lines)
	}

	owner := w.user(1280, 900, false)
	owner.opens(w.service.URL).sees("heading", "Comments, read by people.")
	owner.opens(link[1]).types("textbox", "Name", "Jonas").types("textbox", "E-mail", "jonas@blog.example")
	owner.types("textbox", "Password", password).clicks("button", "Continue")
	owner.sees("heading", "Set up your comments").types("textbox", "Name", "The Hill").types("textbox", "Address", w.blog.URL)
	owner.types("textbox", "Site key", "hill").clicks("button", "Continue")
	owner.clicks("radio", "New writers").types("textbox", "Rules shown to readers", "Be kind to those who walk. ")
	owner.clicks("button", "Continue").types("textbox", "Name", "Dana").types("textbox", "E-mail", email)
	owner.clicks("button", "Invite").reads("Link for " + email)
	invited := owner.finds("/moderate/setup#")
	owner.clicks("button", "Continue").reads("Waiting for your page…")
	pasted = owner.readsIn("region", "Snippet")
	if !strings.Contains(pasted, `<script async crossorigin src="`+w.service.URL+`/embed.js" data-site="hill">`) {
		t.Fatalf("the snippet is %q", pasted)
	}

	// The same page under another host is another origin, without comments until the owner allows it.
	const text = "The chain came off twice on the hill."
	other := strings.Replace(w.blog.URL, "127.0.0.1", "localhost", 1)
	reader := w.user(390, 844, false)
	reader.opens(other+"/hill").reads("Comments could not be loaded.").misses("button", "Try again")
	reader.opens(w.blog.URL+"/hill").sees("textbox", "Comment")
	owner.finds("ago on " + w.blog.URL) // without a reload
	owner.clicks("link", "Open the queue").reads(other + " asked for comments 1 time and was refused.")
	owner.clicks("button", "Allow "+other).reads("Pages at that address can show comments now.")
	reader.opens(other+"/hill").sees("textbox", "Comment").opens(w.blog.URL + "/hill")

	// The first comment. The owner sees it without a reload, and the reader sees it published.
	reader.finds("Be kind to those who walk.")
	reader.types("textbox", "Comment", text).types("textbox", "Name", "Ruth")
	reader.clicks("button", "Post comment").reads(waits)
	owner.clicks("link", "Show").sees("complementary", "Comment by Ruth").reads(text).presses(keyA).sees("button", "Undo: Ruth’s comment approved")
	owner.sees("heading", "All done")
	reader.misses("StaticText", waits)
	stranger := w.user(1280, 900, true)
	testkit.Until(t, "a stranger sees the comment", func() bool {
		stranger.opens(w.blog.URL+"/hill").sees("textbox", "Comment")
		seen, err := testkit.Eval[bool](stranger.tab, shows(text))
		w.must(err)
		return seen
	})
	stranger.do(func() error { // in the type of the page
		return stranger.tab.Holds(`(function () {
			const shown = document.querySelector("aitys-comments").shadowRoot.querySelector("[part~=content]")
			const { color, fontFamily } = getComputedStyle(shown)
			return color === "rgb(232, 230, 227)" && fontFamily.startsWith("Georgia")
		})()`)
	})

	// The moderator follows the link.
	moderator := w.user(390, 844, false)
	moderator.opens(invited).sees("heading", "Choose a password").types("textbox", "Password", "another long enough phrase")
	moderator.clicks("button", "Continue").sees("heading", "No pending comments").misses("link", "General")

	w.firstSettings(owner, binary)
}

// firstSettings changes the name, the threshold and the appearance, exports the comments, and opens the public figures.
func (w *world) firstSettings(owner user, binary string) {
	w.t.Helper()
	owner.clicks("link", "Settings").sees("heading", "General").types("textbox", "Name", "Jonas on ")
	owner.clicks("button", "Save").reads("Saved.").clicks("link", "Moderation").sees("heading", "Moderation")
	owner.reads("90").clicks("slider", "Suspicious from").reads("1 change: suspicious from 75") // in the middle of 50 to 100
	owner.clicks("button", "Save").reads("Saved.").reads("75")
	owner.clicks("link", "Appearance").clicks("radio", "Dark").clicks("radio", "Moss")
	owner.finds(`data-theme="dark"`)
	owner.finds("--aitys-accent: #a5c283")
	owner.clicks("DisclosureTriangle", "Advanced").clicks("link", "Data").sees("heading", "Export")
	owner.clicks("DisclosureTriangle", "Commands for large moves").finds("aitys export --site hill --out hill.jsonl")
	to := filepath.Join(w.data, "hill.jsonl")
	w.run(binary, "export", "--site", "hill", "--out", to, "--data", w.data)
	exported, err := os.ReadFile(to)
	if w.must(err); !strings.Contains(string(exported), "The chain came off twice on the hill.") {
		w.t.Errorf("the export lacks the comment:\n%s", exported)
	}
	owner.clicks("link", "How comments are moderated").sees("heading", "How comments are moderated").reads("Jonas on The Hill")

	client := &testkit.Client{URL: w.service.URL, Site: "hill", HTTP: http.DefaultClient}
	client, err = client.SignIn(w.t.Context(), "jonas@blog.example", password)
	w.must(err)
	var all struct {
		Sites []struct {
			Name, Moderation string
			Suspect          float64
		}
	}
	w.must(client.Call(w.t.Context(), http.MethodGet, "/sites", nil, nil, &all))
	if len(all.Sites) != 1 || all.Sites[0].Name != "Jonas on The Hill" || all.Sites[0].Moderation != "new_writers" ||
		all.Sites[0].Suspect != .75 {
		w.t.Errorf("the settings are %+v", all)
	}
}

// loaded returns a JavaScript expression that is true if a page of the desk is loaded. A look-up by role during a
// navigation never succeeds.
func loaded(path string) string {
	return fmt.Sprintf(`location.pathname === %q && document.readyState === "complete"`, path)
}
