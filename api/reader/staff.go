package reader

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/problem"
)

// Where staff go on at the desk, and are told what went wrong.
const (
	signInPage   = "/moderate/signin"
	sessionsPage = "/moderate/sessions#elsewhere"
)

// staff sends somebody to a provider: to sign in, to link their account with it, or to redeem their invitation.
func (h *window) staff(c *web.Request) error {
	form := c.Form
	// The sign-in leads on whoever is in, to pages of the desk alone.
	e := web.Errand{For: web.ToSignIn, To: signInPage + "?" + url.Values{"to": {form.Get("to")}}.Encode()}
	// Each costs a call to the outside, right or wrong.
	err := h.kit.Allow(c, web.Identities, 0)
	switch {
	case err != nil:
	case form.Has("token"):
		e.For, e.Token = web.ToRedeem, form.Get("token")
		_, err = h.Identity.LinkAccount(c.Request().Context(), e.Token)
	case form.Get("do") == "unlink":
		return h.unlink(c, form.Get("issuer"))
	case form.Get("do") == "link":
		e.For, e.To = web.ToLink, sessionsPage
		e.Session, err = h.mayLink(c, form.Get("password"))
	}
	if err == nil {
		err = h.kit.LeadTo(c, form.Get("provider"), e)
	}
	return told(c, e, err)
}

// unlink has somebody's account no longer signed in by a provider.
func (h *window) unlink(c echo.Context, issuer string) error {
	who, err := h.kit.Actor(c)
	if err == nil {
		err = h.Identity.Unlink(c.Request().Context(), who, issuer)
	}
	if err != nil {
		return told(c, web.Errand{To: sessionsPage}, err)
	}
	return c.Redirect(http.StatusSeeOther, sessionsPage)
}

// mayLink returns the session that may link its account with a provider.
func (h *window) mayLink(c echo.Context, password string) (string, error) {
	who, err := h.kit.Actor(c)
	if err != nil {
		return "", err
	}
	return who.Session, h.kit.LimitPasswords(c, func() error {
		return h.Identity.MayLink(c.Request().Context(), who, password)
	})
}

// told leads to a page of the desk that says what went wrong on an errand, if anything did.
func told(c echo.Context, e web.Errand, err error) error {
	if err == nil {
		return nil
	}
	p := web.ProblemOf(err)
	switch p.Code {
	case "identity.refused", "session.refused", "busy", "rate.limited", "field.invalid", "auth.needed":
	default:
		return err
	}
	page, _ := url.Parse(e.To) // it is one of those above
	q := page.Query()
	q.Set("refused", p.Code)
	page.RawQuery = q.Encode()
	return c.Redirect(http.StatusSeeOther, page.String())
}

// backToDesk goes on with whom a provider sent back.
func (h *window) backToDesk(c echo.Context, e web.Errand, proof authz.Proof, err error) error {
	r := c.Request()
	var in identity.SignedIn
	switch {
	case err != nil:
	case e.For == web.ToLink:
		var who authz.Actor
		if who, err = h.kit.Actor(c); err == nil && who.Session != e.Session {
			err = problem.SignIn() // they left as somebody else, or were signed out since
		}
		if err == nil {
			err = h.Identity.LinkProof(r.Context(), who, c.Param("provider"), proof)
		}
	case e.For == web.ToRedeem:
		in, err = h.Identity.UseLink(r.Context(), identity.LinkUse{Token: e.Token, Agent: r.UserAgent(),
			Provider: c.Param("provider"), Proof: proof})
	default:
		in, err = h.Identity.SignInBy(r.Context(), proof, r.UserAgent())
	}
	if err != nil {
		return told(c, e, err)
	}
	if in.Value != "" {
		h.kit.KeepSession(c, in)
	}
	return c.Redirect(http.StatusSeeOther, e.To)
}
