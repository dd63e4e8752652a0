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

// Actor returns who is asking: the account of an API token, else of the session cookie.
// Without either, or with an unknown one, it is auth.needed. It asks once a request.
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

// ActorOf asks each time, for a request that stays open: rights may have been taken away.
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

// Bearer returns the token of an Authorization header.
func Bearer(r *http.Request) (token string, ok bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	token = strings.TrimSpace(token)
	return token, token != ""
}

// NeedBearer returns the bearer token of a request, whose answer is not cached. Without one it is refused with detail.
func NeedBearer(c echo.Context, detail string) (string, error) {
	NoStore(c)
	token, ok := Bearer(c.Request())
	if !ok {
		return "", problem.Unproven("auth.needed", detail)
	}
	return token, nil
}

// Browser says with what a request to sign in comes.
func (k *Kit) Browser(r *http.Request) identity.Browser {
	b := identity.Browser{Agent: r.UserAgent()}
	if cookie, err := r.Cookie(k.cookieName(knownCookie)); err == nil {
		b.Known = cookie.Value
	}
	return b
}

// The cookies of who signs in. The second stays when the first ends.
const (
	sessionCookie = "aitys"
	knownCookie   = "aitys-known"
)

// cookieName is bound to the host by its prefix where the browser allows it: over https.
func (k *Kit) cookieName(name string) string {
	if k.Secure() {
		return "__Host-" + name
	}
	return name
}

// KeepSession puts a new session into the client's cookie, and into another that they were here.
func (k *Kit) KeepSession(c echo.Context, s identity.SignedIn) {
	session, known := k.cookie(sessionCookie), k.cookie(knownCookie)
	session.Value, session.Expires = s.Value, s.ExpiresAt
	known.Value, known.Expires = s.Known, s.KnownUntil
	c.SetCookie(session)
	c.SetCookie(known)
}

// ForgetSession takes the session's cookie back.
func (k *Kit) ForgetSession(c echo.Context) {
	cookie := k.cookie(sessionCookie)
	cookie.MaxAge, cookie.Expires = -1, time.Unix(1, 0)
	c.SetCookie(cookie)
}

func (k *Kit) cookie(name string) *http.Cookie {
	return &http.Cookie{
		Name: k.cookieName(name), Path: "/", Secure: k.Secure(), HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}

// Again answers with a page that loads the same address once more, from ourselves: who comes by a link from elsewhere
// brings no SameSite=Strict cookie the first time.
func Again(c echo.Context) error {
	PageHeaders(c, NoScript)
	c.Response().Header().Set("Refresh", "0")
	return c.HTML(http.StatusOK, "<!doctype html><title>Aitys</title>")
}

// OwnPages refuses a request that changes something and comes from somebody else's page, or with a session
// and from nobody knows where: every browser says so. It stands before every route that believes the session
// cookie.
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
	if err == nil && k.fromNowhere(r) {
		err = errFromNowhere
	}
	if err != nil {
		return problem.ForeignOrigin(err)
	}
	return nil
}

var errFromNowhere = errors.New("a session cookie without Origin and Sec-Fetch-Site")

// fromNowhere says that only the session's cookie speaks for a request that changes something.
func (k *Kit) fromNowhere(r *http.Request) bool {
	if reads(r.Method) || r.Method == http.MethodOptions || r.Header.Get("Authorization") != "" ||
		r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
		return false
	}
	_, err := r.Cookie(k.cookieName(sessionCookie))
	return err == nil
}
