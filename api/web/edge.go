package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/aitys/aitys/moderation/txn"
)

// RequestTimeout limits the work on one request, except on routes with their own timeout. It is shorter than the
// server's read timeout, which would cancel the request as if the client had left.
const RequestTimeout = 10 * time.Second

// NewEcho returns a router with the outermost middleware: recovery, request IDs, a timeout and one log line per
// request. All failures are written by WriteProblem or as an error page, never by echo. Routes in ownTime, written
// "GET /path", get no timeout.
func (k *Kit) NewEcho(ownTime ...string) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = k.fail
	e.IPExtractor = k.ipExtractor()
	e.Use(k.edge, requestTimeout(ownTime))
	return e
}

// statusClientGone is the status that nginx logs for a client that closed the connection. It is counted and not sent.
const statusClientGone = 499

// edge is the outermost middleware. It is one function to keep reads of the page cache fast.
func (k *Kit) edge(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := k.Clock.Now()
		h := c.Response().Header()
		h["X-Content-Type-Options"] = nosniff
		if k.Secure() {
			h["Strict-Transport-Security"] = hsts
		}
		if r := c.Request(); !isRead(r.Method) || k.Log.Enabled(r.Context(), slog.LevelDebug) {
			requestID(c)
		}
		err := recoverPanic(next, c)
		if err != nil {
			k.fail(err, c)
		}
		k.logRequest(c, start, err)
		if k.Meter != nil {
			status := c.Response().Status
			if ClientGone(err) {
				status = statusClientGone
			}
			k.Meter.Request(knownMethod(c.Request().Method), c.Path(), status, k.Clock.Now().Sub(start))
		}
		return nil
	}
}

// Header values shared by all responses; net/http does not change them. HSTS lasts two years (RFC 6797).
var (
	nosniff = []string{"nosniff"}
	hsts    = []string{"max-age=63072000"}
)

// recoverPanic calls next and returns a panic as an error, so that one request cannot end the process. It re-panics
// with http.ErrAbortHandler.
func recoverPanic(next echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			panic(p)
		default:
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return next(c)
}

// requestID returns the request's ID, which the response and the log line share. The first call makes it and sets
// X-Request-Id. Successful reads have no log line at the default level, and then no ID.
func requestID(c echo.Context) string {
	h := c.Response().Header()
	if id := h["X-Request-Id"]; id != nil {
		return id[0]
	}
	var b [8]byte
	rand.Read(b[:]) // never fails
	id := hex.EncodeToString(b[:])
	h["X-Request-Id"] = []string{id}
	return id
}

// logRequest logs the request. It logs the route, not the path, because a path can contain anything a client typed.
// The site is logged if its key is known. The cause of a failure is logged for status 500 and above only.
func (k *Kit) logRequest(c echo.Context, start time.Time, err error) {
	ctx, level := c.Request().Context(), slog.LevelInfo
	status := c.Response().Status
	switch {
	case status >= http.StatusInternalServerError && !isExpected(err):
		level = slog.LevelError
	case status < http.StatusBadRequest && isRead(c.Request().Method):
		level = slog.LevelDebug // successful reads change nothing and are too many to log
	}
	if !k.Log.Enabled(ctx, level) {
		return
	}
	took := k.Clock.Now().Sub(start)
	attrs := []slog.Attr{
		slog.String("id", requestID(c)),
		slog.String("method", knownMethod(c.Request().Method)),
		slog.String("route", c.Path()),
		slog.Int("status", status),
		slog.Int64("bytes", c.Response().Size),
		slog.Duration("took", took), // programs read it, although it has no unit
		slog.Float64("took_ms", float64(took.Microseconds())/1000),
	}
	if key := c.Param("site"); k.Process.HasCached(key) {
		attrs = append(attrs, slog.String("site", key))
	}
	if err != nil {
		attrs = append(attrs, slog.String("code", ProblemOf(err).Code))
		if status >= http.StatusInternalServerError {
			attrs = append(attrs, slog.String("cause", err.Error()))
		}
	}
	k.Log.LogAttrs(ctx, level, "request", attrs...)
}

// isExpected reports whether an error is no failure of the service: the client left, or the server starts, stops or is
// outdated.
func isExpected(err error) bool {
	return ClientGone(err) || errors.Is(err, txn.ErrStarting) || errors.Is(err, ErrDraining) ||
		ProblemOf(err).Code == "schema.newer"
}

func isRead(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// knownMethod returns m if it is a standard HTTP method, else "other". It keeps arbitrary client input out of the log.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete, http.MethodOptions,
		http.MethodPut:
		return m
	}
	return "other"
}

// fail answers with err: as an HTML page if the client expects one, else as problem+json. It does nothing if the
// response has begun.
func (k *Kit) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	requestID(c)
	p := ProblemOf(err)
	if c.Request().Method == http.MethodHead {
		ProblemHeaders(c, p)
		_ = c.NoContent(p.Status) // the client is gone
		return
	}
	if isPage(c) {
		_ = writeErrorPage(c, p) // the client is gone
		return
	}
	_ = WriteProblem(c, p) // the client is gone
}

// requestTimeout cancels a request's context after RequestTimeout, except on routes in ownTime. Such a request is
// answered with the code busy.
func requestTimeout(ownTime []string) echo.MiddlewareFunc {
	return middleware.ContextTimeoutWithConfig(middleware.ContextTimeoutConfig{
		Skipper: func(c echo.Context) bool {
			return slices.ContainsFunc(ownTime, func(route string) bool {
				method, path, _ := strings.Cut(route, " ")
				return path == c.Path() && method == c.Request().Method
			})
		},
		Timeout:      RequestTimeout,
		ErrorHandler: func(err error, _ echo.Context) error { return err }, // edge answers and logs it
	})
}

const pageKey = "web.page"

// Pages is middleware for routes whose failures are answered as HTML pages.
func Pages(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Set(pageKey, true)
		return next(c)
	}
}

func isPage(c echo.Context) bool {
	if c.Get(pageKey) != nil {
		return true
	}
	r := c.Request()
	if strings.HasPrefix(r.URL.Path, "/api/") {
		return false
	}
	Vary(c, "Accept")
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}

// ErrDraining is the cause of /readyz failures during shutdown.
var ErrDraining = errors.New("the server is shutting down")

// ClientGone reports whether err means that the client closed the connection.
func ClientGone(err error) bool { return errors.Is(err, context.Canceled) }
