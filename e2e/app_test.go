package e2e

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/api"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/app"
	"github.com/aitys/aitys/internal/coord"
	"github.com/aitys/aitys/internal/mail"
	"github.com/aitys/aitys/internal/oidc"
	"github.com/aitys/aitys/internal/outbound"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/identity"
	hashing "github.com/aitys/aitys/moderation/identity/password"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/txn"
)

// loopback is the network of the receivers and providers of tests.
var loopback = outbound.Reach{netip.MustParsePrefix("127.0.0.0/8")}

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

// A localService is a service in this process.
type localService struct {
	*server
	*app.App
}

// testSecret is the secret of all services, so that two servers can share a database.
var testSecret = secret.Secret(strings.Repeat("k", secret.MinLength))

// newLocal starts a service. The caller must stop it.
func newLocal(t testing.TB, o options) *localService {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	written := &testkit.Log{}
	a := &localService{server: &server{log: written.String}}
	log := slog.New(slog.NewTextHandler(written, nil))
	db, err := store.Open(ctx, o.database, store.Options{})
	must(err)
	must(db.Migrate(ctx))
	shared, err := coord.Open(ctx, coord.Options{URL: o.redis, Secret: testSecret, Clock: wallClock{}, Log: log})
	must(err)
	var front *api.Server
	var https *http.Server
	a.URL = testkit.Serve(t, func(public *url.URL) *http.Server {
		ao := app.Options{Clock: wallClock{}, Log: log, Storage: db.Storage, PublicURL: public, AnyHost: true,
			Outbound: app.NewOutbound(loopback, loopback, loopback), Passwords: hashing.NewWeak()}
		if o.issuer != nil {
			provider, err := oidc.New(oidc.Options{Reach: loopback, Name: "Small", Issuer: o.issuer.URL, ClientID: testkit.ClientID,
				Secret: o.issuer.ClientSecret(), Clock: wallClock{}, Callback: public.JoinPath("signin", "Small", "callback")})
			must(err)
			ao.SignIn = []identity.Provider{provider}
		}
		if o.mails != nil {
			to, err := mail.ParseServer(o.mails.URL)
			must(err)
			from, err := mail.ParseFrom("comments@service.example")
			must(err)
			ao.Mail = &mail.Options{Server: to, From: from, Zone: time.Local}
		}
		a.App, err = app.New(ctx, db, app.CoordinationOf(shared), testSecret, ao)
		must(err)
		front = a.Handler()
		https = web.NewServer(front, log)
		return https
	})
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.Run(running) }()
	a.kill = func() {
		front.Close()
		_ = https.Close() // open connections end with the test
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the service ended: %v", err)
		}
		_ = shared.Close() // the test is over
		_ = db.Close()
	}
	testkit.Until(t, "the service is ready", func() bool { return a.Process.Ready(ctx) == nil })
	must(txn.StorePublicURL(ctx, store.Narrow[txn.MetaTx](db), a.URL))
	return a
}
