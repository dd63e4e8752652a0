// Package oidc is the client of OpenID providers for signing in.
//
// It does what go-oidc leaves to its caller: it checks the nonce, the authorized party and the issuer of a callback,
// requires https for each URL in a provider's metadata, limits the size and duration of responses, and calls no private
// network that the operator did not allow. Accounts and the sign-in pages are in moderation/identity and api.
package oidc

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

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/aitys/aitys/internal/outbound"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

const (
	requestTimeout = 10 * time.Second
	metadataTTL    = time.Hour
	retryAfter     = 5 * time.Second // after a discovery that failed
	maxResponse    = 1 << 20         // bytes
	maxSubject     = 255             // ASCII characters (OpenID Connect Core 1.0, section 2)
)

// A Provider is an identity.Provider. It validates ID tokens by OpenID Connect Core 1.0, section 3.1.3.7, and asks for
// no e-mail addresses. It is safe for concurrent use.
type Provider struct {
	o      Options
	client *http.Client

	mu       sync.Mutex
	metadata *metadata
	failed   error
	at       time.Time // time of the last discovery
}

// Options of a Provider. All but Reach are required. Callback is the URL to which the provider sends people back.
type Options struct {
	Name, Issuer, ClientID, Secret string
	Callback                       *url.URL
	Clock                          txn.Clock
	Reach                          outbound.Reach
}

// metadata is the result of OpenID Connect Discovery.
type metadata struct {
	oauth       oauth2.Config
	verifier    *gooidc.IDTokenVerifier
	namesIssuer bool // callbacks contain iss (RFC 9207)
}

// New returns a Provider. It returns an error if the issuer is not an https URL. Its errors are shown to the operator.
func New(o Options) (*Provider, error) {
	u, err := url.Parse(o.Issuer)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%q is not the URL of an issuer", o.Issuer)
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
		return nil, fmt.Errorf("the issuer %s is not https", o.Issuer)
	}
	client := o.Reach.Client(requestTimeout)
	client.Transport = limitedTransport{client.Transport}
	return &Provider{o: o, client: client}, nil
}

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// limitedTransport reads at most maxResponse bytes of each response.
type limitedTransport struct{ http.RoundTripper }

func (t limitedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := t.RoundTripper.RoundTrip(r)
	if err == nil {
		res.Body = &limitedBody{res.Body, maxResponse}
	}
	return res, err
}

type limitedBody struct {
	io.ReadCloser
	left int
}

var errTooLong = errors.New(outbound.FailedTooLong)

func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errTooLong
	}
	return n, err
}

// Name implements identity.Provider.
func (p *Provider) Name() string { return p.o.Name }

// AuthURL implements identity.Provider.
func (p *Provider) AuthURL(ctx context.Context, q identity.AuthRequest) (string, error) {
	is, err := p.loadMetadata(ctx)
	if err != nil {
		return "", err
	}
	return is.oauth.AuthCodeURL(q.State, gooidc.Nonce(q.Nonce), oauth2.S256ChallengeOption(q.Verifier)), nil
}

// Exchange implements identity.Provider.
func (p *Provider) Exchange(ctx context.Context, q identity.AuthRequest, a identity.Callback) (authz.ExternalIdentity, error) {
	is, err := p.loadMetadata(ctx)
	if err != nil {
		return authz.ExternalIdentity{}, err
	}
	if a.Issuer != p.o.Issuer && (a.Issuer != "" || is.namesIssuer) {
		return authz.ExternalIdentity{}, errors.New("the callback is from another issuer")
	}
	ctx = gooidc.ClientContext(ctx, p.client)
	token, err := is.oauth.Exchange(ctx, a.Code, oauth2.VerifierOption(q.Verifier))
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.Response.StatusCode < 500 {
		return authz.ExternalIdentity{}, fmt.Errorf("the provider rejected the code: %s", cmp.Or(refused.ErrorCode, "no reason"))
	}
	if err != nil {
		return authz.ExternalIdentity{}, unavailable(err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok {
		return authz.ExternalIdentity{}, errors.New("the response has no id_token")
	}
	said, err := is.verifier.Verify(ctx, raw)
	if err != nil {
		return authz.ExternalIdentity{}, err
	}
	var claims struct {
		Party    string `json:"azp"`
		Name     string `json:"name"`
		Username string `json:"preferred_username"`
	}
	if err := said.Claims(&claims); err != nil {
		return authz.ExternalIdentity{}, err
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(said.Nonce), []byte(q.Nonce)) != 1:
		return authz.ExternalIdentity{}, errors.New("the id_token has another nonce")
	case claims.Party != p.o.ClientID && (claims.Party != "" || len(said.Audience) > 1):
		return authz.ExternalIdentity{}, errors.New("the id_token was issued to another party")
	case said.Subject == "" || len(said.Subject) > maxSubject:
		return authz.ExternalIdentity{}, errors.New("the id_token has no valid subject")
	}
	name := text.First(cmp.Or(claims.Name, claims.Username), comment.MaxName+1) // a name that is too long stays too long
	return authz.ExternalIdentity{Issuer: said.Issuer, Subject: said.Subject, Name: name}, nil
}

// loadMetadata returns the metadata. It caches the metadata for metadataTTL and a failure for retryAfter, and runs one
// discovery at a time.
func (p *Provider) loadMetadata(ctx context.Context) (*metadata, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.o.Clock.Now()
	if p.metadata != nil && now.Sub(p.at) < metadataTTL {
		return p.metadata, nil
	}
	if p.failed != nil && now.Sub(p.at) < retryAfter {
		return nil, p.failed
	}
	// Other requests wait for this discovery, so it continues after the request that started it ended.
	found, err := p.discover(context.WithoutCancel(ctx))
	p.at = p.o.Clock.Now()
	if p.metadata, p.failed = found, nil; err != nil {
		p.failed = unavailable(err)
	}
	return p.metadata, p.failed
}

func (p *Provider) discover(ctx context.Context) (*metadata, error) {
	provider, err := gooidc.NewProvider(gooidc.ClientContext(ctx, p.client), p.o.Issuer)
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
			u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
			return nil, fmt.Errorf("a URL in the metadata is not https: %.200q", address)
		}
	}
	at.AuthStyle = oauth2.AuthStyleInHeader
	if len(more.ByPost) > 0 && !slices.Contains(more.ByPost, "client_secret_basic") {
		at.AuthStyle = oauth2.AuthStyleInParams
	}
	return &metadata{
		oauth: oauth2.Config{ClientID: p.o.ClientID, ClientSecret: p.o.Secret, Endpoint: at,
			RedirectURL: p.o.Callback.String(), Scopes: []string{gooidc.ScopeOpenID, "profile"}},
		verifier:    provider.Verifier(&gooidc.Config{ClientID: p.o.ClientID, Now: p.o.Clock.Now}),
		namesIssuer: more.Named,
	}, nil
}

// unavailable returns an identity.ErrUnavailable with a reason for the log. The reason is one line of at most 200
// characters.
func unavailable(err error) error {
	said := outbound.Explain(err)
	if errors.Is(err, errTooLong) {
		said = errTooLong
	} else if _, ok := errors.AsType[net.Error](err); !ok && !errors.Is(err, outbound.ErrPrivate) {
		line, _, _ := strings.Cut(err.Error(), "\n")
		said = fmt.Errorf("%.200s", line)
	}
	return fmt.Errorf("%w: %w", identity.ErrUnavailable, said)
}
