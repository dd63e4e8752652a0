// Package web is shared by all HTTP packages of the service. It has route tables and their chain, sessions, CSRF and
// CORS checks, rate limits, client addresses, request parsing and error responses.
//
// It has no routes and no rules of moderation. Its invariants:
//
//   - The status of a failure is chosen in problem.go only. Its cause is logged and never sent.
//   - A request that changes something with a session cookie comes from a page of the service.
//   - X-Forwarded-For is trusted only from a configured proxy.
package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/presence"
	"github.com/aitys/aitys/moderation/txn"
)

// Options are the dependencies and settings of a Kit. Process, Identity, Clock, Log and PublicURL are required.
type Options struct {
	Process   *txn.Process
	Identity  *identity.Service
	Providers *identity.Providers // nil if there are none
	Presence  presence.Service
	Clock     txn.Clock
	Log       *slog.Logger
	PublicURL *url.URL       // scheme and host of the service as its users see it
	AnyHost   bool           // PublicURL was not configured: the host that a request names is the service's own
	Proxies   []netip.Prefix // proxies whose X-Forwarded-For is trusted
	Limiter   Limiter        // nil for no rate limits
	Mailing   bool           // the service sends mail
	Meter     Meter          // nil: requests are not counted
}

// A Meter counts answered requests.
type Meter interface {
	// Request counts a request. Route is the pattern that matched, or "". The status is 499 if the client left.
	Request(method, route string, status int, took time.Duration)
	// Post counts the answer to a new comment on a site, by the site's key.
	Post(site string, status int)
}

// A Kit has the dependencies and helpers that all HTTP packages share. It is safe for concurrent use.
type Kit struct {
	Options
	csrf *http.CrossOriginProtection
}

// New returns a Kit.
func New(o Options) *Kit {
	k := &Kit{Options: o, csrf: http.NewCrossOriginProtection()}
	// The command line has checked that PublicURL is an origin.
	_ = k.csrf.AddTrustedOrigin(k.Origin())
	return k
}

// LinkURL returns the URL of a one-time link. The token is in the fragment, which browsers do not send. In the path or
// query it would end up in logs.
func LinkURL(public *url.URL, token string) string {
	return public.JoinPath("/moderate/setup").String() + "#" + token
}

// Origin returns the service's origin as browsers send it.
func (k *Kit) Origin() string { return k.PublicURL.Scheme + "://" + k.PublicURL.Host }

// Secure reports whether the service is served over https.
func (k *Kit) Secure() bool { return k.PublicURL.Scheme == "https" }
