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
)

// RequestTime is how long a request may work, unless its route sees to that itself. It is shorter
// than the server's read limit, which would end the request as if its client had left.
const RequestTime = 10 * time.Second

// NewEcho returns a router on which every request has an id, an end to its work and one line in the log,
// and every failure one form. Nothing of echo's own speaks to clients. The routes of ownTime, written
// "GET /path", see to the end of their work themselves.
func (k *Kit) NewEcho(ownTime ...string) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = k.fail
	e.IPExtractor = k.ipExtractor()
	e.Use(k.edge, bounded(ownTime))
	return e
}

// edge is the outermost middleware, in one piece because the hot read passes through it.
func (k *Kit) edge(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := k.Clock.Now()
		h := c.Response().Header()
		h["X-Content-Type-Options"] = nosniff
		if k.Secure() {
			h["Strict-Transport-Security"] = hsts
		}
		if r := c.Request(); !reads(r.Method) || k.Log.Enabled(r.Context(), slog.LevelDebug) {
			requestID(c)
		}
		err := guarded(next, c)
		if err != nil {
			k.fail(err, c)
		}
		k.logRequest(c, start, err)
		return nil
	}
}

// One value for all answers: net/http does not change it. A browser that was here by https once comes so
// for two years (RFC 6797).
var (
	nosniff = []string{"nosniff"}
	hsts    = []string{"max-age=63072000"}
)

// guarded turns a panic into an error, so that one request cannot end the process.
func guarded(next echo.HandlerFunc, c echo.Context) (err error) {
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

// requestID is what an answer and its line in the log are known by. A read that succeeds has no line, and no id.
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

// logRequest writes the request's one line. The route stands for the path, which may hold
// what a stranger typed; the cause of a failure is ours only when the status says so.
func (k *Kit) logRequest(c echo.Context, start time.Time, err error) {
	ctx, level := c.Request().Context(), slog.LevelInfo
	status := c.Response().Status
	switch {
	case status >= http.StatusInternalServerError && !Gone(err):
		level = slog.LevelError // a client who left is no trouble of ours
	case status < http.StatusBadRequest && reads(c.Request().Method):
		level = slog.LevelDebug // nothing happened, and there are as many of these as readers
	}
	if !k.Log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("id", requestID(c)),
		slog.String("method", method(c.Request().Method)),
		slog.String("route", c.Path()),
		slog.Int("status", status),
		slog.Int64("bytes", c.Response().Size),
		slog.Duration("took", k.Clock.Now().Sub(start)),
	}
	if err != nil {
		attrs = append(attrs, slog.String("code", ProblemOf(err).Code))
		if status >= http.StatusInternalServerError {
			attrs = append(attrs, slog.String("cause", err.Error()))
		}
	}
	k.Log.LogAttrs(ctx, level, "request", attrs...)
}

func reads(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// method keeps made-up methods out of the log.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete, http.MethodOptions,
		http.MethodPut:
		return m
	}
	return "other"
}

// fail answers a failure: as a page where a page was asked for, else as problem+json.
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

// bounded ends a request's work after its time, but on routes of ownTime. Its failure is answered as busy.
func bounded(ownTime []string) echo.MiddlewareFunc {
	return middleware.ContextTimeoutWithConfig(middleware.ContextTimeoutConfig{
		Skipper: func(c echo.Context) bool {
			return slices.ContainsFunc(ownTime, func(route string) bool {
				method, path, _ := strings.Cut(route, " ")
				return path == c.Path() && method == c.Request().Method
			})
		},
		Timeout:      RequestTime,
		ErrorHandler: func(err error, _ echo.Context) error { return err }, // the cause is the log's
	})
}

const pageKey = "web.page"

// Pages marks routes whose failures are pages for people.
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

// Gone reports whether an error only says that the client left.
func Gone(err error) bool { return errors.Is(err, context.Canceled) }
