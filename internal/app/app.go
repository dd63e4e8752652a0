// Package app builds the service: New creates all services over a database, a Coordination and a secret. The command,
// its demo and the tests use the same New, so that tests run the same code as operators.
package app

import (
	"context"
	"database/sql"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/aitys/aitys/api"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/checkerclient"
	"github.com/aitys/aitys/internal/coord"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/internal/mail"
	"github.com/aitys/aitys/internal/metrics"
	"github.com/aitys/aitys/internal/outbound"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/store/sqlite"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/internal/transfer/static"
	"github.com/aitys/aitys/internal/transfer/upload"
	"github.com/aitys/aitys/internal/webhook"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/externalcheck"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/identity/password"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/presence"
	"github.com/aitys/aitys/moderation/privacy"
	"github.com/aitys/aitys/moderation/readerauth"
	"github.com/aitys/aitys/moderation/readermail"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/signing"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/sites"
	"github.com/aitys/aitys/moderation/spamcheck"
	"github.com/aitys/aitys/moderation/spamlist"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/txn"
	"github.com/aitys/aitys/moderation/vote"
	"github.com/aitys/aitys/widget"
)

// Coordination is the state that processes on one database share. The zero value is for a single process.
type Coordination struct {
	Bell           txn.Bell
	Claims         txn.Claims
	OriginRequests site.OriginRequests
	Presences      presence.Store
	Limiter        web.Limiter
	Health         func() string // "up", "down", or "" if nothing is configured; may be nil
}

// CoordinationOf returns the Coordination of processes that share c.
func CoordinationOf(c *coord.Coord) Coordination {
	return Coordination{Bell: c, Claims: c, OriginRequests: c, Presences: c, Limiter: c, Health: c.Health}
}

// Outbound contains the clients for other servers. The zero value, for commands, calls none.
type Outbound struct {
	Lists       spamlist.Getter                              // reads spam lists of other sites
	Checkers    externalcheck.Client                         // asks external checkers
	CheckerHost func(ctx context.Context, host string) error // returns an error if a checker must not be at host
	Webhooks    outbound.Reach                               // private networks that webhooks may be in
}

// NewOutbound returns the Outbound of a server that may reach public addresses and these private networks.
func NewOutbound(webhooks, checkers, neighbours outbound.Reach) Outbound {
	return Outbound{Lists: neighbours.Getter(), Checkers: checkerclient.New(checkers), CheckerHost: checkers.CheckHost,
		Webhooks: webhooks}
}

// Options of an App. Only Clock is required. Those from PublicURL on are for servers.
type Options struct {
	Clock   txn.Clock
	Log     *slog.Logger                            // nil: nothing is logged
	Storage func() error                            // returns why the database accepts no writes; see txn.Options
	Watch   func(ctx context.Context) error         // runs as part of Run; watches the database file
	IsNewer func(ctx context.Context) (bool, error) // reports whether a newer program migrated the database; see txn.Options
	Upgrade bool                                    // run privacy.Upgrade
	OnErase func(learning.Mark) error               // called before each erasure; an error prevents it

	Passwords *password.Hasher // nil: password.New()

	PublicURL       *url.URL // scheme and host of the service as users see it
	AnyHost         bool     // PublicURL is a guess; see web.Options
	Proxies         []netip.Prefix
	RateLimited     bool          // apply the Limiter of the Coordination to requests
	Mail            *mail.Options // Server, From and Zone; nil: no mail is sent
	MailedElsewhere bool          // another process sends mail
	SignIn          []identity.Provider
	Outbound        Outbound
	Middleware      func(http.Handler) http.Handler // wraps the HTTP handler of Serve
	Metrics         *Metrics                        // nil: no metrics
}

// Metrics are served by Serve on a listener of their own, which has no authentication.
type Metrics struct {
	Listener net.Listener
	Build    metrics.Build
	Disk     func() (disk metrics.Disk, ok bool)
	Pools    map[string]*sql.DB
}

// An App is the service in one process. It is safe for concurrent use.
type App struct {
	Process        *txn.Process
	Identity       *identity.Service
	Learning       *learning.Models
	Evaluation     *evaluation.Service
	Signing        *signing.Service
	SpamLists      *spamlist.Service
	Rules          *rules.Service
	Votes          *vote.Service
	Reports        *report.Service
	ReaderAuth     *readerauth.Service
	ReaderMail     *readermail.Service
	Takedowns      *takedown.Service
	ExternalChecks *externalcheck.Service
	Campaigns      *campaign.Service
	SpamChecks     *spamcheck.Service
	Moderation     *moderation.Service
	Presence       presence.Service
	Privacy        *privacy.Service
	Sites          *sites.Service
	Static         *static.Service
	Transfer       *transfer.Service
	Uploads        *upload.Service

	// For servers; nil without a PublicURL.
	Webhook   *webhook.Service
	Providers *identity.Providers
	Mail      *mail.Service // also nil without Options.Mail

	store        txn.Store[store.Tx]
	coordination Coordination
	options      Options
	metrics      *metrics.Registry // nil without Options.Metrics
}

// New returns an App over a migrated database. It returns txn.ErrSecret if the database has another secret.
func New(ctx context.Context, s txn.Store[store.Tx], c Coordination, own secret.Secret, o Options) (*App, error) {
	if err := txn.CheckSecret(ctx, store.Narrow[txn.MetaTx](s), own); err != nil {
		return nil, err
	}
	if o.Upgrade {
		if err := privacy.Upgrade(ctx, store.Narrow[privacy.UpgradeTx](s), own, o.Clock.Now()); err != nil {
			return nil, err
		}
	}
	var registry *metrics.Registry
	var meter moderation.Meter
	if o.Metrics != nil {
		registry = metrics.New(o.Metrics.Build)
		s, meter = metrics.Timed(s, registry), registry
	}
	p := txn.NewProcess(txn.Options{Store: store.Narrow[txn.EventTx](s), Storage: o.Storage, IsNewer: o.IsNewer, Clock: o.Clock,
		Bell: c.Bell, Claims: c.Claims, OriginRequests: c.OriginRequests, Log: o.Log})
	a := &App{Process: p, Presence: presence.Service{Store: c.Presences}, store: s, coordination: c, options: o,
		metrics: registry}
	a.Identity = identity.New(p, store.Narrow[identity.Tx](s), own, o.Passwords)
	a.Learning = learning.New(learning.Options{Process: p, Store: store.Narrow[learning.Tx](s), Secret: own,
		// Moderation depends on Learning, so it is set later. Models change only while Learning runs or is used.
		OnChange: func(site int64, stamp uint64) { a.Moderation.ModelChanged(site, stamp) },
		OnErase:  o.OnErase})
	a.Evaluation = evaluation.New(p, store.Narrow[evaluation.Tx](s))
	a.Signing = signing.New(p, store.Narrow[signing.Tx](s), own)
	prints := &campaign.PrintCache{}
	a.SpamLists = spamlist.New(spamlist.Options{Process: p, Store: store.Narrow[spamlist.Tx](s), Signer: a.Signing,
		Prints: prints, Getter: o.Outbound.Lists})
	a.Rules = rules.New(p, store.Narrow[rules.Tx](s), a.SpamLists)
	a.Votes = vote.New(p, store.Narrow[vote.Tx](s), own)
	a.Reports = report.New(p, store.Narrow[report.Tx](s), own)
	a.ReaderAuth = readerauth.New(p, store.Narrow[readerauth.Tx](s), own, a.Identity)
	a.ReaderMail = readermail.New(p, store.Narrow[readermail.Tx](s), own)
	a.Takedowns = takedown.New(p, store.Narrow[takedown.Tx](s))
	a.ExternalChecks = externalcheck.New(p, store.Narrow[externalcheck.Tx](s), own, o.Outbound.Checkers)
	a.Campaigns = campaign.New(p, store.Narrow[campaign.Tx](s), a.Learning, a.Rules, a.SpamLists, prints)
	a.SpamChecks = spamcheck.New(spamcheck.Options{Process: p, Store: store.Narrow[spamcheck.Tx](s), Secret: own,
		Judge: a.Learning, Rules: a.Rules, Campaigns: a.Campaigns})
	a.Moderation = moderation.New(moderation.Options{Process: p, Store: store.Narrow[moderation.Tx](s), Secret: own,
		Judge: a.Learning, Rules: a.Rules, Campaigns: a.Campaigns, Reports: a.Reports,
		Staff: a.Identity.StaffNames, Namesake: a.ReaderAuth.Impersonates, RecordErasure: a.Learning.MarkForgotten, Meter: meter})
	a.Privacy = privacy.New(p, store.Narrow[privacy.Tx](s), own, a.Moderation, a.Learning)
	a.Sites = sites.New(p, store.Narrow[sites.Tx](s), o.Outbound.CheckerHost)
	a.Static = newStatic(p, store.Narrow[static.Tx](s), a.Signing)
	a.Transfer = transfer.New(transfer.Options{Process: p, Store: store.Narrow[transfer.Tx](s), Secret: own,
		Judge: a.Learning, Rules: a.Rules, Tables: sqlite.ForeignRows})
	a.Uploads = upload.New(p, a.Transfer)
	if o.PublicURL != nil {
		a.buildServer(own)
	}
	return a, nil
}

// buildServer creates the services that only servers have.
func (a *App) buildServer(own secret.Secret) {
	o := a.options
	a.Webhook = webhook.New(webhook.Options{Process: a.Process, Store: store.Narrow[webhook.Tx](a.store), Secret: own,
		Public: o.PublicURL, Reach: o.Outbound.Webhooks})
	a.Providers = identity.NewProviders(a.Process, own, o.SignIn...)
	if o.Mail != nil {
		mo := *o.Mail
		mo.Process, mo.Store, mo.Secret, mo.Public = a.Process, store.Narrow[mail.Tx](a.store), own, o.PublicURL
		a.Mail = mail.New(mo)
	}
}

// newStatic returns the service that makes static copies, with the same JSON as the API.
func newStatic(p *txn.Process, s txn.Store[static.Tx], signer static.Signer) *static.Service {
	o := static.Options{Process: p, Store: s, Signer: signer,
		Comment:  func(c comment.Comment, pageURL string) any { return api.PublicComment(c, pageURL) },
		Settings: func(site site.Site, w *i18n.Catalog) any { return api.PublicSettings(site, w, "", false) }}
	for _, f := range widget.Files() {
		o.Files = append(o.Files, static.File{Path: f.Path, Body: f.Body})
	}
	return static.New(o)
}
