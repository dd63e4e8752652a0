package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/aitys/aitys/api"
	"github.com/aitys/aitys/api/akismet"
	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/api/desk/owner"
	"github.com/aitys/aitys/api/manage"
	"github.com/aitys/aitys/api/neighbour"
	"github.com/aitys/aitys/api/reader"
	"github.com/aitys/aitys/api/register"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/cmd/aitys/flags"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/notify"
	"github.com/aitys/aitys/store"
	"github.com/aitys/aitys/store/file"
)

type serveCmd struct{ serveFlags }

// serveFlags are those of serve. The doctor takes the same, so that both can be given one configuration.
type serveFlags struct {
	listenFlag
	PublicURL    string   `help:"Address that readers and moderators see (http://LISTEN)." placeholder:"URL"`
	TrustedProxy []string `help:"Range whose X-Forwarded-For is believed; repeat it." placeholder:"CIDR"`
	LogLevel     string   `help:"info, or debug for reads that succeeded too." enum:"info,debug" default:"info" placeholder:"info|debug"`
	SMTP         string   `name:"smtp" help:"Mail server for mails to moderators and readers: smtp://… or smtps://…" placeholder:"URL"`
	MailFrom     string   `help:"Address that its mails come from, alone or as NAME <ADDR>." placeholder:"ADDR"`
	Reach        []string `help:"Inner network that the service may call, for one of oidc, webhook, checker and neighbour, or without USE for all; repeat it." placeholder:"[USE=]CIDR"`
	OIDC         []string `name:"oidc" help:"Provider of OpenID Connect by which people sign in; repeat it." placeholder:"NAME=ISSUER,CLIENT_ID,SECRET_FILE"`
	Limits       string   `help:"default, or off to lift rates by address." enum:"default,off" default:"default" placeholder:"default|off"`
}

// listenFlag is what both servers take.
type listenFlag struct {
	Listen string `help:"Address to listen on; port 0 is a free one." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
}

func (c serveCmd) Run(a *app) (err error) {
	signal.Ignore(syscall.SIGHUP) // sent when a terminal closes or a log rotates
	level := slog.LevelInfo
	if c.LogLevel == "debug" {
		level = slog.LevelDebug
	}
	log, stop := a.serverLog(level)
	defer stop()
	s := server{log: log, limited: c.Limits != "off"}
	if s.reach, err = flags.ParseReach(c.Reach); err != nil {
		return err
	}
	if s.providers, err = flags.Providers(c.OIDC); err != nil {
		return err
	}
	if s.proxies, err = flags.Proxies(c.TrustedProxy); err != nil {
		return err
	}
	if c.PublicURL != "" {
		if s.public, err = flags.PublicURL(c.PublicURL); err != nil {
			return err
		}
	}
	mail, err := c.mail()
	if err != nil {
		return err
	}
	// The port before the files: whoever cannot serve changes nothing.
	if s.listener, err = c.listen(); err != nil {
		return err
	}
	defer func() { _ = s.listener.Close() }() // closed already, unless opening failed
	if s.public == nil {
		s.public, s.anyHost = &url.URL{Scheme: "http", Host: address(s.listener.Addr())}, true
	}
	issuers, err := s.issuers()
	if err != nil {
		return err
	}
	if s.public.Scheme == "http" && !flags.Local(s.public) {
		s.log.Warn("passwords and sessions travel in clear: the public URL is not https")
	}
	if s.rooms, err = a.open(a.ctx, migrates, wall{}, s.log); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.rooms.Close()) }()
	for _, folder := range a.tempFolders() {
		n, err := file.RemoveAbandoned(folder)
		if err != nil {
			s.log.Warn("could not remove temporary copies of killed commands", "error", err)
		}
		if n > 0 {
			s.log.Info("removed temporary copies of killed commands", "folder", folder, "count", n)
		}
	}
	if mail != nil {
		s.sendMail(*mail)
	}
	s.rooms.providers = identity.NewProviders(s.rooms.process, s.rooms.secret, issuers...)
	return s.run(a.ctx, func() error {
		token, err := s.rooms.identity.SetupLink(a.ctx)
		if err != nil && !errors.Is(err, ground.ErrCorrupt) {
			return err
		}
		if token != "" {
			if err := a.line("set-up link: %s", web.LinkURL(s.public, token)); err != nil {
				return err
			}
		}
		return a.line("listening on http://%s", address(s.listener.Addr()))
	})
}

// tempFolders returns the folders that hold temporary copies of commands, or links to them.
func (a *app) tempFolders() []string {
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

// mail reads where mails are handed in, and as whom; nil: none are sent.
func (c serveCmd) mail() (*notify.Options, error) {
	if c.SMTP == "" && c.MailFrom == "" {
		return nil, nil
	}
	if c.SMTP == "" || c.MailFrom == "" {
		return nil, errors.New("--smtp and --mail-from belong together: where mails are handed in, and whom they come from")
	}
	server, err := notify.ParseServer(c.SMTP)
	if err != nil {
		return nil, fmt.Errorf("--smtp: %w", err)
	}
	from, err := notify.ParseFrom(c.MailFrom)
	if err != nil {
		return nil, fmt.Errorf("--mail-from: %w", err)
	}
	return &notify.Options{Server: server, From: from}, nil
}

// issuers returns where people may sign in besides here.
func (s *server) issuers() (all []identity.Provider, err error) {
	for _, o := range s.providers {
		one, err := notify.Reach(s.reach.OIDC).Issuer(notify.IssuerOptions{Name: o.Name, Issuer: o.Issuer,
			ClientID: o.ClientID, Secret: o.Secret, Clock: wall{}, Callback: s.public.JoinPath("signin", o.Name, "callback")})
		if err != nil {
			return nil, fmt.Errorf("--oidc: %w", err)
		}
		all = append(all, one)
	}
	return all, nil
}

// sendMail has the rooms tell moderators by mail.
func (s *server) sendMail(o notify.Options) {
	if s.anyHost {
		s.log.Warn("links in mails lead to this machine: say --public-url", "url", s.public.String())
	}
	o.Process, o.Store, o.Secret = s.rooms.process, store.For[notify.Tx](s.rooms.store), s.rooms.secret
	o.Public, o.Zone = s.public, time.Local
	s.rooms.mail = notify.New(o)
}

func (c listenFlag) listen() (net.Listener, error) {
	if err := flags.CheckListen(c.Listen); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, taken(c.Listen, err)
	}
	return l, nil
}

// address is where a listener can be reached; a machine reaches all of its own addresses as
// localhost.
func address(a net.Addr) string {
	if tcp, ok := a.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("localhost:%d", tcp.Port)
	}
	return a.String()
}

// drainTime is how long requests that run at the end may take.
const drainTime = 10 * time.Second

// A server serves from open rooms.
type server struct {
	rooms     *rooms
	listener  net.Listener
	public    *url.URL
	anyHost   bool // nobody said what public is
	proxies   []netip.Prefix
	reach     flags.Reach
	providers []flags.Provider
	limited   bool
	around    func(http.Handler) http.Handler // the demo's blog; nil: none
	log       *slog.Logger
}

// run serves until ctx ends or something fails, then closes in order: no new work, the work
// that runs, what follows it. It says that it serves once it does.
func (s *server) run(ctx context.Context, serves func() error) error {
	s.rooms.hooks = notify.NewHooks(notify.HookOptions{Process: s.rooms.process, Secret: s.rooms.secret,
		Store: store.For[notify.HookTx](s.rooms.store), Public: s.public, Reach: s.reach.Webhooks})
	checkers := notify.Reach(s.reach.Checkers)
	s.rooms.neighbours.Call(notify.Reach(s.reach.Neighbours).Getter())
	s.rooms.checkers.Through(checkers.Asker())
	s.rooms.sites.Reach(checkers.Getter().May)
	front := api.New(s.options(), desk.Register, owner.Register, reader.Register, akismet.Register,
		register.Register, manage.Register, neighbour.Register)
	defer front.Close()
	https := web.NewServer(front, s.log)
	if s.around != nil {
		https.Handler = s.around(https.Handler)
	}
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	followed, served := make(chan error, 1), make(chan error, 1)
	go func() { followed <- s.rooms.run(following) }()
	go func() { served <- https.Serve(s.listener) }()
	err := s.ready(ctx)
	meta := store.For[ground.MetaTx](s.rooms.store)
	if noted := ground.NotePublicURL(ctx, meta, s.public.String()); noted != nil && ctx.Err() == nil {
		s.log.Warn("links that commands print may lead elsewhere", "err", noted)
	}
	if err == nil && ctx.Err() == nil {
		err = serves()
	}
	if err == nil {
		select {
		case <-ctx.Done():
			s.log.Info("stopping")
		case err = <-followed:
			followed <- nil
		case err = <-served:
			served <- nil
		}
	}
	front.Drain()
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if shut := https.Shutdown(draining); shut != nil {
		s.log.Warn("requests were cut short", "err", shut)
		_ = https.Close() // what it leaves open, the end of the process closes
	}
	stop()
	return errors.Join(err, unlessClosed(<-followed), unlessClosed(<-served))
}

// unlessClosed returns err unless it says that we closed.
func unlessClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// ready waits until the service can serve, but not for ever.
func (s *server) ready(ctx context.Context) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for late := time.After(30 * time.Second); ; {
		err := s.rooms.process.Ready(ctx)
		if err == nil {
			return nil
		}
		if errors.Is(err, ground.ErrCorrupt) {
			return nil // readers are served what can be read, and readyz says why nothing is written
		}
		select {
		case <-ctx.Done():
			return nil // asked to end before it began
		case <-late: // it answers, and readyz says how it is
			s.log.Warn("serving before all is ready", "err", err)
			return nil
		case <-tick.C:
		}
	}
}

func (s *server) options() api.Options {
	o := api.Options{
		Options: web.Options{
			Process: s.rooms.process, Identity: s.rooms.identity, Learning: s.rooms.learning, Service: s.rooms.service,
			Rules: s.rooms.rules, Sites: s.rooms.sites, Campaigns: s.rooms.alike, Guests: s.rooms.guests,
			Reactions: s.rooms.reactions, Complaints: s.rooms.complaints, Inquiries: s.rooms.inquiries, Hooks: s.rooms.hooks,
			Subscriptions: s.rooms.subscriptions, Privacy: s.rooms.privacy, Register: s.rooms.register,
			Providers: s.rooms.providers, Neighbours: s.rooms.neighbours, Checkers: s.rooms.checkers,
			Signet: s.rooms.signet, Clock: wall{}, Log: s.log,
			PublicURL: s.public, AnyHost: s.anyHost, Proxies: s.proxies, Mailing: s.rooms.mail != nil,
		},
		Redis: s.rooms.coord.Health, Export: s.rooms.export,
	}
	if s.limited {
		o.Limiter = s.rooms.coord
	}
	return o
}
