package desk

import (
	"context"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/words"
)

// A visit is one request to the desk. Its route opens it, so that no handler asks again who comes, to
// which site, in which language, and with which form.
type visit struct {
	echo.Context
	who     people.Actor  // nobody on the pages that are open to all
	site    ground.Site   // none on the pages about all sites
	sites   []ground.Site // that they have a role on, once there is a frame
	words   *catalog
	form    url.Values  // what was posted
	problem web.Problem // what was wrong with it, for the status of the page that says so
}

type handler func(*visit) error

const langCookie = "aitys-lang"

// newVisit is a visit of anybody.
func newVisit(c echo.Context) *visit {
	chosen := ""
	if cookie, err := c.Request().Cookie(langCookie); err == nil {
		chosen = cookie.Value
	}
	return &visit{Context: c, words: &catalog{words.Pick(chosen, c.Request().Header.Get("Accept-Language"))}}
}

// open lets anybody in.
func (d *desk) open(answer handler) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		v := newVisit(c)
		if c.Request().Method == http.MethodPost {
			if v.form, err = web.ReadForm(c); err != nil {
				return err
			}
		}
		return answer(v)
	}
}

// in lets those in whom the service knows.
func (d *desk) in(answer handler) echo.HandlerFunc {
	return d.open(func(v *visit) (err error) {
		if v.who, err = d.Actor(v); err != nil {
			return err
		}
		return answer(v)
	})
}

// on lets those in who have a role on the site of the path. To others it is as unknown as one that does
// not exist.
func (d *desk) on(answer handler) echo.HandlerFunc {
	return d.in(func(v *visit) (err error) {
		if v.site, err = d.Process.Site(v.ctx(), v.Param("site")); err != nil {
			return err
		}
		if err := v.who.May(v.site.ID, people.Author, people.ScopeRead); err != nil {
			return err
		}
		return answer(v)
	})
}

// owned lets those in who own the site of the path.
func (d *desk) owned(answer handler) echo.HandlerFunc {
	return d.on(func(v *visit) error {
		if err := v.who.May(v.site.ID, people.Owner, people.ScopeAdmin); err != nil {
			return err
		}
		return answer(v)
	})
}

func (v *visit) ctx() context.Context { return v.Request().Context() }

// at is an address below the site's.
func (v *visit) at(path string) string { return "/moderate/" + v.site.Key + path }

func (v *visit) goTo(address string) error { return v.Redirect(http.StatusSeeOther, address) }

// refused says what is wrong with a field of a form, and has the page that shows the form again
// answer so. What is no field's fault is returned.
func (v *visit) refused(form string, err error) (says string, _ error) {
	p := web.ProblemOf(err)
	if len(p.Errors) == 0 {
		return "", err
	}
	v.problem = p
	return v.words.wrong(form, p), nil
}

func (v *visit) render(page string, data any) error {
	status := http.StatusOK
	if v.problem.Status != 0 {
		web.ProblemHeaders(v, v.problem)
		status = v.problem.Status
	}
	return web.Render(v, status, web.OwnScript, templates()[v.words.Lang()][page], data)
}
