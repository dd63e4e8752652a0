package e2e

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/api"
	"github.com/aitys/aitys/api/akismet"
	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/api/desk/owner"
	"github.com/aitys/aitys/api/manage"
	apineighbour "github.com/aitys/aitys/api/neighbour"
	"github.com/aitys/aitys/api/reader"
	apiregister "github.com/aitys/aitys/api/register"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/coord"
	"github.com/aitys/aitys/e2e/kit"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/checker"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/complaint"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/guest"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/inquiry"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/neighbour"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/privacy"
	"github.com/aitys/aitys/moderation/reaction"
	"github.com/aitys/aitys/moderation/register"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/signet"
	"github.com/aitys/aitys/moderation/sites"
	"github.com/aitys/aitys/moderation/subscription"
	"github.com/aitys/aitys/notify"
	"github.com/aitys/aitys/store"
	"github.com/aitys/aitys/store/file"
	"github.com/aitys/aitys/transfer"
	"github.com/aitys/aitys/transfer/static"
	"github.com/aitys/aitys/widget"
	catalogs "github.com/aitys/aitys/words"
)

// loopback is where the receivers and providers of tests are.
var loopback = notify.Reach{netip.MustParsePrefix("127.0.0.0/8")}

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

// An app is a service in this process.
type app struct {
	*server
	Process    *ground.Process
	Identity   *identity.Service
	Guests     *guest.Service
	Signet     *signet.Service
	Sites      *sites.Service
	Static     *static.Service
	Moderation *moderation.Service
}

// own is the secret of all services: two on one database are one service.
var own = secret.Secret(strings.Repeat("k", secret.MinLength))

// newApp starts a service. The caller ends it.
func newApp(t testing.TB, o options) *app {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	written := &kit.Log{}
	a := &app{server: &server{log: written.String}}
	log := slog.New(slog.NewTextHandler(written, nil))
	db, err := store.Open(ctx, o.database, store.Options{})
	must(err)
	must(db.Migrate(ctx))
	shared, err := coord.Open(ctx, coord.Options{URL: o.redis, Secret: own, Clock: wallClock{}, Log: log})
	must(err)
	must(ground.KeepSecret(ctx, store.For[ground.MetaTx](db), own))
	p := ground.NewProcess(ground.Options{Store: store.For[ground.EventTx](db), Storage: db.Storage, Clock: wallClock{},
		Bell: shared, Claims: shared, Knocks: shared, Presences: shared, Log: log})
	a.Process = p
	a.Identity = identity.New(p, store.For[identity.Tx](db), own)
	models := learning.New(p, store.For[learning.Tx](db), own)
	ruling := rules.New(p, store.For[rules.Tx](db))
	reactions := reaction.New(p, store.For[reaction.Tx](db), own)
	complaints := complaint.New(p, store.For[complaint.Tx](db), own)
	a.Guests = guest.New(p, store.For[guest.Tx](db), own, a.Identity)
	subscriptions := subscription.New(p, store.For[subscription.Tx](db), own)
	demands := register.New(p, store.For[register.Tx](db))
	a.Signet = signet.New(p, store.For[signet.Tx](db), own)
	prints := &campaign.Prints{}
	lists := neighbour.New(neighbour.Options{Process: p, Store: store.For[neighbour.Tx](db), Signer: a.Signet,
		Prints: prints})
	lists.Call(loopback.Getter())
	ruling.Heed(lists)
	checkers := checker.New(p, store.For[checker.Tx](db), own)
	checkers.Through(loopback.Asker())
	campaigns := campaign.New(p, store.For[campaign.Tx](db), models, ruling, lists, prints)
	inquiries := inquiry.New(inquiry.Options{Process: p, Store: store.For[inquiry.Tx](db), Secret: own, Judge: models,
		Rules: ruling, Campaigns: campaigns})
	a.Moderation = moderation.New(moderation.Options{Process: p, Store: store.For[moderation.Tx](db), Secret: own,
		Judge: models, Rules: ruling, Campaigns: campaigns, Complaints: complaints, Staff: a.Identity.StaffNames,
		Namesake: a.Guests.Namesake, Forgets: models.NoteForgotten})
	models.OnChange(a.Moderation.ModelChanged)
	erasing := privacy.New(p, store.For[privacy.Tx](db), own, a.Moderation, models)
	a.Sites = sites.New(p, store.For[sites.Tx](db))
	a.Sites.Reach(loopback.Getter().May)
	transfers := transfer.New(transfer.Options{Process: p, Store: store.For[transfer.Tx](db), Secret: own, Judge: models,
		Rules: ruling, Tables: file.ForeignRows})
	copies := static.Options{Process: p, Store: store.For[static.Tx](db), Signer: a.Signet,
		Comment:  func(c comment.Comment, pageURL string) any { return api.PublicComment(c, pageURL) },
		Settings: func(site ground.Site, w *catalogs.Catalog) any { return api.PublicSettings(site, w, "", false) }}
	for _, f := range widget.Files() {
		copies.Files = append(copies.Files, static.File{Path: f.Path, Body: f.Body})
	}
	a.Static = static.New(copies)
	works := []func(context.Context) error{
		p.Run, a.Identity.Run, models.Run, campaigns.Run, a.Moderation.Run, reactions.Run, complaints.Run, a.Guests.Run,
		inquiries.Run, demands.Run, lists.Run, checkers.Run,
	}
	var front *api.Server
	var https *http.Server
	a.URL = kit.Serve(t, func(public *url.URL) *http.Server {
		hooks := notify.NewHooks(notify.HookOptions{Process: p, Secret: own, Store: store.For[notify.HookTx](db),
			Public: public, Reach: loopback})
		works = append(works, hooks.Run)
		var providers []identity.Provider
		if o.issuer != nil {
			provider, err := loopback.Issuer(notify.IssuerOptions{Name: "Small", Issuer: o.issuer.URL, ClientID: kit.ClientID,
				Secret: o.issuer.ClientSecret(), Clock: wallClock{}, Callback: public.JoinPath("signin", "Small", "callback")})
			must(err)
			providers = append(providers, provider)
		}
		if o.mails != nil {
			to, err := notify.ParseServer(o.mails.URL)
			must(err)
			from, err := notify.ParseFrom("comments@service.example")
			must(err)
			works = append(works, notify.New(notify.Options{Process: p, Store: store.For[notify.Tx](db), Secret: own,
				Server: to, From: from, Public: public, Zone: time.Local}).Run)
		}
		front = api.New(api.Options{
			Options: web.Options{
				Process: p, Identity: a.Identity, Learning: models, Service: a.Moderation, Rules: ruling, Sites: a.Sites,
				Campaigns: campaigns, Guests: a.Guests, Reactions: reactions, Complaints: complaints, Inquiries: inquiries,
				Hooks: hooks, Subscriptions: subscriptions, Privacy: erasing, Register: demands,
				Providers: identity.NewProviders(p, own, providers...), Neighbours: lists, Checkers: checkers,
				Signet: a.Signet, Clock: wallClock{}, Log: log, PublicURL: public, AnyHost: true, Mailing: o.mails != nil,
			},
			Redis: shared.Health,
			Export: func(ctx context.Context, who people.Actor, site ground.Site, to io.Writer) error {
				return transfers.Export(ctx, who, site, transfer.Wanted{Format: "jsonl"}, to)
			},
		}, desk.Register, owner.Register, reader.Register, akismet.Register, apiregister.Register, manage.Register,
			apineighbour.Register)
		https = web.NewServer(front, log)
		return https
	})
	running, stop := context.WithCancel(ctx)
	ended := make(chan error)
	for _, work := range works {
		go func() { ended <- work(running) }()
	}
	a.kill = func() {
		front.Close()
		_ = https.Close() // what it leaves open ends with the test
		stop()
		for range works {
			if err := <-ended; err != nil {
				t.Errorf("the service ended: %v", err)
			}
		}
		_ = shared.Close() // the test is over
		_ = db.Close()
	}
	kit.Until(t, "the service is ready", func() bool { return p.Ready(ctx) == nil })
	must(ground.NotePublicURL(ctx, store.For[ground.MetaTx](db), a.URL))
	return a
}
