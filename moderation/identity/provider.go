package identity

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// signInLife is how long a sign-in at a provider may take, and how long its proof is valid.
const signInLife = 10 * time.Minute

// A Provider is an OpenID Connect provider. Its errors are for the log only. ErrUnavailable means that the provider
// did not answer; any other error means that its answer was not valid.
type Provider interface {
	Name() string
	// AuthURL returns the URL at the provider to which the browser is redirected.
	AuthURL(ctx context.Context, q AuthRequest) (address string, err error)
	// Exchange returns the proof for the callback's parameters.
	Exchange(ctx context.Context, q AuthRequest, a Callback) (authz.ExternalIdentity, error)
}

// ErrUnavailable reports that a provider did not answer with a valid response.
var ErrUnavailable = errors.New("the provider is unavailable")

// An AuthRequest holds the random values of one sign-in. The provider returns State in the callback and Nonce in the
// signed ID token. It gets Verifier with the code (PKCE, RFC 7636).
type AuthRequest struct {
	State    string `json:"q"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
}

// A Callback holds the parameters with which the browser returns. Issuer is "" if the provider does not send it (RFC
// 9207).
type Callback struct{ State, Code, Issuer string }

// Providers manages sign-ins at the configured providers. The zero value and nil have no providers. It is safe for
// concurrent use.
type Providers struct {
	process *txn.Process
	secret  secret.Secret
	list    []Provider
}

// NewProviders returns Providers for list.
func NewProviders(p *txn.Process, own secret.Secret, list ...Provider) *Providers {
	return &Providers{process: p, secret: own, list: list}
}

// Names returns the display names of the providers.
func (p *Providers) Names() (names []string) {
	if p == nil {
		return nil
	}
	for _, one := range p.list {
		names = append(names, one.Name())
	}
	return names
}

func (p *Providers) provider(name string) (Provider, error) {
	at := slices.Index(p.Names(), name)
	if at < 0 {
		return nil, problem.Query("provider", "This service has no provider with this name.")
	}
	return p.list[at], nil
}

// A Redirect starts a sign-in: Address is the URL at the provider, and Cookie is the browser's cookie until the callback
// with State.
type Redirect struct{ Address, State, Cookie string }

// pendingSignIn is the content of Redirect.Cookie.
type pendingSignIn struct {
	Provider string      `json:"p"`
	Request  AuthRequest `json:"q"`
	Errand   string      `json:"e"`
	Ends     int64       `json:"x"` // seconds
}

// StartSignIn returns the redirect to a provider. FinishSignIn returns errand again; the browser cannot change it.
func (p *Providers) StartSignIn(ctx context.Context, name, errand string) (Redirect, error) {
	one, err := p.provider(name)
	if err != nil {
		return Redirect{}, err
	}
	q := AuthRequest{State: randomText(), Nonce: randomText(), Verifier: randomText()}
	address, err := one.AuthURL(ctx, q)
	if err != nil {
		return Redirect{}, p.refuse(ctx, name, err)
	}
	kept := p.seal("way", pendingSignIn{name, q, errand, p.process.Now().Add(signInLife).Unix()})
	return Redirect{Address: address, State: q.State, Cookie: kept}, nil
}

// FinishSignIn returns the proof of a callback and the errand of its StartSignIn. It returns identity.refused if this
// browser did not start the sign-in, or the provider's answer is not valid.
func (p *Providers) FinishSignIn(ctx context.Context, name, kept string, a Callback) (authz.ExternalIdentity, string, error) {
	one, err := p.provider(name)
	if err != nil {
		return authz.ExternalIdentity{}, "", err
	}
	var w pendingSignIn
	if !p.open("way", kept, &w) || !p.process.Now().Before(time.Unix(w.Ends, 0)) ||
		!hmac.Equal([]byte(w.Request.State), []byte(a.State)) {
		return authz.ExternalIdentity{}, "", errSignInFailed()
	}
	if w.Provider != name || a.Code == "" {
		return authz.ExternalIdentity{}, w.Errand, errSignInFailed()
	}
	proof, err := one.Exchange(ctx, w.Request, a)
	if err != nil {
		return authz.ExternalIdentity{}, w.Errand, p.refuse(ctx, name, err)
	}
	return proof, w.Errand, nil
}

// refuse logs err and returns an error without its details.
func (p *Providers) refuse(ctx context.Context, name string, err error) error {
	p.process.Logger().WarnContext(ctx, "sign-in with provider failed", "provider", name, "error", err)
	if errors.Is(err, ErrUnavailable) {
		return problem.TryAgain(err)
	}
	return errSignInFailed()
}

// heldProof is a proof that a browser keeps until the reader confirms it with a button.
type heldProof struct {
	Proof authz.ExternalIdentity `json:"p"`
	Site  int64                  `json:"w"`
	Ends  int64                  `json:"x"`
}

// HoldProof returns a cookie value that contains a proof for one site, and when it expires.
func (p *Providers) HoldProof(site site.Site, proof authz.ExternalIdentity) (value string, until time.Time) {
	until = p.process.Now().Add(signInLife)
	return p.seal("held", heldProof{proof, site.ID, until.Unix()}), until
}

// HeldProof returns the proof of a value from HoldProof if it is still valid on a site.
func (p *Providers) HeldProof(site site.Site, value string) (authz.ExternalIdentity, bool) {
	var h heldProof
	if p == nil || !p.open("held", value, &h) || h.Site != site.ID || !p.process.Now().Before(time.Unix(h.Ends, 0)) {
		return authz.ExternalIdentity{}, false
	}
	return h.Proof, true
}

// seal signs a value for a purpose. The result is readable, but cannot be changed.
func (p *Providers) seal(purpose string, v any) string {
	said, _ := json.Marshal(v) // cannot fail for strings and numbers
	text := base64.RawURLEncoding.EncodeToString(said)
	return text + "." + p.proof(purpose, text)
}

func (p *Providers) proof(purpose, text string) string {
	return base64.RawURLEncoding.EncodeToString(p.secret.Mac("provider", purpose, text))
}

// open decodes a value from seal into v. It returns false if the value is invalid.
func (p *Providers) open(purpose, sealed string, v any) bool {
	text, proof, _ := strings.Cut(sealed, ".")
	if !hmac.Equal([]byte(proof), []byte(p.proof(purpose, text))) {
		return false
	}
	said, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && json.Unmarshal(said, v) == nil
}

// randomText returns 256 random bits in base64url.
func randomText() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: on an error, crypto/rand crashes the program
	return base64.RawURLEncoding.EncodeToString(b)
}

func errSignInFailed() error {
	return problem.Unproven("identity.refused", "The sign-in failed. Start again in the browser in which you want to be signed in.")
}
