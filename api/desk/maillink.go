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

// A mailLinkPage is the page behind a link in a mail: a comment to decide on, the result of a decision, or the
// unsubscribe form.
type mailLinkPage struct {
	Frame
	Heading, Lead string
	Done          string // the result of the form; or
	Wrong, Detail string // the reason why the link cannot be used
	Name, Page    string // of the commenter and the commented page
	Said          []string
	SaidLang      string
	Decides       bool
	Version       int64     // of the comment as the page shows it
	Changed       *conflict // the change since the mail or the form was sent
	Can           can
	Stops         bool
	Digests       bool
	To, ToWords   string
}

// mailLink returns a handler for requests that a mail link authenticates. Pages use the account's mail language.
func (d *desk) mailLink(answer func(v *Visit, link authz.MailLink) error) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		v := newVisit(c, d.Pages)
		c.Response().Header().Set("X-Robots-Tag", "noindex")
		if c.Request().Method == http.MethodPost {
			if v.Form, err = web.ReadMailForm(c); err != nil {
				return err
			}
		}
		var link authz.MailLink
		v.Actor, link, err = d.Identity.MailLink(v.Ctx(), v.Param("token"))
		if err != nil {
			return v.mailLinkExpired(err)
		}
		if own := i18n.In(v.Actor.Account.MailLang); own != nil {
			v.Words = &Catalog{own}
		}
		return answer(v, link)
	}
}

// mailLinkExpired shows the page for a link that is unknown or that its account may no longer use. It returns other
// errors unchanged.
func (v *Visit) mailLinkExpired(err error) error {
	if v.Problem = web.ProblemOf(err); v.Problem.Code != "auth.needed" {
		return err
	}
	w := v.Words
	page := ErrorPage{Frame: v.Frame(w.T("link.dead")), Heading: w.T("link.dead"), Detail: w.T("mail.link.dead")}
	page.Languages, page.To, page.ToWords = nil, "/moderate/signin", w.T("signin")
	return v.ShowError(page)
}

// showMailLink shows what a link is for. It changes nothing, because mail programs prefetch links.
func (d *desk) showMailLink(v *Visit, link authz.MailLink) error {
	if link.Comment == "" {
		return v.Show("mailed", v.unsubscribePage(link))
	}
	p, err := d.mailLinkComment(v, link)
	if err != nil {
		return err
	}
	return v.Show("mailed", p)
}

func (v *Visit) newMailLinkPage(title string) mailLinkPage {
	p := mailLinkPage{Frame: v.Frame(title), Heading: title}
	p.Languages = nil // switching the language would leave this page
	return p
}

// mailLinkComment returns the page of a decision link: the comment with buttons, or the reason why there are none.
func (d *desk) mailLinkComment(v *Visit, link authz.MailLink) (mailLinkPage, error) {
	w := v.Words
	p := v.newMailLinkPage(w.T("mail.link.title"))
	site, known, err := d.Process.SiteByID(v.Ctx(), link.Site)
	if err != nil {
		return p, err
	}
	if !known {
		return p, authz.NoSite()
	}
	v.Site = site
	p.Lead = w.T("mail.link.as", "name", v.Actor.Account.Name, "site", site.Name)
	p.To, p.ToWords = v.SitePath("/comments/"+url.PathEscape(link.Comment)), w.T("mail.link.desk")
	it, past, err := d.Moderation.Item(v.Ctx(), v.Actor, site, link.Comment)
	if err != nil {
		return p, err
	}
	c := it.Comment
	switch {
	case !link.UsedAt.IsZero():
		p.Wrong, p.Detail = w.T("mail.link.used"), w.T("mail.link.back")
	case link.Expired(d.Clock.Now()):
		p.Wrong, p.Detail = w.T("mail.link.expired"), w.T("mail.link.until", "date", w.Date(link.ExpiresAt))
	default:
		m := &cardMaker{Catalog: w, decides: true}
		if c.Version != link.Version || c.State != comment.Pending {
			p.Changed = m.conflict(it, past)
			p.Wrong, p.Detail = strings.TrimSuffix(p.Changed.What, ".")+".", w.T("mail.link.nothing")
			p.Heading = w.T("comment")
		}
		p.Can, p.Decides, p.Version = m.can(it), c.State != comment.Removed && !it.OwnAppeal, c.Version
		p.Name, p.Page, p.Said, p.SaidLang = w.nameOf(c), it.Page.Name(), paragraphs(c.Source), c.Lang
	}
	return p, nil
}

// showedCurrent reports whether the form was sent from a page that showed the current version of the comment.
func (p mailLinkPage) showedCurrent(form url.Values) bool {
	return form.Get("version") == strconv.FormatInt(p.Version, 10)
}

// nameOf returns the commenter's name, or "Anonymous" in the page's language.
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

// useMailLink applies the decision or unsubscribe form of a link's page. A second submit of the same decision succeeds.
func (d *desk) useMailLink(v *Visit, link authz.MailLink) error {
	if link.Comment == "" {
		return d.unsubscribe(v, link)
	}
	p, err := d.mailLinkComment(v, link)
	if err != nil || !p.Decides || p.Changed != nil && !p.showedCurrent(v.Form) {
		return errors.Join(err, v.showUnusable(p))
	}
	in, err := readChoice(v.Form)
	if err == nil && in.Action == comment.Hold {
		err = problem.Field("/action", "Use approve or spam, or reject with a reason.")
	}
	if err != nil {
		return err
	}
	in.Comments = []moderation.Ref{{ID: link.Comment, Version: p.Version}}
	out, err := d.Moderation.Decide(v.Ctx(), v.Actor, v.Site, in)
	if err != nil {
		return err
	}
	if out.Done+out.Unchanged == 0 { // another moderator decided in the meantime
		p, err = d.mailLinkComment(v, link)
		return errors.Join(err, v.showUnusable(p))
	}
	p.Decides, p.Wrong = false, ""
	err = d.Identity.UseMailLink(v.Ctx(), v.Param("token"))
	if err != nil && web.ProblemOf(err).Code != "auth.needed" { // double submit
		return err
	}
	p.Done, p.Detail = v.Words.T("mail.did."+in.Action.String()), v.Words.T("mail.link.back")
	return v.Show("mailed", p)
}

// showUnusable shows p with status 409 if p gives a reason why the link cannot be used; otherwise it does nothing.
func (v *Visit) showUnusable(p mailLinkPage) error {
	if p.Wrong == "" {
		return nil
	}
	v.Problem.Status = http.StatusConflict
	return v.Show("mailed", p)
}

func (v *Visit) unsubscribePage(link authz.MailLink) mailLinkPage {
	w := v.Words
	p := v.newMailLinkPage(w.T("mail.stop.title"))
	p.Lead, p.Stops = w.T("mail.stop.text", "email", v.Actor.Account.Email), true
	p.Digests = v.Actor.Account.Mail == authz.MailEach
	p.To, p.ToWords = "/moderate/sessions/mail", w.T("mail.stop.choose")
	return p
}

// unsubscribe turns an account's mail off, or reduces it to the digest.
func (d *desk) unsubscribe(v *Visit, link authz.MailLink) error {
	p, mail, says := v.unsubscribePage(link), authz.NoMail, "mail.stop.none"
	if v.Form.Get("mail") == authz.MailDigest.String() {
		mail, says = authz.MailDigest, "mail.stop.less"
	}
	if err := d.Identity.SetMailByLink(v.Ctx(), v.Param("token"), mail); err != nil {
		return v.mailLinkExpired(err)
	}
	p.Stops, p.Lead, p.Done = false, "", v.Words.T(says, "email", v.Actor.Account.Email)
	return v.Show("mailed", p)
}
