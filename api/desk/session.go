package desk

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
)

// requireSession is a middleware that redirects requests without a session to the sign-in page. A POST returns to the
// page of its form. A GET from another site is loaded again first, because such a request carries no Strict cookie.
func (r Base) requireSession(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		_, err := r.Actor(c)
		if err == nil {
			return next(c)
		}
		if web.ProblemOf(err).Code != "auth.needed" {
			return err
		}
		req := c.Request()
		if req.Method != http.MethodGet {
			from, _ := url.Parse(req.Referer()) // the page of the form, where the browser keeps the typed text
			if from == nil {
				from = &url.URL{}
			}
			return c.Redirect(http.StatusSeeOther, "/moderate/signin?to="+url.QueryEscape(ownPath(from.RequestURI())))
		}
		if site := req.Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
			return web.Reload(c)
		}
		return c.Redirect(http.StatusSeeOther, "/moderate/signin?to="+url.QueryEscape(req.URL.RequestURI()))
	}
}

type signInPage struct {
	Frame
	To, Email, Error string
	Providers        []string
}

func (d *desk) signInPage(v *Visit) error {
	to := ownPath(v.QueryParam("to"))
	if _, err := d.Actor(v); err == nil {
		return v.SeeOther(to)
	}
	page := signInPage{Frame: v.Frame(v.Words.T("signin")), To: to, Providers: d.Providers.Names()}
	page.Error = v.ProviderError()
	return v.Show("signin", page)
}

func (d *desk) signIn(v *Visit) error {
	var in identity.SignedIn
	err := d.LimitPasswords(v, func() (err error) {
		in, err = d.Identity.SignIn(v.Ctx(), v.Form.Get("email"), v.Form.Get("password"), d.Browser(v.Request()))
		return err
	})
	if err != nil {
		return d.refuseSignIn(v, err)
	}
	d.SetSession(v, in)
	return v.SeeOther(ownPath(v.Form.Get("to")))
}

// refuseSignIn shows the sign-in form again with the error, if the error may be disclosed.
func (d *desk) refuseSignIn(v *Visit, err error) error {
	page := signInPage{Frame: v.Frame(v.Words.T("signin")), To: ownPath(v.Form.Get("to")), Email: v.Form.Get("email")}
	page.Providers, v.Problem = d.Providers.Names(), web.ProblemOf(err)
	switch v.Problem.Code {
	case "session.refused":
		page.Error = v.Words.T("signin.refused")
	case "rate.limited":
		page.Error = v.Words.T("signin.limited")
	default:
		return err
	}
	return v.Show("signin", page)
}

func (d *desk) signOut(v *Visit) error {
	if err := d.Identity.EndSession(v.Ctx(), v.Actor, v.Actor.Session); err != nil {
		return err
	}
	d.ClearSession(v)
	return v.SeeOther("/moderate/signin")
}

// language stores the chosen language in a cookie.
func (d *desk) language(v *Visit) error {
	if lang := v.Form.Get("lang"); i18n.In(lang) != nil {
		v.SetCookie(&http.Cookie{
			Name:     langCookie,
			Value:    lang,
			Path:     "/moderate",
			MaxAge:   365 * 24 * 3600,
			HttpOnly: true,
			Secure:   d.Secure(),
			SameSite: http.SameSiteLaxMode,
		})
	}
	return v.SeeOther(ownPath(v.Form.Get("to")))
}

// ownPath returns to if it is a path below /moderate/, otherwise "/moderate/". It prevents open redirects.
func ownPath(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/moderate/") ||
		strings.ContainsAny(to, "\\\r\n\t") || strings.Contains(u.Path, "//") || strings.Contains(u.Path, "..") {
		return "/moderate/"
	}
	return u.RequestURI()
}

// home redirects to the queue of all sites. Without sites, a server owner goes to the setup, other accounts to their
// sessions.
func (d *desk) home(v *Visit) error {
	sites, err := d.Process.Sites(v.Ctx(), v.Actor)
	switch {
	case err != nil:
		return err
	case len(sites) > 0:
		return v.SeeOther(QueueURL(""))
	case v.Actor.Account.AllSites >= authz.Owner:
		return v.SeeOther("/moderate/setup/site")
	}
	return v.SeeOther("/moderate/sessions")
}

// ProviderError returns the message about a failed sign-in or link at a provider, from the query; otherwise "".
func (v *Visit) ProviderError() string {
	if key := "provider." + v.QueryParam("refused"); v.Words.Has(key) {
		return v.Words.T(key)
	}
	return ""
}
