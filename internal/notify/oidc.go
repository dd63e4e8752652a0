package notify

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

const (
	knownFor   = time.Hour       // what a provider says of itself
	silentFor  = 5 * time.Second // it is not asked again, where it did not answer
	maxSaid    = 1 << 20         // bytes that are read of one of its answers
	maxSubject = 255             // of ASCII (OpenID Connect Core 1.0, section 2)
)

// An Issuer is a provider of OpenID Connect: who people are is what it says in a signed token that this service asked
// for, of which it was told who for, for whom and until when (OpenID Connect Core 1.0, section 3.1.3.7). Its e-mail
// addresses are not asked for.
type Issuer struct {
	o      IssuerOptions
	client *http.Client

	mu     sync.Mutex
	known  *issuer
	failed error
	at     time.Time // of known or failed
}

// IssuerOptions are what an Issuer is made of, all required. Callback is where people come back to.
type IssuerOptions struct {
	Name, Issuer, ClientID, Secret string
	Callback                       *url.URL
	Clock                          txn.Clock
}

// issuer is what one says of itself.
type issuer struct {
	oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier
	named    bool // it names itself to whom it sends back (RFC 9207)
}

// Issuer returns one that calls no address that may not be called. Its errors are clauses for a person.
func (r Reach) Issuer(o IssuerOptions) (*Issuer, error) {
	u, err := url.Parse(o.Issuer)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%q is no address of an issuer", o.Issuer)
	case u.Scheme != "https" && (u.Scheme != "http" || !near(u.Hostname())):
		return nil, fmt.Errorf("the issuer %s is not https", o.Issuer)
	}
	client := r.client()
	client.Transport = shortened{client.Transport}
	return &Issuer{o: o, client: client}, nil
}

// near reports whether a host is this machine itself.
func near(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// shortened reads at most maxSaid of each answer.
type shortened struct{ http.RoundTripper }

func (s shortened) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := s.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Body = &shortBody{answer.Body, maxSaid}
	}
	return answer, err
}

type shortBody struct {
	io.ReadCloser
	left int
}

var errSaid = errors.New(FailedLong)

func (b *shortBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errSaid
	}
	return n, err
}

func (p *Issuer) Name() string { return p.o.Name }

func (p *Issuer) Ask(ctx context.Context, q identity.Question) (string, error) {
	is, err := p.find(ctx)
	if err != nil {
		return "", err
	}
	return is.oauth.AuthCodeURL(q.State, oidc.Nonce(q.Nonce), oauth2.S256ChallengeOption(q.Verifier)), nil
}

func (p *Issuer) Prove(ctx context.Context, q identity.Question, a identity.Answer) (authz.Proof, error) {
	is, err := p.find(ctx)
	if err != nil {
		return authz.Proof{}, err
	}
	if a.Issuer != p.o.Issuer && (a.Issuer != "" || is.named) {
		return authz.Proof{}, errors.New("the answer is another issuer's")
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := is.oauth.Exchange(ctx, a.Code, oauth2.VerifierOption(q.Verifier))
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.Response.StatusCode < 500 {
		return authz.Proof{}, fmt.Errorf("the code was not taken: %s", cmp.Or(refused.ErrorCode, "no reason"))
	}
	if err != nil {
		return authz.Proof{}, silent(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return authz.Proof{}, errors.New("there is no id_token")
	}
	said, err := is.verifier.Verify(ctx, raw)
	if err != nil {
		return authz.Proof{}, err
	}
	var claims struct {
		Party    string `json:"azp"`
		Name     string `json:"name"`
		Username string `json:"preferred_username"`
	}
	if err := said.Claims(&claims); err != nil {
		return authz.Proof{}, err
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(said.Nonce), []byte(q.Nonce)) != 1:
		return authz.Proof{}, errors.New("the id_token answers another question")
	case claims.Party != p.o.ClientID && (claims.Party != "" || len(said.Audience) > 1):
		return authz.Proof{}, errors.New("the id_token was given to somebody else")
	case said.Subject == "" || len(said.Subject) > maxSubject:
		return authz.Proof{}, errors.New("the id_token has no subject that can be")
	}
	name := text.First(cmp.Or(claims.Name, claims.Username), comment.MaxName+1) // a longer one is refused, and asked for
	return authz.Proof{Issuer: said.Issuer, Subject: said.Subject, Name: name}, nil
}

// find returns what the issuer says of itself, asked at most once an hour, and by one at a time.
func (p *Issuer) find(ctx context.Context) (*issuer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.o.Clock.Now()
	if p.known != nil && now.Sub(p.at) < knownFor {
		return p.known, nil
	}
	if p.failed != nil && now.Sub(p.at) < silentFor {
		return nil, p.failed
	}
	// Who asked first may go; the others want the answer.
	found, err := p.discover(context.WithoutCancel(ctx))
	p.at = p.o.Clock.Now()
	if p.known, p.failed = found, nil; err != nil {
		p.failed = silent(err)
	}
	return p.known, p.failed
}

func (p *Issuer) discover(ctx context.Context) (*issuer, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.o.Issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		Keys   string   `json:"jwks_uri"`
		Named  bool     `json:"authorization_response_iss_parameter_supported"`
		ByPost []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, err
	}
	at := provider.Endpoint()
	for _, address := range []string{at.AuthURL, at.TokenURL, more.Keys} {
		if u, err := url.Parse(address); err != nil || u.Host == "" ||
			u.Scheme != "https" && (u.Scheme != "http" || !near(u.Hostname())) {
			return nil, fmt.Errorf("it names an address that is not https: %.200q", address)
		}
	}
	at.AuthStyle = oauth2.AuthStyleInHeader
	if len(more.ByPost) > 0 && !slices.Contains(more.ByPost, "client_secret_basic") {
		at.AuthStyle = oauth2.AuthStyleInParams
	}
	return &issuer{
		oauth: oauth2.Config{ClientID: p.o.ClientID, ClientSecret: p.o.Secret, Endpoint: at,
			RedirectURL: p.o.Callback.String(), Scopes: []string{oidc.ScopeOpenID, "profile"}},
		verifier: provider.Verifier(&oidc.Config{ClientID: p.o.ClientID, Now: p.o.Clock.Now}),
		named:    more.Named,
	}, nil
}

// silent is why there was no answer that can be read, for the log: never what stood in it.
func silent(err error) error {
	said := unanswered(err)
	if errors.Is(err, errSaid) {
		said = errSaid
	} else if _, ok := errors.AsType[net.Error](err); !ok && !errors.Is(err, errInner) {
		line, _, _ := strings.Cut(err.Error(), "\n")
		said = fmt.Errorf("%.200s", line)
	}
	return fmt.Errorf("%w: %w", identity.ErrSilent, said)
}
