package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// A Route is a row of a route table. Each request to it goes through one chain of steps, in this order. The first step
// that refuses the request answers it.
//
//  1. Identify (Caller, Bearer). A request that changes something comes from the right page (403 origin.foreign); the
//     session or API token is valid (401); the site of the path exists (404); its Origin may write (403); there is a
//     bearer token (401). The token itself is checked by the use case.
//  2. Limit (Limit). The client's address has not used up the rate (429).
//  3. Parse (Takes). The body has the media type (415) and the size (413), and is read whole (400). A handler of JSON
//     then calls Request.ReadJSON, which is strict (400, 422).
//  4. Idempotency (Takes). The handler checks the fields, then calls Request.Key (422). Requests refused before this
//     step use up no key.
//
// Roles and scopes are checked by the use case, in its transaction.
type Route struct {
	Path   string // method and path below the table's prefix: "GET /comments/:id"
	Caller Caller
	Bearer string // detail of the refusal without a bearer token; "" if the route needs none
	Limit  Rate
	Takes  Takes
	Page   bool // failures are answered as pages for people
	Do     Handler
}

// A Caller says who may call a route. It is a set of conditions.
type Caller uint8

const (
	fromOwnPages  Caller = 1 << iota // if it changes something, it comes from a page of the service
	withAccount                      // it has a session or an API token
	belowSite                        // its path names a site
	fromSitePages                    // if it has an Origin, that is the site's or the service's
	withCORS                         // pages of any origin may read; only pages of the site's origins may write
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

// Takes says what a route reads besides path and query: at most one kind of body, and a Key.
type Takes uint8

// What a route may take.
const (
	JSON     Takes = 1 << iota // at most MaxBody
	LongJSON                   // at most 1 MiB, for pasted lists
	Form                       // at most MaxBody
	MailForm                   // a Form, or multipart as mail programs send it (RFC 8058)
	Key                        // the header Idempotency-Key
)

// A Request is a request that passed its route's chain.
type Request struct {
	echo.Context
	Actor   authz.Actor        // zero unless the Caller is Staff or SiteStaff
	Site    site.Site          // zero unless the Caller begins with Site
	Bearer  string             // the bearer token, if the route needs one
	Form    url.Values         // the parsed form, if the route takes one
	Limiter moderation.Limiter // limits new comments of the whole site; nil if the caller is exempt
	body    []byte
	takes   Takes
}

// A Handler answers a request.
type Handler func(*Request) error

// Add adds routes below prefix to e. Paths of a SiteReader also answer preflight requests.
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

// chain returns a route's handler behind its steps.
func (k *Kit) chain(r Route) echo.HandlerFunc {
	return func(c echo.Context) error {
		if r.Page {
			c.Set(pageKey, true)
		}
		q := &Request{Context: c, takes: r.Takes}
		if err := k.identify(q, r); err != nil {
			return err
		}
		err := k.serve(q, r)
		if r.Limit == NewComments {
			k.CountPost(q.Site, q.Response().Status, err)
		}
		return err
	}
}

// serve runs the steps after identify and the handler.
func (k *Kit) serve(q *Request, r Route) error {
	if err := k.limit(q, r.Limit); err != nil {
		return err
	}
	if err := q.parse(); err != nil {
		return err
	}
	return r.Do(q)
}

// CountPost counts the answer to a new comment: err, or status if err is nil. The chain calls it for routes limited by
// NewComments. Forms with several purposes call it themselves.
func (k *Kit) CountPost(site site.Site, status int, err error) {
	if k.Meter == nil {
		return
	}
	if err != nil {
		status = ProblemOf(err).Status
	}
	k.Meter.Post(site.Key, status)
}

// identify is step 1.
func (k *Kit) identify(q *Request, r Route) (err error) {
	if r.Caller&fromOwnPages != 0 {
		if err := k.checkOwnPage(q.Request()); err != nil {
			return err
		}
	}
	if r.Caller&withAccount != 0 || r.Caller&withCORS != 0 && !isRead(q.Request().Method) {
		NoStore(q) // handlers of readers' GET routes set Cache-Control themselves
	}
	if r.Caller&withAccount != 0 {
		if q.Actor, err = k.Actor(q); err != nil {
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
		if err := k.checkOrigin(q, q.Site); err != nil {
			return err
		}
	}
	if r.Caller&fromSitePages != 0 {
		if from, sent := q.Request().Header["Origin"]; sent && !k.MayWrite(q.Request(), q.Site, from[0]) {
			return problem.ForeignOrigin(nil)
		}
	}
	if r.Bearer != "" {
		q.Bearer, err = RequireBearer(q, r.Bearer)
	}
	return err
}

// limit is step 2.
func (k *Kit) limit(q *Request, rate Rate) (err error) {
	if rate == (Rate{}) {
		return nil
	}
	if rate.exemptStaff {
		q.Limiter, err = k.PostLimiter(q, q.Site)
		return err
	}
	return k.Allow(q, rate, q.Site.ID)
}

// parse is step 3.
func (q *Request) parse() (err error) {
	switch {
	case q.takes&JSON != 0:
		q.body, err = readBody(q, "application/json", MaxBody)
	case q.takes&LongJSON != 0:
		q.body, err = readBody(q, "application/json", maxLongBody)
	case q.takes&Form != 0:
		q.Form, err = ReadForm(q)
	case q.takes&MailForm != 0:
		q.Form, err = ReadMailForm(q)
	}
	return err
}

// ReadJSON decodes the body into the struct that in points to. The body is one JSON object. Unknown keys, repeated keys
// and keys in another letter case are refused. Fields without a key keep their value.
//
// Echo's Bind is not strict: it lets a body override path parameters and ignores letter case.
func (q *Request) ReadJSON(in any) error { return decode(q.body, in) }

// Key returns the request's Idempotency-Key. It returns nil if the request has none or the route takes none. A key
// belongs to its site, account, method and path. In is the decoded body: the use case refuses the same key with
// another body.
func (q *Request) Key(in any) (*txn.IdempotencyKey, error) {
	if q.takes&Key == 0 {
		return nil, nil
	}
	return idempotencyKey(q, q.Site.ID, q.Actor.Account.ID, in)
}

// NoContent returns a handler that passes the path's id to a use case and answers 204.
func NoContent(do func(context.Context, authz.Actor, site.Site, string) error) Handler {
	return func(c *Request) error {
		if err := do(c.Request().Context(), c.Actor, c.Site, c.Param("id")); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	}
}
