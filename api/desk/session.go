package desk

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/words"
)

// signedIn lets only those in whom the service knows, and sends others to the sign-in.
func (d *desk) signedIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		_, err := d.Actor(c)
		if err == nil {
			return next(c)
		}
		if web.ProblemOf(err).Code != "auth.needed" {
			return err
		}
		r := c.Request()
		if r.Method != http.MethodGet {
			return c.Redirect(http.StatusSeeOther, "/moderate/signin")
		}
		if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
			return bounce(c)
		}
		return c.Redirect(http.StatusSeeOther, "/moderate/signin?to="+url.QueryEscape(r.URL.RequestURI()))
	}
}

// bounce loads the same page once more from ourselves: who comes by a link from elsewhere
// brings no SameSite=Strict cookie the first time.
func bounce(c echo.Context) error {
	web.PageHeaders(c, web.NoScript)
	c.Response().Header().Set("Refresh", "0")
	return c.HTML(http.StatusOK, "<!doctype html><title>Aitys</title>")
}

type signInPage struct {
	frame
	To, Email, Error string
}

func (d *desk) signInPage(c echo.Context) error {
	to := ownPath(c.QueryParam("to"))
	if _, err := d.Actor(c); err == nil {
		return c.Redirect(http.StatusSeeOther, to)
	}
	w := catalogOf(c)
	return render(c, w, "signin", signInPage{frame: newFrame(c, w, w.T("signin")), To: to})
}

func (d *desk) signIn(c echo.Context) error {
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	r := c.Request()
	in, err := d.Identity.SignIn(r.Context(), form.Get("email"), form.Get("password"), r.UserAgent())
	if err != nil {
		return d.refuseSignIn(c, form, err)
	}
	d.KeepSession(c, in)
	return c.Redirect(http.StatusSeeOther, ownPath(form.Get("to")))
}

// refuseSignIn shows the form again with what was wrong, as far as it may be said.
func (d *desk) refuseSignIn(c echo.Context, form url.Values, err error) error {
	w, p := catalogOf(c), web.ProblemOf(err)
	page := signInPage{frame: newFrame(c, w, w.T("signin")), To: ownPath(form.Get("to")), Email: form.Get("email")}
	switch p.Code {
	case "session.refused":
		page.Error = w.T("signin.refused")
	case "rate.limited":
		page.Error = w.T("signin.limited")
	default:
		return err
	}
	return renderFailure(c, w, "signin", p, page)
}

// renderFailure renders a form again under the status of its failure.
func renderFailure(c echo.Context, w *catalog, page string, p web.Problem, data any) error {
	web.ProblemHeaders(c, p)
	return web.Render(c, p.Status, web.OwnScript, templates()[w.Lang()][page], data)
}

func (d *desk) signOut(c echo.Context) error {
	who, err := d.Actor(c)
	if err != nil {
		return err
	}
	if err := d.Identity.SignOut(c.Request().Context(), who); err != nil {
		return err
	}
	d.ForgetSession(c)
	return c.Redirect(http.StatusSeeOther, "/moderate/signin")
}

// language keeps the choice of a language in the browser.
func (d *desk) language(c echo.Context) error {
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	if words.In(form.Get("lang")) != nil {
		c.SetCookie(&http.Cookie{
			Name: langCookie, Value: form.Get("lang"), Path: "/moderate", MaxAge: 365 * 24 * 3600,
			HttpOnly: true, Secure: d.Secure(), SameSite: http.SameSiteLaxMode,
		})
	}
	return c.Redirect(http.StatusSeeOther, ownPath(form.Get("to")))
}

// ownPath returns to if it is a page of the desk, else the desk's first page: nobody is sent
// elsewhere by an address.
func ownPath(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/moderate/") ||
		strings.ContainsAny(to, "\\\r\n\t") || strings.Contains(u.Path, "//") || strings.Contains(u.Path, "..") {
		return "/moderate/"
	}
	return u.RequestURI()
}

// pathOf is an own address without its query.
func pathOf(here string) string {
	path, _, _ := strings.Cut(here, "?")
	return path
}

type sessionsPage struct {
	frame
	Rows []sessionRow
}

type sessionRow struct {
	ID, Agent             string
	Since, SinceISO, Seen string
	SeenISO               string
	Current               bool
}

func (d *desk) sessions(c echo.Context) error {
	who, err := d.Actor(c)
	if err != nil {
		return err
	}
	all, err := d.Identity.MySessions(c.Request().Context(), who)
	if err != nil {
		return err
	}
	w := catalogOf(c)
	f, err := d.deskFrame(c, w, who, ground.Site{}, w.T("sessions"))
	if err != nil {
		return err
	}
	p := sessionsPage{frame: f}
	for _, s := range all {
		p.Rows = append(p.Rows, sessionRow{
			ID: s.ID, Agent: w.browser(s.Agent), Since: stamp(s.CreatedAt), SinceISO: iso(s.CreatedAt),
			Seen: stamp(s.SeenAt), SeenISO: iso(s.SeenAt), Current: s.ID == who.Session,
		})
	}
	return render(c, w, "sessions", p)
}

// browser says what a browser calls itself in as few words as tell it from another.
func (c *catalog) browser(agent string) string {
	first := func(names ...string) string {
		for _, n := range names {
			if sign, name, _ := strings.Cut(n, "="); strings.Contains(agent, sign) {
				return cmp.Or(name, sign)
			}
		}
		return ""
	}
	browser := first("Firefox", "Edg=Edge", "OPR=Opera", "YaBrowser=Yandex", "Chrome", "Safari")
	system := first("Android", "iPhone", "iPad", "Windows", "Mac OS=macOS", "CrOS=ChromeOS", "Linux")
	if browser == "" || system == "" {
		return cmp.Or(agent, c.T("sessions.unknown"))
	}
	return c.T("sessions.on", "browser", browser, "system", system)
}

func (d *desk) endSession(c echo.Context) error {
	who, err := d.Actor(c)
	if err != nil {
		return err
	}
	if err := d.Identity.EndSession(c.Request().Context(), who, c.Param("id")); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/moderate/sessions")
}

// home leads to the first site's queue.
func (d *desk) home(c echo.Context) error {
	who, err := d.Actor(c)
	if err != nil {
		return err
	}
	sites, err := d.Process.Sites(c.Request().Context(), who)
	switch {
	case err != nil:
		return err
	case len(sites) > 0:
		return c.Redirect(http.StatusSeeOther, place{site: sites[0].Key}.url())
	case who.Account.AllSites >= people.Owner:
		return c.Redirect(http.StatusSeeOther, "/moderate/setup/site")
	}
	return c.Redirect(http.StatusSeeOther, "/moderate/sessions")
}
