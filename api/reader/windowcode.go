package reader

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/readerauth"
)

// The two steps of signing in by a code: an address is asked for, then the code that was mailed there and a name.
const (
	byMail = "mail"
	byCode = "code"
)

// mailCode has a code mailed, and asks for it.
func (h *window) mailCode(o *opened, form url.Values) error {
	o.view.Way, o.view.Email = byMail, form.Get("email")
	err := h.kit.Allow(o, web.Mails, o.site.ID)
	if err == nil {
		err = h.ReaderAuth.AskCode(o.Request().Context(), o.site, o.view.Email, o.view.Lang())
	}
	if err != nil {
		return h.mistaken(o, err)
	}
	o.view.Way, o.view.Email = byCode, strings.TrimSpace(o.view.Email)
	return h.answer(o, http.StatusOK, authz.Actor{})
}

// takeCode hands over what a reader is given for a code. They press for it, and nobody else knows the code.
func (h *window) takeCode(o *opened, form url.Values) error {
	o.view.Way, o.view.Email = byCode, form.Get("email")
	name := form.Get("name")
	if strings.TrimSpace(name) == "" {
		o.view.Bad = o.view.T("window.name.bad")
		return h.answer(o, http.StatusUnprocessableEntity, authz.Actor{})
	}
	var got readerauth.Given
	err := h.kit.Allow(o, web.Identities, o.site.ID)
	if err == nil {
		got, err = h.ReaderAuth.AdmitCode(o.Request().Context(), o.site, o.view.Email, form.Get("code"), name)
	}
	if err == nil {
		err = o.hand(handed{Identity: got.Value, Name: got.Writer.Name, ExpiresAt: got.ExpiresAt})
	}
	if err != nil {
		o.view.Typed = name
		return h.mistaken(o, err)
	}
	o.view.Name = got.Writer.Name
	return web.Render(o, http.StatusOK, web.OwnScript, windowTemplate, o.view)
}

// mistaken asks again, and says what was wrong.
func (h *window) mistaken(o *opened, err error) error {
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
		o.view.Way, o.view.BadMail = byMail, o.view.T("prove.noEmail")
	default:
		return err
	}
	web.ProblemHeaders(o, p)
	return h.answer(o, p.Status, authz.Actor{})
}
