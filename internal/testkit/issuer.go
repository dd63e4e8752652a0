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

// What an Issuer knows a service by.
const (
	ClientID     = "aitys"
	clientSecret = "a secret between the two"
)

// An Issuer is a small provider of OpenID Connect that holds the service to the protocol. It signs in whoever presses
// its button, as Who. Its other fields make faults; they are set while nobody asks.
type Issuer struct {
	URL string
	Who map[string]any // claims: sub, name

	Claims   func(claims map[string]any)                       // changes what an id_token says
	Sign     func(said []byte) string                          // in the place of its key
	Says     func(document map[string]any)                     // changes what it says of itself
	Back     func(q url.Values)                                // changes with what it sends back
	Answers  func(w http.ResponseWriter, path string) (t bool) // instead of it, where true
	t        testing.TB
	key      *ecdsa.PrivateKey
	mu       sync.Mutex
	asked    map[string]url.Values // by code, which is good once
	listener *httptest.Server
}

// NewIssuer starts one, on 127.0.0.1.
func NewIssuer(t testing.TB) *Issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &Issuer{t: t, key: key, asked: map[string]url.Values{}, Who: map[string]any{"sub": "reader-7", "name": "Lena"}}
	i.listener = httptest.NewServer(http.HandlerFunc(i.serve))
	i.URL = i.listener.URL
	t.Cleanup(func() { i.listener.CloseClientConnections(); i.listener.Close() })
	return i
}

// Secret is the file in which the service finds its secret.
func (i *Issuer) Secret() string {
	path := filepath.Join(i.t.TempDir(), "client-secret")
	if err := os.WriteFile(path, []byte(clientSecret+"\n"), 0o600); err != nil {
		i.t.Fatal(err)
	}
	return path
}

// ClientSecret is what stands there.
func (i *Issuer) ClientSecret() string { return clientSecret }

var asking = template.Must(template.New("asking").Parse(`<!doctype html><html lang="en"><meta name="viewport"
content="width=device-width"><title>Issuer</title><h1>Sign in at the issuer</h1><p>As {{.Who.name}}</p>
<form method="post"><button>Allow</button></form>`))

func (i *Issuer) serve(w http.ResponseWriter, r *http.Request) {
	if i.Answers != nil && i.Answers(w, r.URL.Path) {
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
		if i.Says != nil {
			i.Says(document)
		}
		i.answer(w, document)
	case "GET /keys":
		public, _ := i.key.PublicKey.Bytes() // it is on the curve
		i.answer(w, map[string]any{"keys": []any{map[string]any{"kty": "EC", "crv": "P-256", "use": "sig", "kid": "1",
			"x": raw(public[1:33]), "y": raw(public[33:])}}})
	case "GET /authorize":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = asking.Execute(w, i) // who has gone sees nothing
	case "POST /authorize":
		http.Redirect(w, r, i.Allow(r.URL.Query()), http.StatusFound)
	case "POST /token":
		i.token(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (i *Issuer) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // who has gone hears nothing
}

// Allow is what its button does: it returns where somebody is sent back to who was sent with a question.
func (i *Issuer) Allow(asked url.Values) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	if asked.Get("client_id") != ClientID || asked.Get("response_type") != "code" || asked.Get("scope") == "" ||
		asked.Get("code_challenge_method") != "S256" || len(asked.Get("state")) < 22 || len(asked.Get("nonce")) < 22 {
		i.t.Errorf("the issuer is asked %v", asked)
	}
	code := rand.Text()
	i.asked[code] = asked
	back, _ := url.Parse(asked.Get("redirect_uri")) // it is looked at when the code is brought
	q := url.Values{"code": {code}, "state": {asked.Get("state")}, "iss": {i.URL}}
	if i.Back != nil {
		i.Back(q)
	}
	back.RawQuery = q.Encode()
	return back.String()
}

func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	asked, ok := i.asked[r.PostFormValue("code")]
	delete(i.asked, r.PostFormValue("code"))
	id, secret, _ := r.BasicAuth()
	secret, _ = url.QueryUnescape(secret)
	challenge := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || id != ClientID || secret != clientSecret || asked.Get("code_challenge") != raw(challenge[:]) ||
		asked.Get("redirect_uri") != r.PostFormValue("redirect_uri") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		i.answer(w, map[string]any{"error": "invalid_grant"})
		return
	}
	now := time.Now()
	claims := map[string]any{"iss": i.URL, "aud": ClientID, "nonce": asked.Get("nonce"), "iat": now.Unix(),
		"exp": now.Add(5 * time.Minute).Unix()}
	for name, value := range i.Who {
		claims[name] = value
	}
	if i.Claims != nil {
		i.Claims(claims)
	}
	said, _ := json.Marshal(claims) // strings and numbers always can be
	sign := i.sign
	if i.Sign != nil {
		sign = i.Sign
	}
	i.answer(w, map[string]any{"access_token": "none", "token_type": "Bearer", "id_token": sign(said)})
}

// sign signs by ES256 (RFC 7518, section 3.4).
func (i *Issuer) sign(said []byte) string {
	text := raw([]byte(`{"alg":"ES256","kid":"1"}`)) + "." + raw(said)
	hash := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, i.key, hash[:])
	if err != nil {
		i.t.Error(err)
		return ""
	}
	return text + "." + raw(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// Unsigned is a JWT that says alg none.
func Unsigned(said []byte) string { return raw([]byte(`{"alg":"none"}`)) + "." + raw(said) + "." }

// SignedBySecret is a JWT that is signed by HS256 with a text that the issuer publishes.
func (i *Issuer) SignedBySecret(said []byte) string {
	text := raw([]byte(`{"alg":"HS256","kid":"1"}`)) + "." + raw(said)
	public, _ := i.key.PublicKey.Bytes() // it is on the curve
	mac := hmac.New(sha256.New, public)
	mac.Write([]byte(text))
	return text + "." + raw(mac.Sum(nil))
}

func raw(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
