package testkit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// The service's credentials at an Issuer.
const (
	ClientID     = "aitys"
	clientSecret = "a secret between the two"
)

// An Issuer is a small OpenID provider that checks the service's requests. It signs in anyone who presses its button,
// as User. Its other fields cause faults. Set them while there are no requests.
type Issuer struct {
	URL  string
	User map[string]any // claims: sub, name

	EditClaims    func(claims map[string]any)                       // changes the claims of an id_token
	SignToken     func(said []byte) string                          // replaces the signature
	EditDiscovery func(document map[string]any)                     // changes the discovery document
	EditCallback  func(q url.Values)                                // changes the query of the redirect URI
	Handle        func(w http.ResponseWriter, path string) (t bool) // handles a request and returns true, or returns false
	t             testing.TB
	key           *ecdsa.PrivateKey
	mu            sync.Mutex
	requests      map[string]url.Values // authorization requests by code; a code is valid once
	listener      *httptest.Server
}

// NewIssuer starts an issuer on 127.0.0.1. It ends with the test.
func NewIssuer(t testing.TB) *Issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &Issuer{t: t, key: key, requests: map[string]url.Values{}, User: map[string]any{"sub": "reader-7", "name": "Lena"}}
	i.listener = httptest.NewServer(http.HandlerFunc(i.serve))
	i.URL = i.listener.URL
	t.Cleanup(func() { i.listener.CloseClientConnections(); i.listener.Close() })
	return i
}

// SecretFile creates a file with the client secret, and returns its path.
func (i *Issuer) SecretFile() string {
	path := filepath.Join(i.t.TempDir(), "client-secret")
	if err := os.WriteFile(path, []byte(clientSecret+"\n"), 0o600); err != nil {
		i.t.Fatal(err)
	}
	return path
}

// ClientSecret returns the client secret.
func (i *Issuer) ClientSecret() string { return clientSecret }

var consentPage = template.Must(template.New("asking").Parse(`<!doctype html><html lang="en"><meta name="viewport"
content="width=device-width"><title>Issuer</title><h1>Sign in at the issuer</h1><p>As {{.name}}</p>
<form method="post"><button>Allow</button></form>`))

func (i *Issuer) serve(w http.ResponseWriter, r *http.Request) {
	if i.Handle != nil && i.Handle(w, r.URL.Path) {
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "GET /.well-known/openid-configuration":
		document := map[string]any{
			"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token",
			"jwks_uri": i.URL + "/keys", "id_token_signing_alg_values_supported": []string{"ES256"},
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
			"authorization_response_iss_parameter_supported": true,
		}
		if i.EditDiscovery != nil {
			i.EditDiscovery(document)
		}
		i.answer(w, document)
	case "GET /keys":
		public, _ := i.key.PublicKey.Bytes() // the key is on the curve
		i.answer(w, map[string]any{"keys": []any{map[string]any{"kty": "EC", "crv": "P-256", "use": "sig", "kid": "1",
			"x": base64URL(public[1:33]), "y": base64URL(public[33:])}}})
	case "GET /authorize":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = consentPage.Execute(w, i.User) // the client may have disconnected
	case "POST /authorize":
		http.Redirect(w, r, i.Authorize(r.URL.Query()), http.StatusFound)
	case "POST /token":
		i.token(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (i *Issuer) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client may have disconnected
}

// Authorize does what the button does. It checks an authorization request, and returns the redirect address with a
// code.
func (i *Issuer) Authorize(asked url.Values) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	if asked.Get("client_id") != ClientID || asked.Get("response_type") != "code" || asked.Get("scope") == "" ||
		asked.Get("code_challenge_method") != "S256" || len(asked.Get("state")) < 22 || len(asked.Get("nonce")) < 22 {
		i.t.Errorf("the issuer is asked %v", asked)
	}
	code := rand.Text()
	i.requests[code] = asked
	back, _ := url.Parse(asked.Get("redirect_uri")) // it is checked with the code
	q := url.Values{"code": {code}, "state": {asked.Get("state")}, "iss": {i.URL}}
	if i.EditCallback != nil {
		i.EditCallback(q)
	}
	back.RawQuery = q.Encode()
	return back.String()
}

func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	asked, ok := i.requests[r.PostFormValue("code")]
	delete(i.requests, r.PostFormValue("code"))
	id, secret, _ := r.BasicAuth()
	secret, _ = url.QueryUnescape(secret)
	challenge := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || id != ClientID || secret != clientSecret || asked.Get("code_challenge") != base64URL(challenge[:]) ||
		asked.Get("redirect_uri") != r.PostFormValue("redirect_uri") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		i.answer(w, map[string]any{"error": "invalid_grant"})
		return
	}
	now := time.Now()
	claims := map[string]any{"iss": i.URL, "aud": ClientID, "nonce": asked.Get("nonce"), "iat": now.Unix(),
		"exp": now.Add(5 * time.Minute).Unix()}
	for name, value := range i.User {
		claims[name] = value
	}
	if i.EditClaims != nil {
		i.EditClaims(claims)
	}
	said, _ := json.Marshal(claims) // strings and numbers can always be encoded
	sign := i.sign
	if i.SignToken != nil {
		sign = i.SignToken
	}
	i.answer(w, map[string]any{"access_token": "none", "token_type": "Bearer", "id_token": sign(said)})
}

// sign returns a JWT signed with ES256 (RFC 7518, section 3.4).
func (i *Issuer) sign(said []byte) string {
	text := base64URL([]byte(`{"alg":"ES256","kid":"1"}`)) + "." + base64URL(said)
	hash := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, i.key, hash[:])
	if err != nil {
		i.t.Error(err)
		return ""
	}
	return text + "." + base64URL(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// Unsigned returns a JWT with the algorithm none.
func Unsigned(said []byte) string {
	return base64URL([]byte(`{"alg":"none"}`)) + "." + base64URL(said) + "."
}

// SignedBySecret returns a JWT signed with HS256 and the issuer's public key as the secret.
func (i *Issuer) SignedBySecret(said []byte) string {
	text := base64URL([]byte(`{"alg":"HS256","kid":"1"}`)) + "." + base64URL(said)
	public, _ := i.key.PublicKey.Bytes() // the key is on the curve
	mac := hmac.New(sha256.New, public)
	mac.Write([]byte(text))
	return text + "." + base64URL(mac.Sum(nil))
}

func base64URL(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
