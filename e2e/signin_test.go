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

// recordIdentity records the origins that send an identity to a page.
const recordIdentity = `addEventListener("message", e => e.data?.aitys && (window.heard ??= []).push(e.origin))`

const windowTitle = "Sign in to comment — The Blog"

// canGoOn is a JavaScript expression that is true in the sign-in window of a signed-in user. A look-up by role would fail
// during the navigation.
const canGoOn = `document.readyState === "complete" && document.querySelector("[value=continue]")`

// otherSite returns the blog under another host name. For the browser it is another site, where the service's cookies are
// third-party cookies.
func (w *world) otherSite() string {
	w.t.Helper()
	other := strings.Replace(w.blog.URL, "127.0.0.1", "localhost", 1)
	both := map[string]any{"origin": []string{w.blog.URL, other}}
	w.must(w.client.Do(w.t.Context(), "PATCH", "", nil, both, nil))
	return other
}

// blogAt opens the blog and records identities that it receives.
func (w *world) blogAt(url string, width, height int64) *testkit.Tab {
	w.t.Helper()
	tab := w.tab(width, height, false)
	w.must(tab.BlockThirdPartyCookies(), tab.AddInitScript(recordIdentity), tab.Go(url), tab.See("textbox", "Comment"))
	return tab
}

// window opens the sign-in window with the widget's link.
func (w *world) window(blog *testkit.Tab, width, height int64) *testkit.Tab {
	w.t.Helper()
	window, err := blog.WaitForTab(windowTitle, width, height, func() error {
		return blog.Click("link", "Authors, please log in")
	})
	w.must(err)
	return window
}

// checkView takes a screenshot and fails if axe finds a problem.
func (w *world) checkView(tab *testkit.Tab, name string) {
	w.t.Helper()
	found := tab.Axe(w.t)
	blogs := func(fault string) bool { return strings.Contains(fault, "landmark") } // the blog of the test is too simple for landmarks
	if found = slices.DeleteFunc(found, blogs); len(found) > 0 {
		w.t.Errorf("%s: %q", name, found)
	}
	if dir := os.Getenv("TEST_PICTURES"); dir != "" {
		png, err := tab.Screenshot(false)
		w.must(err, os.WriteFile(fmt.Sprintf("%s/signin-%s.png", dir, name), png, 0o600))
	}
}

func TestSignInWindow_StaffFromBlog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := w.otherSite()
	for _, width := range []int64{1280, 390} {
		blog := w.blogAt(fmt.Sprintf("%s/staff-%d", at, width), width, 844)
		host := strings.TrimPrefix(at, "http://")
		text := fmt.Sprintf("The ferry runs again from the %d of May, says its captain.", width)
		window := w.window(blog, width, 844)
		w.must(window.Holds(`document.readyState === "complete" && document.querySelector("[name=password]")`),
			window.See("heading", "Sign in to comment"))
		w.checkView(window, fmt.Sprintf("window-%d", width))
		w.steps(window,
			func() error { return window.Type("textbox", "E-mail", email) },
			func() error { return window.Type("textbox", "Password", "not the passphrase") },
			func() error { return window.Click("button", "Sign in") },
			func() error { return window.Holds(shows("Wrong e-mail or password.")) },
			func() error { return window.Type("textbox", "Password", password) },
			func() error { return window.Click("button", "Sign in") },
			func() error { return window.Holds(canGoOn) },
			func() error { return window.See("button", "Continue as Dana on "+host) },
		)
		w.checkView(window, fmt.Sprintf("continue-%d", width))
		w.steps(blog,
			func() error { return blog.Holds("!window.heard") },
			func() error { return window.Click("button", "Continue as Dana on "+host) },
			func() error { return blog.Holds(fmt.Sprintf("heard.length === 1 && heard[0] === %q", w.service.URL)) },
			func() error { return blog.Holds(shows("Signed in as") + " && " + shows("Dana")) },
			func() error { return blog.Gone("link", "Authors, please log in") },
			func() error { return blog.Gone("textbox", "Name") },
			func() error { return blog.Type("textbox", "Comment", text) },
		)
		w.checkView(blog, fmt.Sprintf("form-%d", width))
		w.steps(blog,
			func() error { return blog.Click("button", "Post comment") },
			func() error { return blog.Holds(shows("Your comment is published.")) },
			func() error { return blog.Holds(shows("Owner")) },
		)
		w.checkView(blog, fmt.Sprintf("posted-%d", width))
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

// leave signs out on the blog in one tab while another tab still shows the identity.
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
		func() error { return blog.LeaveBy("location.reload()") },
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

// An attacker's page may open the window under a moving pointer, so that the user clicks the button by accident.
func TestSignInWindow_IgnoresEarlyClick(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
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
	w.checkView(window, "early-480")
	stays("opened")
	// Clicks without a pointer movement before them, or with one at the same time.
	w.must(window.Holds(button + `.click() === undefined`))
	stays("a click")
	w.must(window.Holds(`(dispatchEvent(new PointerEvent("pointermove")), ` + button + `.click(), true)`))
	w.must(window.Holds(`window.here && ` + canGoOn))
	// The button is enabled after half a second, and disabled again after the window loses the focus.
	w.must(window.Holds(button + `.ariaDisabled === null`))
	w.must(window.Holds(`(dispatchEvent(new Event("blur")), ` + button + `.click(), true)`))
	stays("the window was left")
	// The keyboard works alone.
	tab := testkit.Key{Key: "Tab", Code: "Tab", KeyCode: 9}
	w.must(window.Press(tab), window.Holds(button+` === document.activeElement && `+button+`.ariaDisabled === null`))
	w.must(window.Press(testkit.Key{Key: "\r", Code: "Enter", KeyCode: 13}))
	w.must(blog.Holds("heard?.length === 1"))
}

// Scripts of the blog and of other origins cannot get an identity without a click of the user. Without an opener nobody is
// signed in.
func TestSignInWindow_NeedsOwnClick(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
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
	window.Close() // a page in the background opens no window
	// Dana is signed in and has not clicked. A script of the blog opens the window again and tries to click.
	script := func(page *testkit.Tab) *testkit.Tab {
		opened, err := page.WaitForTab(windowTitle, 480, 640, func() error {
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
	w.steps(theirs, func() error { return theirs.Holds(`document.body.innerText.includes("Request from another page")`) })
	w.must(blog.Holds("!window.heard"))
	theirs.Close()
	theirs = script(blog)
	w.steps(blog,
		func() error { return theirs.Click("button", "Continue as Dana on "+host) },
		func() error { return blog.Holds("heard?.length === 1") },
	)

	// A page of another origin is refused. It gets no message if it replaces the blog.
	foreign := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "text/html")
		fmt.Fprint(out, `<!doctype html><title>Elsewhere</title><h1>An article</h1>`)
	}))
	t.Cleanup(foreign.Close)
	elsewhere, err := blog.NewTab(1280, 844)
	w.must(err)
	t.Cleanup(elsewhere.Close)
	w.must(elsewhere.AddInitScript(recordIdentity), elsewhere.Go(foreign.URL))
	theirs = script(elsewhere)
	w.steps(theirs,
		func() error { return theirs.Click("button", "Continue as Dana on "+host) },
	)
	w.must(elsewhere.Holds("theirs.closed && !window.heard"))

	cut, err := blog.NewTab(390, 844)
	w.must(err)
	t.Cleanup(cut.Close)
	w.must(cut.Go(w.service.URL+"/sites/blog/signin?"+url.Values{"origin": {foreign.URL}}.Encode()),
		cut.Holds(`document.body.innerText.includes("Request from another page")`))
	w.must(cut.Go(address), cut.See("heading", "Connection to the blog lost"),
		cut.Gone("button", "Continue as Dana on "+host))
	w.checkView(cut, "cut-390")
}
