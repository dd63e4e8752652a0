package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

const withSmall = "Continue with Small"

// emptied is a JavaScript expression that is true when the name field is empty.
const emptied = `document.readyState === "complete" && document.getElementById("n") &&
	(document.getElementById("n").value = "") === ""`

// atIssuer is a JavaScript expression that is true on the issuer's page.
const atIssuer = `document.readyState === "complete" && document.title === "Issuer"`

func TestOIDC_ReadersSignIn(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	issuer := testkit.NewIssuer(t)
	w := newWorldWith(t, options{issuer: issuer})
	at := w.otherSite()
	host := strings.TrimPrefix(at, "http://")
	for _, width := range []int64{1280, 390} {
		page := fmt.Sprintf("%s/reader-%d", at, width)
		text := fmt.Sprintf("My grandmother took the ferry %d times.", width)
		blog := w.blogAt(page, width, 844)
		w.must(blog.Click("textbox", "Comment"), blog.See("link", "Sign in with Small"))
		w.checkView(blog, fmt.Sprintf("provider-form-%d", width))
		window, err := blog.WaitForTab(windowTitle, width, 844, func() error { return blog.Click("link", "Sign in with Small") })
		w.must(err, window.See("button", withSmall), window.See("textbox", "Password"))
		w.checkView(window, fmt.Sprintf("provider-window-%d", width))
		w.steps(window,
			func() error { return window.Click("button", withSmall) },
			func() error { return window.Holds(atIssuer) },
			func() error { return window.Click("button", "Allow") },
			func() error { return window.Holds(canGoOn) },
			func() error { return window.See("button", "Continue as Lena on "+host) },
		)
		w.checkView(window, fmt.Sprintf("provider-continue-%d", width))
		w.steps(blog,
			func() error { return blog.Holds("!window.heard") },
			func() error { return window.Click("button", "Continue as Lena on "+host) },
			func() error { return blog.Holds(fmt.Sprintf("heard.length === 1 && heard[0] === %q", w.service.URL)) },
			func() error { return blog.Holds(shows("Signed in as") + " && " + shows("Lena")) },
			func() error { return blog.Gone("textbox", "Name") },
			func() error { return blog.Gone("link", "Sign in with Small") },
			func() error { return blog.Type("textbox", "Comment", text) },
			func() error { return blog.Click("button", "Post comment") },
			func() error { return blog.Holds(shows("waiting for a moderator")) },
		)
		w.checkView(blog, fmt.Sprintf("provider-posted-%d", width))
		w.leave(blog)
	}

	// A reader must enter a name if the provider returns none, or a name that looks like a moderator's.
	for n, name := range []any{"Dаna", nil} {
		issuer.User = map[string]any{"sub": "stranger", "name": name}
		blog := w.blogAt(fmt.Sprintf("%s/named-%d", at, n), 390, 844)
		window := w.window(blog, 390, 844)
		w.steps(window,
			func() error { return window.Click("button", withSmall) },
			func() error { return window.Holds(atIssuer) },
			func() error { return window.Click("button", "Allow") },
			func() error { return window.Holds(canGoOn) },
			func() error { return window.See("textbox", "Display name") },
		)
		w.checkView(window, fmt.Sprintf("provider-named-%d", n))
		w.steps(window,
			func() error { return window.Holds(emptied) },
			func() error { return window.Type("textbox", "Display name", "Dana") },
			func() error { return window.Click("button", "Continue on "+host) },
			func() error { return window.Holds(shows("Choose another.")) },
			func() error { return blog.Holds("!window.heard") },
			func() error { return window.Holds(emptied) },
			func() error { return window.Type("textbox", "Display name", "Nurlan") },
			func() error { return window.Click("button", "Continue on "+host) },
			func() error { return blog.Holds(shows("Signed in as") + " && " + shows("Nurlan")) },
			func() error { return blog.Click("button", "Sign out") },
			func() error { return blog.See("link", "Authors, please log in") },
		)
	}
}

// A visitor follows the redirects to a provider and back, one response at a time.
type visitor struct {
	*world
	issuer *testkit.Issuer
	http   *http.Client
	window string // URL of the sign-in window
}

func (w *world) visitor(issuer *testkit.Issuer) *visitor {
	jar, err := cookiejar.New(nil)
	w.must(err)
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &visitor{w, issuer, &http.Client{Jar: jar, CheckRedirect: stay},
		w.service.URL + "/sites/blog/signin?" + url.Values{"origin": {w.blog.URL}}.Encode()}
}

func (v *visitor) ask(method, address string, form url.Values) (status int, header http.Header, body string) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), method, address, strings.NewReader(form.Encode()))
	v.must(err)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", v.service.URL)
	}
	answer, err := v.http.Do(req)
	v.must(err)
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	v.must(err)
	return answer.StatusCode, answer.Header, string(said)
}

// leave goes to the provider and returns the URL of its button.
func (v *visitor) leave() string {
	v.t.Helper()
	status, header, body := v.ask("POST", v.window, url.Values{"do": {"provider"}, "provider": {"Small"}})
	_, to, _ := strings.Cut(header.Get("Refresh"), "url=")
	question, err := url.Parse(to)
	if status != 200 || err != nil || !strings.HasPrefix(to, v.issuer.URL+"/authorize?") {
		v.t.Fatalf("the window leads to %q: %d %s", to, status, body)
	}
	return v.issuer.Authorize(question.Query())
}

// arrives follows the provider's redirect and reports whether the visitor is signed in.
func (v *visitor) arrives(back string) bool {
	v.t.Helper()
	status, header, _ := v.ask("GET", back, nil)
	if status != 303 && status != 401 && status != 400 {
		v.t.Errorf("%s answers %d", back, status)
	}
	if to := header.Get("Location"); to != "" && !strings.HasPrefix(to, "/sites/blog/signin?") {
		v.t.Errorf("it leads to %s", to)
	}
	_, _, page := v.ask("GET", v.window, nil)
	return strings.Contains(page, "Continue as Lena")
}

func TestOIDC_CallbackIsBoundToBrowser(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	issuer := testkit.NewIssuer(t)
	w := newWorldWith(t, options{issuer: issuer})
	change := func(back, name, value string) string {
		u, err := url.Parse(back)
		w.must(err)
		q := u.Query()
		q.Set(name, value)
		u.RawQuery = q.Encode()
		return u.String()
	}
	for name, back := range map[string]func(v *visitor, back string) string{
		"without a state": func(_ *visitor, back string) string { return change(back, "state", "") },
		"with another's state": func(_ *visitor, back string) string {
			return change(back, "state", strings.Repeat("x", 43))
		},
		"with the state's head": func(_ *visitor, back string) string {
			u, _ := url.Parse(back)
			return change(back, "state", u.Query().Get("state")[:8]+"x")
		},
		"without a code": func(_ *visitor, back string) string { return change(back, "code", "") },
		"refused there": func(_ *visitor, back string) string {
			return change(change(back, "code", ""), "error", "access_denied")
		},
		"from another issuer": func(_ *visitor, back string) string { return change(back, "iss", "https://other.example") },
		"at another's address": func(_ *visitor, back string) string {
			return strings.Replace(back, "/Small/", "/Other/", 1)
		},
		"in another's browser": func(v *visitor, back string) string { v.http.Jar = w.visitor(issuer).http.Jar; return back },
		"with a cookie of ours changed": func(v *visitor, back string) string {
			at, _ := url.Parse(back)
			for _, c := range v.http.Jar.Cookies(at) {
				head, proof, _ := strings.Cut(c.Value, ".")
				v.http.Jar.SetCookies(at, []*http.Cookie{{Name: c.Name, Path: "/", Value: head[:len(head)-2] + "." + proof}})
			}
			return back
		},
		"a second time": func(v *visitor, back string) string {
			jar, _ := cookiejar.New(nil)
			at, _ := url.Parse(back)
			jar.SetCookies(at, v.http.Jar.Cookies(at))
			if !v.arrives(back) {
				t.Error("nobody is signed in the first time")
			}
			v.http.Jar = jar
			return back
		},
	} {
		v := w.visitor(issuer)
		if v.arrives(back(v, v.leave())) {
			t.Errorf("%s somebody is signed in", name)
		}
	}
	v := w.visitor(issuer)
	if !v.arrives(v.leave()) {
		t.Error("nobody is signed in")
	}

	// An identity is valid on one site only, and is never sent to a page of another origin.
	foreign := strings.Replace(v.window, url.QueryEscape(w.blog.URL), "https%3A%2F%2Fother.example", 1)
	if status, _, _ := v.ask("POST", foreign, url.Values{"do": {"continue"}}); status != http.StatusForbidden {
		t.Errorf("a foreign page is answered %d", status)
	}
	given := regexp.MustCompile(`data-handed="[^"]*identity&#34;:&#34;o\.[^"]*Lena`)
	status, _, page := v.ask("POST", v.window, url.Values{"do": {"continue"}})
	if status != 200 || !given.MatchString(page) {
		t.Errorf("nothing is handed over: %d %s", status, page)
	}
	if _, _, page = v.ask("GET", v.window, nil); strings.Contains(page, "Continue as Lena") {
		t.Error("the identity is stored")
	}
}

func TestOIDC_ProviderFailureIsShown(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	issuer := testkit.NewIssuer(t)
	issuer.Handle = func(out http.ResponseWriter, _ string) bool {
		http.Error(out, "a page that nobody is shown", http.StatusBadGateway)
		return true
	}
	v := newWorldWith(t, options{issuer: issuer}).visitor(issuer)
	status, header, _ := v.ask("POST", v.window, url.Values{"do": {"provider"}, "provider": {"Small"}})
	if status != http.StatusSeeOther {
		t.Fatalf("the button answers %d", status)
	}
	_, _, page := v.ask("GET", v.service.URL+header.Get("Location"), nil)
	if !strings.Contains(page, "The provider does not respond") || !strings.Contains(page, `name="password"`) {
		t.Errorf("the window shows %s", page)
	}
	testkit.Until(t, "the log says which provider it was", func() bool {
		return strings.Contains(v.service.Log(), "provider=Small")
	})
	if log := v.service.Log(); strings.Contains(log, "secret between") {
		t.Errorf("the log says %s", log)
	}
	for _, name := range []string{"Other", "", "small"} {
		if status, _, _ := v.ask("POST", v.window, url.Values{"do": {"provider"}, "provider": {name}}); status != 400 {
			t.Errorf("a provider called %q is answered %d", name, status)
		}
	}
}
