package apptest

import (
	"context"
	"net/netip"
	"net/url"
	"reflect"

	"github.com/aitys/aitys/internal/app"
	"github.com/aitys/aitys/internal/outbound"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/internal/transfer/static"
	"github.com/aitys/aitys/internal/transfer/upload"
	"github.com/aitys/aitys/internal/webhook"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/externalcheck"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/identity/password"
	"github.com/aitys/aitys/moderation/learning"
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
)

// An App is an app.App with the methods of its services: a.Decide is a.Moderation.Decide.
type App struct {
	*app.App
	*useCases
	store txn.Store[store.Tx]
}

type useCases struct {
	*process
	*accounts
	*models
	*measures
	*keys
	*lists
	*ruling
	*votes
	*reports
	*readers
	*mails
	*takedowns
	*checkers
	*campaigns
	*inquiries
	*decisions
	*erasure
	*publishing
	*copies
	*transfers
	*uploads
	*webhooks
}

type (
	process    = txn.Process
	accounts   = identity.Service
	models     = learning.Models
	measures   = evaluation.Service
	keys       = signing.Service
	lists      = spamlist.Service
	ruling     = rules.Service
	votes      = vote.Service
	reports    = report.Service
	readers    = readerauth.Service
	mails      = readermail.Service
	takedowns  = takedown.Service
	checkers   = externalcheck.Service
	campaigns  = campaign.Service
	inquiries  = spamcheck.Service
	decisions  = moderation.Service
	erasure    = privacy.Service
	publishing = sites.Service
	copies     = static.Service
	transfers  = transfer.Service
	uploads    = upload.Service
	webhooks   = webhook.Service
)

// Loopback lets an App call servers of the test on 127.0.0.0/8.
var Loopback = outbound.Reach{netip.MustParsePrefix("127.0.0.0/8")}

// NewApp is app.New with defaults for a server: the App is at https://talk.example, may call loopback addresses, and
// uses a fast password hash.
func NewApp(
	ctx context.Context, s txn.Store[store.Tx], c app.Coordination, own secret.Secret, o app.Options,
) (*App, error) {
	if o.PublicURL == nil {
		o.PublicURL = &url.URL{Scheme: "https", Host: "talk.example"}
	}
	if o.Outbound.Lists == nil {
		o.Outbound = app.NewOutbound(Loopback, Loopback, Loopback)
	}
	if o.Passwords == nil {
		o.Passwords = password.NewWeak()
	}
	a, err := app.New(ctx, s, c, own, o)
	if err != nil {
		return nil, err
	}
	return &App{App: a, store: s, useCases: &useCases{a.Process, a.Identity, a.Learning, a.Evaluation, a.Signing, a.SpamLists, a.Rules,
		a.Votes, a.Reports, a.ReaderAuth, a.ReaderMail, a.Takedowns, a.ExternalChecks, a.Campaigns, a.SpamChecks,
		a.Moderation, a.Privacy, a.Sites, a.Static, a.Transfer, a.Uploads, a.Webhook}}, nil
}

// VerifyLog verifies the whole log of a site.
func (a *App) VerifyLog(ctx context.Context, site site.Site) (bad uint64, err error) {
	return auditlog.Verify(ctx, txn.NewWork(a.Process, store.Narrow[auditlog.Tx](a.store)), site.ID)
}

// AuditTakedowns compares the takedowns of a site with its log and with what readers see.
func (a *App) AuditTakedowns(ctx context.Context, site site.Site) ([]takedown.Mismatch, error) {
	return takedown.Audit(ctx, txn.NewWork(a.Process, store.Narrow[takedown.Tx](a.store)), site.ID)
}

// ServiceTypes returns the types of all services, for tests that enumerate their methods.
func ServiceTypes() (all []reflect.Type) {
	for f := range reflect.TypeFor[app.App]().Fields() {
		if f.IsExported() {
			all = append(all, f.Type)
		}
	}
	return all
}
