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

// signedIn lets only those in whom the service knows, and sends others to the sign-in.
func (r Room) signedIn(next echo.HandlerFunc) echo.HandlerFunc {
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
			from, _ := url.Parse(req.Referer()) // where the form stood: what is typed there is kept
			if from == nil {
				from = &url.URL{}
			}
			return c.Redirect(http.StatusSeeOther, "/moderate/signin?to="+url.QueryEscape(ownPath(from.RequestURI())))
		}
		if site := req.Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
			return web.Again(c)
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
		return v.GoTo(to)
	}
	page := signInPage{Frame: v.Frame(v.Words.T("signin")), To: to, Providers: d.Providers.Names()}
	page.Error = v.ProviderRefused()
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
	d.KeepSession(v, in)
	return v.GoTo(ownPath(v.Form.Get("to")))
}

// refuseSignIn shows the form again with what was wrong, as far as it may be said.
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
	if err := d.Identity.EndSession(v.Ctx(), v.Who, v.Who.Session); err != nil {
		return err
	}
	d.ForgetSession(v)
	return v.GoTo("/moderate/signin")
}

// language keeps the choice of a language in the browser.
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
	return v.GoTo(ownPath(v.Form.Get("to")))
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

// home leads to the first site's queue.
func (d *desk) home(v *Visit) error {
	sites, err := d.Process.Sites(v.Ctx(), v.Who)
	switch {
	case err != nil:
		return err
	case len(sites) > 0:
		return v.GoTo(QueueURL(sites[0].Key))
	case v.Who.Account.AllSites >= authz.Owner:
		return v.GoTo("/moderate/setup/site")
	}
	return v.GoTo("/moderate/sessions")
}

// ProviderRefused says why a provider did not do what somebody went there for, where that led back here.
func (v *Visit) ProviderRefused() string {
	if key := "provider." + v.QueryParam("refused"); v.Words.Has(key) {
		return v.Words.T(key)
	}
	return ""
}
