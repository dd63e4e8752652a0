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

// A pageRow is a row of pages: a site.Page.
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

// pages reads the pages that the rest of a SELECT chooses.
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
		  AND  id `+t.Among, site, rows.ArrayOf(t.Array, ids))
}

func (t *tx) PagesByURL(site int64, urls []string) ([]site.Page, error) {
	if len(urls) == 0 {
		return nil, nil
	}
	return t.pages(`
		WHERE  site_id = ?
		  AND  url `+t.Among, site, rows.ArrayOf(t.Array, urls))
}

// Nearly always the page is there: the look first
// spares Postgres a lock on its row.
func (t *tx) EnsurePage(p site.Page) (site.Page, error) {
	page, err := t.PageByURL(p.Site, p.URL)
	if !errors.Is(err, txn.ErrNotFound) {
		return page, err
	}
	return rows.GetAs(t.Tx, pageColumns.Targets, (*pageRow).page, ensurePage, pageColumns.Values(pageRow(p))...)
}

// Only an update returns the row that was there.
var ensurePage = pageColumns.Insert(1) + `
	ON CONFLICT (site_id, url) DO UPDATE
	SET url = pages.url
	RETURNING ` + pageColumns.Names

func (t *tx) UpdatePage(p site.Page) error {
	return changed(t.DB.Model(&pageRow{}).Where("site_id = ? AND id = ?", p.Site, p.ID).
		Select("title", "titled_by", "url", "open").Updates(pageRow(p)))
}

func (t *tx) TitlePage(c comment.Comment, public bool) error {
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

// After an unknown page there is nothing.
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
	among, ids := t.Among, rows.ArrayOf(t.Array, pages)
	if len(pages) == 1 { // as for each page that is drawn
		among, ids = "= ?", pages[0]
	}
	all, args := `
		SELECT page_id, COUNT(*)
		FROM   comments
		WHERE  site_id = ?
		  AND  page_id `+among+`
		  AND  state = ?
		GROUP  BY page_id`, []any{site, ids, state}
	if state == comment.Approved { // less those that are withheld, or all of a page that is
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
