package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// heard notes from which origins a page is handed an identity.
const heard = `addEventListener("message", e => e.data?.aitys && (window.heard ??= []).push(e.origin))`

const windowTitle = "Sign in to write — The Blog"

// canGoOn holds in the window of who is signed in. What is looked for by role while one page follows another is never
// found.
const canGoOn = `document.readyState === "complete" && document.querySelector("[value=continue]")`

// otherSite is the blog at its other name: to a browser it is another site than the service, whose cookies are a
// third party's there.
func (w *world) otherSite() string {
	w.t.Helper()
	other := strings.Replace(w.blog.URL, "127.0.0.1", "localhost", 1)
	both := map[string]any{"origin": []string{w.blog.URL, other}}
	w.must(w.client.Do(w.t.Context(), "PATCH", "", nil, both, nil))
	return other
}

// blogAt opens the blog, which hears what it is handed.
func (w *world) blogAt(url string, width, height int64) *testkit.Tab {
	w.t.Helper()
	tab := w.tab(width, height, false)
	w.must(tab.NoThirdParties(), tab.BeforeEach(heard), tab.Go(url), tab.See("textbox", "Comment"))
	return tab
}

// window opens the window to sign in by the widget's link.
func (w *world) window(blog *testkit.Tab, width, height int64) *testkit.Tab {
	w.t.Helper()
	window, err := blog.Opens(windowTitle, width, height, func() error {
		return blog.Click("link", "Authors, please log in")
	})
	w.must(err)
	return window
}

// fair takes a picture of what is on the screen, and finds nothing wrong with it.
func (w *world) fair(tab *testkit.Tab, name string) {
	w.t.Helper()
	found := tab.Axe(w.t)
	blogs := func(fault string) bool { return strings.Contains(fault, "landmark") } // its page is as plain as can be
	if found = slices.DeleteFunc(found, blogs); len(found) > 0 {
		w.t.Errorf("%s: %q", name, found)
	}
	if dir := os.Getenv("TEST_PICTURES"); dir != "" {
		png, err := tab.Picture(false)
		w.must(err, os.WriteFile(fmt.Sprintf("%s/signin-%s.png", dir, name), png, 0o600))
	}
}

func TestStaffSignInFromTheBlogWithoutThirdPartyCookies(t *testing.T) {
	parallel(t)
	w := newWorld(t)
	at := w.otherSite()
	for _, width := range []int64{1280, 390} {
		blog := w.blogAt(fmt.Sprintf("%s/staff-%d", at, width), width, 844)
		host := strings.TrimPrefix(at, "http://")
		text := fmt.Sprintf("The ferry runs again from the %d of May, says its captain.", width)
		window := w.window(blog, width, 844)
		w.must(window.Holds(`document.readyState === "complete" && document.querySelector("[name=password]")`),
			window.See("heading", "Sign in to write"))
		w.fair(window, fmt.Sprintf("window-%d", width))
		w.steps(window,
			func() error { return window.Type("textbox", "E-mail", email) },
			func() error { return window.Type("textbox", "Password", "not the passphrase") },
			func() error { return window.Click("button", "Sign in") },
			func() error { return window.Holds(shows("That e-mail and password do not go together.")) },
			func() error { return window.Type("textbox", "Password", password) },
			func() error { return window.Click("button", "Sign in") },
			func() error { return window.Holds(canGoOn) },
			func() error { return window.See("button", "Continue as Dana on "+host) },
		)
		w.fair(window, fmt.Sprintf("continue-%d", width))
		w.steps(blog,
			func() error { return blog.Holds("!window.heard") },
			func() error { return window.Click("button", "Continue as Dana on "+host) },
			func() error { return blog.Holds(fmt.Sprintf("heard.length === 1 && heard[0] === %q", w.service.URL)) },
			func() error { return blog.Holds(shows("Signed in as") + " && " + shows("Dana")) },
			func() error { return blog.Gone("link", "Authors, please log in") },
			func() error { return blog.Gone("textbox", "Name") },
			func() error { return blog.Type("textbox", "Comment", text) },
		)
		w.fair(blog, fmt.Sprintf("form-%d", width))
		w.steps(blog,
			func() error { return blog.Click("button", "Post comment") },
			func() error { return blog.Holds(shows("Your comment is published.")) },
			func() error { return blog.Holds(shows("Owner")) },
		)
		w.fair(blog, fmt.Sprintf("posted-%d", width))
		w.must(blog.Go(fmt.Sprintf("%s/staff-%d", at, width)))
		w.steps(blog,
			func() error { return blog.Holds(shows(text) + " && " + shows("Owner")) },
			func() error { return blog.Click("button", "Reply") },
			func() error { return blog.See("button", "Sign out") },
			func() error { return blog.Type("textbox", "Comment", "Not on Sundays, I have just heard.") },
			func() error { return blog.Click("button", "Post comment") },
			func() error { return blog.Holds(shows("Your comment is published.")) },
		)
		w.leave(blog)
	}
}

// leave signs out at the blog, where another tab does not know yet.
func (w *world) leave(blog *testkit.Tab) {
	w.t.Helper()
	kept, err := testkit.Eval[string](blog, `localStorage.getItem("aitys:blog:identity")`)
	w.must(err)
	again := func() error {
		_, err := testkit.Eval[bool](blog, fmt.Sprintf(`localStorage.setItem("aitys:blog:identity", %q), true`, kept))
		return err
	}
	w.steps(blog,
		func() error { return blog.Click("button", "Write another") },
		func() error { return blog.Click("button", "Sign out") },
		func() error { return blog.See("link", "Authors, please log in") },
		func() error { return blog.See("textbox", "Name") },
		func() error { return blog.Holds(`localStorage.getItem("aitys:blog:identity") === null`) },
		again,
		func() error { return blog.Go(w.blog.URL) },
		again,
		func() error { return blog.Leave("location.reload()") },
		func() error {
			return blog.Holds(`document.querySelector("aitys-comments").shadowRoot.querySelector("textarea")`)
		},
		func() error { return blog.Type("textbox", "Comment", "Whoever left cannot write as before.") },
		func() error { return blog.See("button", "Sign out") },
		func() error { return blog.Click("button", "Post comment") },
		func() error { return blog.Holds(shows("You are signed out. Sign in again, or post under a name.")) },
		func() error { return blog.See("textbox", "Name") },
		func() error {
			return blog.Holds(`document.querySelector("aitys-comments").shadowRoot.querySelector("textarea").value
				.startsWith("Whoever left")`)
		},
	)
}

// TestSignInWindow_EarlyClickSignsNobodyIn clicks as a page does that opens the window under a moving pointer.
func TestSignInWindow_EarlyClickSignsNobodyIn(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	parallel(t)
	w := newWorld(t)
	blog := w.blogAt(w.otherSite()+"/early", 1280, 844)
	window := w.window(blog, 480, 640)
	w.steps(window,
		func() error { return window.Type("textbox", "E-mail", email) },
		func() error { return window.Type("textbox", "Password", password) },
		func() error { return window.Click("button", "Sign in") },
		func() error { return window.Holds(canGoOn) },
	)
	window.Close()
	window = w.window(blog, 480, 640)
	const button = `document.querySelector("[value=continue]")`
	stays := func(after string) {
		t.Helper()
		w.must(window.Holds(`window.here && ` + canGoOn))
		w.must(blog.Holds("!window.heard"))
		if ready, err := testkit.Eval[bool](window, button+`.ariaDisabled !== "true"`); ready || err != nil {
			t.Errorf("%s: the button is ready %v, %v", after, ready, err)
		}
	}
	w.must(window.Holds(canGoOn), window.Holds(`window.here = true`))
	w.fair(window, "early-480")
	stays("opened")
	// Nothing came before these clicks, or a movement in the same moment.
	w.must(window.Holds(button + `.click() === undefined`))
	stays("a click")
	w.must(window.Holds(`(dispatchEvent(new PointerEvent("pointermove")), ` + button + `.click(), true)`))
	w.must(window.Holds(`window.here && ` + canGoOn))
	// The button becomes ready after half a second, and waits again after the window lost the focus.
	w.must(window.Holds(button + `.ariaDisabled === null`))
	w.must(window.Holds(`(dispatchEvent(new Event("blur")), ` + button + `.click(), true)`))
	stays("the window was left")
	// The keyboard alone is enough.
	tab := testkit.Key{Key: "Tab", Code: "Tab", Number: 9}
	w.must(window.Press(tab), window.Holds(button+` === document.activeElement && `+button+`.ariaDisabled === null`))
	w.must(window.Press(testkit.Key{Key: "\r", Code: "Enter", Number: 13}))
	w.must(blog.Holds("heard?.length === 1"))
}

// A blog is full of scripts. None of them gets anything by itself, nor does another origin; and where no page can be
// told, nobody is signed in.
func TestNobodyIsSignedInButByAPressOfTheirOwn(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	parallel(t)
	w := newWorld(t)
	at := w.otherSite()
	host := strings.TrimPrefix(at, "http://")
	blog := w.blogAt(at+"/press", 1280, 844)
	address := w.service.URL + "/sites/blog/signin?" + url.Values{"origin": {at}}.Encode()
	window := w.window(blog, 480, 640)
	w.steps(window,
		func() error { return window.Type("textbox", "E-mail", email) },
		func() error { return window.Type("textbox", "Password", password) },
		func() error { return window.Click("button", "Sign in") },
		func() error { return window.Holds(canGoOn) },
	)
	window.Close() // a page behind another opens none
	// Dana is signed in now, and looked only. A script of the blog opens the window anew, and tries to press.
	script := func(page *testkit.Tab) *testkit.Tab {
		opened, err := page.Opens(windowTitle, 480, 640, func() error {
			if _, err := testkit.Eval[bool](page, fmt.Sprintf(`document.body.addEventListener("pointerup", () => {
				window.theirs = open(%q, "theirs") }, { once: true }), true`, address)); err != nil {
				return err
			}
			return page.Click("heading", "An article")
		})
		w.must(err)
		w.must(opened.Holds(canGoOn))
		return opened
	}
	theirs := script(blog)
	w.steps(blog, func() error {
		tried, err := testkit.Eval[string](blog, fmt.Sprintf(`(async () => {
			const tried = []
			try { theirs.document.querySelector("button").click(); tried.push("pressed") } catch {}
			theirs.postMessage({ do: "continue", aitys: "identity" }, "*")
			const body = new URLSearchParams({ do: "continue" })
			for (const mode of ["cors", "no-cors"])
				try {
					const answer = await fetch(%q, { method: "POST", mode, body, credentials: "include" })
					if (answer.ok || answer.type !== "opaque") tried.push(mode)
				} catch {}
			const form = Object.assign(document.createElement("form"), { method: "post", action: %q, target: "theirs" })
			form.append(Object.assign(document.createElement("input"), { name: "do", value: "continue" }))
			document.body.append(form)
			form.submit()
			return tried.join(" ")
		})()`, address, address))
		if tried != "" {
			t.Errorf("a script of the blog did: %s", tried)
		}
		return err
	})
	w.steps(theirs, func() error { return theirs.Holds(`document.body.innerText.includes("may not write here")`) })
	w.must(blog.Holds("!window.heard"))
	theirs.Close()
	theirs = script(blog)
	w.steps(blog,
		func() error { return theirs.Click("button", "Continue as Dana on "+host) },
		func() error { return blog.Holds("heard?.length === 1") },
	)

	// A page of another origin is refused, and in the place of the blog it is told nothing.
	foreign := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "text/html")
		fmt.Fprint(out, `<!doctype html><title>Elsewhere</title><h1>An article</h1>`)
	}))
	t.Cleanup(foreign.Close)
	elsewhere, err := blog.Beside(1280, 844)
	w.must(err)
	t.Cleanup(elsewhere.Close)
	w.must(elsewhere.BeforeEach(heard), elsewhere.Go(foreign.URL))
	theirs = script(elsewhere)
	w.steps(theirs,
		func() error { return theirs.Click("button", "Continue as Dana on "+host) },
	)
	w.must(elsewhere.Holds("theirs.closed && !window.heard"))

	cut, err := blog.Beside(390, 844)
	w.must(err)
	t.Cleanup(cut.Close)
	w.must(cut.Go(w.service.URL+"/sites/blog/signin?"+url.Values{"origin": {foreign.URL}}.Encode()),
		cut.Holds(`document.body.innerText.includes("may not write here")`))
	w.must(cut.Go(address), cut.See("heading", "The blog cannot be told"), cut.Gone("button", "Continue as Dana on "+host))
	w.fair(cut, "cut-390")
}
