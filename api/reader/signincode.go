package reader

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/readerauth"
)

// The two steps of signing in by a mailed code: the address form, then the form for the code and a name.
const (
	wayMail = "mail"
	wayCode = "code"
)

// mailCode mails a code and shows the code form.
func (h *signInWindow) mailCode(o *windowRequest, form url.Values) error {
	o.view.Way, o.view.Email = wayMail, form.Get("email")
	err := h.kit.Allow(o, web.Mails, o.site.ID)
	if err == nil {
		err = h.ReaderAuth.RequestCode(o.Request().Context(), o.site, o.view.Email, o.view.Lang())
	}
	if err != nil {
		return h.showCodeError(o, err)
	}
	o.view.Way, o.view.Email = wayCode, strings.TrimSpace(o.view.Email)
	return h.showWindow(o, http.StatusOK, authz.Actor{})
}

// redeemCode exchanges a code for an identity and passes it to the opener. It needs no Continue button, because typing
// the code is a deliberate action that no other page can perform.
func (h *signInWindow) redeemCode(o *windowRequest, form url.Values) error {
	o.view.Way, o.view.Email = wayCode, form.Get("email")
	name := form.Get("name")
	if strings.TrimSpace(name) == "" {
		o.view.Bad = o.view.T("window.name.bad")
		return h.showWindow(o, http.StatusUnprocessableEntity, authz.Actor{})
	}
	var got readerauth.Identity
	err := h.kit.Allow(o, web.Identities, o.site.ID)
	if err == nil {
		got, err = h.ReaderAuth.IssueByCode(o.Request().Context(), o.site, o.view.Email, form.Get("code"), name)
	}
	if err == nil {
		err = o.send(identityMessage{Identity: got.Value, Name: got.Writer.Name, ExpiresAt: got.ExpiresAt})
	}
	if err != nil {
		o.view.Typed = name
		return h.showCodeError(o, err)
	}
	o.view.Name = got.Writer.Name
	return web.Render(o, http.StatusOK, web.OwnScript, windowTemplate, o.view)
}

// showCodeError shows the form of the step again with the error.
func (h *signInWindow) showCodeError(o *windowRequest, err error) error {
	p := web.ProblemOf(err)
	about := func(field string) bool { return len(p.Errors) > 0 && p.Errors[0].Field == field }
	switch {
	case p.Code == "identity.refused":
		o.view.BadMail = o.view.T("prove.wrong")
	case p.Code == "rate.limited":
		o.view.BadMail = o.view.T("prove.often")
	case about("/name"):
		o.view.Bad = o.view.T("window.name.bad")
	case about("/email") && h.kit.Mailing:
		o.view.Way, o.view.BadMail = wayMail, o.view.T("prove.noEmail")
	default:
		return err
	}
	web.ProblemHeaders(o, p)
	return h.showWindow(o, p.Status, authz.Actor{})
}
