package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/problem"
)

// A Route is a row of a route table. A request to it goes through these steps, in this order, and the first that
// refuses it answers:
//
//  1. Identify, by Caller: the page it comes from (403), the session or API token (401), the site of the path (404),
//     the Origin (403), then the bearer token (401).
//  2. Limit: the rate of the client's address (429).
//  3. Parse, by Takes: the body's media type (415) and size (413), and whether it ends (400). The handler names the
//     fields when it calls Request.ReadJSON, which is strict (400, 422).
//  4. Idempotency, by Takes: the handler calls Request.Key once it has checked the fields (422).
//
// What a request may do is decided after that, by the use case.
type Route struct {
	Path   string // method and path: "GET /comments/:id"
	Caller Caller
	Bearer string // detail of the refusal of a request without a bearer token; "" if the route needs none
	Limit  Rate
	Takes  Body
	Page   bool // failures are pages for people
	Do     Handler
}

// A Caller says who may call a route. It is a set of conditions.
type Caller uint8

const (
	fromOwnPages  Caller = 1 << iota // if it changes something, it comes from a page of the service
	withAccount                      // it has a session or an API token
	belowSite                        // its path names a site
	fromSitePages                    // if it has an Origin, that is the site's or the service's
	withCORS                         // it may come from a page of any origin; only the site's may change something
)

// The callers. Those named Site call routes whose path names a site.
const (
	Anyone      Caller = 0
	OwnPage            = fromOwnPages
	Staff              = fromOwnPages | withAccount
	SiteAnyone         = belowSite
	SiteReader         = belowSite | withCORS // the widget
	SiteForm           = belowSite | fromSitePages
	SiteOwnPage        = belowSite | fromOwnPages
	SiteStaff          = belowSite | fromOwnPages | withAccount
)

// A Body says what a route reads of a request besides its path and query.
type Body uint8

// What a route may take. A route with a Key has a Body or reads none.
const (
	JSON     Body = 1 << iota // at most MaxBody
	LongJSON                  // at most 1 MiB, for lists that somebody pastes
	Form
	MailForm // or multipart, as programs send it that end mails by themselves (RFC 8058)
	Key      // an Idempotency-Key
)

// A Request is a request that passed the chain of its route.
type Request struct {
	echo.Context
	Who     authz.Actor        // of Staff
	Site    ground.Site        // of routes below a site
	Bearer  string             // token of routes that need one
	Form    url.Values         // of Form
	Limiter moderation.Limiter // limits new comments per site; nil if the caller is exempt
	body    []byte
	takes   Body
}

// A Handler answers a request.
type Handler func(*Request) error

// Add adds routes to e, below prefix, and answers the preflight requests of those for SiteReader.
func (k *Kit) Add(e *echo.Echo, prefix string, routes ...Route) {
	preflight := map[string]bool{}
	for _, r := range routes {
		method, path, _ := strings.Cut(r.Path, " ")
		path = prefix + path
		e.Add(method, path, k.chain(r))
		if r.Caller&withCORS != 0 && !preflight[path] {
			preflight[path] = true
			e.OPTIONS(path, k.Preflight)
		}
	}
}

// chain returns the steps of a route with its handler.
func (k *Kit) chain(r Route) echo.HandlerFunc {
	return func(c echo.Context) error {
		if r.Page {
			c.Set(pageKey, true)
		}
		q := &Request{Context: c, takes: r.Takes}
		if err := k.identify(q, r); err != nil {
			return err
		}
		if err := k.limit(q, r.Limit); err != nil {
			return err
		}
		if err := q.parse(); err != nil {
			return err
		}
		return r.Do(q)
	}
}

// identify finds out who asks and about which site.
func (k *Kit) identify(q *Request, r Route) (err error) {
	if r.Caller&fromOwnPages != 0 {
		if err := k.checkOwnPage(q.Request()); err != nil {
			return err
		}
	}
	if r.Caller&withAccount != 0 || r.Caller&withCORS != 0 && !reads(q.Request().Method) {
		NoStore(q)
	}
	if r.Caller&withAccount != 0 {
		if q.Who, err = k.Actor(q); err != nil {
			return err
		}
	}
	if r.Caller&belowSite != 0 {
		if q.Site, err = k.Process.Site(q.Request().Context(), q.Param("site")); err != nil {
			if r.Caller&withCORS != 0 {
				allowAnyOrigin(q)
			}
			return err
		}
	}
	if r.Caller&withCORS != 0 {
		if err := k.keepOrigin(q, q.Site); err != nil {
			return err
		}
	}
	if r.Caller&fromSitePages != 0 {
		if from, sent := q.Request().Header["Origin"]; sent && !k.MayWrite(q.Request(), q.Site, from[0]) {
			return problem.ForeignOrigin(nil)
		}
	}
	if r.Bearer != "" {
		q.Bearer, err = NeedBearer(q, r.Bearer)
	}
	return err
}

// limit counts the request.
func (k *Kit) limit(q *Request, rate Rate) (err error) {
	switch rate {
	case Rate{}:
	case NewComments:
		q.Limiter, err = k.PostLimiter(q, q.Site)
	default:
		err = k.Allow(q, rate, q.Site.ID)
	}
	return err
}

// parse reads the body.
func (q *Request) parse() (err error) {
	switch {
	case q.takes&JSON != 0:
		q.body, err = readBody(q, "application/json", MaxBody)
	case q.takes&LongJSON != 0:
		q.body, err = readBody(q, "application/json", longBody)
	case q.takes&Form != 0:
		q.Form, err = ReadForm(q)
	case q.takes&MailForm != 0:
		q.Form, err = ReadMailForm(q)
	}
	return err
}

// ReadJSON decodes the body into the struct that in points to. The body is one JSON object whose
// keys are exactly the struct's, each once; what it leaves out stays as it is.
//
// Echo's Bind is never used: it lets a body override path parameters and matches keys in any
// letter case.
func (q *Request) ReadJSON(in any) error { return decode(q.body, in) }

// Key returns the request's Idempotency-Key, or nil if there is none or the route takes none. Values of a key are
// told apart by site, account, method and path. In is the body as it was understood: the same key with another body
// is refused by the use case.
func (q *Request) Key(in any) (*ground.Key, error) {
	if q.takes&Key == 0 {
		return nil, nil
	}
	return idempotencyKey(q, q.Site.ID, q.Who.Account.ID, in)
}

// Done answers with the result of a use case about one thing of a site, which the path names by its id and of which
// there is nothing to tell.
func Done(do func(context.Context, authz.Actor, ground.Site, string) error) Handler {
	return func(c *Request) error {
		if err := do(c.Request().Context(), c.Who, c.Site, c.Param("id")); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	}
}
