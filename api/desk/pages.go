package desk

import (
	"net/url"

	"github.com/aitys/aitys/moderation/sites"
)

const rowsPerPage = 50

type pagesPage struct {
	Frame
	Rows   []pageRow
	Next   string
	Sought string
	Sorts  []Link
}

type pageRow struct {
	ID, URL, Title    string
	Approved, Pending int
	Open, Old         bool
}

// pages lists a site's pages.
func (d *desk) pages(v *Visit) error {
	in := sites.PageSearch{Text: v.QueryParam("q"), Sort: sites.PageSort(v.QueryParam("sort")), After: v.QueryParam("after"),
		Limit: rowsPerPage}
	all, next, err := d.Sites.SearchPages(v.Ctx(), v.Actor, v.Site, in)
	if err != nil {
		return err
	}
	f, err := d.DeskFrame(v, v.Words.T("pages"))
	if err != nil {
		return err
	}
	p := pagesPage{Frame: f, Sought: in.Text, Sorts: pageSorts(v.Words, in.Sort)}
	if next != "" {
		p.Next = v.SitePath("/pages?" + url.Values{"q": {in.Text}, "sort": {string(in.Sort)}, "after": {next}}.Encode())
	}
	for _, e := range all {
		p.Rows = append(p.Rows, pageRow{e.ID, e.URL, pageTitle(e.Page), e.Approved, e.Pending, e.Open, e.Old})
	}
	return v.Show("pages", p)
}

// pageSorts returns the orders of pages as options.
func pageSorts(w *Catalog, by sites.PageSort) (all []Link) {
	for _, s := range sites.PageSorts {
		all = append(all, Link{Key: string(s), Label: w.T("pages.by." + string(s)), Current: s == by})
	}
	return all
}

// setPage opens or closes a page for new comments, or sets its title from a card's form.
func (d *desk) setPage(v *Visit) error {
	var ch sites.PageChange
	titles := v.Form.Has("title")
	if titles {
		title := v.Form.Get("title")
		ch.Title = &title
	} else {
		open := v.Form.Get("open") == "true"
		ch.Open = &open
	}
	if _, err := d.Sites.SetPage(v.Ctx(), v.Actor, v.Site, v.Param("id"), ch); err != nil {
		return err
	}
	if titles {
		return d.redirectBack(v, Flash{Action: "saved"})
	}
	return v.SeeOther(v.SitePath("/pages"))
}
