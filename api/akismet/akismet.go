// Package akismet answers programs that ask Akismet what to think of a comment, in Akismet's own protocol: forms in,
// one word as plain text out.
//
// The key is a token of an account. Package inquiry judges and learns. Its invariants: whatever is sent, the answer is
// one that such a program knows what to do with, and never a failure of the server; what cannot be judged, and what a
// person has to look at, is answered with neither of the two words, so that the program holds it; nothing ever tells
// it to throw a comment away unseen.
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

// The words of the protocol. What is neither spam nor ham is an error to who asks: the comment is held, and asked about
// again.
const (
	valid   = "valid"
	invalid = "invalid"
	spam    = "true"
	ham     = "false"
	hold    = "hold"
	thanks  = "Thanks for making the web a better place."
)

// door answers the protocol's methods.
type door struct {
	kit *web.Kit
	Services
}

// Services are those that the handlers call.
type Services struct {
	Identity   *identity.Service
	SpamChecks *spamcheck.Service
}

// Routes adds the room's routes.
func (s Services) Routes(e *echo.Echo, kit *web.Kit) {
	d := &door{kit, s}
	g := e.Group("/akismet/1.1")
	g.POST("/verify-key", d.verify)
	g.POST("/comment-check", d.asked(d.check))
	g.POST("/submit-spam", d.asked(d.submit(classifier.Spam)))
	g.POST("/submit-ham", d.asked(d.submit(classifier.Ham)))
}

// say answers with a word. help says to who set the program up what is wrong.
func say(c echo.Context, status int, word, help string) error {
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	if help != "" {
		h.Set("X-akismet-debug-help", help)
	}
	return c.String(status, word)
}

// refuse answers with what is wrong in the way of the protocol. What is wrong with the key is an alert, too, which is
// shown to who runs the program.
func (d *door) refuse(c echo.Context, err error) error {
	p := web.ProblemOf(err)
	switch p.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		h := c.Response().Header()
		h.Set("X-akismet-alert-code", strconv.Itoa(p.Status))
		h.Set("X-akismet-alert-msg", p.Detail)
		return say(c, http.StatusOK, invalid, p.Detail)
	case http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return say(c, http.StatusOK, invalid, p.Detail)
	}
	if !web.Gone(err) {
		d.kit.Log.WarnContext(c.Request().Context(), "an inquiry was not answered", "code", p.Code, "cause", err)
	}
	return say(c, http.StatusServiceUnavailable, hold, p.Detail)
}

// who finds who asks, and about which site.
func (d *door) who(c echo.Context, form url.Values) (authz.Actor, site.Site, error) {
	ctx := c.Request().Context()
	who, err := d.Identity.ActorByToken(ctx, key(c.Request(), form))
	if err != nil {
		return authz.Actor{}, site.Site{}, errKey(err)
	}
	if form.Get("blog") == "" {
		return authz.Actor{}, site.Site{}, missing("blog")
	}
	site, err := d.SpamChecks.Door(ctx, who, form.Get("blog"))
	return who, site, errKey(err)
}

// errKey says in words of this protocol what is wrong with a key.
func errKey(err error) error {
	e, ok := errors.AsType[*problem.Error](err)
	switch {
	case !ok:
		return err
	case e.Kind == problem.Unauthenticated:
		return problem.Unproven(e.Code, "The key is no token of an account, or not any more.")
	case e.Kind == problem.NotFound:
		return problem.Missing(e.Code, "The key is good for no site with the address given in blog.")
	case e.Kind == problem.Forbidden:
		return problem.Denied(e.Code, "The account of this key is no moderator of the site, or the key may only read.")
	}
	return err
}

func missing(field string) error { return problem.Field(field, "Missing required field: "+field) }

// verify says whether a key is good for a site.
func (d *door) verify(c echo.Context) error {
	form, err := read(c)
	if err == nil {
		_, _, err = d.who(c, form)
	}
	if err != nil {
		return d.refuse(c, err)
	}
	return say(c, http.StatusOK, valid, "")
}

// asked reads what the methods about a comment have in common.
func (d *door) asked(do func(echo.Context, authz.Actor, site.Site, url.Values) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		form, err := read(c)
		if err != nil {
			return d.refuse(c, err)
		}
		who, site, err := d.who(c, form)
		if err == nil && form.Get("user_ip") == "" {
			err = missing("user_ip")
		}
		if err == nil {
			err = errKey(do(c, who, site, form))
		}
		if err != nil {
			return d.refuse(c, err)
		}
		return nil
	}
}

// check judges a comment. An administrator's is none of ours to judge, and what is said to be spam for a try is.
func (d *door) check(c echo.Context, who authz.Actor, site site.Site, form url.Values) error {
	if form.Get("user_role") == "administrator" {
		return say(c, http.StatusOK, ham, "")
	}
	if form.Get("comment_author") == "viagra-test-123" ||
		form.Get("comment_author_email") == "akismet-guaranteed-spam@example.com" {
		return say(c, http.StatusOK, spam, "")
	}
	answer, err := d.SpamChecks.Ask(c.Request().Context(), who, site, inquired(form))
	if err != nil {
		return err
	}
	switch answer {
	case spamcheck.Spam:
		return say(c, http.StatusOK, spam, "")
	case spamcheck.Publish:
		return say(c, http.StatusOK, ham, "")
	}
	return say(c, http.StatusOK, hold, "A person has to look at this one: hold it.")
}

// submit teaches what became of a comment.
func (d *door) submit(l classifier.Label) func(echo.Context, authz.Actor, site.Site, url.Values) error {
	return func(c echo.Context, who authz.Actor, site site.Site, form url.Values) error {
		if err := d.SpamChecks.Teach(c.Request().Context(), who, site, inquired(form), l); err != nil {
			return err
		}
		return say(c, http.StatusOK, thanks, "")
	}
}

// inquired is what a form says of a comment.
func inquired(form url.Values) spamcheck.Asked {
	trap := form.Get("POST_ak_hp_textarea")
	if name := form.Get("honeypot_field_name"); name != "" {
		trap += form.Get(name)
	}
	address, _ := netip.ParseAddr(form.Get("user_ip")) // what is none is unknown
	return spamcheck.Asked{
		Name:    form.Get("comment_author"),
		Email:   form.Get("comment_author_email"),
		Website: form.Get("comment_author_url"),
		Body:    form.Get("comment_content"),
		Address: address,
		Trap:    trap != "",
		Trial:   truly(form.Get("is_test")),
		Page:    form.Get("permalink"),
		Written: form.Get("comment_date_gmt"),
		Recheck: form.Get("recheck_reason") != "",
	}
}

// truly reads a flag as these programs write it.
func truly(s string) bool { return s == "1" || s == "true" }
