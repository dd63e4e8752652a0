package admin

import (
	"math"
	"strconv"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
)

// A notificationsPage is the account's choice of mail.
type notificationsPage struct {
	desk.Frame
	Mails   []desk.Link
	From    string // the lowest score of comments to notify about, in percent
	Error   string
	Mailing bool // the server sends mail
}

func (o *admin) notifications(v *desk.Visit) error {
	return o.notificationsPage(v, notificationsPage{From: percentText(v.Words, v.Actor.Account.MailFrom)})
}

// notificationsPage shows the page. p contains the score and the error of a form.
func (o *admin) notificationsPage(v *desk.Visit, p notificationsPage) (err error) {
	if p.Frame, err = o.DeskFrame(v, v.Words.T("mail")); err != nil {
		return err
	}
	_, p.Notices = o.flashText(v)
	p.Mails, p.Mailing = mailOptions(v.Words, v.Actor.Account.Mail), o.Mailing
	return v.Show("notifications", p)
}

// mailOptions returns the choices of notification mail. chosen is current.
func mailOptions(w *desk.Catalog, chosen authz.Mail) (links []desk.Link) {
	for _, m := range []authz.Mail{authz.NoMail, authz.MailEach, authz.MailDigest, authz.MailDaily} {
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
		return o.notificationsPage(v, notificationsPage{Error: says, From: v.Form.Get("from")})
	}
	return o.RedirectWithFlash(v, "/moderate/sessions/mail", desk.Flash{Action: "saved"})
}

// parseMailFrom parses the lowest score of comments to notify about.
func parseMailFrom(typed string) (*float64, error) {
	n, err := strconv.ParseFloat(parseScore(typed), 64)
	if err != nil {
		n = math.NaN() // not a score; CheckMailFrom refuses it
	}
	return &n, authz.CheckMailFrom(n)
}
