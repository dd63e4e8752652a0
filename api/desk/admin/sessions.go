package admin

import (
	"cmp"
	"slices"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/identity"
)

type sessionsPage struct {
	desk.Frame
	Rows      []sessionRow
	Error     string // of the form for one's password
	Mails     []desk.Link
	From      string // the lowest score that is told of, in a hundred
	MailError string
	Mailing   bool // the server sends mail at all
	Providers []string
	Links     []providerRow
	LinkError string
	Password  bool // there is one
}

// providerRow is a provider that the account is linked with.
type providerRow struct{ Name, Issuer, Since, SinceISO string }

type sessionRow struct {
	ID, Agent   string
	Since, Seen *moment
	Current     bool
}

func (o *owner) sessions(v *desk.Visit) error { return o.sessionsPage(v, sessionsPage{}) }

// sessionsPage shows the page with what was wrong in one of its forms.
func (o *owner) sessionsPage(v *desk.Visit, p sessionsPage) error {
	all, err := o.Identity.MySessions(v.Ctx(), v.Who)
	if err != nil {
		return err
	}
	f, err := o.DeskFrame(v, v.Words.T("sessions"))
	if err != nil {
		return err
	}
	linked, err := o.Identity.MyProofs(v.Ctx(), v.Who)
	if err != nil {
		return err
	}
	p.Providers, p.Password = o.Providers.Names(), v.Who.Account.Password != ""
	for _, l := range linked {
		p.Providers = slices.DeleteFunc(p.Providers, func(name string) bool { return name == l.Provider })
		p.Links = append(p.Links, providerRow{l.Provider, l.Issuer, desk.Stamp(l.CreatedAt), desk.ISO(l.CreatedAt)})
	}
	p.LinkError = v.ProviderRefused()
	p.Frame, p.Mailing = f, o.Mailing
	_, p.Notices = o.told(v)
	p.Mails = mailLinks(v.Words, v.Who.Account.Mail)
	p.From = cmp.Or(p.From, inHundred(v.Words, v.Who.Account.MailFrom))
	for _, s := range slices.Backward(all) { // the newest first
		row := sessionRow{ID: s.ID, Agent: v.Words.Browser(s.Agent), Since: momentOf(s.CreatedAt),
			Seen: momentOf(s.SeenAt), Current: s.ID == v.Who.Session}
		at := len(p.Rows)
		if row.Current { // before all others
			at = 0
		}
		p.Rows = slices.Insert(p.Rows, at, row)
	}
	return v.Show("sessions", p)
}

// setPassword changes one's own password, which ends every session, and opens one anew here.
func (o *owner) setPassword(v *desk.Visit) error {
	old, fresh := v.Form.Get("old"), v.Form.Get("password")
	var in identity.SignedIn
	err := o.LimitPasswords(v, func() error {
		change := identity.AccountChange{Password: &fresh, Old: &old}
		if _, err := o.Identity.SetAccount(v.Ctx(), v.Who, v.Who.ID(), change); err != nil {
			return err
		}
		var err error
		in, err = o.Identity.SignIn(v.Ctx(), v.Who.Account.Email, fresh, o.Browser(v.Request()))
		return err
	})
	if err != nil {
		wrong, err := v.Refused("sessions", err)
		if err != nil {
			return err
		}
		return o.sessionsPage(v, sessionsPage{Error: wrong})
	}
	o.KeepSession(v, in)
	return v.GoTo("/moderate/sessions")
}

func (o *owner) endSession(v *desk.Visit) error {
	if err := o.Identity.EndSession(v.Ctx(), v.Who, v.Param("id")); err != nil {
		return err
	}
	return v.GoTo("/moderate/sessions")
}
