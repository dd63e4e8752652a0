package api_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/aitys/aitys/moderation/authz"
)

const identityOfA = "/api/v1/sites/a/identity"

// ssoKey sets a new SSO secret of a site and returns it.
func (w *world) ssoKey(site string) string {
	w.t.Helper()
	s, err := w.service.Site(context.Background(), site)
	fatal(w.t, err)
	key, err := w.service.SetSSOKey(context.Background(), authz.Operator, s)
	fatal(w.t, err)
	return key
}

// claims returns the JWT claims of a reader of site a, with changes applied. Nil removes a claim.
func (w *world) claims(changes m) jwt.MapClaims {
	now := w.clock.Now()
	c := jwt.MapClaims{"aud": "a", "sub": "reader-7", "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
		"name": "Marta Lindqvist", "email": "marta@mail.example", "email_verified": true, "role": "reader"}
	maps.Copy(c, changes)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

func signed(t testing.TB, key string, c jwt.MapClaims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString([]byte(key))
	fatal(t, err)
	return token
}

// sso exchanges a JWT for an identity, as a page of site a does.
func (w *world) sso(token string) reply {
	w.t.Helper()
	return w.do(call{method: "POST", path: identityOfA, body: m{"sso": token},
		header: map[string]string{"Origin": originA}})
}

// under returns a comment with an identity as its author.
func (w *world) under(identity, text string) reply {
	w.t.Helper()
	return w.do(call{method: "POST", path: "/api/v1/sites/a/comments",
		body: with(requireBody(text), "author", m{"identity": identity})})
}

func TestSSO_InvalidTokensAreRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		want(t, w.sso("x.y.z"), 401, "identity.refused") // before the site has a secret
		old := w.ssoKey("a")
		key, others := w.ssoKey("a"), w.ssoKey("b")
		if len(key) < 32 || key == old || key == others {
			t.Fatalf("the secrets are %q, %q and %q", old, key, others)
		}
		now := w.clock.Now()
		with := func(changes m) string { return signed(t, key, w.claims(changes)) }
		by := func(method jwt.SigningMethod, key any) string {
			token, err := jwt.NewWithClaims(method, w.claims(nil)).SignedString(key)
			fatal(t, err)
			return token
		}
		critical := func(crit any) string {
			token := jwt.NewWithClaims(jwt.SigningMethodHS256, w.claims(nil))
			token.Header["crit"] = crit
			value, err := token.SignedString([]byte(key))
			fatal(t, err)
			return value
		}
		whole := with(nil)
		parts := strings.Split(whole, ".")
		said, err := json.Marshal(w.claims(m{"sub": "admin"}))
		fatal(t, err)
		raw := base64.RawURLEncoding
		for name, token := range map[string]string{
			"nothing":              "",
			"no JWT":               "hello",
			"no signature":         parts[0] + "." + parts[1] + ".",
			"crit of an extension": critical([]string{"exp"}), "an empty crit": critical([]string{}),
			"crit of b64": critical([]string{"b64"}), "crit is null": critical(nil),
			"two parts":                  parts[0] + "." + parts[1],
			"four parts":                 whole + ".x",
			"padded":                     whole + "=",
			"alg none":                   by(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType),
			"alg NONE":                   raw.EncodeToString([]byte(`{"alg":"NONE","typ":"JWT"}`)) + "." + parts[1] + ".",
			"no alg":                     raw.EncodeToString([]byte(`{"typ":"JWT"}`)) + "." + parts[1] + "." + parts[2],
			"HS384":                      by(jwt.SigningMethodHS384, []byte(key)),
			"HS512":                      by(jwt.SigningMethodHS512, []byte(key)),
			"other claims":               parts[0] + "." + raw.EncodeToString(said) + "." + parts[2],
			"another site's key":         signed(t, others, w.claims(nil)),
			"another site's key and aud": signed(t, others, w.claims(m{"aud": "b"})),
			"the last key":               signed(t, old, w.claims(nil)),
			"the bytes of the key": func() string {
				bytes, err := raw.DecodeString(key)
				fatal(t, err)
				return signed(t, string(bytes), w.claims(nil))
			}(),
			"an empty key":       signed(t, "", w.claims(nil)),
			"no aud":             with(m{"aud": nil}),
			"another aud":        with(m{"aud": "b"}),
			"an empty aud":       with(m{"aud": ""}),
			"two auds":           with(m{"aud": []string{"a", "b"}}),
			"aud is a number":    with(m{"aud": 1}),
			"no sub":             with(m{"sub": nil}),
			"an empty sub":       with(m{"sub": ""}),
			"sub is a number":    with(m{"sub": 7}),
			"a long sub":         with(m{"sub": strings.Repeat("x", 256)}),
			"no iat":             with(m{"iat": nil}),
			"iat is a text":      with(m{"iat": "now"}),
			"iat in a minute":    with(m{"iat": now.Add(time.Minute).Unix()}),
			"no exp":             with(m{"exp": nil}),
			"exp is a text":      with(m{"exp": "later"}),
			"expired":            with(m{"iat": now.Add(-2 * time.Minute).Unix(), "exp": now.Unix()}),
			"an hour long":       with(m{"exp": now.Add(time.Hour).Unix()}),
			"an hour old":        with(m{"iat": now.Add(-time.Hour).Unix()}),
			"a second too long":  with(m{"exp": now.Add(10*time.Minute + time.Second).Unix()}),
			"exp beyond time":    with(m{"exp": 1e300}),
			"before its nbf":     with(m{"nbf": now.Add(time.Minute).Unix()}),
			"role moderator":     with(m{"role": "moderator"}),
			"role owner":         with(m{"role": "owner"}),
			"name is a list":     with(m{"name": []string{"x"}}),
			"an identity, given": w.sso(whole).str("identity"),
		} {
			if got := w.sso(token); got.status != 401 || got.code() != "identity.refused" {
				t.Errorf("%s: %v", name, got)
			}
		}
		for name, changes := range map[string]m{
			"the least":           {"name": nil, "email": nil, "email_verified": nil, "role": nil},
			"ten minutes":         {"exp": now.Add(10 * time.Minute).Unix()},
			"its own aud, listed": {"aud": []string{"a"}},
			"a clock ahead":       {"iat": now.Add(20 * time.Second).Unix()},
			"more than is asked":  {"iss": "https://a.example", "jti": "1", "picture": "x"},
			"no e-mail address":   {"email": "nobody"},
			"a long name":         {"name": strings.Repeat("n", 500)},
		} {
			if got := w.sso(with(changes)); got.status != 200 {
				t.Errorf("%s: %v", name, got)
			}
		}
		got := w.sso(whole)
		if got.str("name") != "Marta Lindqvist" || got.json["verified"] != true || got.json["author"] != false ||
			got.json["badge"] != nil || got.str("expires_at") != now.Add(12*time.Hour).Format(time.RFC3339Nano) ||
			got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("given is %v", got)
		}
		want(t, w.do(call{method: "POST", path: identityOfA, body: m{}}), 422, "field.invalid")
		want(t, w.do(call{method: "POST", path: "/api/v1/sites/b/identity", body: m{"sso": whole}}), 401,
			"identity.refused")
		want(t, w.do(call{method: "POST", path: identityOfA, body: m{"sso": whole},
			header: map[string]string{"Origin": "https://evil.example"}}), 403, "origin.foreign")
	})
}

func TestSSO_IdentityIsLimitedToSite(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		key := w.ssoKey("a")
		token := signed(t, key, w.claims(nil))
		identity := w.sso(token).str("identity")
		sent := w.under(identity, "The harbour museum opens again on Thursday, with a new wing.")
		want(t, sent, 201, "")
		if sent.str("state") != "pending" {
			t.Errorf("a reader's comment is %v", sent)
		}
		again := w.under(w.sso(signed(t, key, w.claims(m{"name": "Marta L."}))).str("identity"),
			"The harbour museum opens again on Thursday, with a new wing.")
		want(t, again, 200, "")
		if again.json["duplicate"] != true || again.str("id") != sent.str("id") {
			t.Errorf("the same again, under another name of the same person: %v", again)
		}
		other := w.under(w.sso(signed(t, key, w.claims(m{"sub": "reader-8"}))).str("identity"),
			"The harbour museum opens again on Thursday, with a new wing.")
		want(t, other, 201, "")
		items := w.do(call{path: "/api/v1/sites/a/moderation/queue", bearer: w.tokens["owner a"]}).list("items")
		first, _ := items[0]["comment"].(map[string]any)
		who, _ := first["author"].(map[string]any)
		if first["email"] != "marta@mail.example" || who["name"] != "Marta Lindqvist" || who["verified"] != true ||
			who["badge"] != nil {
			t.Errorf("a moderator sees %v", first)
		}

		want(t, w.do(call{method: "POST", path: "/api/v1/sites/b/comments",
			body: m{"page": m{"url": originB + "/post"}, "body": "Elsewhere", "author": m{"identity": identity}}}),
			401, "identity.refused")
		want(t, w.do(call{path: "/api/v1/me", bearer: identity}), 401, "auth.needed")
		want(t, w.do(call{path: "/api/v1/sites/a/moderation/queue", bearer: identity}), 401, "auth.needed")
		parts := strings.Split(identity, ".")
		another := w.sso(signed(t, key, w.claims(m{"sub": "x"}))).str("identity")
		for name, forged := range map[string]string{
			"no proof":        parts[0] + "." + parts[1] + ".",
			"another's proof": parts[0] + "." + parts[1] + "." + strings.Split(another, ".")[2],
			"no claim":        parts[0] + ".." + parts[2],
			"more":            identity + ".x",
		} {
			if got := w.under(forged, "A forged one, "+name); got.code() != "identity.refused" {
				t.Errorf("%s: %v", name, got)
			}
		}
		w.clock.Add(12*time.Hour - time.Second)
		want(t, w.under(identity, "Nearly twelve hours later it is still good for one more."), 201, "")
		w.clock.Add(time.Second)
		want(t, w.under(identity, "And now its time is over, nobody writes under it."), 401, "identity.refused")
	})
}

func TestSSO_SignOutRevokesEarlierTokens(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		key := w.ssoKey("a")
		early := signed(t, key, w.claims(m{"exp": w.clock.Now().Add(9 * time.Minute).Unix()}))
		ahead := signed(t, key, w.claims(m{"iat": w.clock.Now().Add(20 * time.Second).Unix()}))
		here, there := w.sso(early).str("identity"), w.sso(ahead).str("identity")
		neighbour := w.sso(signed(t, key, w.claims(m{"sub": "reader-8"}))).str("identity")
		w.clock.Add(time.Second)
		end := func(identity string) reply {
			return w.do(call{method: "DELETE", path: identityOfA, bearer: identity,
				header: map[string]string{"Origin": originA}})
		}
		want(t, end(there), 204, "")
		want(t, end(here), 204, "")
		for name, identity := range map[string]string{"this browser's": here, "the other's": there} {
			if got := w.under(identity, "After signing out, "+name); got.code() != "identity.refused" {
				t.Errorf("%s identity: %v", name, got)
			}
		}
		want(t, w.under(neighbour, "Somebody else has not signed out at all, and goes on."), 201, "")
		for name, token := range map[string]string{"from before": early, "dated ahead": ahead} {
			if got := w.sso(token); got.code() != "identity.refused" {
				t.Errorf("the JWT %s: %v", name, got)
			}
		}
		w.clock.Add(20 * time.Second)
		renewed := w.sso(signed(t, key, w.claims(nil)))
		want(t, renewed, 200, "")
		want(t, w.under(renewed.str("identity"), "The same reader writes again after a new sign-in."), 201, "")

		w.ssoKey("a") // the new secret invalidates identities of the old one
		want(t, w.under(renewed.str("identity"), "The key was changed behind this reader's back."), 401, "identity.refused")
		want(t, end(renewed.str("identity")), 401, "identity.refused")
	})
}

func TestSSO_AuthorIsPublishedUnlessSuspected(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		key := w.ssoKey("a")
		got := w.sso(signed(t, key, w.claims(m{"role": "author", "name": "Jonas Feld"})))
		if got.json["author"] != true || got.str("badge") != "author" {
			t.Fatalf("given is %v", got)
		}
		identity := got.str("identity")
		good := w.under(identity, "I wrote the article above and am glad to answer questions about it.")
		want(t, good, 201, "")
		if good.str("state") != "approved" {
			t.Errorf("an author's comment is %v", good)
		}
		body := with(requireBody("Buy pills now, an author's machine was taken over."), "author", m{"identity": identity})
		trapped := w.do(call{method: "POST", path: "/api/v1/sites/a/comments", body: with(body, "form", m{"trap": "x"})})
		want(t, trapped, 201, "")
		if trapped.str("state") != "pending" {
			t.Errorf("a suspected comment of an author is %v", trapped)
		}
		all := w.do(call{path: "/api/v1/sites/a/comments?page=" + pageA}).list("comments")
		if len(all) != 1 {
			t.Fatalf("readers see %v", all)
		}
		who, _ := all[0]["author"].(map[string]any)
		if who["name"] != "Jonas Feld" || who["badge"] != "author" || who["verified"] != true {
			t.Errorf("it is signed %v", who)
		}
	})
}

func TestReaderAuth_ImpersonationIsSignalled(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		key := w.ssoKey("a")
		named := func(name, text string) string {
			t.Helper()
			r := w.do(call{method: "POST", path: "/api/v1/sites/a/comments",
				body: with(requireBody(text), "author", m{"name": name})})
			want(t, r, 201, "")
			return r.str("id")
		}
		told := func(id string) bool {
			t.Helper()
			r := w.do(call{path: "/api/v1/sites/a/moderation/comments/" + id, bearer: w.tokens["owner a"]})
			c, _ := r.json["comment"].(map[string]any)
			who, _ := c["author"].(map[string]any)
			if who["verified"] != false {
				t.Errorf("unproven, %v is shown as verified", who)
			}
			return strings.Contains(string(r.raw), `"writer.namesake"`)
		}
		before := named("Marta Lindqvist", "Before anybody signed in under that name there is nothing to tell.")
		identity := w.sso(signed(t, key, w.claims(nil))).str("identity")
		if told(before) || told(named("Marta", "Quite another reader says hello from the lighthouse.")) {
			t.Error("a unique name is reported as impersonation")
		}
		for name, text := range map[string]string{
			"Marta Lindqvist":       "The copycat claims that the bakery sells horse meat.",
			"marta  LINDQVIST":      "Shouting does not make the parking problem any smaller.",
			"M\u0430rta Lindqvist":  "With a Cyrillic letter the mayor is accused of theft.",
			"Marta\u200b Lindqvist": "An invisible sign hides in this remark about bicycles.",
		} {
			if !told(named(name, text)) {
				t.Errorf("%q is not reported as impersonation", name)
			}
		}
		own := w.under(identity, "And here speaks the one whose name it is, about the library.")
		want(t, own, 201, "")
		r := w.do(call{path: "/api/v1/sites/a/moderation/comments/" + own.str("id"), bearer: w.tokens["owner a"]})
		if strings.Contains(string(r.raw), "namesake") || !strings.Contains(string(r.raw), `"verified":true`) {
			t.Errorf("her own: %s", r.raw)
		}
		// Names of staff are reserved, also against the site's JWT. An author in the JWT is not reported.
		impostor := w.sso(signed(t, key, w.claims(m{"sub": "r9", "name": "Moderator A"}))).str("identity")
		want(t, w.under(impostor, "A reader was registered under the moderator's name."), 422, "field.invalid")
		author := w.sso(signed(t, key, w.claims(m{"sub": "r9", "name": "author a", "role": "author"}))).str("identity")
		want(t, w.under(author, "The author of the site writes by single sign-on today."), 201, "")
	})
}

func TestReaderAuth_NewWriterPublishedOnceApproved(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		_, err := w.service.SetSite(ctx, authz.Operator, "a", map[string]string{"moderation": "new_writers"})
		fatal(t, err)
		key := w.ssoKey("a")
		identity := w.sso(signed(t, key, w.claims(nil))).str("identity")
		approve := func(id string) {
			t.Helper()
			r := w.do(call{method: "POST", path: "/api/v1/sites/a/moderation/decisions", bearer: w.tokens["owner a"],
				body: m{"action": "approve", "comments": []m{{"id": id, "version": 1}}}})
			want(t, r, 200, "")
		}
		state := func(r reply, want string) string {
			t.Helper()
			if r.str("state") != want {
				t.Errorf("it is %v, want %s", r, want)
			}
			return r.str("id")
		}
		first := state(w.under(identity, "My very first remark here is about the price of stamps."), "pending")
		state(w.under(identity, "Before anybody read the first one, the second waits as well."), "pending")
		approve(first)
		state(w.under(identity, "Known by now, this reader recommends the smaller ferry."), "approved")
		trapped := with(requireBody("Cheap watches, said a machine that filled every field."), "author", m{"identity": identity})
		state(w.do(call{method: "POST", path: "/api/v1/sites/a/comments", body: with(trapped, "form", m{"trap": "x"})}),
			"pending")
		state(w.under(w.sso(signed(t, key, w.claims(m{"sub": "reader-8"}))).str("identity"),
			"Somebody else with the same name has nothing approved yet."), "pending")

		unproven := m{"name": "Olga", "email": "olga@mail.example"}
		say := func(text string) reply {
			return w.do(call{method: "POST", path: "/api/v1/sites/a/comments",
				body: with(requireBody(text), "author", unproven)})
		}
		approve(state(say("I only say that I am Olga, and ask for the opening hours."), "pending"))
		state(say("Saying it again does not prove it, and so this one waits."), "pending")
	})
}

func TestReaderAuth_RequiredFieldsAreEnforced(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		key, n := w.ssoKey("a"), 0
		writers := map[string]m{
			"nobody":        {},
			"a name":        {"name": "Nora"},
			"an e-mail":     {"email": "nora@mail.example"},
			"both":          {"name": "Nora", "email": "nora@mail.example"},
			"blank and one": {"name": " \u200b ", "email": "nora@mail.example"},
			"the site's":    {"identity": w.sso(signed(t, key, w.claims(nil))).str("identity")},
			"a nameless":    {"identity": w.sso(signed(t, key, w.claims(m{"sub": "x", "name": nil}))).str("identity")},
		}
		for who, refused := range map[string]map[string]string{
			"anyone": {},
			"name":   {"nobody": "/author/name", "an e-mail": "/author/name", "blank and one": "/author/name"},
			"email": {"nobody": "/author/name", "a name": "/author/email", "an e-mail": "/author/name",
				"blank and one": "/author/name"},
			"verified": {"nobody": "/author/identity", "a name": "/author/identity", "an e-mail": "/author/identity",
				"both": "/author/identity", "blank and one": "/author/identity"},
			"account": {"nobody": "/author/identity", "a name": "/author/identity", "an e-mail": "/author/identity",
				"both": "/author/identity", "blank and one": "/author/identity"},
		} {
			want(t, w.as("owner a", "PATCH", "/api/v1/sites/a", m{"who": who}), 200, "")
			list := w.do(call{path: "/api/v1/sites/a/comments?page=" + pageA})
			if settings, _ := list.json["settings"].(map[string]any); settings["who"] != who {
				t.Errorf("settings have %v, want %s", settings["who"], who)
			}
			for name, author := range writers {
				n++
				r := w.do(call{method: "POST", path: "/api/v1/sites/a/comments",
					body: with(requireBody(fmt.Sprintf("%d roads lead out of the town of %d gates", n*7919, n*104729)), "author", author)})
				field := refused[name]
				switch {
				case field == "":
					want(t, r, 201, "")
				case r.status != 422 || r.code() != "field.invalid" || !strings.Contains(string(r.raw), `"`+field+`"`):
					t.Errorf("who=%s, %s: %v, want %s refused", who, name, r, field)
				}
			}
		}
		want(t, w.as("owner a", "PATCH", "/api/v1/sites/a", m{"who": "certified"}), 422, "field.invalid")
	})
}

// The page without script names required and missing fields. If readers must be signed in, it has no form, so that no
// text is lost.
func TestPlainPage_NamesRequiredFields(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	path := "/sites/a/page?url=" + pageA
	page := func(who string) string {
		t.Helper()
		want(t, w.as("owner a", "PATCH", "/api/v1/sites/a", m{"who": who}), 200, "")
		return string(w.do(call{path: path}).raw)
	}
	send := func(in url.Values) string {
		t.Helper()
		r := w.do(call{method: "POST", path: path, body: in, header: map[string]string{"Origin": w.url}})
		want(t, r, 422, "")
		return string(r.raw)
	}
	sees := func(page string, want ...string) {
		t.Helper()
		for _, s := range want {
			if !strings.Contains(page, s) {
				t.Errorf("the page does not say %q: %s", s, page)
			}
		}
	}
	sees(page("anyone"), `"n-o">optional<`, `"m-o">optional<`)
	sees(page("name"), `"n-o">required<`, `"m-o">optional<`)
	sees(send(url.Values{"body": {"A text alone"}}), "Enter your name.", "A text alone")
	sees(page("email"), `"n-o">required<`, `"m-o">required, never shown<`)
	sees(send(url.Values{"body": {"A text of Nora"}, "name": {"Nora"}}), "Enter your e-mail address.")
	members := page("account")
	sees(members, "Sign in below the article to comment.")
	if strings.Contains(members, "<textarea") {
		t.Error("there is a form although the reader is not signed in")
	}
	sees(send(url.Values{"body": {"By a program"}}), "Sign in below the article to comment.")
}
