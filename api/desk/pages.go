package desk

import (
	"encoding/hex"
	"net/url"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/ledger"
)

const rowsPerPage = 50

type pagesPage struct {
	Frame
	Rows []pageRow
	Next string
}

type pageRow struct {
	ID, URL, Title    string
	Approved, Pending int
	Open              bool
}

// pages lists a site's pages.
func (d *desk) pages(v *Visit) error {
	all, next, err := d.Service.Pages(v.Ctx(), v.Who, v.Site, v.QueryParam("after"), rowsPerPage)
	if err != nil {
		return err
	}
	f, err := d.SiteFrame(v, v.Words.T("pages"))
	if err != nil {
		return err
	}
	p := pagesPage{Frame: f, Next: after(v.At("/pages"), next)}
	for _, e := range all {
		p.Rows = append(p.Rows, pageRow{e.ID, e.URL, pageTitle(e.Page), e.Approved, e.Pending, e.Open})
	}
	return v.Show("pages", p)
}

func after(path, next string) string {
	if next == "" {
		return ""
	}
	return path + "?after=" + url.QueryEscape(next)
}

// setPage opens or closes a page for readers, or gives it the title that a card's form names.
func (d *desk) setPage(v *Visit) error {
	var ch moderation.PageChange
	titles := v.Form.Has("title")
	if titles {
		title := v.Form.Get("title")
		ch.Title = &title
	} else {
		open := v.Form.Get("open") == "true"
		ch.Open = &open
	}
	if _, err := d.Service.SetPage(v.Ctx(), v.Who, v.Site, v.Param("id"), ch); err != nil {
		return err
	}
	if titles {
		return d.goOn(v, Flash{Did: "saved"})
	}
	return v.GoTo(v.At("/pages"))
}

type logPage struct {
	Frame
	Rows []logRow
	Next string
}

type logRow struct {
	Seq                             uint64
	ISO, When, What, From, To, Hash string
	URL                             string
}

// log shows the site's decisions, the newest first.
func (d *desk) log(v *Visit) error {
	entries, next, err := d.Service.Log(v.Ctx(), v.Who, v.Site, v.QueryParam("after"), rowsPerPage)
	if err != nil {
		return err
	}
	f, err := d.SiteFrame(v, v.Words.T("log"))
	if err != nil {
		return err
	}
	p := logPage{Frame: f, Next: after(v.At("/log"), next)}
	for _, e := range entries {
		p.Rows = append(p.Rows, v.Words.logRow(v.Site.Key, e))
	}
	return v.Show("log", p)
}

// logRow is an entry of the log; one about the model itself has no comment.
func (c *Catalog) logRow(site string, e ledger.Told) logRow {
	row := logRow{
		Seq: e.Seq, ISO: ISO(e.At), When: Stamp(e.At), What: c.decided(e.Entry, e.Name),
		Hash: hex.EncodeToString(e.Hash[:min(4, len(e.Hash))]),
	}
	if e.Comment != "" {
		row.From, row.To = c.T("state."+e.From.String()), c.T("state."+e.To.String())
		row.URL = "/moderate/" + site + "/comments/" + url.PathEscape(e.Comment)
	}
	return row
}
