// Package api is the JSON API of the service, as openapi.yaml specifies it: for readers, moderators and other programs.
// Its Server also serves the pages of other packages, such as the desk.
//
// The tables in routes.go say who may call a route, its rate limit and what it reads; web.Route describes the chain
// that enforces them. A handler decodes JSON, calls one use case of package moderation and encodes the result. It
// applies no rule of moderation. Rendered pages of comments are cached and dropped when an event says that their public
// content has changed.
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

// Options are the dependencies of a Server. Redis returns the state of Redis, "up" or "down". It is nil or returns ""
// if Redis is not configured.
type Options struct {
	web.Options
	Readers    ReaderServices
	Moderators ModeratorServices
	Admins     AdminServices
	Redis      func() string
	Export     Export
}

// Export writes a site's data as NDJSON. Package transfer implements it.
type Export func(ctx context.Context, who authz.Actor, site site.Site, to io.Writer) error

// Server is the HTTP handler of the service. It is safe for concurrent use.
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

	stops     []func() // stop the listeners to events
	following sync.WaitGroup
	draining  chan struct{}
	drain     sync.Once
}

// Routes adds the routes of another package, such as the desk.
type Routes = func(*echo.Echo, *web.Kit)

// New returns a Server that listens to the process's events until Close.
func New(o Options, more ...Routes) *Server {
	kit := web.New(o.Options)
	s := &Server{
		kit: kit, echo: kit.NewEcho(listRoute, queueRoute, queuesRoute, threadRoute),
		pages: newCache(), redis: o.Redis,
		export: o.Export, readers: o.Readers, moderators: o.Moderators, admins: o.Admins,
		draining: make(chan struct{}),
	}
	s.queues = live.NewQueues(kit, o.Moderators.Moderation, s.draining)
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

// ServeHTTP answers a request. HEAD is routed as GET; net/http discards the body, because its own copy of the request
// still says HEAD. Streams refuse HEAD, because they do not end.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead && !strings.HasSuffix(r.URL.Path, "/live") {
		r = r.WithContext(r.Context())
		r.Method = http.MethodGet
	}
	s.echo.ServeHTTP(w, r)
}

// Streams returns the number of open live streams.
func (s *Server) Streams() (readers, moderators int) { return s.threads.Streams(), s.queues.Streams() }

// Drain makes /readyz fail and ends all streams, so that a shutdown does not wait for them.
func (s *Server) Drain() { s.drain.Do(func() { close(s.draining) }) }

// Close drains the server and stops its listeners to events.
func (s *Server) Close() {
	s.Drain()
	for _, stop := range s.stops {
		stop()
	}
}
