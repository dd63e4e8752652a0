package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/problem"
)

const actorKey = "web.actor"

// Actor returns the actor of the API token, else of the session cookie. Without a valid one it returns auth.needed. It
// caches the actor for the request.
func (k *Kit) Actor(c echo.Context) (authz.Actor, error) {
	Vary(c, "Cookie")
	if who, ok := c.Get(actorKey).(authz.Actor); ok {
		return who, nil
	}
	who, err := k.ActorOf(c.Request())
	if err != nil {
		return authz.Actor{}, err
	}
	c.Set(actorKey, who)
	return who, nil
}

// ActorOf is Actor without a cache, for requests that stay open: rights may have been revoked.
func (k *Kit) ActorOf(r *http.Request) (authz.Actor, error) {
	if r.Header.Get("Authorization") != "" {
		token, ok := Bearer(r)
		if !ok {
			return authz.Actor{}, problem.SignIn()
		}
		return k.Identity.ActorByToken(r.Context(), token)
	}
	cookie, err := r.Cookie(k.cookieName(sessionCookie))
	if err != nil {
		return authz.Actor{}, problem.SignIn()
	}
	return k.Identity.ActorBySession(r.Context(), cookie.Value)
}

// Bearer returns the bearer token of the Authorization header.
func Bearer(r *http.Request) (token string, ok bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	token = strings.TrimSpace(token)
	return token, token != ""
}

// RequireBearer returns the request's bearer token, and forbids caching of the response. Without a token it returns
// auth.needed with detail.
func RequireBearer(c echo.Context, detail string) (string, error) {
	NoStore(c)
	token, ok := Bearer(c.Request())
	if !ok {
		return "", problem.Unproven("auth.needed", detail)
	}
	return token, nil
}

// Browser returns the user agent and the known-browser cookie of a sign-in request.
func (k *Kit) Browser(r *http.Request) identity.Browser {
	b := identity.Browser{Agent: r.UserAgent()}
	if cookie, err := r.Cookie(k.cookieName(knownCookie)); err == nil {
		b.Token = cookie.Value
	}
	return b
}

// The cookies of an account: its session, and the mark of a browser that has signed in before. The second outlives the
// first.
const (
	sessionCookie = "aitys"
	knownCookie   = "aitys-known"
)

// cookieName returns name with the prefix __Host- over https. The prefix binds a cookie to the host.
func (k *Kit) cookieName(name string) string {
	if k.Secure() {
		return "__Host-" + name
	}
	return name
}

// SetSession sets the cookies of a new session.
func (k *Kit) SetSession(c echo.Context, s identity.SignedIn) {
	session, known := k.cookie(sessionCookie), k.cookie(knownCookie)
	session.Value, session.Expires = s.Value, s.ExpiresAt
	known.Value, known.Expires = s.BrowserToken, s.BrowserTokenUntil
	c.SetCookie(session)
	c.SetCookie(known)
}

// ClearSession deletes the session cookie.
func (k *Kit) ClearSession(c echo.Context) {
	cookie := k.cookie(sessionCookie)
	cookie.MaxAge, cookie.Expires = -1, time.Unix(1, 0)
	c.SetCookie(cookie)
}

func (k *Kit) cookie(name string) *http.Cookie {
	return &http.Cookie{
		Name: k.cookieName(name), Path: "/", Secure: k.Secure(), HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}

// Reload answers with a page that loads the same URL again. Browsers send no SameSite=Strict cookie when a link on
// another site opens the page, but they send it on the reload.
func Reload(c echo.Context) error {
	PageHeaders(c, NoScript)
	c.Response().Header().Set("Refresh", "0")
	return c.HTML(http.StatusOK, "<!doctype html><title>Aitys</title>")
}

// OwnPages is middleware against CSRF. It refuses a request that changes something and comes from a page of another
// site, or has a session cookie but neither Origin nor Sec-Fetch-Site: every browser sends one of them. Every route
// that trusts the session cookie needs this check.
func (k *Kit) OwnPages(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := k.checkOwnPage(c.Request()); err != nil {
			return err
		}
		return next(c)
	}
}

func (k *Kit) checkOwnPage(r *http.Request) error {
	err := k.csrf.Check(r)
	if err == nil && k.hasCookieOnly(r) {
		err = errCookieOnly
	}
	if err != nil {
		return problem.ForeignOrigin(err)
	}
	return nil
}

var errCookieOnly = errors.New("a session cookie without Origin and Sec-Fetch-Site")

// hasCookieOnly reports whether a request that changes something has a session cookie, but no Authorization, Origin or
// Sec-Fetch-Site header.
func (k *Kit) hasCookieOnly(r *http.Request) bool {
	if isRead(r.Method) || r.Method == http.MethodOptions || r.Header.Get("Authorization") != "" ||
		r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
		return false
	}
	_, err := r.Cookie(k.cookieName(sessionCookie))
	return err == nil
}
