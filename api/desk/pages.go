package desk

import (
	"encoding/hex"
	"net/url"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/ledger"
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
func (d *desk) pages(v *visit) error {
	all, next, err := d.Service.Pages(v.ctx(), v.who, v.site, v.QueryParam("after"), rowsPerPage)
	if err != nil {
		return err
	}
	f, err := d.siteFrame(v, v.words.T("pages"))
	if err != nil {
		return err
	}
	p := pagesPage{frame: f, Next: after(v.at("/pages"), next)}
	for _, e := range all {
		p.Rows = append(p.Rows, pageRow{e.ID, e.URL, pageTitle(e.Page), e.Approved, e.Pending, e.Open})
	}
	return v.render("pages", p)
}

func after(path, next string) string {
	if next == "" {
		return ""
	}
	return path + "?after=" + url.QueryEscape(next)
}

// setPage opens or closes a page for readers, or gives it the title that a card's form names.
func (d *desk) setPage(v *visit) error {
	var ch moderation.PageChange
	titles := v.form.Has("title")
	if titles {
		title := v.form.Get("title")
		ch.Title = &title
	} else {
		open := v.form.Get("open") == "true"
		ch.Open = &open
	}
	if _, err := d.Service.SetPage(v.ctx(), v.who, v.site, v.Param("id"), ch); err != nil {
		return err
	}
	if titles {
		return d.goOn(v, flash{Did: "saved"})
	}
	return v.goTo(v.at("/pages"))
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
func (d *desk) log(v *visit) error {
	entries, next, err := d.Service.Log(v.ctx(), v.who, v.site, v.QueryParam("after"), rowsPerPage)
	if err != nil {
		return err
	}
	f, err := d.siteFrame(v, v.words.T("log"))
	if err != nil {
		return err
	}
	p := logPage{frame: f, Next: after(v.at("/log"), next)}
	for _, e := range entries {
		p.Rows = append(p.Rows, v.words.logRow(v.site.Key, e))
	}
	return v.render("log", p)
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
