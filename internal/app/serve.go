package app

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/aitys/aitys/api"
	"github.com/aitys/aitys/api/akismet"
	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/api/desk/admin"
	"github.com/aitys/aitys/api/perspective"
	"github.com/aitys/aitys/api/reader"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/metrics"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// Run follows events and runs the background jobs of all services until ctx ends or one of them fails. While a newer
// program has migrated the database, it only follows events, so that caches and streams stay current.
func (a *App) Run(ctx context.Context) error {
	works := []func(context.Context) error{
		a.Process.Run,
		func(ctx context.Context) error { return a.Process.RunWhileCurrent(ctx, a.runJobs) },
	}
	if a.options.Watch != nil {
		works = append(works, a.options.Watch)
	}
	return runAll(ctx, works)
}

// runJobs runs the background jobs of all services until ctx ends or one of them fails.
func (a *App) runJobs(ctx context.Context) error {
	works := []func(context.Context) error{
		a.Identity.Run, a.Learning.Run, a.Campaigns.Run, a.Moderation.Run, a.Votes.Run,
		a.Reports.Run, a.ReaderAuth.Run, a.SpamChecks.Run, a.Takedowns.Run, a.SpamLists.Run, a.ExternalChecks.Run,
		a.Uploads.Run,
	}
	if a.Webhook != nil {
		works = append(works, a.Webhook.Run)
	}
	if a.Mail != nil {
		works = append(works, a.Mail.Run)
	}
	return runAll(ctx, works)
}

// runAll runs works until ctx ends or one of them ends, and returns their errors.
func runAll(ctx context.Context, works []func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error)
	for _, work := range works {
		go func() {
			err := work(ctx)
			if errors.Is(err, txn.ErrCorrupt) { // readyz reports it; readers still get intact pages
				<-ctx.Done()
				err = nil
			}
			ended <- err
		}()
	}
	var all error
	for range works {
		all = errors.Join(all, <-ended)
		stop() // if one ends, all end
	}
	return all
}

// Handler returns the HTTP handler of an App with a PublicURL and adds the routes more. It follows events until it is
// closed.
func (a *App) Handler(more ...api.Routes) *api.Server {
	o := a.options
	var limiter web.Limiter
	if o.RateLimited {
		limiter = a.coordination.Limiter
	}
	return api.New(api.Options{
		Options: web.Options{Process: a.Process, Identity: a.Identity, Providers: a.Providers,
			Presence: a.Presence, Clock: o.Clock,
			Log: a.Process.Logger(), PublicURL: o.PublicURL, AnyHost: o.AnyHost, Proxies: o.Proxies, Limiter: limiter,
			Mailing: o.MailedElsewhere || a.Mail != nil, Meter: a.requestMeter()},
		Readers: api.ReaderServices{Moderation: a.Moderation, Votes: a.Votes, Signing: a.Signing,
			Takedowns: a.Takedowns, ReaderAuth: a.ReaderAuth, ReaderMail: a.ReaderMail, Reports: a.Reports,
			Privacy: a.Privacy},
		Moderators: api.ModeratorServices{Moderation: a.Moderation, Learning: a.Learning, Evaluation: a.Evaluation, Rules: a.Rules, Sites: a.Sites,
			Campaigns: a.Campaigns, Privacy: a.Privacy},
		Admins: api.AdminServices{Identity: a.Identity, Sites: a.Sites, Webhooks: a.Webhook, Takedowns: a.Takedowns,
			SpamLists: a.SpamLists, ExternalChecks: a.ExternalChecks},
		Redis: a.coordination.Health, Export: a.export,
	}, append(a.routes(), more...)...)
}

// requestMeter returns the counter of requests; nil without metrics.
func (a *App) requestMeter() web.Meter {
	if a.metrics == nil {
		return nil // a nil *metrics.Registry would not be a nil Meter
	}
	return a.metrics
}

// routes returns the routes of the other HTTP packages, each with the services that it calls.
func (a *App) routes() []api.Routes {
	return []api.Routes{
		desk.Services{Moderation: a.Moderation, Identity: a.Identity, Sites: a.Sites, Campaigns: a.Campaigns,
			Learning: a.Learning, Rules: a.Rules}.Routes,
		admin.Services{Moderation: a.Moderation, Identity: a.Identity, Sites: a.Sites, Learning: a.Learning, Evaluation: a.Evaluation,
			Privacy: a.Privacy, Rules: a.Rules, Takedowns: a.Takedowns, Webhooks: a.Webhook, SpamLists: a.SpamLists,
			Signing: a.Signing, ExternalChecks: a.ExternalChecks, Transfer: a.Transfer, Uploads: a.Uploads}.Routes,
		reader.Services{Moderation: a.Moderation, Identity: a.Identity, ReaderAuth: a.ReaderAuth, ReaderMail: a.ReaderMail,
			Privacy: a.Privacy, Takedowns: a.Takedowns, Reports: a.Reports}.Routes,
		akismet.Services{Identity: a.Identity, SpamChecks: a.SpamChecks}.Routes,
		perspective.Services{Identity: a.Identity, SpamChecks: a.SpamChecks}.Routes,
	}
}

// export writes a site as JSON lines.
func (a *App) export(ctx context.Context, who authz.Actor, site site.Site, to io.Writer) error {
	return a.Transfer.Export(ctx, who, site, transfer.ExportRequest{Format: "jsonl"}, to)
}

const (
	readyTimeout = 30 * time.Second // after which Serve serves although the App is not ready
	drainTimeout = 10 * time.Second // for running requests during shutdown
)

// Serve runs the App and serves HTTP on l until ctx ends or something fails. It calls ready once, when the App is
// ready. For shutdown it stops accepting requests, waits up to drainTimeout for running ones, and then stops the
// background jobs.
func (a *App) Serve(ctx context.Context, l net.Listener, ready func() error) error {
	log := a.Process.Logger()
	front := a.Handler()
	defer front.Close()
	server := web.NewServer(front, log)
	if a.options.Middleware != nil {
		server.Handler = a.options.Middleware(server.Handler)
	}
	if a.metrics != nil {
		defer a.serveMetrics(front)()
	}
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	followed, served := make(chan error, 1), make(chan error, 1)
	go func() { followed <- a.Run(following) }()
	go func() { served <- server.Serve(l) }()
	err := a.waitReady(ctx)
	noted := txn.StorePublicURL(ctx, store.Narrow[txn.MetaTx](a.store), a.options.PublicURL.String())
	if noted != nil && ctx.Err() == nil {
		log.Warn("links that commands print may lead elsewhere", "error", noted)
	}
	if err == nil && ctx.Err() == nil {
		err = ready()
	}
	if err == nil {
		select {
		case <-ctx.Done():
			log.Info("stopping")
		case err = <-followed:
			followed <- nil
		case err = <-served:
			served <- nil
		}
	}
	front.Drain()
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if shut := server.Shutdown(draining); shut != nil {
		log.Warn("requests were cut short", "error", shut)
		_ = server.Close() // connections that stay open end with the process
	}
	stop()
	return errors.Join(err, ignoreClosed(<-followed), ignoreClosed(<-served))
}

// serveMetrics serves the metrics of the App and of front until the returned function is called.
func (a *App) serveMetrics(front *api.Server) (stop func()) {
	log, queues := a.Process.Logger(), []string{metrics.WebhookQueue}
	if a.Mail != nil {
		queues = append(queues, metrics.MailQueue)
	}
	redis := a.coordination.Health
	if redis == nil {
		redis = func() string { return "" }
	}
	o := a.options.Metrics
	a.metrics.Watch(metrics.Sources{Store: store.Narrow[metrics.Tx](a.store), Now: a.Process.Now,
		Outdated: a.Process.Outdated, Followers: a.Process.Followers, Models: a.Learning.States, Streams: front.Streams, Redis: redis,
		Disk: o.Disk, Pools: o.Pools, Queues: queues})
	server := web.NewServer(a.metrics.Handler(), log)
	go func() {
		if err := ignoreClosed(server.Serve(o.Listener)); err != nil {
			log.Error("metrics are no longer served", "error", err)
		}
	}()
	return func() { _ = server.Close() } // a scrape that is cut short is repeated by Prometheus
}

// ignoreClosed returns err, or nil if it only means that the server was closed.
func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// waitReady waits until the App is ready, its database is known to be damaged, ctx ends, or readyTimeout has passed.
func (a *App) waitReady(ctx context.Context) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for late := time.After(readyTimeout); ; {
		err := a.Process.Ready(ctx)
		if err == nil {
			return nil
		}
		if errors.Is(err, txn.ErrCorrupt) {
			return nil // readers still get intact pages, and readyz reports why writes fail
		}
		select {
		case <-ctx.Done():
			return nil
		case <-late: // serve anyway; readyz reports the state
			a.Process.Logger().Warn("serving before all is ready", "error", err)
			return nil
		case <-tick.C:
		}
	}
}
