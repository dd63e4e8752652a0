package desk

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/identity"
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

func (d *desk) signInPage(v *visit) error {
	to := ownPath(v.QueryParam("to"))
	if _, err := d.Actor(v); err == nil {
		return v.goTo(to)
	}
	return v.render("signin", signInPage{frame: v.frame(v.words.T("signin")), To: to})
}

func (d *desk) signIn(v *visit) error {
	var in identity.SignedIn
	err := d.LimitPasswords(v, func() (err error) {
		in, err = d.Identity.SignIn(v.ctx(), v.form.Get("email"), v.form.Get("password"), d.Browser(v.Request()))
		return err
	})
	if err != nil {
		return v.refuseSignIn(err)
	}
	d.KeepSession(v, in)
	return v.goTo(ownPath(v.form.Get("to")))
}

// refuseSignIn shows the form again with what was wrong, as far as it may be said.
func (v *visit) refuseSignIn(err error) error {
	page := signInPage{frame: v.frame(v.words.T("signin")), To: ownPath(v.form.Get("to")), Email: v.form.Get("email")}
	v.problem = web.ProblemOf(err)
	switch v.problem.Code {
	case "session.refused":
		page.Error = v.words.T("signin.refused")
	case "rate.limited":
		page.Error = v.words.T("signin.limited")
	default:
		return err
	}
	return v.render("signin", page)
}

func (d *desk) signOut(v *visit) error {
	if err := d.Identity.SignOut(v.ctx(), v.who); err != nil {
		return err
	}
	d.ForgetSession(v)
	return v.goTo("/moderate/signin")
}

// language keeps the choice of a language in the browser.
func (d *desk) language(v *visit) error {
	if lang := v.form.Get("lang"); words.In(lang) != nil {
		v.SetCookie(&http.Cookie{
			Name: langCookie, Value: lang, Path: "/moderate", MaxAge: 365 * 24 * 3600,
			HttpOnly: true, Secure: d.Secure(), SameSite: http.SameSiteLaxMode,
		})
	}
	return v.goTo(ownPath(v.form.Get("to")))
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
	Rows  []sessionRow
	Error string // of the form for one's password
}

type sessionRow struct {
	ID, Agent             string
	Since, SinceISO, Seen string
	SeenISO               string
	Current               bool
}

func (d *desk) sessions(v *visit) error { return d.sessionsPage(v, "") }

func (d *desk) sessionsPage(v *visit, wrong string) error {
	all, err := d.Identity.MySessions(v.ctx(), v.who)
	if err != nil {
		return err
	}
	f, err := d.deskFrame(v, v.words.T("sessions"))
	if err != nil {
		return err
	}
	p := sessionsPage{frame: f, Error: wrong}
	for _, s := range all {
		p.Rows = append(p.Rows, sessionRow{
			ID: s.ID, Agent: v.words.browser(s.Agent), Since: stamp(s.CreatedAt), SinceISO: iso(s.CreatedAt),
			Seen: stamp(s.SeenAt), SeenISO: iso(s.SeenAt), Current: s.ID == v.who.Session,
		})
	}
	return v.render("sessions", p)
}

// setPassword changes one's own password, which ends every session, and opens one anew here.
func (d *desk) setPassword(v *visit) error {
	old, fresh := v.form.Get("old"), v.form.Get("password")
	var in identity.SignedIn
	err := d.LimitPasswords(v, func() error {
		change := identity.AccountChange{Password: &fresh, Old: &old}
		if _, err := d.Identity.SetAccount(v.ctx(), v.who, v.who.ID(), change); err != nil {
			return err
		}
		var err error
		in, err = d.Identity.SignIn(v.ctx(), v.who.Account.Email, fresh, d.Browser(v.Request()))
		return err
	})
	if err != nil {
		wrong, err := v.refused("sessions", err)
		if err != nil {
			return err
		}
		return d.sessionsPage(v, wrong)
	}
	d.KeepSession(v, in)
	return v.goTo("/moderate/sessions")
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

func (d *desk) endSession(v *visit) error {
	if err := d.Identity.EndSession(v.ctx(), v.who, v.Param("id")); err != nil {
		return err
	}
	return v.goTo("/moderate/sessions")
}

// home leads to the first site's queue.
func (d *desk) home(v *visit) error {
	sites, err := d.Process.Sites(v.ctx(), v.who)
	switch {
	case err != nil:
		return err
	case len(sites) > 0:
		return v.goTo(place{site: sites[0].Key}.url())
	case v.who.Account.AllSites >= people.Owner:
		return v.goTo("/moderate/setup/site")
	}
	return v.goTo("/moderate/sessions")
}
