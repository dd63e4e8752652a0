package admin

import (
	"slices"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/identity"
)

type sessionsPage struct {
	desk.Frame
	Rows      []sessionRow
	Error     string // of the password form
	Providers []string
	Links     []providerRow
	LinkError string
	Password  bool // the account has a password
}

// A providerRow is a provider to which the account is linked.
type providerRow struct{ Name, Issuer, Since, SinceISO string }

type sessionRow struct {
	ID, Agent   string
	Since, Seen *timestamp
	Current     bool
}

func (o *admin) sessions(v *desk.Visit) error { return o.sessionsPage(v, sessionsPage{}) }

// sessionsPage shows the page. p contains the error of a form.
func (o *admin) sessionsPage(v *desk.Visit, p sessionsPage) error {
	all, err := o.Identity.MySessions(v.Ctx(), v.Actor)
	if err != nil {
		return err
	}
	f, err := o.DeskFrame(v, v.Words.T("sessions"))
	if err != nil {
		return err
	}
	linked, err := o.Identity.LinkedProviders(v.Ctx(), v.Actor)
	if err != nil {
		return err
	}
	p.Providers, p.Password = o.Providers.Names(), v.Actor.Account.Password != ""
	for _, l := range linked {
		p.Providers = slices.DeleteFunc(p.Providers, func(name string) bool { return name == l.Provider })
		p.Links = append(p.Links, providerRow{l.Provider, l.Issuer, desk.Stamp(l.CreatedAt), desk.ISO(l.CreatedAt)})
	}
	p.LinkError = v.ProviderError()
	p.Frame = f
	_, p.Notices = o.flashText(v)
	for _, s := range slices.Backward(all) { // newest first
		row := sessionRow{ID: s.ID, Agent: v.Words.BrowserName(s.Agent), Since: newTimestamp(s.CreatedAt),
			Seen: newTimestamp(s.SeenAt), Current: s.ID == v.Actor.Session}
		at := len(p.Rows)
		if row.Current { // the current session comes first
			at = 0
		}
		p.Rows = slices.Insert(p.Rows, at, row)
	}
	return v.Show("sessions", p)
}

// setPassword changes the account's own password. This ends all sessions, so it signs in again here.
func (o *admin) setPassword(v *desk.Visit) error {
	old, fresh := v.Form.Get("old"), v.Form.Get("password")
	var in identity.SignedIn
	err := o.LimitPasswords(v, func() error {
		change := identity.AccountChange{Password: &fresh, Old: &old}
		if _, err := o.Identity.SetAccount(v.Ctx(), v.Actor, v.Actor.ID(), change); err != nil {
			return err
		}
		var err error
		in, err = o.Identity.SignIn(v.Ctx(), v.Actor.Account.Email, fresh, o.Browser(v.Request()))
		return err
	})
	if err != nil {
		wrong, err := v.FormError("sessions", err)
		if err != nil {
			return err
		}
		return o.sessionsPage(v, sessionsPage{Error: wrong})
	}
	o.SetSession(v, in)
	return v.SeeOther("/moderate/sessions")
}

func (o *admin) endSession(v *desk.Visit) error {
	if err := o.Identity.EndSession(v.Ctx(), v.Actor, v.Param("id")); err != nil {
		return err
	}
	return v.SeeOther("/moderate/sessions")
}
