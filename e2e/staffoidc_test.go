package e2e

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
)

// onDesk is a JavaScript expression that is true on a page of the desk other than the sign-in.
const onDesk = `document.readyState === "complete" && location.pathname.startsWith("/moderate/") &&
	location.pathname !== "/moderate/signin"`

func TestOIDC_StaffSignIn(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	issuer := testkit.NewIssuer(t)
	w := newWorldWith(t, options{issuer: issuer})
	allow := func(tab *testkit.Tab, press func() error) {
		t.Helper()
		w.steps(tab, press,
			func() error { return tab.Holds(atIssuer) },
			func() error { return tab.Click("button", "Allow") },
			func() error { return tab.Holds(`location.pathname.startsWith("/moderate/")`) },
		)
	}
	account := w.service.URL + "/moderate/sessions"
	for _, width := range []int64{1280, 390} {
		tab := w.tab(width, 844, width == 390)
		w.must(tab.Go(w.service.URL + "/moderate/blog/queue?state=spam"))
		allow(tab, func() error { return tab.Click("button", withSmall) })
		w.steps(tab, func() error { return tab.Holds(shows("No account is linked to this identity.")) })
		w.checkView(tab, fmt.Sprintf("staff-refused-%d", width))

		// Linking needs the password. After that sign-in needs none, and leads to the requested page.
		w.signIn(tab, email)
		w.steps(tab,
			func() error { return tab.Go(account) },
			func() error { return tab.Type("textbox", "Password", "not the password") },
			func() error { return tab.Click("button", "Link Small") },
			func() error {
				return tab.Holds(shows("Wrong password, or this identity") + ` && document.querySelector("#elsewhere").getBoundingClientRect().top < innerHeight`)
			},
			func() error { return tab.Type("textbox", "Password", password) },
		)
		allow(tab, func() error { return tab.Click("button", "Link Small") })
		w.steps(tab, func() error { return tab.See("button", "Unlink Small") },
			func() error { return tab.Gone("button", "Link Small") })
		w.checkView(tab, fmt.Sprintf("staff-linked-%d", width))

		other := w.tab(width, 844, width == 390)
		w.must(other.Go(w.service.URL + "/moderate/blog/queue?state=spam"))
		w.checkView(other, fmt.Sprintf("staff-signin-%d", width))
		allow(other, func() error { return other.Click("button", withSmall) })
		w.steps(other, func() error {
			return other.Holds(onDesk + ` && location.pathname + location.search === "/moderate/blog/queue?state=spam"`)
		})

		// Unlinking ends the session and disables sign-in with the provider.
		w.steps(tab, func() error { return tab.Click("button", "Unlink Small") },
			func() error { return tab.See("button", "Link Small") },
			func() error { return tab.Gone("button", "Unlink Small") })
		w.must(other.Go(account), other.See("button", "Sign in"))
		allow(other, func() error { return other.Click("button", withSmall) })
		w.steps(other, func() error { return other.Holds(shows("No account is linked to this identity.")) })
	}

	// An invitation is accepted with the provider instead of a password. The account page says that there is no password.
	issuer.User = map[string]any{"sub": "new", "name": "Root"}
	link := w.invite("new@staff.example", "Nurlan", authz.Moderator, "blog")
	tab := w.tab(390, 844, true)
	w.must(tab.Go(link), tab.See("textbox", "Password"))
	w.checkView(tab, "staff-invited")
	allow(tab, func() error { return tab.Click("button", withSmall) })
	w.steps(tab,
		func() error { return tab.Holds(onDesk) },
		func() error { return tab.Go(account) },
		func() error { return tab.Holds(shows("This account has no password")) },
		func() error { return tab.Holds(shows("Nurlan")) },
		func() error { return tab.Gone("button", "Link Small") },
	)
	w.checkView(tab, "staff-without-password")
}

// goes sends a form to /signin and returns the URL of the provider's button.
func (v *visitor) goes(form url.Values) string {
	v.t.Helper()
	form.Set("provider", "Small")
	status, header, body := v.ask("POST", v.service.URL+"/signin", form)
	_, to, _ := strings.Cut(header.Get("Refresh"), "url=")
	question, err := url.Parse(to)
	if status != 200 || err != nil || !strings.HasPrefix(to, v.issuer.URL+"/authorize?") {
		v.t.Fatalf("it leads to %q %q: %d %s", to, header.Get("Location"), status, body)
	}
	return v.issuer.Authorize(question.Query())
}

// in reports whether the visitor is signed in to the desk.
func (v *visitor) in() bool {
	v.t.Helper()
	status, _, _ := v.ask("GET", v.service.URL+"/moderate/sessions", nil)
	return status == 200
}

// If the provider or the callback is faulty, no account is signed in, linked or created.
func TestOIDC_ProviderFaultSignsNobodyIn(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	issuer := testkit.NewIssuer(t)
	w := newWorldWith(t, options{issuer: issuer})
	member := w.visitor(issuer)
	signedIn := func(v *visitor) {
		t.Helper()
		if status, _, body := v.ask("POST", v.service.URL+"/moderate/signin",
			url.Values{"email": {email}, "password": {password}}); status != 303 {
			t.Fatalf("the sign-in answers %d %s", status, body)
		}
	}
	link := url.Values{"do": {"link"}, "password": {password}}
	signedIn(member)
	status, header, _ := member.ask("GET", member.goes(link), nil)
	if to := header.Get("Location"); to != "/moderate/sessions#elsewhere" {
		t.Fatalf("linking is answered %d, %s", status, to)
	}
	sound := w.visitor(issuer)
	if sound.ask("GET", sound.goes(url.Values{}), nil); !sound.in() {
		t.Fatal("who is linked is not signed in")
	}

	claim := func(name string, value any) func(map[string]any) {
		return func(claims map[string]any) { claims[name] = value }
	}
	another := func(name, value string) func(url.Values) { return func(q url.Values) { q.Set(name, value) } }
	for name, spoil := range map[string]func(i *testkit.Issuer){
		"another subject with the account's address": func(i *testkit.Issuer) {
			i.EditClaims = func(claims map[string]any) {
				claims["sub"], claims["email"], claims["email_verified"] = "stranger", email, true
			}
		},
		"alg none":            func(i *testkit.Issuer) { i.SignToken = testkit.Unsigned },
		"HS256 by the key":    func(i *testkit.Issuer) { i.SignToken = i.SignedBySecret },
		"another nonce":       func(i *testkit.Issuer) { i.EditClaims = claim("nonce", strings.Repeat("n", 43)) },
		"another audience":    func(i *testkit.Issuer) { i.EditClaims = claim("aud", "another") },
		"another issuer":      func(i *testkit.Issuer) { i.EditClaims = claim("iss", "https://other.example") },
		"long ago":            func(i *testkit.Issuer) { i.EditClaims = claim("exp", 1) },
		"sent back by others": func(i *testkit.Issuer) { i.EditCallback = another("iss", "https://other.example") },
		"another state":       func(i *testkit.Issuer) { i.EditCallback = another("state", strings.Repeat("s", 43)) },
	} {
		v := w.visitor(issuer)
		spoil(issuer)
		status, header, _ := v.ask("GET", v.goes(url.Values{"to": {"//evil.example/"}}), nil)
		issuer.EditClaims, issuer.SignToken, issuer.EditCallback = nil, nil, nil
		if to := header.Get("Location"); v.in() || status != 303 && status != 401 || strings.HasPrefix(to, "//") {
			t.Errorf("%s: answered %d, %s", name, status, to)
		}
	}

	// A callback is valid only in the browser and the session that started it.
	v, thief := w.visitor(issuer), w.visitor(issuer)
	back := v.goes(url.Values{})
	if thief.ask("GET", back, nil); thief.in() {
		t.Error("another browser is signed in")
	}
	issuer.User = map[string]any{"sub": "thief", "name": "Lena"}
	shared := w.visitor(issuer)
	signedIn(shared)
	back = shared.goes(link)
	signedIn(shared)
	_, header, _ = shared.ask("GET", back, nil)
	if to := header.Get("Location"); to != "/moderate/sessions?refused=auth.needed#elsewhere" {
		t.Errorf("a link that another session began leads to %s", to)
	}
	after := w.visitor(issuer)
	if after.ask("GET", after.goes(url.Values{}), nil); after.in() {
		t.Error("a link begun in another session signed in")
	}

	// Requests from foreign pages, links without a password and invalid links do not lead to a provider.
	for name, ask := range map[string]url.Values{
		"without a session": link, "with no link": {"token": {"none"}, "provider": {"Small"}},
	} {
		v := w.visitor(issuer)
		ask.Set("provider", "Small")
		_, header, _ := v.ask("POST", v.service.URL+"/signin", ask)
		if to := header.Get("Location"); !strings.Contains(to, "refused=auth.needed") {
			t.Errorf("%s it leads to %q %q", name, to, header.Get("Refresh"))
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), "POST", w.service.URL+"/signin",
		strings.NewReader("provider=Small"))
	w.must(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", w.blog.URL)
	jar, err := cookiejar.New(nil)
	w.must(err)
	answer, err := (&http.Client{Jar: jar}).Do(req)
	w.must(err, answer.Body.Close())
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("a foreign page is answered %d", answer.StatusCode)
	}
}
