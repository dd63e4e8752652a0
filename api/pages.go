package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/sites"
)

// pageEntryOut is a page with its number of comments by state.
type pageEntryOut struct {
	pageRefOut
	Approved  int            `json:"approved"`
	Pending   int            `json:"pending"`
	CreatedAt *web.Timestamp `json:"created_at"`
}

func pageEntry(p sites.PageEntry) pageEntryOut {
	return pageEntryOut{
		pageRefOut: pageRefOut{ID: p.ID, URL: p.URL, Title: p.Title, Open: p.Open && !p.Old},
		Approved:   p.Approved, Pending: p.Pending, CreatedAt: web.At(p.CreatedAt),
	}
}

func (h *moderators) pages(c *web.Request) error {
	n, err := web.ParseLimit(c)
	if err != nil {
		return err
	}
	pages, next, err := h.Sites.Pages(c.Request().Context(), c.Actor, c.Site, c.QueryParam("after"), n)
	if err != nil {
		return err
	}
	out := struct {
		Pages []pageEntryOut `json:"pages"`
		Next  *string        `json:"next"`
	}{Pages: []pageEntryOut{}, Next: web.OrNull(next)}
	for _, p := range pages {
		out.Pages = append(out.Pages, pageEntry(p))
	}
	return c.JSON(http.StatusOK, out)
}

func (h *moderators) setPage(c *web.Request) error {
	var in struct {
		Open  *bool   `json:"open"`
		Title *string `json:"title"`
		URL   *string `json:"url"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	ch := sites.PageChange{Open: in.Open, Title: in.Title, URL: in.URL}
	p, err := h.Sites.SetPage(c.Request().Context(), c.Actor, c.Site, c.Param("id"), ch)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, pageEntry(p))
}
