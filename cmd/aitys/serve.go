package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/cmd/aitys/flags"
	"github.com/aitys/aitys/internal/app"
	"github.com/aitys/aitys/internal/mail"
	"github.com/aitys/aitys/internal/metrics"
	"github.com/aitys/aitys/internal/oidc"
	"github.com/aitys/aitys/internal/outbound"
	"github.com/aitys/aitys/internal/store/sqlite"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/txn"
)

type serveCmd struct{ serveFlags }

// serveFlags are the flags of serve. The doctor takes the same flags, so that both accept the same configuration.
type serveFlags struct {
	listenFlag
	MetricsListen string   `help:"Private address to serve Prometheus metrics on, at /metrics; off by default." placeholder:"HOST:PORT"`
	PublicURL     string   `help:"Public URL of the service (default http://LISTEN)." placeholder:"URL"`
	TrustedProxy  []string `help:"Proxy range whose X-Forwarded-For is trusted; repeatable." placeholder:"CIDR"`
	LogLevel      string   `help:"Log level: info, or debug to log successful reads too (default ${default})." enum:"info,debug" default:"info" placeholder:"info|debug"`
	SMTP          string   `name:"smtp" help:"SMTP server for mail to moderators and readers: smtp://… or smtps://…" placeholder:"URL"`
	MailFrom      string   `help:"Sender of mails: an address, or NAME <ADDR>." placeholder:"ADDR"`
	Reach         []string `help:"Private network that the service may call. USE is oidc, webhook, checker or neighbour (default all); repeatable." placeholder:"[USE=]CIDR"`
	OIDC          []string `name:"oidc" help:"OpenID Connect provider for sign-in; repeatable." placeholder:"NAME=ISSUER,CLIENT_ID,SECRET_FILE"`
	Limits        string   `help:"Rate limits by address: default or off." enum:"default,off" default:"default" placeholder:"default|off"`
}

func (c serveCmd) Run(a *env) (err error) {
	level := slog.LevelInfo
	if c.LogLevel == "debug" {
		level = slog.LevelDebug
	}
	log, stop := a.serverLog(level)
	defer stop()
	ignoreHangups(log)
	context.AfterFunc(a.ctx, func() { notifySystemd(log, daemon.SdNotifyStopping) })
	reach, err := flags.ParseReach(c.Reach)
	if err != nil {
		return err
	}
	providers, err := flags.Providers(c.OIDC)
	if err != nil {
		return err
	}
	o := app.Options{Clock: systemClock{}, Log: log, RateLimited: c.Limits != "off",
		Outbound: app.NewOutbound(reach.Webhooks, reach.Checkers, reach.SpamLists)}
	if o.Proxies, err = flags.Proxies(c.TrustedProxy); err != nil {
		return err
	}
	if c.PublicURL != "" {
		if o.PublicURL, err = flags.PublicURL(c.PublicURL); err != nil {
			return err
		}
	}
	if o.Mail, err = c.mail(); err != nil {
		return err
	}
	// Listen first: if the port is in use, no file is created or changed.
	listener, err := c.listen()
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // Serve has closed it, unless opening failed
	if o.Metrics, err = c.metrics(); err != nil {
		return err
	}
	if o.Metrics != nil {
		defer func() { _ = o.Metrics.Listener.Close() }() // as above
	}
	if o.PublicURL == nil {
		o.PublicURL, o.AnyHost = &url.URL{Scheme: "http", Host: address(listener.Addr())}, true
	}
	if o.SignIn, err = issuers(providers, reach.OIDC, o.PublicURL); err != nil {
		return err
	}
	if o.PublicURL.Scheme == "http" && !flags.Local(o.PublicURL) {
		log.Warn("the public URL is not https: passwords and sessions are sent unencrypted")
	}
	r, err := a.open(a.ctx, accessServe, o)
	if err != nil && a.ctx.Err() != nil {
		log.Info("stopped during the start")
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for _, folder := range a.tempFolders() {
		n, err := sqlite.RemoveAbandoned(folder)
		if err != nil {
			log.Warn("could not remove temporary copies of killed commands", "error", err)
		}
		if n > 0 {
			log.Info("removed temporary copies of killed commands", "folder", folder, "count", n)
		}
	}
	if o.Mail != nil && o.AnyHost {
		log.Warn("links in mails point to this machine; set --public-url", "url", o.PublicURL.String())
	}
	return r.Serve(a.ctx, listener, func() error {
		token, err := r.Identity.SetupLink(a.ctx)
		if err != nil && !errors.Is(err, txn.ErrCorrupt) {
			return err
		}
		if token != "" {
			if err := a.printLine("set-up link: %s", web.LinkURL(o.PublicURL, token)); err != nil {
				return err
			}
		}
		if o.Metrics != nil {
			if err := a.printLine("metrics on http://%s/metrics", address(o.Metrics.Listener.Addr())); err != nil {
				return err
			}
		}
		if err := a.printLine("listening on %s", listenURL(listener.Addr())); err != nil {
			return err
		}
		notifySystemd(log, daemon.SdNotifyReady)
		go keepWatchdog(a.ctx, log, r.hung)
		return nil
	})
}

// tempFolders returns the folders that hold temporary copies of commands, or links to them.
func (a *env) tempFolders() []string {
	folders := []string{a.base.Data, filepath.Dir(a.base.SecretFile)}
	if path, ok := a.base.sqlitePath(); ok {
		folders = append(folders, filepath.Dir(path))
	}
	for i := range folders {
		folders[i] = filepath.Clean(folders[i])
	}
	slices.Sort(folders)
	return slices.Compact(folders)
}

// metrics returns the options for metrics, or nil if they are off.
func (c serveCmd) metrics() (*app.Metrics, error) {
	if c.MetricsListen == "" {
		return nil, nil
	}
	listener, err := listenOn("metrics-listen", c.MetricsListen)
	if err != nil {
		return nil, err
	}
	v := newVersionLine()
	return &app.Metrics{Listener: listener, Build: metrics.Build{Version: v.Version, Commit: v.Commit, Go: v.Go}}, nil
}

// mail returns the options for sending mail, or nil if mail is off.
func (c serveCmd) mail() (*mail.Options, error) {
	if c.SMTP == "" && c.MailFrom == "" {
		return nil, nil
	}
	if c.SMTP == "" || c.MailFrom == "" {
		return nil, errors.New("--smtp and --mail-from must be set together")
	}
	server, err := mail.ParseServer(c.SMTP)
	if err != nil {
		return nil, fmt.Errorf("--smtp: %w", err)
	}
	from, err := mail.ParseFrom(c.MailFrom)
	if err != nil {
		return nil, fmt.Errorf("--mail-from: %w", err)
	}
	return &mail.Options{Server: server, From: from, Zone: time.Local}, nil
}

// issuers returns the OpenID Connect providers.
func issuers(list []flags.Provider, reach outbound.Reach, public *url.URL) (all []identity.Provider, err error) {
	for _, o := range list {
		one, err := oidc.New(oidc.Options{Name: o.Name, Issuer: o.Issuer, ClientID: o.ClientID, Secret: o.Secret,
			Callback: public.JoinPath("signin", o.Name, "callback"), Clock: systemClock{}, Reach: reach})
		if err != nil {
			return nil, fmt.Errorf("--oidc: %w", err)
		}
		all = append(all, one)
	}
	return all, nil
}
