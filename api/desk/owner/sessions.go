package owner

import (
	"cmp"
	"slices"
	"strings"

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
}

type sessionRow struct {
	ID, Agent             string
	Since, SinceISO, Seen string
	SeenISO               string
	Current               bool
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
	p.Frame, p.Mailing = f, o.Mailing
	_, p.Notices = o.told(v)
	p.Mails = mailLinks(v.Words, v.Who.Account.Mail)
	p.From = cmp.Or(p.From, inHundred(v.Words, v.Who.Account.MailFrom))
	for _, s := range slices.Backward(all) { // the newest first
		p.Rows = append(p.Rows, sessionRow{
			ID: s.ID, Agent: browser(v.Words, s.Agent), Since: desk.Stamp(s.CreatedAt), SinceISO: desk.ISO(s.CreatedAt),
			Seen: desk.Stamp(s.SeenAt), SeenISO: desk.ISO(s.SeenAt), Current: s.ID == v.Who.Session,
		})
	}
	slices.SortStableFunc(p.Rows, func(a, b sessionRow) int { // and before them the one that asks
		switch {
		case a.Current == b.Current:
			return 0
		case a.Current:
			return -1
		}
		return 1
	})
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

// browser says what a browser calls itself in as few words as tell it from another.
func browser(c *desk.Catalog, agent string) string {
	first := func(names ...string) string {
		for _, n := range names {
			if sign, name, _ := strings.Cut(n, "="); strings.Contains(agent, sign) {
				return cmp.Or(name, sign)
			}
		}
		return ""
	}
	browser := first("Firefox", "Edg=Edge", "OPR=Opera", "YaBrowser=Yandex", "Chrome", "Safari")
	system := first("Android", "iPhone", "iPad", "Windows", "Mac OS=macOS", "CrOS=ChromeOS", "Linux")
	if browser == "" || system == "" {
		return cmp.Or(agent, c.T("sessions.unknown"))
	}
	return c.T("sessions.on", "browser", browser, "system", system)
}

func (o *owner) endSession(v *desk.Visit) error {
	if err := o.Identity.EndSession(v.Ctx(), v.Who, v.Param("id")); err != nil {
		return err
	}
	return v.GoTo("/moderate/sessions")
}
