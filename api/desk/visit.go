package desk

import (
	"context"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/site"
)

// A Visit is one request to the desk. Its route opens it, so that no handler asks again who comes, to
// which site, in which language, and with which form.
type Visit struct {
	echo.Context
	Who     authz.Actor // nobody on the pages that are open to all
	Site    site.Site   // none on the pages about all sites
	Sites   []site.Site // that they have a role on, once there is a frame
	Words   *Catalog
	Form    url.Values  // what was posted
	Problem web.Problem // what was wrong with it, for the status of the page that says so
	pages   Pages
}

// A Handler answers a visit.
type Handler func(*Visit) error

const langCookie = "aitys-lang"

// newVisit is a visit of anybody.
func newVisit(c echo.Context, pages Pages) *Visit {
	web.Vary(c, "Cookie")
	web.Vary(c, "Accept-Language")
	chosen := ""
	if cookie, err := c.Request().Cookie(langCookie); err == nil {
		chosen = cookie.Value
	}
	said := i18n.Pick(chosen, c.Request().Header.Get("Accept-Language"))
	return &Visit{Context: c, Words: &Catalog{said}, pages: pages}
}

// Open lets anybody in.
func (r Room) Open(answer Handler) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		v := newVisit(c, r.Pages)
		if c.Request().Method == http.MethodPost {
			if v.Form, err = web.ReadForm(c); err != nil {
				return err
			}
		}
		return answer(v)
	}
}

// In lets those in whom the service knows.
func (r Room) In(answer Handler) echo.HandlerFunc {
	return r.Open(func(v *Visit) (err error) {
		if v.Who, err = r.Actor(v); err != nil {
			return err
		}
		return answer(v)
	})
}

// On lets those in who have a role on the site of the path. To others it is as unknown as one that does
// not exist.
func (r Room) On(answer Handler) echo.HandlerFunc {
	return r.In(func(v *Visit) (err error) {
		if v.Site, err = r.Process.Site(v.Ctx(), v.Param("site")); err != nil {
			return err
		}
		if err := v.Who.May(v.Site.ID, authz.Author, authz.ScopeRead); err != nil {
			return err
		}
		return answer(v)
	})
}

// Owned lets those in who own the site of the path.
func (r Room) Owned(answer Handler) echo.HandlerFunc {
	return r.On(func(v *Visit) error {
		if err := v.Who.May(v.Site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
			return err
		}
		return answer(v)
	})
}

// Ctx is the request's.
func (v *Visit) Ctx() context.Context { return v.Request().Context() }

// At is an address below the site's.
func (v *Visit) At(path string) string { return "/moderate/" + v.Site.Key + path }

// GoTo leads to an address of the desk.
func (v *Visit) GoTo(address string) error { return v.Redirect(http.StatusSeeOther, address) }

// Refused says what is wrong with a field of a form, and has the page that shows the form again
// answer so. What is no field's fault is returned.
func (v *Visit) Refused(form string, err error) (says string, _ error) {
	p := web.ProblemOf(err)
	if len(p.Errors) == 0 {
		return "", err
	}
	v.Problem = p
	return v.Words.wrong(form, p), nil
}
