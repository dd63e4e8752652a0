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

// The pages of the desk to which staff return, and which show errors.
const (
	signInPage   = "/moderate/signin"
	sessionsPage = "/moderate/sessions#elsewhere"
)

// staff redirects staff to an identity provider: to sign in, to link their account, or to redeem an invitation.
func (h *signInWindow) staff(c *web.Request) error {
	form := c.Form
	// The sign-in page redirects signed-in accounts to to, if that is a page of the desk.
	e := web.Flow{Purpose: web.FlowSignIn, ReturnTo: signInPage + "?" + url.Values{"to": {form.Get("to")}}.Encode()}
	// Every request causes a request to the provider, so it is limited.
	err := h.kit.Allow(c, web.Identities, 0)
	switch {
	case err != nil:
	case form.Has("token"):
		e.Purpose, e.Token = web.FlowRedeem, form.Get("token")
		_, err = h.Identity.LinkAccount(c.Request().Context(), e.Token)
	case form.Get("do") == "unlink":
		return h.unlink(c, form.Get("issuer"))
	case form.Get("do") == "link":
		e.Purpose, e.ReturnTo = web.FlowLink, sessionsPage
		e.Session, err = h.mayLink(c, form.Get("password"))
	}
	if err == nil {
		err = h.kit.StartFlow(c, form.Get("provider"), e)
	}
	return redirectWithError(c, e, err)
}

// unlink removes the link between the account and a provider.
func (h *signInWindow) unlink(c echo.Context, issuer string) error {
	who, err := h.kit.Actor(c)
	if err == nil {
		err = h.Identity.UnlinkProvider(c.Request().Context(), who, issuer)
	}
	if err != nil {
		return redirectWithError(c, web.Flow{ReturnTo: sessionsPage}, err)
	}
	return c.Redirect(http.StatusSeeOther, sessionsPage)
}

// mayLink returns the session that may link its account with a provider.
func (h *signInWindow) mayLink(c echo.Context, password string) (string, error) {
	who, err := h.kit.Actor(c)
	if err != nil {
		return "", err
	}
	return who.Session, h.kit.LimitPasswords(c, func() error {
		return h.Identity.CheckLink(c.Request().Context(), who, password)
	})
}

// redirectWithError redirects to the flow's page with the error's code. It returns other errors unchanged, and nil
// if err is nil.
func redirectWithError(c echo.Context, e web.Flow, err error) error {
	if err == nil {
		return nil
	}
	p := web.ProblemOf(err)
	switch p.Code {
	case "identity.refused", "session.refused", "busy", "rate.limited", "field.invalid", "auth.needed":
	default:
		return err
	}
	page, _ := url.Parse(e.ReturnTo) // e.To is one of the pages above
	q := page.Query()
	q.Set("refused", p.Code)
	page.RawQuery = q.Encode()
	return c.Redirect(http.StatusSeeOther, page.String())
}

// finishStaff links, redeems or signs in with the provider's proof, and redirects to the flow's page.
func (h *signInWindow) finishStaff(c echo.Context, e web.Flow, proof authz.ExternalIdentity, err error) error {
	r := c.Request()
	var in identity.SignedIn
	switch {
	case err != nil:
	case e.Purpose == web.FlowLink:
		var who authz.Actor
		if who, err = h.kit.Actor(c); err == nil && who.Session != e.Session {
			err = problem.SignIn() // the session changed or ended in the meantime
		}
		if err == nil {
			err = h.Identity.LinkProvider(r.Context(), who, c.Param("provider"), proof)
		}
	case e.Purpose == web.FlowRedeem:
		in, err = h.Identity.UseLink(r.Context(), identity.LinkUse{Token: e.Token, Agent: r.UserAgent(),
			Provider: c.Param("provider"), Proof: proof})
	default:
		in, err = h.Identity.SignInWithProvider(r.Context(), proof, r.UserAgent())
	}
	if err != nil {
		return redirectWithError(c, e, err)
	}
	if in.Value != "" {
		h.kit.SetSession(c, in)
	}
	return c.Redirect(http.StatusSeeOther, e.ReturnTo)
}
