package api_test

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
)

// secretProperties lists the properties of requests and responses that contain a credential of an account, of a site or
// of a service that the site uses.
var secretProperties = []string{"password", "link", "token", "secret", "key", "identity"}

// public lists the operations with a "key" that is not secret: a site key, or the public key of a list.
var public = []string{"addSite", "addNeighbour", "previewNeighbour"}

// credentialOperations returns the operations in openapi.yaml that create or change a credential. The value is
// "session" if they need a session, or "parent" if the credential ends with the token that created it.
func credentialOperations(t *testing.T) map[string]string {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	fatal(t, err)
	marked := map[string]string{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			mark, _ := op.Extensions["x-credential"].(string)
			if mark != "" {
				marked[op.OperationID] = mark
			}
			staff := op.Security != nil && slices.ContainsFunc(*op.Security, func(r openapi3.SecurityRequirement) bool {
				return r["session"] != nil || r["token"] != nil
			})
			if method == http.MethodGet || mark != "" || !staff || slices.Contains(public, op.OperationID) {
				continue
			}
			for _, name := range propertiesOf(op) {
				if slices.Contains(secretProperties, name) {
					t.Errorf("%s %s has %q and no x-credential: say session, or parent and how it ends", method, path, name)
				}
			}
		}
	}
	return marked
}

// propertiesOf returns the names of the top-level properties in an operation's body and responses.
func propertiesOf(op *openapi3.Operation) (names []string) {
	add := func(content openapi3.Content) {
		for _, media := range content {
			if media.Schema == nil || media.Schema.Value == nil {
				continue
			}
			for name := range media.Schema.Value.Properties {
				names = append(names, name)
			}
		}
	}
	if op.RequestBody != nil {
		add(op.RequestBody.Value.Content)
	}
	for status, response := range op.Responses.Map() {
		if strings.HasPrefix(status, "2") {
			add(response.Value.Content)
		}
	}
	return names
}

// An issue calls an operation that creates or changes a credential with an expiring token. works reports whether the
// credential works. The test calls it before and after the token ends.
type issue func(w *world, token string) (works func() bool)

// issues has every way to create or change a credential, by operation in openapi.yaml. A suffix after "/" tells several
// ways of an operation apart. The forms of the desk are not in openapi.yaml.
var issues = map[string]issue{
	"addToken":               func(w *world, token string) func() bool { return w.authorizes(w.added(token, nil)) },
	"addToken/grandchild":    func(w *world, token string) func() bool { return w.authorizes(w.added(w.added(token, nil), nil)) },
	"addToken/of another":    issueTokenOfAnother,
	"setToken/another token": issueScope,
	"setToken/own child": func(w *world, token string) func() bool {
		child := w.do(call{method: "POST", path: "/api/v1/tokens", bearer: token, body: m{"scope": "read"}})
		w.do(call{method: "PATCH", path: "/api/v1/tokens/" + child.str("id"), bearer: token, body: m{"scope": "admin"}})
		return w.authorizes(child.str("token"))
	},
	"addAccount/password": func(w *world, token string) func() bool {
		email := w.fresh("mine") + "@example.org"
		w.do(call{method: "POST", path: "/api/v1/accounts", bearer: token,
			body: m{"email": email, "name": "Mine", "role": "owner", "site": []string{"a"}, "password": password}})
		return w.signsIn(email)
	},
	"addAccount/link": func(w *world, token string) func() bool {
		r := w.do(call{method: "POST", path: "/api/v1/accounts", bearer: token,
			body: m{"email": w.fresh("mine") + "@example.org", "name": "Mine", "role": "owner", "site": []string{"a"}}})
		return w.redeems(r.str("link"))
	},
	"setAccount/password": func(w *world, token string) func() bool {
		email, id := w.colleague("author")
		w.do(call{method: "PATCH", path: "/api/v1/accounts/" + id, bearer: token, body: m{"password": password}})
		return w.signsIn(email)
	},
	"setAccount/role": func(w *world, token string) func() bool {
		_, id := w.colleague("author")
		w.do(call{method: "PATCH", path: "/api/v1/accounts/" + id, bearer: token, body: m{"role": "owner"}})
		return w.lists("/api/v1/accounts", "accounts", id, "role", "owner")
	},
	"setAccount/enable": func(w *world, token string) func() bool {
		_, id := w.colleague("author")
		want(w.t, w.inSession("root", "PATCH", "/api/v1/accounts/"+id, m{"disabled": true}), 200, "")
		w.do(call{method: "PATCH", path: "/api/v1/accounts/" + id, bearer: token, body: m{"disabled": false}})
		return w.lists("/api/v1/accounts", "accounts", id, "disabled", false)
	},
	"setMe": func(w *world, token string) func() bool {
		w.do(call{method: "PATCH", path: "/api/v1/me", bearer: token,
			body: m{"password": m{"old": password, "new": "another long passphrase"}}})
		return func() bool {
			return w.do(call{method: "POST", path: "/api/v1/session",
				body: m{"email": email("owner a"), "password": "another long passphrase"}}).status == 200
		}
	},
	"addWebhook": func(w *world, token string) func() bool {
		r := w.do(call{method: "POST", path: hooksPath, bearer: token, body: hookOf("http://127.0.0.1:9/")})
		return w.lists(hooksPath, "webhooks", r.str("id"), "kind", "standard")
	},
	"restoreWebhook": func(w *world, token string) func() bool {
		id := w.hook("http://127.0.0.1:9/").str("id")
		want(w.t, w.as("owner a", "DELETE", hooksPath+"/"+id, nil), 204, "")
		w.do(call{method: "POST", path: hooksPath + "/" + id + "/restore", bearer: token})
		return w.lists(hooksPath, "webhooks", id, "kind", "standard")
	},
	"setCheckerKey": func(w *world, token string) func() bool {
		const path = "/api/v1/sites/a/moderation/checker"
		w.do(call{method: "PATCH", path: path, bearer: token, body: m{"key": "a-key-that-stays-0815"}})
		return func() bool { return w.as("owner a", "GET", path, nil).str("ending") == "0815" }
	},
	"setSite/checker": func(w *world, token string) func() bool {
		const url = "http://127.0.0.1:9/comment-check"
		w.do(call{method: "PATCH", path: "/api/v1/sites/a", bearer: token, body: m{"checker": url}})
		return func() bool {
			return w.as("owner a", "GET", "/api/v1/sites/a/moderation/checker", nil).str("url") == url
		}
	},
	"signInPress": func(w *world, token string) func() bool {
		r := w.form(token, windowOfA, url.Values{"do": {"continue"}})
		return func() bool { return strings.Contains(string(r.raw), "identity&#34;:") }
	},
	"desk/a new person": func(w *world, token string) func() bool {
		r := w.form(token, "/moderate/people", url.Values{"email": {w.fresh("mine") + "@example.org"}, "name": {"Mine"},
			"role": {"owner"}, "site": {"a"}})
		return w.redeems(string(r.raw))
	},
	"desk/a reset": func(w *world, token string) func() bool {
		email, id := w.colleague("author")
		r := w.form(token, "/moderate/people/"+id, url.Values{"do": {"reset"}, "email": {email}})
		return w.redeems(string(r.raw))
	},
	"desk/a webhook": func(w *world, token string) func() bool {
		w.form(token, "/moderate/a/webhooks", url.Values{"url": {"http://127.0.0.1:9/desk"}, "event": {"comment.arrived"}})
		return func() bool { return len(w.as("owner a", "GET", hooksPath, nil).list("webhooks")) > 0 }
	},
	"desk/a token": func(w *world, token string) func() bool {
		r := w.form(token, "/moderate/tokens", url.Values{"scope": {"admin"}, "ends": {"0"}})
		_, value, found := strings.Cut(string(r.raw), "aitys_")
		if !found || len(value) < 43 {
			w.t.Fatalf("the desk shows no token: %d", r.status)
		}
		return w.authorizes("aitys_" + value[:43])
	},
}

func issueTokenOfAnother(w *world, token string) func() bool {
	email, _ := w.colleague("owner")
	return w.authorizes(w.added(token, m{"account": email}))
}

// issueScope raises the scope of another token of the account to admin. The other token does not expire, and its value
// is known.
func issueScope(w *world, token string) func() bool {
	other := w.inSession("owner a", "POST", "/api/v1/tokens", m{"scope": "read"})
	w.do(call{method: "PATCH", path: "/api/v1/tokens/" + other.str("id"), bearer: token, body: m{"scope": "admin"}})
	return func() bool {
		return w.do(call{path: "/api/v1/me", bearer: other.str("token")}).str("scope") == "admin"
	}
}

// added adds a token with a token and returns its value, or "" if it is refused.
func (w *world) added(token string, body m) string {
	w.t.Helper()
	if body == nil {
		body = m{}
	}
	body["scope"] = "admin"
	return w.do(call{method: "POST", path: "/api/v1/tokens", bearer: token, body: body}).str("token")
}

func (w *world) authorizes(token string) func() bool {
	return func() bool {
		return token != "" && w.do(call{path: "/api/v1/sites/a/moderation/queue", bearer: token}).status == 200
	}
}

func (w *world) signsIn(email string) func() bool {
	return func() bool {
		return w.do(call{method: "POST", path: "/api/v1/session", body: m{"email": email, "password": password}}).status == 200
	}
}

// redeems reports whether the one-time link in a text sets a password.
func (w *world) redeems(text string) func() bool {
	_, link, _ := strings.Cut(text, "/moderate/setup#")
	link, _, _ = strings.Cut(link, `"`)
	return func() bool {
		r := w.do(call{method: "POST", path: "/moderate/setup", header: map[string]string{"Origin": w.url},
			body: url.Values{"token": {link}, "password": {"a passphrase by link"}}})
		return link != "" && r.status == http.StatusSeeOther
	}
}

// lists reports whether a list has an entry with a value.
func (w *world) lists(path, list, id, name string, value any) func() bool {
	return func() bool {
		return slices.ContainsFunc(w.as("owner a", "GET", path, nil).list(list), func(one map[string]any) bool {
			return id != "" && one["id"] == id && one[name] == value
		})
	}
}

// colleague adds an account on site a as its owner.
func (w *world) colleague(role string) (email, id string) {
	w.t.Helper()
	email = w.fresh("hand") + "@example.org"
	r := w.inSession("owner a", "POST", "/api/v1/accounts",
		m{"email": email, "name": "Hand", "role": role, "site": []string{"a"}})
	want(w.t, r, 201, "")
	return email, r.str("id")
}

// form posts a form with a token instead of a session.
func (w *world) form(token, path string, form url.Values) reply {
	w.t.Helper()
	return w.do(call{method: "POST", path: path, bearer: token, body: form, header: map[string]string{"Origin": w.url}})
}

// expiring returns a token of owner a with the whole scope and its id.
func (w *world) expiring() (value, id string) {
	w.t.Helper()
	t, value, err := w.service.AddToken(context.Background(), authz.Operator, identity.NewToken{Account: email("owner a"),
		Name: "until tomorrow", Scope: authz.ScopeAdmin, ExpiresAt: w.clock.Now().Add(24 * time.Hour)})
	fatal(w.t, err)
	return value, t.ID
}

// TestCredentials_EndWithTheTokenThatCreatedThem calls every operation that creates or changes a credential with a
// token that expires, ends the token, and requires that nothing it created works.
func TestCredentials_EndWithTheTokenThatCreatedThem(t *testing.T) {
	marked := credentialOperations(t)
	for name := range issues {
		operation, _, _ := strings.Cut(name, "/")
		if marked[operation] == "" && operation != "desk" {
			t.Errorf("%s has no x-credential in openapi.yaml", operation)
		}
	}
	for operation := range marked {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(issues)), func(name string) bool {
			return name == operation || strings.HasPrefix(name, operation+"/")
		}) {
			t.Errorf("%s creates or changes a credential: add what it creates to issues", operation)
		}
	}
	for _, end := range []string{"revoked", "expired"} {
		t.Run(end, func(t *testing.T) {
			onBoth(t, func(t *testing.T, w *world) {
				token, id := w.expiring()
				works := map[string]func() bool{}
				for name, issue := range issues {
					works[name] = issue(w, token)
				}
				for _, name := range []string{"addToken", "addToken/grandchild", "setToken/own child", "desk/a token"} {
					if !works[name]() {
						t.Errorf("%s: it does not work while the token does", name)
					}
				}
				if end == "revoked" {
					want(t, w.as("owner a", "DELETE", "/api/v1/tokens/"+id, nil), 204, "")
				} else {
					w.clock.Add(24 * time.Hour)
				}
				for name, still := range works {
					if still() {
						t.Errorf("%s: what the token created works after its end", name)
					}
				}
			})
		})
	}
}

// TestCredentials_RefusalSaysWhatToDo uses a token that does not expire: such a token can be revoked, too.
func TestCredentials_RefusalSaysWhatToDo(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	for path, body := range map[string]m{
		"/api/v1/accounts": {"email": "x@example.org", "name": "X", "role": "author", "site": []string{"a"}},
		hooksPath:          hookOf("http://127.0.0.1:9/"),
	} {
		r := w.as("owner a", "POST", path, body)
		want(t, r, 403, "role.insufficient")
		if !strings.Contains(r.str("detail"), "Sign in") {
			t.Errorf("%s: the detail does not say what to do: %v", path, r)
		}
	}
	r := w.as("owner a", "POST", "/api/v1/tokens", m{"account": email("author a")})
	want(t, r, 422, "field.invalid")
}

// TestToken_ChildIsBoundedByItsParent checks the limits of a child token, and what revokes it.
func TestToken_ChildIsBoundedByItsParent(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		token, id := w.expiring()
		end := w.clock.Now().Add(24 * time.Hour)
		add := func(body m) reply {
			return w.do(call{method: "POST", path: "/api/v1/tokens", bearer: token, body: body})
		}
		late := add(m{"expires_at": end.Add(time.Second).Format(time.RFC3339)})
		if want(t, late, 422, "field.invalid"); !strings.Contains(late.str("detail"), end.Format(time.RFC3339)) {
			t.Errorf("it does not say when it ends at the latest: %v", late)
		}
		child := add(m{})
		if child.str("expires_at") != end.Format(time.RFC3339) || child.str("parent") != id {
			t.Errorf("a child without an end: %v", child)
		}
		early := add(m{"expires_at": end.Add(-time.Hour).Format(time.RFC3339)})
		if early.str("expires_at") != end.Add(-time.Hour).Format(time.RFC3339) {
			t.Errorf("a child that ends earlier: %v", early)
		}

		// Reducing the scope of a parent ends its children; renaming it does not.
		path := "/api/v1/tokens/" + id
		want(t, w.as("owner a", "PATCH", path, m{"name": "renamed"}), 403, "role.insufficient")
		want(t, w.inSession("owner a", "PATCH", path, m{"name": "renamed"}), 200, "")
		if !w.authorizes(child.str("token"))() {
			t.Error("a child ends when its parent is renamed")
		}
		want(t, w.inSession("owner a", "PATCH", path, m{"scope": "read"}), 200, "")
		if w.authorizes(child.str("token"))() || !w.authorizes(token)() {
			t.Error("a child outlives the scope of its parent, or its parent ended with it")
		}
		want(t, add(m{}), 403, "role.insufficient")

		// The account of the tokens loses its role.
		email, account := w.colleague("owner")
		own := w.inSession("owner a", "POST", "/api/v1/tokens", m{"account": email, "scope": "admin"}).str("token")
		mine := w.added(own, nil)
		if !w.authorizes(mine)() {
			t.Fatal("a child of another owner's token does not work")
		}
		want(t, w.inSession("owner a", "PATCH", "/api/v1/accounts/"+account, m{"role": "author"}), 200, "")
		want(t, w.do(call{path: "/api/v1/sites/a/moderation/log", bearer: mine}), 403, "role.insufficient")
		want(t, w.inSession("owner a", "PATCH", "/api/v1/accounts/"+account, m{"password": password}), 200, "")
		if w.authorizes(own)() || w.authorizes(mine)() {
			t.Error("a token outlives another password that an owner set")
		}
	})
}

// TestToken_RevokedParentHasNoNewChildren revokes a token while it and its child add tokens as fast as they can.
func TestToken_RevokedParentHasNoNewChildren(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for range 5 {
			token, id := w.expiring()
			child := w.added(token, nil)
			var mu sync.Mutex
			var values []string
			var adding sync.WaitGroup
			first, revoked := make(chan struct{}, 4), make(chan struct{})
			for _, by := range []string{token, child, token, child} {
				adding.Go(func() {
					for n, last := 0, false; !last; n++ {
						select {
						case <-revoked:
							last = true
						default:
						}
						r := w.do(call{method: "POST", path: "/api/v1/tokens", bearer: by, body: m{"scope": "read"}})
						if n == 0 {
							first <- struct{}{}
						}
						switch value := r.str("token"); {
						case last && r.status != http.StatusUnauthorized:
							t.Errorf("add a token after the end: %v", r)
						case value != "":
							mu.Lock()
							values = append(values, value)
							mu.Unlock()
						}
					}
				})
			}
			for range 4 {
				<-first
			}
			r := w.as("owner a", "DELETE", "/api/v1/tokens/"+id, nil)
			close(revoked)
			adding.Wait()
			want(t, r, 204, "")
			for _, value := range append(values, token, child) {
				if w.authorizes(value)() {
					t.Fatal("a token works after the one that added it was revoked")
				}
			}
		}
	})
}
