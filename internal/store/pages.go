package store

import (
	"errors"
	"maps"
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// pageRow is a row of the pages table. It stores a site.Page.
type pageRow struct {
	ID        string
	Site      int64 `gorm:"column:site_id"`
	URL       string
	Title     string
	TitledBy  string
	Open      bool
	CreatedAt time.Time    `gorm:"serializer:micros"`
	Withheld  *site.Notice `gorm:"serializer:whole"`
}

func (pageRow) TableName() string { return "pages" }

var (
	pageColumns = rows.Of[pageRow]()
	selectPages = "SELECT " + pageColumns.Names + " FROM pages "
)

// pages returns the pages that rest, the clauses after FROM, selects.
func (t *tx) pages(rest string, args ...any) ([]site.Page, error) {
	return rows.AllAs(t.Tx, pageColumns.Targets, (*pageRow).page, selectPages+rest, args...)
}

func (r *pageRow) page() site.Page { return site.Page(*r) }

func (t *tx) PageByURL(site int64, url string) (site.Page, error) {
	return rows.First(t.pages(`
		WHERE  site_id = ?
		  AND  url     = ?`, site, url))
}

func (t *tx) PagesByID(site int64, ids []string) ([]site.Page, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return t.pages(`
		WHERE  site_id = ?
		  AND  id `+t.In, site, rows.ArrayOf(t.Array, ids))
}

func (t *tx) PagesByRef(refs []site.Ref) ([]site.Page, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	return t.pages(`
		WHERE  (site_id, id) `+t.inRefs(), refList(refs))
}

func (t *tx) PagesByURL(site int64, urls []string) ([]site.Page, error) {
	if len(urls) == 0 {
		return nil, nil
	}
	return t.pages(`
		WHERE  site_id = ?
		  AND  url `+t.In, site, rows.ArrayOf(t.Array, urls))
}

// EnsurePage returns the page with this URL, and inserts a missing one. Most pages exist: reading first avoids a row
// lock on Postgres.
func (t *tx) EnsurePage(p site.Page) (site.Page, error) {
	page, err := t.PageByURL(p.Site, p.URL)
	if !errors.Is(err, txn.ErrNotFound) {
		return page, err
	}
	return rows.GetAs(t.Tx, pageColumns.Targets, (*pageRow).page, ensurePage, pageColumns.Values(pageRow(p))...)
}

// ensurePage updates an existing row to the same URL, because RETURNING omits rows that DO NOTHING skips.
var ensurePage = pageColumns.Insert(1) + `
	ON CONFLICT (site_id, url) DO UPDATE
	SET url = pages.url
	RETURNING ` + pageColumns.Names

func (t *tx) UpdatePage(p site.Page) error {
	return requireChange(t.DB.Model(&pageRow{}).Where("site_id = ? AND id = ?", p.Site, p.ID).
		Select("title", "titled_by", "url", "open").Updates(pageRow(p)))
}

func (t *tx) SetPageTitle(c comment.Comment, public bool) error {
	if !public {
		_, err := t.Exec(`
			UPDATE pages
			SET    title = '', titled_by = ''
			WHERE  site_id   = ?
			  AND  id        = ?
			  AND  titled_by = ?`, c.Site, c.Page, c.ID)
		return err
	}
	_, err := t.Exec(`
		UPDATE pages
		SET    title = ?, titled_by = ?
		WHERE  site_id = ?
		  AND  id      = ?
		  AND  title   = ''`, c.PageTitle, c.ID, c.Site, c.Page)
	return err
}

// Pages returns no pages if after is not the ID of a page.
func (t *tx) Pages(site int64, after string, limit int) ([]site.Page, error) {
	if after == "" {
		return t.pages(`
			WHERE  site_id = ?
			ORDER  BY created_at DESC, id DESC
			LIMIT  ?`, site, limit)
	}
	return t.pages(`
		WHERE  site_id = ?
		  AND  (created_at, id) < (SELECT created_at, id FROM pages WHERE site_id = ? AND id = ?)
		ORDER  BY created_at DESC, id DESC
		LIMIT  ?`, site, site, after, limit)
}

func (t *tx) CountByPage(site int64, pages []string, state comment.State) (map[string]int, error) {
	byPage := map[string]int{}
	if len(pages) == 0 {
		return byPage, nil
	}
	among, ids := t.In, rows.ArrayOf(t.Array, pages)
	if len(pages) == 1 { // the case of every page view
		among, ids = "= ?", pages[0]
	}
	all, args := `
		SELECT page_id, COUNT(*)
		FROM   comments
		WHERE  site_id = ?
		  AND  page_id `+among+`
		  AND  state = ?
		GROUP  BY page_id`, []any{site, ids, state}
	if state == comment.Approved { // subtract withheld comments; a withheld page counts 0
		all, args = all+`
		UNION  ALL
		SELECT page_id, -COUNT(*)
		FROM   comments
		WHERE  site_id = ?
		  AND  page_id `+among+`
		  AND  state = ?
		  AND  withheld IS NOT NULL
		GROUP  BY page_id
		UNION  ALL
		SELECT id, -2147483647
		FROM   pages
		WHERE  site_id = ?
		  AND  id `+among+`
		  AND  withheld IS NOT NULL`, append(args, site, ids, state, site, ids)
	}
	type count struct {
		page string
		n    int
	}
	counts, err := rows.All(t.Tx, func(c *count) []any { return []any{&c.page, &c.n} }, all, args...)
	for _, c := range counts {
		byPage[c.page] += c.n
	}
	maps.DeleteFunc(byPage, func(_ string, n int) bool { return n <= 0 })
	return byPage, err
}
