// Package api is the service over HTTP: what readers, moderators and other programs ask for,
// as openapi.yaml says it, and a plain page for readers without script.
//
// The tables in routes.go say who may call a route, its rate limit and what it reads; web.Route describes the chain
// that enforces them. A handler decodes JSON, calls one use case of package moderation and encodes the answer; no rule
// of moderation stands here. Pages of comments are kept as bytes and thrown
// away when an event says that what readers see has changed.
package api

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/live"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// Options are what a Server is made of. Redis says "up" or "down", and "" (or is nil) where none was
// configured.
type Options struct {
	web.Options
	Readers    ReaderServices
	Moderators ModeratorServices
	Admins     AdminServices
	Redis      func() string
	Export     Export
}

// Export writes a site down, as package transfer does.
type Export func(ctx context.Context, who authz.Actor, site site.Site, to io.Writer) error

// Server is the whole HTTP side of the service. It is safe for concurrent use.
type Server struct {
	kit     *web.Kit
	echo    *echo.Echo
	pages   *cache
	queues  *live.Queues
	threads *live.Threads
	redis   func() string
	export  Export

	readers    ReaderServices
	moderators ModeratorServices
	admins     AdminServices

	stops     []func() // end what listens to events
	following sync.WaitGroup
	draining  chan struct{}
	drain     sync.Once
}

// Routes adds what another package serves at the same address, such as the desk.
type Routes = func(*echo.Echo, *web.Kit)

// New returns a Server that follows the service's events until Close.
func New(o Options, more ...Routes) *Server {
	kit := web.New(o.Options)
	s := &Server{
		kit: kit, echo: kit.NewEcho(hotRoute, queueRoute, threadRoute),
		pages: newCache(), redis: o.Redis,
		export: o.Export, readers: o.Readers, moderators: o.Moderators, admins: o.Admins,
		draining: make(chan struct{}),
	}
	s.queues = live.NewQueues(kit, o.Moderators.Moderation.QueueCounts, s.draining)
	s.threads = live.NewThreads(kit, o.Readers.Moderation, func(c comment.Comment, pageURL string) any {
		return PublicComment(c, pageURL)
	}, s.draining)
	following, stop := context.WithCancel(context.Background())
	s.following.Go(func() { s.threads.Run(following) })
	s.stops = []func(){o.Process.OnEvent(s.pages.event), o.Process.OnEvent(s.queues.Event),
		o.Process.OnEvent(s.threads.Event), stop, s.following.Wait}
	s.routes()
	for _, add := range more {
		add(s.echo, kit)
	}
	return s
}

// ServeHTTP answers a request. HEAD is GET without the body, which net/http leaves out by the
// request that it knows itself; a stream never ends, so that there is nothing to ask about it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead && !strings.HasSuffix(r.URL.Path, "/live") {
		r = r.WithContext(r.Context())
		r.Method = http.MethodGet
	}
	s.echo.ServeHTTP(w, r)
}

// Drain has /readyz say no and ends the streams, so that a shutdown need not wait for them.
func (s *Server) Drain() { s.drain.Do(func() { close(s.draining) }) }

// Close drains and stops following events.
func (s *Server) Close() {
	s.Drain()
	for _, stop := range s.stops {
		stop()
	}
}
