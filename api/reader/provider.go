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

// lead sends a reader to a provider, in the same window.
func (h *window) lead(o *opened, provider string) error {
	if err := h.kit.Allow(o, web.Identities, o.site.ID); err != nil {
		return err
	}
	err := h.kit.LeadTo(o, provider, web.Errand{For: web.ToWrite, To: o.view.Action, Site: o.site.Key})
	if err != nil && web.ProblemOf(err).Code == "busy" {
		return o.Redirect(http.StatusSeeOther, o.view.Action+"&refused=busy")
	}
	return err
}

// back is where a provider sends people back to: each goes on where they wanted to.
func (h *window) back(c *web.Request) error {
	// The opener stays.
	c.Response().Header().Set("Cross-Origin-Opener-Policy", "unsafe-none")
	if c.Request().Header.Get("Sec-Fetch-Site") == "cross-site" {
		return web.Again(c)
	}
	errand, proof, err := h.kit.Receive(c)
	switch {
	case errand.For == web.ToWrite:
		return h.backToWrite(c, errand, proof, err)
	case errand.For != "":
		return h.backToDesk(c, errand, proof, err)
	case err != nil && web.ProblemOf(err).Code == "identity.refused":
		c.Response().Header().Set("X-Robots-Tag", "noindex")
		return web.Render(c, http.StatusUnauthorized, web.NoScript, backTemplate, backView{web.Words(c)})
	}
	return err
}

// backToWrite leads a reader back to the window that they left.
func (h *window) backToWrite(c echo.Context, e web.Errand, proof authz.Proof, err error) error {
	if err != nil {
		p := web.ProblemOf(err)
		if p.Code != "identity.refused" && p.Code != "busy" {
			return err
		}
		return c.Redirect(http.StatusSeeOther, e.To+"&refused="+url.QueryEscape(p.Code))
	}
	site, err := h.kit.Process.Site(c.Request().Context(), e.Site)
	if err != nil {
		return err
	}
	value, until := h.kit.Providers.Hold(site, proof)
	h.kit.Hold(c, value, until)
	return c.Redirect(http.StatusSeeOther, e.To)
}

// held is who somebody is who came back from a provider.
func (h *window) held(o *opened) (authz.Proof, bool) {
	return h.kit.Providers.Held(o.site, h.kit.Held(o.Request()))
}

// answerReader shows the window to who showed at a provider who they are. A name that is missing there, or that is
// another's here, they choose.
func (h *window) answerReader(o *opened, status int, proof authz.Proof, name string) error {
	called, err := h.ReaderAuth.MayBeCalled(o.Request().Context(), o.site, name)
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

// handReader hands over what a reader is given.
func (h *window) handReader(o *opened, proof authz.Proof, form url.Values) error {
	name := proof.Name
	if chosen, ok := form["name"]; ok {
		name = chosen[0]
	}
	if strings.TrimSpace(name) == "" {
		return h.answerReader(o, http.StatusUnprocessableEntity, proof, "")
	}
	var got readerauth.Given
	err := h.kit.Allow(o, web.Identities, o.site.ID)
	if err == nil {
		got, err = h.ReaderAuth.AdmitProof(o.Request().Context(), o.site, proof, name)
	}
	if err != nil {
		if web.ProblemOf(err).Status == http.StatusUnprocessableEntity {
			return h.answerReader(o, http.StatusUnprocessableEntity, proof, name)
		}
		return err
	}
	h.kit.LetGo(o)
	if err := o.hand(handed{Identity: got.Value, Name: got.Writer.Name, ExpiresAt: got.ExpiresAt}); err != nil {
		return err
	}
	return h.answerReader(o, http.StatusOK, proof, got.Writer.Name)
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
