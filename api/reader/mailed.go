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

// mailed are the pages behind links in mails to readers. Opening one changes nothing, for mail programs open links by
// themselves: only a button does, and the one press that mail programs may send for their reader (RFC 8058).
type mailed struct {
	kit        *web.Kit
	ReaderMail *readermail.Service
	Privacy    *privacy.Service
}

//go:embed mailed.html
var mailedHTML string

var mailedTemplate = template.Must(template.New("mailed").Parse(mailedHTML))

// mailedView is what mailed.html shows.
type mailedView struct {
	*i18n.Catalog
	Title, Lead string
	Site        string
	Done        string
	Again       bool // a new link may be mailed in the place of this one
	About       []aboutShown
	Confirms    bool
	Stops       bool
	UpTo        string // when the page was shown
}

// aboutShown is a comment that somebody would be told of.
type aboutShown struct{ When, Page string }

// saysLanguage are the words of a link's language, which is that of who asked for it.
func saysLanguage(c echo.Context, l mailbox.Link) *i18n.Catalog {
	if w := i18n.In(l.Lang); w != nil && c.QueryParam("lang") == "" {
		return w
	}
	return web.Words(c)
}

// see shows what a link is for.
func (h *mailed) see(c *web.Request) error {
	a, err := h.ReaderMail.Asked(c.Request().Context(), c.Param("token"))
	if err != nil {
		return h.dead(c, err)
	}
	if a.Link.For == mailbox.ToSee {
		return h.held(c)
	}
	return h.show(c, newMailedView(saysLanguage(c, a.Link), a, h.kit.Process.Now()))
}

func newMailedView(w *i18n.Catalog, a readermail.Asked, now time.Time) mailedView {
	v := mailedView{Catalog: w, Site: a.Site.Name, UpTo: strconv.FormatInt(now.UnixMicro(), 10)}
	switch {
	case a.Link.For == mailbox.ToStop:
		v.Title, v.Stops = w.T("mailed.stop"), true
		v.Lead = w.T("mailed.stop.lead", "email", a.Link.Email.Readable(), "site", a.Site.Name)
	case len(a.About) == 0:
		v.Title, v.Lead, v.Stops = w.T("mailed.confirm"), w.T("mailed.none", "site", a.Site.Name), true
	default:
		v.Title, v.Confirms = w.T("mailed.confirm"), true
		v.Lead = w.T("mailed.confirm.lead", "email", a.Link.Email.Readable(), "site", a.Site.Name)
		for _, about := range a.About {
			v.About = append(v.About, aboutShown{timeOf(w, about.At), about.Page.Name()})
		}
	}
	return v
}

func (h *mailed) show(c echo.Context, v mailedView) error {
	c.Response().Header().Set("X-Robots-Tag", "noindex")
	return web.Render(c, http.StatusOK, web.NoScript, mailedTemplate, v)
}

// press does what a button says, or a mail program for its reader.
func (h *mailed) press(c *web.Request) error {
	form := c.Form
	ctx, token := c.Request().Context(), c.Param("token")
	var a readermail.Asked
	var err error
	say := ""
	switch {
	case form.Get("do") == "again":
		return h.again(c)
	case form.Get("do") == "erase":
		return h.erased(c, h.Privacy.EraseHeld, "privacy.erased")
	case form.Get("do") == "unname":
		return h.erased(c, h.Privacy.UnnameHeld, "privacy.unnamed")
	case form.Get("do") == "confirm":
		upTo, wrong := strconv.ParseInt(form.Get("upto"), 10, 64)
		if wrong != nil {
			return problem.Field("/upto", "This form is not complete.")
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
		return h.dead(c, err)
	}
	w := saysLanguage(c, a.Link)
	v := mailedView{Catalog: w, Site: a.Site.Name, Title: w.T("mailed.confirm"),
		Done: w.T(say, "email", a.Link.Email.Readable(), "site", a.Site.Name)}
	if say == "mailed.stopped" {
		v.Title = w.T("mailed.stop")
	}
	return h.show(c, v)
}

// dead says that a link stands for nothing any more.
func (h *mailed) dead(c echo.Context, err error) error {
	p := web.ProblemOf(err)
	if p.Code != "link.expired" {
		return err
	}
	v := deadMail(web.Words(c))
	a, err := h.ReaderMail.Lapsed(c.Request().Context(), c.Param("token"))
	switch {
	case err == nil && h.kit.Mailing:
		v = lapsedMail(saysLanguage(c, a.Link), a)
	case err != nil && web.ProblemOf(err).Code != "link.expired":
		return err
	}
	web.ProblemHeaders(c, p)
	return web.Render(c, p.Status, web.NoScript, mailedTemplate, v)
}

func deadMail(w *i18n.Catalog) mailedView {
	return mailedView{Catalog: w, Title: w.T("link.dead"), Lead: w.T("mailed.dead")}
}

func lapsedMail(w *i18n.Catalog, a readermail.Asked) mailedView {
	return mailedView{Catalog: w, Site: a.Site.Name, Title: w.T("mailed.lapsed"),
		Lead: w.T("mailed.lapsed.lead", "time", timeOf(w, a.Link.Ends)), Again: true}
}

// again has a new link mailed in the place of one whose time is over.
func (h *mailed) again(c echo.Context) error {
	ctx, token := c.Request().Context(), c.Param("token")
	a, err := h.ReaderMail.Lapsed(ctx, token)
	if err == nil {
		err = h.kit.Allow(c, web.Mails, a.Site.ID)
	}
	if err == nil {
		a, err = h.ReaderMail.AskAgain(ctx, token)
	}
	if err != nil {
		return h.dead(c, err)
	}
	w := saysLanguage(c, a.Link)
	return h.show(c, mailedView{Catalog: w, Site: a.Site.Name, Title: w.T("mailed.lapsed"),
		Done: w.T("mailed.again.sent", "email", a.Link.Email.Readable())})
}
