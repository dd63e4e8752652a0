package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"time"

	"github.com/aitys/aitys/cmd/aitys/demo"
	"github.com/aitys/aitys/cmd/aitys/flags"
	"github.com/aitys/aitys/internal/app"
)

type demoCmd struct {
	asJSON
	listenFlag
	Password string `help:"Password of the demo's moderator (default random)." placeholder:"P"`
}

// demoLine is the JSON output of demo.
type demoLine struct {
	URL      string `json:"url"`
	Demo     string `json:"demo"`
	Site     string `json:"site"`
	Email    string `json:"email"`
	Password string `json:"password"`
	Token    string `json:"token"`
	Data     string `json:"data"` // folder of the database
}

func (c demoCmd) Run(a *env) (err error) {
	if c.Password == "" {
		c.Password = rand.Text()
	}
	listener, err := c.listenTCP()
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // Serve has closed it, unless seeding failed
	log, stop := a.serverLog(slog.LevelWarn)
	defer stop()
	public := &url.URL{Scheme: "http", Host: address(listener.Addr())}
	b := demo.NewBlog(public)
	token, err := a.seed(c.Password, b, origins(listener.Addr(), public))
	if err != nil {
		return fmt.Errorf("prepare the demo: %w", err)
	}
	r, err := a.open(a.ctx, accessServe, app.Options{Clock: systemClock{}, Log: log, PublicURL: public,
		RateLimited: !flags.Loopback(listener.Addr()), Outbound: app.NewOutbound(nil, nil, nil), Middleware: b.Around})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return r.Serve(a.ctx, listener, func() error {
		out := demoLine{URL: public.String(), Demo: public.JoinPath("/demo/").String(), Site: demo.Site,
			Email: demo.Owner, Password: c.Password, Token: token, Data: a.base.Data}
		if c.JSON {
			err = a.printJSON(out)
		} else {
			err = a.printLine("blog:      %s\ndesk:      %s\ne-mail:    %s\npassword:  %s\ntoken:     %s\ndata:      %s", out.Demo,
				public.JoinPath("/moderate/").String(), out.Email, out.Password, out.Token, out.Data)
		}
		return errors.Join(err, a.printLine("listening on %s", out.URL))
	})
}

// origins returns the origins under which a browser on this machine may open the demo.
func origins(a net.Addr, public *url.URL) []string {
	list := []string{public.String()}
	if tcp, ok := a.(*net.TCPAddr); ok {
		if local := fmt.Sprintf("http://localhost:%d", tcp.Port); local != list[0] {
			list = append(list, local)
		}
	}
	return list
}

// seed fills the demo's database unless it is filled already, and returns a new token. It uses an App of its own, because
// its clock is not the system's.
func (a *env) seed(password string, b *demo.Blog, origins []string) (token string, err error) {
	clock := demo.NewClock(time.Now())
	r, err := a.open(a.ctx, accessServe, app.Options{Clock: clock, Log: a.logger(slog.LevelError)})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return demo.Seed(a.ctx, r.App, clock, b, password, origins)
}
