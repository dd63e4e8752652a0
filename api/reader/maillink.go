package reader

import (
	_ "embed"
	"html/template"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/privacy"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/readermail"
)

// mailLinks serves the pages behind links in mails to readers. GET requests change nothing, because mail programs
// prefetch links. Changes need a button, or the one-click POST of a mail program (RFC 8058).
type mailLinks struct {
	kit        *web.Kit
	ReaderMail *readermail.Service
	Privacy    *privacy.Service
}

//go:embed mailed.html
var mailLinkHTML string

var mailLinkTemplate = template.Must(template.New("mailed").Parse(mailLinkHTML))

// mailLinkView is the data of mailed.html.
type mailLinkView struct {
	*i18n.Catalog
	Title, Lead string
	Site        string
	Done        string
	Again       bool // offers to mail a new link
	About       []aboutShown
	Confirms    bool
	Stops       bool
	UpTo        string // time of rendering in microseconds; Confirm covers comments up to it
}

// aboutShown is a comment about which the reader would be notified.
type aboutShown struct{ When, Page string }

// linkCatalog returns the messages in the link's language, unless the query names another language.
func linkCatalog(c echo.Context, l mailbox.Link) *i18n.Catalog {
	if w := i18n.In(l.Lang); w != nil && c.QueryParam("lang") == "" {
		return w
	}
	return web.Catalog(c)
}

// open shows what a link is for.
func (h *mailLinks) open(c *web.Request) error {
	a, err := h.ReaderMail.ReadLink(c.Request().Context(), c.Param("token"))
	if err != nil {
		return h.expired(c, err)
	}
	if a.Link.For == mailbox.ToViewData {
		return h.showHeld(c)
	}
	return h.show(c, newMailLinkView(linkCatalog(c, a.Link), a, h.kit.Process.Now()))
}

func newMailLinkView(w *i18n.Catalog, a readermail.LinkInfo, now time.Time) mailLinkView {
	v := mailLinkView{Catalog: w, Site: a.Site.Name, UpTo: strconv.FormatInt(now.UnixMicro(), 10)}
	switch {
	case a.Link.For == mailbox.ToStop:
		v.Title, v.Stops = w.T("mailed.stop"), true
		v.Lead = w.T("mailed.stop.lead", "email", a.Link.Email.Readable(), "site", a.Site.Name)
	case len(a.Pending) == 0:
		v.Title, v.Lead, v.Stops = w.T("mailed.confirm"), w.T("mailed.none", "site", a.Site.Name), true
	default:
		v.Title, v.Confirms = w.T("mailed.confirm"), true
		v.Lead = w.T("mailed.confirm.lead", "email", a.Link.Email.Readable(), "site", a.Site.Name)
		for _, about := range a.Pending {
			v.About = append(v.About, aboutShown{timeOf(w, about.At), about.Page.Name()})
		}
	}
	return v
}

func (h *mailLinks) show(c echo.Context, v mailLinkView) error {
	c.Response().Header().Set("X-Robots-Tag", "noindex")
	return web.Render(c, http.StatusOK, web.NoScript, mailLinkTemplate, v)
}

// submit handles the buttons of a link's page and the one-click unsubscribe of mail programs.
func (h *mailLinks) submit(c *web.Request) error {
	form := c.Form
	ctx, token := c.Request().Context(), c.Param("token")
	var a readermail.LinkInfo
	var err error
	say := ""
	switch {
	case form.Get("do") == "again":
		return h.resend(c)
	case form.Get("do") == "erase":
		return h.eraseHeld(c, h.Privacy.EraseByLink, "privacy.erased")
	case form.Get("do") == "unname":
		return h.eraseHeld(c, h.Privacy.AnonymizeByLink, "privacy.unnamed")
	case form.Get("do") == "confirm":
		upTo, wrong := strconv.ParseInt(form.Get("upto"), 10, 64)
		if wrong != nil {
			return problem.Field("/upto", "The form is incomplete. Reload the page and try again.")
		}
		a, err = h.ReaderMail.Confirm(ctx, token, time.UnixMicro(upTo))
		say = "mailed.confirmed"
	case form.Get("do") == "stop", form.Get("List-Unsubscribe") == "One-Click":
		a, err = h.ReaderMail.Stop(ctx, token)
		say = "mailed.stopped"
	default:
		return problem.Field("/do", "Use confirm, stop, again, erase or unname.")
	}
	if err != nil {
		return h.expired(c, err)
	}
	w := linkCatalog(c, a.Link)
	v := mailLinkView{Catalog: w, Site: a.Site.Name, Title: w.T("mailed.confirm"),
		Done: w.T(say, "email", a.Link.Email.Readable(), "site", a.Site.Name)}
	if say == "mailed.stopped" {
		v.Title = w.T("mailed.stop")
	}
	return h.show(c, v)
}

// expired shows the page for a link that is unknown or expired. It returns other errors unchanged.
func (h *mailLinks) expired(c echo.Context, err error) error {
	p := web.ProblemOf(err)
	if p.Code != "link.expired" {
		return err
	}
	v := unknownLinkView(web.Catalog(c))
	a, err := h.ReaderMail.ReadExpiredLink(c.Request().Context(), c.Param("token"))
	switch {
	case err == nil && h.kit.Mailing:
		v = expiredLinkView(linkCatalog(c, a.Link), a)
	case err != nil && web.ProblemOf(err).Code != "link.expired":
		return err
	}
	web.ProblemHeaders(c, p)
	return web.Render(c, p.Status, web.NoScript, mailLinkTemplate, v)
}

func unknownLinkView(w *i18n.Catalog) mailLinkView {
	return mailLinkView{Catalog: w, Title: w.T("link.dead"), Lead: w.T("mailed.dead")}
}

func expiredLinkView(w *i18n.Catalog, a readermail.LinkInfo) mailLinkView {
	return mailLinkView{Catalog: w, Site: a.Site.Name, Title: w.T("mailed.lapsed"),
		Lead: w.T("mailed.lapsed.lead", "time", timeOf(w, a.Link.Ends)), Again: true}
}

// resend mails a new link in place of an expired one.
func (h *mailLinks) resend(c echo.Context) error {
	ctx, token := c.Request().Context(), c.Param("token")
	a, err := h.ReaderMail.ReadExpiredLink(ctx, token)
	if err == nil {
		err = h.kit.Allow(c, web.Mails, a.Site.ID)
	}
	if err == nil {
		a, err = h.ReaderMail.ResendLink(ctx, token)
	}
	if err != nil {
		return h.expired(c, err)
	}
	w := linkCatalog(c, a.Link)
	return h.show(c, mailLinkView{Catalog: w, Site: a.Site.Name, Title: w.T("mailed.lapsed"),
		Done: w.T("mailed.again.sent", "email", a.Link.Email.Readable())})
}
