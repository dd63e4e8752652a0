// Package akismet implements Akismet's HTTP protocol for programs such as blogs that check comments for spam. Requests
// are forms, responses are one word of plain text.
//
// The key is an API token of an account. Package spamcheck scores comments and learns. Its invariants:
//
//   - Every response is one that a client of the protocol understands. It is never a page or JSON.
//   - A comment that cannot be scored or needs a moderator is answered with neither "true" nor "false". The client then
//     holds it.
//   - No response tells the client to discard a comment.
package akismet

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/spamcheck"
)

// The words of the protocol. Clients treat any answer to comment-check other than spam and ham as an error: they hold
// the comment and check it again later.
const (
	valid   = "valid"
	invalid = "invalid"
	spam    = "true"
	ham     = "false"
	hold    = "hold"
	thanks  = "Thanks for making the web a better place."
)

// handler handles the protocol's methods.
type handler struct {
	kit *web.Kit
	Services
}

// Services are the services that the handlers call.
type Services struct {
	Identity   *identity.Service
	SpamChecks *spamcheck.Service
}

// Routes adds the routes of the protocol to e.
func (s Services) Routes(e *echo.Echo, kit *web.Kit) {
	d := &handler{kit, s}
	g := e.Group("/akismet/1.1")
	g.POST("/verify-key", d.verify)
	g.POST("/comment-check", d.withComment(d.check))
	g.POST("/submit-spam", d.withComment(d.submit(classifier.Spam)))
	g.POST("/submit-ham", d.withComment(d.submit(classifier.Ham)))
}

// respond answers with a word. A help text goes into a header that client programs show when debugging.
func respond(c echo.Context, status int, word, help string) error {
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	if help != "" {
		h.Set("X-akismet-debug-help", help)
	}
	return c.String(status, word)
}

// respondError answers with err as the protocol does. An error with the key is also an alert, which the client program
// shows to its administrator.
func (d *handler) respondError(c echo.Context, err error) error {
	p := web.ProblemOf(err)
	switch p.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		h := c.Response().Header()
		h.Set("X-akismet-alert-code", strconv.Itoa(p.Status))
		h.Set("X-akismet-alert-msg", p.Detail)
		return respond(c, http.StatusOK, invalid, p.Detail)
	case http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return respond(c, http.StatusOK, invalid, p.Detail)
	}
	if !web.ClientGone(err) {
		d.kit.Log.WarnContext(c.Request().Context(), "akismet: check a comment", "code", p.Code, "cause", err)
	}
	return respond(c, http.StatusServiceUnavailable, hold, p.Detail)
}

// authenticate returns the actor of the key, and the site that the form's field blog names.
func (d *handler) authenticate(c echo.Context, form url.Values) (authz.Actor, site.Site, error) {
	ctx := c.Request().Context()
	who, err := d.Identity.ActorByToken(ctx, key(c.Request(), form))
	if err != nil {
		return authz.Actor{}, site.Site{}, keyError(err)
	}
	if form.Get("blog") == "" {
		return authz.Actor{}, site.Site{}, missing("blog")
	}
	site, err := d.SpamChecks.SiteForCheck(ctx, who, form.Get("blog"))
	return who, site, keyError(err)
}

// keyError replaces the detail of an error about authentication or rights by one that speaks of the protocol's key.
func keyError(err error) error {
	e, ok := errors.AsType[*problem.Error](err)
	switch {
	case !ok:
		return err
	case e.Kind == problem.Unauthenticated:
		return problem.Unproven(e.Code, "The key is no token of an account, or it was revoked.")
	case e.Kind == problem.NotFound:
		return problem.Missing(e.Code, "The key has access to no site with the address in blog.")
	case e.Kind == problem.Forbidden:
		return problem.Denied(e.Code, "The account of this key is no moderator of the site, or the key is read-only.")
	}
	return err
}

func missing(field string) error { return problem.Field(field, "Missing required field: "+field) }

// verify handles verify-key: whether the key is valid for a site.
func (d *handler) verify(c echo.Context) error {
	form, err := read(c)
	if err == nil {
		_, _, err = d.authenticate(c, form)
	}
	if err != nil {
		return d.respondError(c, err)
	}
	return respond(c, http.StatusOK, valid, "")
}

// withComment returns a handler for a method about a comment. It reads the form and checks the key, the site and
// user_ip.
func (d *handler) withComment(do func(echo.Context, authz.Actor, site.Site, url.Values) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		form, err := read(c)
		if err != nil {
			return d.respondError(c, err)
		}
		who, site, err := d.authenticate(c, form)
		if err == nil && form.Get("user_ip") == "" {
			err = missing("user_ip")
		}
		if err == nil {
			err = keyError(do(c, who, site, form))
		}
		if err != nil {
			return d.respondError(c, err)
		}
		return nil
	}
}

// check handles comment-check. Comments by an administrator are ham. The protocol's test values are spam.
func (d *handler) check(c echo.Context, who authz.Actor, site site.Site, form url.Values) error {
	if form.Get("user_role") == "administrator" {
		return respond(c, http.StatusOK, ham, "")
	}
	if form.Get("comment_author") == "viagra-test-123" ||
		form.Get("comment_author_email") == "akismet-guaranteed-spam@example.com" {
		return respond(c, http.StatusOK, spam, "")
	}
	answer, err := d.SpamChecks.CheckComment(c.Request().Context(), who, site, parseComment(form))
	if err != nil {
		return err
	}
	switch answer {
	case spamcheck.Spam:
		return respond(c, http.StatusOK, spam, "")
	case spamcheck.Publish:
		return respond(c, http.StatusOK, ham, "")
	}
	return respond(c, http.StatusOK, hold, "A moderator must look at this comment. Hold it.")
}

// submit returns the handler of submit-spam or submit-ham, which teaches the model a comment's label.
func (d *handler) submit(l classifier.Label) func(echo.Context, authz.Actor, site.Site, url.Values) error {
	return func(c echo.Context, who authz.Actor, site site.Site, form url.Values) error {
		if err := d.SpamChecks.Teach(c.Request().Context(), who, site, parseComment(form), l); err != nil {
			return err
		}
		return respond(c, http.StatusOK, thanks, "")
	}
}

// parseComment reads the comment of a form.
func parseComment(form url.Values) spamcheck.Request {
	trap := form.Get("POST_ak_hp_textarea")
	if name := form.Get("honeypot_field_name"); name != "" {
		trap += form.Get(name)
	}
	address, _ := netip.ParseAddr(form.Get("user_ip")) // invalid means unknown
	return spamcheck.Request{
		Name:    form.Get("comment_author"),
		Email:   form.Get("comment_author_email"),
		Website: form.Get("comment_author_url"),
		Body:    form.Get("comment_content"),
		Address: address,
		Trap:    trap != "",
		Test:    parseFlag(form.Get("is_test")),
		Page:    form.Get("permalink"),
		Written: form.Get("comment_date_gmt"),
		Recheck: form.Get("recheck_reason") != "",
	}
}

// parseFlag parses a boolean field of the protocol.
func parseFlag(s string) bool { return s == "1" || s == "true" }
