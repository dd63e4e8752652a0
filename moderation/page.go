package moderation

import (
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// PageTx stores pages.
type PageTx interface {
	PageByURL(site int64, url string) (site.Page, error)       // ErrNotFound
	PagesByID(site int64, ids []string) ([]site.Page, error)   // unordered; unknown IDs are left out
	PagesByRef(refs []site.Ref) ([]site.Page, error)           // like PagesByID
	PagesByURL(site int64, urls []string) ([]site.Page, error) // unordered; unknown URLs are left out
	// EnsurePage returns the page with p.URL. It inserts p if there is none.
	EnsurePage(p site.Page) (site.Page, error)
	// SetPageTitle sets the title of c's page to c.PageTitle if c is public and the page has no title. If c is not public, it
	// removes the title if that came from c.
	SetPageTitle(c comment.Comment, public bool) error
	// CountByPage counts the comments in a state by page ID. Approved comments that are withheld do not count.
	CountByPage(site int64, pages []string, state comment.State) (map[string]int, error)
}
