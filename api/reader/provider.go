package reader

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/readerauth"
)

// redirectToProvider redirects a reader to an identity provider, in the same window.
func (h *signInWindow) redirectToProvider(o *windowRequest, provider string) error {
	if err := h.kit.Allow(o, web.Identities, o.site.ID); err != nil {
		return err
	}
	err := h.kit.StartFlow(o, provider, web.Flow{Purpose: web.FlowWrite, ReturnTo: o.view.Action, Site: o.site.Key})
	if err != nil && web.ProblemOf(err).Code == "busy" {
		return o.Redirect(http.StatusSeeOther, o.view.Action+"&refused=busy")
	}
	return err
}

// callback handles the redirect back from a provider, and continues the sign-in flow.
func (h *signInWindow) callback(c *web.Request) error {
	// Keep window.opener.
	c.Response().Header().Set("Cross-Origin-Opener-Policy", "unsafe-none")
	if c.Request().Header.Get("Sec-Fetch-Site") == "cross-site" {
		return web.Reload(c)
	}
	errand, proof, err := h.kit.FinishFlow(c)
	switch {
	case errand.Purpose == web.FlowWrite:
		return h.finishReader(c, errand, proof, err)
	case errand.Purpose != "":
		return h.finishStaff(c, errand, proof, err)
	case err != nil && web.ProblemOf(err).Code == "identity.refused":
		c.Response().Header().Set("X-Robots-Tag", "noindex")
		return web.Render(c, http.StatusUnauthorized, web.NoScript, backTemplate, backView{web.Catalog(c)})
	}
	return err
}

// finishReader redirects a reader back to the sign-in window, with the provider's proof in a cookie.
func (h *signInWindow) finishReader(c echo.Context, e web.Flow, proof authz.ExternalIdentity, err error) error {
	if err != nil {
		p := web.ProblemOf(err)
		if p.Code != "identity.refused" && p.Code != "busy" {
			return err
		}
		return c.Redirect(http.StatusSeeOther, e.ReturnTo+"&refused="+url.QueryEscape(p.Code))
	}
	site, err := h.kit.Process.Site(c.Request().Context(), e.Site)
	if err != nil {
		return err
	}
	value, until := h.kit.Providers.HoldProof(site, proof)
	h.kit.SetPending(c, value, until)
	return c.Redirect(http.StatusSeeOther, e.ReturnTo)
}

// pendingProof returns the provider's proof from the cookie.
func (h *signInWindow) pendingProof(o *windowRequest) (authz.ExternalIdentity, bool) {
	return h.kit.Providers.HeldProof(o.site, h.kit.Pending(o.Request()))
}

// showReader renders the window for a reader that a provider identified. If the provider's name is missing or taken, the
// reader chooses a name.
func (h *signInWindow) showReader(o *windowRequest, status int, proof authz.ExternalIdentity, name string) error {
	called, err := h.ReaderAuth.CheckDisplayName(o.Request().Context(), o.site, name)
	if err != nil {
		p := web.ProblemOf(err)
		if p.Status != http.StatusUnprocessableEntity {
			return err
		}
		o.view.Bad, o.view.Name, o.view.Unnamed = o.view.T("window.name.bad"), name, true
	} else {
		o.view.Name, o.view.Unnamed = called, called == "" || called != proof.Name
	}
	o.view.Reader = true
	return web.Render(o, status, web.OwnScript, windowTemplate, o.view)
}

// sendReaderIdentity issues a reader's identity and passes it to the opener.
func (h *signInWindow) sendReaderIdentity(o *windowRequest, proof authz.ExternalIdentity, form url.Values) error {
	name := proof.Name
	if chosen, ok := form["name"]; ok {
		name = chosen[0]
	}
	if strings.TrimSpace(name) == "" {
		return h.showReader(o, http.StatusUnprocessableEntity, proof, "")
	}
	var got readerauth.Identity
	err := h.kit.Allow(o, web.Identities, o.site.ID)
	if err == nil {
		got, err = h.ReaderAuth.IssueByProof(o.Request().Context(), o.site, proof, name)
	}
	if err != nil {
		if web.ProblemOf(err).Status == http.StatusUnprocessableEntity {
			return h.showReader(o, http.StatusUnprocessableEntity, proof, name)
		}
		return err
	}
	h.kit.ClearPending(o)
	if err := o.send(identityMessage{Identity: got.Value, Name: got.Writer.Name, ExpiresAt: got.ExpiresAt}); err != nil {
		return err
	}
	return h.showReader(o, http.StatusOK, proof, got.Writer.Name)
}

type backView struct{ *i18n.Catalog }

var backTemplate = template.Must(template.New("back").Parse(`<!doctype html>
<html lang="{{.Lang}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.T "window.refused"}}</title>
<link rel="stylesheet" href="/moderate/assets/desk.css">
</head>
<body>
<main class="solo"><section class="panel stack"><h1>{{.T "window.refused"}}</h1>
<p>{{.T "window.refused.how"}}</p></section></main>
</body>
</html>
`))
