package admin

import (
	"math"
	"strconv"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
)

// mailLinks are what one may be told by mail, with what an account chose.
func mailLinks(w *desk.Catalog, chosen authz.Mail) (links []desk.Link) {
	for _, m := range []authz.Mail{authz.NoMail, authz.MailEach, authz.MailDigest} {
		key := m.String()
		links = append(links, desk.Link{
			Key: key, Label: w.T("mail." + key), More: w.T("mail." + key + ".more"), Current: m == chosen,
		})
	}
	return links
}

// setMail keeps what one wants to be told by mail, and that one reads this language.
func (o *owner) setMail(v *desk.Visit) error {
	change := identity.AccountChange{MailLang: v.Words.Lang()}
	mail, err := authz.ParseMail(v.Form.Get("mail"))
	if err == nil {
		change.Mail = &mail
		change.MailFrom, err = mailFrom(v.Form.Get("from"))
	}
	if err == nil {
		_, err = o.Identity.SetAccount(v.Ctx(), v.Who, v.Who.ID(), change)
	}
	if err != nil {
		says, err := v.Refused("sessions", err)
		if err != nil {
			return err
		}
		return o.sessionsPage(v, sessionsPage{MailError: says, From: v.Form.Get("from")})
	}
	return o.TellAt(v, "/moderate/sessions", desk.Flash{Did: "saved"})
}

// mailFrom reads the lowest score that one wants to hear of.
func mailFrom(typed string) (*float64, error) {
	n, err := strconv.ParseFloat(score(typed), 64)
	if err != nil {
		n = math.NaN() // is no score
	}
	return &n, authz.CheckMailFrom(n)
}
