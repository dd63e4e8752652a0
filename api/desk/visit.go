package desk

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

// A Visit is one request to the desk. The route fills it in before the handler runs: the account, the site, the
// language and the form.
type Visit struct {
	echo.Context
	Actor   authz.Actor // zero on public pages
	Site    site.Site   // zero on pages about all sites
	Sites   []site.Site // sites on which the account has a role; set by DeskFrame
	Words   *Catalog
	Form    url.Values  // the posted form
	Problem web.Problem // the error that the page reports, which sets its status
	pages   Pages
}

// A Handler handles a visit.
type Handler func(*Visit) error

const langCookie = "aitys-lang"

// newVisit returns a visit without an account. It takes the language from the cookie, then from Accept-Language.
func newVisit(c echo.Context, pages Pages) *Visit {
	web.Vary(c, "Cookie")
	web.Vary(c, "Accept-Language")
	chosen := ""
	if cookie, err := c.Request().Cookie(langCookie); err == nil {
		chosen = cookie.Value
	}
	said := i18n.Negotiate(chosen, c.Request().Header.Get("Accept-Language"))
	return &Visit{Context: c, Words: &Catalog{said}, pages: pages}
}

// Public returns a handler that needs no session.
func (r Base) Public(answer Handler) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		v := newVisit(c, r.Pages)
		if c.Request().Method == http.MethodPost && !web.IsFileForm(c) {
			if v.Form, err = web.ReadForm(c); err != nil {
				return err
			}
		}
		return answer(v)
	}
}

// SignedIn returns a handler that requires an account.
func (r Base) SignedIn(answer Handler) echo.HandlerFunc {
	return r.Public(func(v *Visit) (err error) {
		if v.Actor, err = r.Actor(v); err != nil {
			return err
		}
		return answer(v)
	})
}

// OnSite returns a handler that requires a role on the site in the path. For other accounts the site does not exist.
func (r Base) OnSite(answer Handler) echo.HandlerFunc {
	return r.SignedIn(func(v *Visit) (err error) {
		if v.Site, err = r.Process.Site(v.Ctx(), v.Param("site")); err != nil {
			return err
		}
		if err := v.Actor.Authorize(v.Site.ID, authz.Author, authz.ScopeRead); err != nil {
			return err
		}
		return answer(v)
	})
}

// AsOwner returns a handler that requires an owner of the site in the path.
func (r Base) AsOwner(answer Handler) echo.HandlerFunc {
	return r.OnSite(func(v *Visit) error {
		if err := v.Actor.Authorize(v.Site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
			return err
		}
		return answer(v)
	})
}

// Ctx returns the request's context.
func (v *Visit) Ctx() context.Context { return v.Request().Context() }

// SitePath returns the address of a path below the site.
func (v *Visit) SitePath(path string) string { return "/moderate/" + v.Site.Key + path }

// CommentURL returns the address of a comment's page on the site. It keeps the list to which a form of that page returns.
func (v *Visit) CommentURL(id string) string {
	to := v.SitePath("/comments/" + url.PathEscape(id))
	if back := v.Form.Get("back"); back != "" {
		to += "?back=" + url.QueryEscape(back)
	}
	return to
}

// SeeOther redirects to an address of the desk.
func (v *Visit) SeeOther(address string) error { return v.Redirect(http.StatusSeeOther, address) }

// FormError returns the message about an invalid form field, and sets Problem, which sets the status of the page.
// It returns err if err is not about a field.
func (v *Visit) FormError(form string, err error) (says string, _ error) {
	p := web.ProblemOf(err)
	if len(p.Errors) == 0 {
		return "", err
	}
	v.Problem = p
	return v.Words.fieldError(form, p), nil
}

// FieldErrors returns the messages about all invalid fields of a form, by field name.
func (v *Visit) FieldErrors(form string, err error) map[string]string {
	says := map[string]string{}
	for _, e := range fieldErrors(err) {
		says[strings.TrimPrefix(e.Field, "/")] = v.Words.fieldError(form, web.ProblemOf(e))
	}
	return says
}

// fieldErrors returns the errors about fields in the tree of err.
func fieldErrors(err error) (all []*problem.Error) {
	switch e := err.(type) {
	case *problem.Error:
		if e.Field != "" {
			return []*problem.Error{e}
		}
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			all = append(all, fieldErrors(one)...)
		}
		return all
	}
	if next := errors.Unwrap(err); next != nil {
		return fieldErrors(next)
	}
	return nil
}
