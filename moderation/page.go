package moderation

import (
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// PageTx keeps pages.
type PageTx interface {
	PageByURL(site int64, url string) (site.Page, error)       // ErrNotFound
	PagesByID(site int64, ids []string) ([]site.Page, error)   // in any order; unknown ids are left out
	PagesByURL(site int64, urls []string) ([]site.Page, error) // in any order; unknown URLs are left out
	// EnsurePage returns the page with p.URL, inserting p first where there is none.
	EnsurePage(p site.Page) (site.Page, error)
	// TitlePage gives the page of c, where that has none, the title that c brought, if it is public; else it
	// takes it away where it is c's.
	TitlePage(c comment.Comment, public bool) error
	// CountByPage counts the comments in a state, by their pages' ids; of the approved those that are not withheld.
	CountByPage(site int64, pages []string, state comment.State) (map[string]int, error)
}
