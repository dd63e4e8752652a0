package comment

import (
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// PageByID returns a page of a site, or txn.ErrNotFound.
func PageByID(tx interface {
	PagesByID(siteID int64, ids []string) ([]site.Page, error)
}, siteID int64, id string) (site.Page, error) {
	if !txn.IsID(id) {
		return site.Page{}, txn.ErrNotFound
	}
	found, err := tx.PagesByID(siteID, []string{id})
	if err == nil && len(found) == 0 {
		err = txn.ErrNotFound
	}
	if err != nil {
		return site.Page{}, err
	}
	return found[0], nil
}
