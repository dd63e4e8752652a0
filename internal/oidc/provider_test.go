package oidc_test

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/oidc"
	"github.com/aitys/aitys/internal/outbound"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/identity"
)

type clock struct{ time.Duration }

func (c *clock) Now() time.Time { return time.Now().Add(c.Duration) }

var loopback = outbound.Reach{netip.MustParsePrefix("127.0.0.0/8")}

func newProvider(t *testing.T, r outbound.Reach, i *testkit.Issuer) (*oidc.Provider, *clock) {
	t.Helper()
	c := &clock{}
	back, _ := url.Parse("https://talk.example/signin/Small/callback")
	p, err := oidc.New(oidc.Options{Name: "Small", Issuer: i.URL, ClientID: testkit.ClientID,
		Secret: i.ClientSecret(), Callback: back, Clock: c, Reach: r})
	if err != nil {
		t.Fatal(err)
	}
	return p, c
}

var request = identity.AuthRequest{State: strings.Repeat("s", 43), Nonce: strings.Repeat("n", 43),
	Verifier: strings.Repeat("v", 43)}

// signIn signs in at the issuer and exchanges the code.
func signIn(t *testing.T, p *oidc.Provider, i *testkit.Issuer) (subject, name string, err error) {
	t.Helper()
	address, err := p.AuthURL(t.Context(), request)
	if err != nil {
		return "", "", err
	}
	to, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(address, i.URL+"/authorize?") {
		t.Fatalf("the authorization URL is %s", address)
	}
	back, err := url.Parse(i.Authorize(to.Query()))
	if err != nil {
		t.Fatal(err)
	}
	q := back.Query()
	proof, err := p.Exchange(t.Context(), request,
		identity.Callback{State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss")})
	if err == nil && proof.Issuer != i.URL {
		t.Errorf("the issuer is %s", proof.Issuer)
	}
	return proof.Subject, proof.Name, err
}

func TestExchange_ReturnsIssuerAndSubject(t *testing.T) {
	t.Parallel()
	i := testkit.NewIssuer(t)
	p, clock := newProvider(t, loopback, i)
	for range 2 {
		if subject, name, err := signIn(t, p, i); err != nil || subject != "reader-7" || name != "Lena" {
			t.Errorf("signed in as %s, %s: %v", subject, name, err)
		}
	}
	i.User = map[string]any{"sub": "reader-8", "preferred_username": "lena", "email": "lena@mail.example"}
	if subject, name, err := signIn(t, p, i); err != nil || subject != "reader-8" || name != "lena" {
		t.Errorf("signed in as %s, %s: %v", subject, name, err)
	}
	i.User["preferred_username"] = strings.Repeat("lena ", 10_000) // a browser keeps no more than 4 KB
	if _, name, err := signIn(t, p, i); err != nil || len(name) > 200 {
		t.Errorf("a long name: got %d bytes, %v", len(name), err)
	}
	i.EditClaims = func(c map[string]any) { c["aud"] = []string{testkit.ClientID, "other"}; c["azp"] = testkit.ClientID }
	if _, _, err := signIn(t, p, i); err != nil {
		t.Errorf("of several audiences: %v", err)
	}
	i.EditClaims, i.EditDiscovery = nil, func(d map[string]any) { d["token_endpoint_auth_methods_supported"] = []string{"none"} }
	clock.Duration = 2 * time.Hour // the metadata is requested again
	i.EditClaims = func(c map[string]any) { c["exp"] = time.Now().Add(3 * time.Hour).Unix() }
	if _, _, err := signIn(t, p, i); err == nil {
		t.Error("metadata is used after metadataTTL")
	}
}

func TestExchange_RefusesInvalidTokensAndCallbacks(t *testing.T) {
	t.Parallel()
	set := func(name string, value any) func(*testkit.Issuer) {
		return func(i *testkit.Issuer) { i.EditClaims = func(c map[string]any) { c[name] = value } }
	}
	says := func(name string, value any) func(*testkit.Issuer) {
		return func(i *testkit.Issuer) { i.EditDiscovery = func(d map[string]any) { d[name] = value } }
	}
	back := func(name, value string) func(*testkit.Issuer) {
		return func(i *testkit.Issuer) { i.EditCallback = func(q url.Values) { q.Set(name, value) } }
	}
	answers := func(at string, status int, body string) func(*testkit.Issuer) {
		return func(i *testkit.Issuer) {
			i.Handle = func(w http.ResponseWriter, path string) bool {
				if path == at {
					w.Header().Set("Location", i.URL+"/elsewhere")
					w.Header().Set("Content-Type", "application/json")
					w.WriteHeader(status)
					_, _ = w.Write([]byte(body))
				}
				return path == at
			}
		}
	}
	const about = "/.well-known/openid-configuration"
	for name, fault := range map[string]func(*testkit.Issuer){
		"another nonce":              set("nonce", strings.Repeat("x", 43)),
		"no nonce":                   set("nonce", ""),
		"another issuer":             set("iss", "https://other.example"),
		"another audience":           set("aud", "somebody"),
		"several audiences":          set("aud", []string{testkit.ClientID, "somebody"}),
		"given to somebody else":     set("azp", "somebody"),
		"expired":                    set("exp", time.Now().Add(-time.Minute).Unix()),
		"without an end":             set("exp", nil),
		"not yet":                    set("nbf", time.Now().Add(time.Hour).Unix()),
		"no subject":                 set("sub", ""),
		"a long subject":             set("sub", strings.Repeat("s", 256)),
		"a subject that is a number": set("sub", 7),
		"alg none":                   func(i *testkit.Issuer) { i.SignToken = testkit.Unsigned },
		"signed with its public key": func(i *testkit.Issuer) { i.SignToken = i.SignedBySecret },
		"HS256 as it says it signs": func(i *testkit.Issuer) {
			i.SignToken = i.SignedBySecret
			says("id_token_signing_alg_values_supported", []string{"HS256", "none"})(i)
		},
		"another's key": func(i *testkit.Issuer) {
			other := testkit.NewIssuer(t)
			i.SignToken = other.SignedBySecret
			i.EditDiscovery = func(d map[string]any) { d["jwks_uri"] = other.URL + "/keys" }
		},
		"no JWT":               func(i *testkit.Issuer) { i.SignToken = func([]byte) string { return "a.b.c" } },
		"no token":             func(i *testkit.Issuer) { i.SignToken = func([]byte) string { return "" } },
		"another's answer":     back("iss", "https://other.example"),
		"an unnamed answer":    back("iss", ""),
		"another's code":       back("code", "guessed"),
		"says it is another":   says("issuer", "https://other.example"),
		"leads to a script":    says("authorization_endpoint", "javascript:alert(1)"),
		"asks for it in clear": says("token_endpoint", "http://talk.example/token"),
		"no keys":              says("jwks_uri", ""),
		"leads elsewhere":      answers(about, 302, ""),
		"the code elsewhere":   answers("/token", 307, ""),
		"garbage":              answers(about, 200, "<html>"),
		"a garbled token":      answers("/token", 200, "{"),
		"out of order":         answers("/token", 500, "{}"),
		"a gigabyte": func(i *testkit.Issuer) {
			i.Handle = func(w http.ResponseWriter, path string) bool {
				piece := []byte(strings.Repeat(" ", 1<<20))
				for n := 0; path == "/token" && n < 1<<10; n++ {
					if _, err := w.Write(piece); err != nil {
						return true
					}
				}
				return path == "/token"
			}
		},
		"a gigabyte of itself": func(i *testkit.Issuer) {
			i.Handle = func(w http.ResponseWriter, path string) bool {
				piece := []byte(strings.Repeat(" ", 1<<20))
				for n := 0; n < 1<<10; n++ {
					if _, err := w.Write(piece); err != nil {
						return true
					}
				}
				return true
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := testkit.NewIssuer(t)
			p, _ := newProvider(t, loopback, i)
			fault(i)
			if subject, _, err := signIn(t, p, i); err == nil {
				t.Errorf("signed in as %s", subject)
			} else if len(err.Error()) > 500 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestProvider_TimesOutAndDelaysRetry(t *testing.T) {
	t.Parallel()
	i := testkit.NewIssuer(t)
	p, clock := newProvider(t, loopback, i)
	hang := make(chan struct{})
	i.Handle = func(http.ResponseWriter, string) bool {
		_, hangs := <-hang
		return hangs
	}
	began := time.Now()
	if _, _, err := signIn(t, p, i); !errors.Is(err, identity.ErrUnavailable) || time.Since(began) > 30*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	began = time.Now()
	if _, _, err := signIn(t, p, i); !errors.Is(err, identity.ErrUnavailable) || time.Since(began) > 5*time.Second {
		t.Errorf("the next request took %s: %v", time.Since(began), err)
	}
	close(hang)
	clock.Duration = time.Minute
	if subject, _, err := signIn(t, p, i); err != nil || subject == "" {
		t.Errorf("when it answers again: %v", err)
	}
}

func TestProvider_CallsNoPrivateNetwork(t *testing.T) {
	t.Parallel()
	i := testkit.NewIssuer(t)
	called := false
	i.Handle = func(http.ResponseWriter, string) bool { called = true; return false }
	p, _ := newProvider(t, outbound.Reach{}, i)
	if _, _, err := signIn(t, p, i); !errors.Is(err, identity.ErrUnavailable) || called {
		t.Errorf("called: %v, %v", called, err)
	}
	for _, address := range []string{"", "issuer", "http://issuer.example", "https://u:p@issuer.example",
		"https://issuer.example?x=1", "ftp://issuer.example"} {
		if _, err := oidc.New(oidc.Options{Issuer: address, Reach: loopback}); err == nil {
			t.Errorf("%q is accepted as an issuer", address)
		}
	}
}
