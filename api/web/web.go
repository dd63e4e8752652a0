// Package web is what every HTTP room of the service shares: who is asking, from which
// address and how often, what a request may look like before it is read, and how a failure
// is answered.
//
// It holds no route and no rule of moderation. Its invariants: a failure's status is chosen
// in problem.go and nowhere else, its cause reaches the log and never the answer; a request
// that changes something with a session cookie comes from our own pages; nothing a client
// says about its own address is believed unless a configured proxy said it.
package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/presence"
	"github.com/aitys/aitys/moderation/txn"
)

// Options are what a Kit is made of. Process, Identity, Clock, Log and PublicURL are required; Identity and Providers say
// who is asking. AnyHost says that nobody told what
// PublicURL is: a page of the host that a request names is the service's own then. Proxies are the ranges whose
// X-Forwarded-For is believed; Limiter nil lifts posting rates.
type Options struct {
	Process   *txn.Process
	Identity  *identity.Service
	Providers *identity.Providers // nil: none
	Presence  presence.Service
	Clock     txn.Clock
	Log       *slog.Logger
	PublicURL *url.URL // scheme and host of the service as its users see it
	AnyHost   bool
	Proxies   []netip.Prefix
	Limiter   Limiter
	Mailing   bool // mail is sent
}

// A Kit is what all HTTP packages share. It is safe for concurrent use.
type Kit struct {
	Options
	csrf *http.CrossOriginProtection
}

// New returns a Kit.
func New(o Options) *Kit {
	k := &Kit{Options: o, csrf: http.NewCrossOriginProtection()}
	// An address that cannot be an origin is refused by the command line, before this.
	_ = k.csrf.AddTrustedOrigin(k.Origin())
	return k
}

// LinkURL is the address of a one-time link. Its token stands in the fragment, which no browser sends: a
// GET that is logged on its way, or stays in a history, would hand it on.
func LinkURL(public *url.URL, token string) string {
	return public.JoinPath("/moderate/setup").String() + "#" + token
}

// Origin is the service's own address as a browser writes it in an Origin header.
func (k *Kit) Origin() string { return k.PublicURL.Scheme + "://" + k.PublicURL.Host }

// Secure says that the service is reached by https.
func (k *Kit) Secure() bool { return k.PublicURL.Scheme == "https" }
