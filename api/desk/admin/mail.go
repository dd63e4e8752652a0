package admin

import (
	"math"
	"strconv"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
)

// mailOptions returns the choices of notification mail. chosen is current.
func mailOptions(w *desk.Catalog, chosen authz.Mail) (links []desk.Link) {
	for _, m := range []authz.Mail{authz.NoMail, authz.MailEach, authz.MailDigest} {
		key := m.String()
		links = append(links, desk.Link{
			Key: key, Label: w.T("mail." + key), More: w.T("mail." + key + ".more"), Current: m == chosen,
		})
	}
	return links
}

// setMail stores the account's mail setting, and the page's language as its mail language.
func (o *admin) setMail(v *desk.Visit) error {
	change := identity.AccountChange{MailLang: v.Words.Lang()}
	mail, err := authz.ParseMail(v.Form.Get("mail"))
	if err == nil {
		change.Mail = &mail
		change.MailFrom, err = parseMailFrom(v.Form.Get("from"))
	}
	if err == nil {
		_, err = o.Identity.SetAccount(v.Ctx(), v.Actor, v.Actor.ID(), change)
	}
	if err != nil {
		says, err := v.FormError("sessions", err)
		if err != nil {
			return err
		}
		return o.sessionsPage(v, sessionsPage{MailError: says, From: v.Form.Get("from")})
	}
	return o.RedirectWithFlash(v, "/moderate/sessions", desk.Flash{Action: "saved"})
}

// parseMailFrom parses the lowest score of comments to notify about.
func parseMailFrom(typed string) (*float64, error) {
	n, err := strconv.ParseFloat(parseScore(typed), 64)
	if err != nil {
		n = math.NaN() // not a score; CheckMailFrom refuses it
	}
	return &n, authz.CheckMailFrom(n)
}
