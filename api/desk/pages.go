package desk

import (
	"encoding/hex"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/ledger"
	"github.com/aitys/aitys/moderation/people"
)

const rowsPerPage = 50

type pagesPage struct {
	frame
	Rows []pageRow
	Next string
}

type pageRow struct {
	ID, URL, Title    string
	Approved, Pending int
	Open              bool
}

// pages lists a site's pages.
func (d *desk) pages(c echo.Context) error {
	who, site, err := d.site(c)
	if err != nil {
		return err
	}
	all, next, err := d.Service.Pages(c.Request().Context(), who, site, c.QueryParam("after"), rowsPerPage)
	if err != nil {
		return err
	}
	w := catalogOf(c)
	f, err := d.siteFrame(c, w, who, site, w.T("pages"))
	if err != nil {
		return err
	}
	p := pagesPage{frame: f, Next: after("/moderate/"+site.Key+"/pages", next)}
	for _, e := range all {
		p.Rows = append(p.Rows, pageRow{e.ID, e.URL, pageTitle(e.Page), e.Approved, e.Pending, e.Open})
	}
	return render(c, w, "pages", p)
}

// siteFrame is a frame with the queue's views beside the content.
func (d *desk) siteFrame(c echo.Context, w *catalog, who people.Actor, site ground.Site, title string) (frame, error) {
	f, err := d.deskFrame(c, w, who, site, title)
	if err != nil {
		return f, err
	}
	counts, capped, err := d.Service.QueueCounts(c.Request().Context(), who, site)
	if err != nil {
		return f, err
	}
	f.Views = viewLinks(w, site.Key, place{site: site.Key, state: "none"}, counts, capped)
	return f, nil
}

func after(path, next string) string {
	if next == "" {
		return ""
	}
	return path + "?after=" + url.QueryEscape(next)
}

// setPage opens or closes a page for readers.
func (d *desk) setPage(c echo.Context) error {
	who, site, err := d.site(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	open := form.Get("open") == "true"
	if _, err := d.Service.SetPage(c.Request().Context(), who, site, c.Param("id"), moderation.PageChange{Open: &open}); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/moderate/"+site.Key+"/pages")
}

type logPage struct {
	frame
	Rows []logRow
	Next string
}

type logRow struct {
	Seq                             uint64
	ISO, When, What, From, To, Hash string
	URL                             string
}

// log shows the site's decisions, the newest first.
func (d *desk) log(c echo.Context) error {
	who, site, err := d.site(c)
	if err != nil {
		return err
	}
	entries, next, err := d.Service.Log(c.Request().Context(), who, site, c.QueryParam("after"), rowsPerPage)
	if err != nil {
		return err
	}
	w := catalogOf(c)
	f, err := d.siteFrame(c, w, who, site, w.T("log"))
	if err != nil {
		return err
	}
	p := logPage{frame: f, Next: after("/moderate/"+site.Key+"/log", next)}
	for _, e := range entries {
		p.Rows = append(p.Rows, w.logRow(site.Key, e))
	}
	return render(c, w, "log", p)
}

// logRow is an entry of the log; one about the model itself has no comment.
func (c *catalog) logRow(site string, e ledger.Told) logRow {
	row := logRow{
		Seq: e.Seq, ISO: iso(e.At), When: stamp(e.At), What: c.decided(e.Entry, e.Name),
		Hash: hex.EncodeToString(e.Hash[:min(4, len(e.Hash))]),
	}
	if e.Comment != "" {
		row.From, row.To = c.T("state."+e.From.String()), c.T("state."+e.To.String())
		row.URL = "/moderate/" + site + "/comments/" + url.PathEscape(e.Comment)
	}
	return row
}
