package desk

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
)

// A mailedPage is what a link in a mail opens: a comment to decide on, what became of it, or the choice of mail.
type mailedPage struct {
	Frame
	Heading, Lead string
	Done          string // what was done, or
	Wrong, Detail string // why nothing is
	Name, Page    string // of the comment
	Said          []string
	SaidLang      string
	Decides       bool
	Version       int64     // version of the comment that the page shows
	Changed       *conflict // what happened after the mail or the form was sent
	Can           can
	Stops         bool
	Digests       bool
	To, ToWords   string
}

// mailed opens a visit for who holds a link, in the language of their mails.
func (d *desk) mailed(answer func(v *Visit, link authz.MailLink) error) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		v := newVisit(c, d.Pages)
		c.Response().Header().Set("X-Robots-Tag", "noindex")
		if c.Request().Method == http.MethodPost {
			if v.Form, err = web.ReadMailForm(c); err != nil {
				return err
			}
		}
		var link authz.MailLink
		v.Who, link, err = d.Identity.MailLink(v.Ctx(), v.Param("token"))
		if err != nil {
			return v.deadMailLink(err)
		}
		if own := i18n.In(v.Who.Account.MailLang); own != nil {
			v.Words = &Catalog{own}
		}
		return answer(v, link)
	}
}

// deadMailLink says that a link is not known, or its account may not have it any more.
func (v *Visit) deadMailLink(err error) error {
	if v.Problem = web.ProblemOf(err); v.Problem.Code != "auth.needed" {
		return err
	}
	w := v.Words
	page := ErrorPage{Frame: v.Frame(w.T("link.dead")), Heading: w.T("link.dead"), Detail: w.T("mail.link.dead")}
	page.Languages, page.To, page.ToWords = nil, "/moderate/signin", w.T("signin")
	return v.Fail(page)
}

// mailedLink shows what a link is for. It changes nothing: mail programs open links by themselves.
func (d *desk) mailedLink(v *Visit, link authz.MailLink) error {
	if link.Comment == "" {
		return v.Show("mailed", v.stopPage(link))
	}
	p, err := d.mailedComment(v, link)
	if err != nil {
		return err
	}
	return v.Show("mailed", p)
}

func (v *Visit) mailedFrame(title string) mailedPage {
	p := mailedPage{Frame: v.Frame(title), Heading: title}
	p.Languages = nil // the choice would lead away
	return p
}

// mailedComment is the page of a link that decides: with the comment and buttons, or with why there are none.
func (d *desk) mailedComment(v *Visit, link authz.MailLink) (mailedPage, error) {
	w := v.Words
	p := v.mailedFrame(w.T("mail.link.title"))
	site, known, err := d.Process.SiteByID(v.Ctx(), link.Site)
	if err != nil {
		return p, err
	}
	if !known {
		return p, authz.NoSite()
	}
	v.Site = site
	p.Lead = w.T("mail.link.as", "name", v.Who.Account.Name, "site", site.Name)
	p.To, p.ToWords = v.At("/comments/"+url.PathEscape(link.Comment)), w.T("mail.link.desk")
	it, past, err := d.Moderation.Item(v.Ctx(), v.Who, site, link.Comment)
	if err != nil {
		return p, err
	}
	c := it.Comment
	switch {
	case !link.UsedAt.IsZero():
		p.Wrong, p.Detail = w.T("mail.link.used"), w.T("mail.link.back")
	case link.Ended(d.Clock.Now()):
		p.Wrong, p.Detail = w.T("mail.link.expired"), w.T("mail.link.until", "date", w.Date(link.ExpiresAt))
	default:
		m := &cardMaker{Catalog: w, decides: true}
		if c.Version != link.Version || c.State != comment.Pending {
			p.Changed = m.conflict(c, past)
			p.Wrong, p.Detail = strings.TrimSuffix(p.Changed.What, ".")+".", w.T("mail.link.nothing")
			p.Heading = w.T("comment")
		}
		p.Can, p.Decides, p.Version = m.can(c.State), c.State != comment.Removed, c.Version
		p.Name, p.Page, p.Said, p.SaidLang = w.nameOf(c), it.Page.Name(), paragraphs(c.Source), c.Lang
	}
	return p, nil
}

// saw reports whether the form was sent from a page that showed the current version of the comment.
func (p mailedPage) saw(form url.Values) bool {
	return form.Get("version") == strconv.FormatInt(p.Version, 10)
}

// nameOf is what a writer calls themselves.
func (c *Catalog) nameOf(of comment.Comment) string {
	if of.Name == "" {
		return c.T("read.anonymous")
	}
	return of.Name
}

func paragraphs(source string) (all []string) {
	for line := range strings.Lines(source) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// useMailedLink does what a button of a link's page says.
func (d *desk) useMailedLink(v *Visit, link authz.MailLink) error {
	if link.Comment == "" {
		return d.stopMail(v, link)
	}
	p, err := d.mailedComment(v, link)
	if err != nil || !p.Decides || p.Changed != nil && !p.saw(v.Form) {
		return errors.Join(err, v.gone(p))
	}
	in, err := readChoice(v.Form)
	if err == nil && in.Action == comment.Hold {
		err = problem.Field("/action", "Approve, mark as spam, or refuse with a reason.")
	}
	if err != nil {
		return err
	}
	in.Comments = []moderation.Ref{{ID: link.Comment, Version: p.Version}}
	out, err := d.Moderation.Decide(v.Ctx(), v.Who, v.Site, in)
	if err != nil {
		return err
	}
	if out.Done+out.Unchanged == 0 { // somebody was quicker
		p, err = d.mailedComment(v, link)
		return errors.Join(err, v.gone(p))
	}
	p.Decides, p.Wrong = false, ""
	err = d.Identity.UseMailLink(v.Ctx(), v.Param("token"))
	if err != nil && web.ProblemOf(err).Code != "auth.needed" { // it was pressed twice
		return err
	}
	p.Done, p.Detail = v.Words.T("mail.did."+in.Action.String()), v.Words.T("mail.link.back")
	return v.Show("mailed", p)
}

// gone shows a page that says why nothing is done.
func (v *Visit) gone(p mailedPage) error {
	if p.Wrong == "" {
		return nil
	}
	v.Problem.Status = http.StatusConflict
	return v.Show("mailed", p)
}

func (v *Visit) stopPage(link authz.MailLink) mailedPage {
	w := v.Words
	p := v.mailedFrame(w.T("mail.stop.title"))
	p.Lead, p.Stops = w.T("mail.stop.text", "email", v.Who.Account.Email), true
	p.Digests = v.Who.Account.Mail == authz.MailEach
	p.To, p.ToWords = "/moderate/sessions#mail", w.T("mail.stop.choose")
	return p
}

// stopMail ends an account's mails, or leaves the digest.
func (d *desk) stopMail(v *Visit, link authz.MailLink) error {
	p, mail, says := v.stopPage(link), authz.NoMail, "mail.stop.none"
	if v.Form.Get("mail") == authz.MailDigest.String() {
		mail, says = authz.MailDigest, "mail.stop.less"
	}
	if err := d.Identity.SetMailByLink(v.Ctx(), v.Param("token"), mail); err != nil {
		return v.deadMailLink(err)
	}
	p.Stops, p.Lead, p.Done = false, "", v.Words.T(says, "email", v.Who.Account.Email)
	return v.Show("mailed", p)
}
