package moderation

import (
	"fmt"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/address"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/settings"
	"github.com/aitys/aitys/moderation/text"
)

// A Site is one publisher's blog. ID is internal and never leaves the service; Key names
// the site in URLs. Origins are "scheme://host[:port]", lower case, exact.
type Site struct {
	ID        int64
	Key       string
	Name      string
	Origins   []string
	Settings  settings.Settings
	CreatedAt time.Time
}

// What a site's own fields are held to.
const (
	maxOrigins  = 20
	maxSiteName = 100
)

// set changes one setting of a site by its name, as text.
func (site *Site) set(name, value string) error {
	switch name {
	case "name":
		return site.setName(value)
	case "origin":
		return site.setOrigins(strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }))
	}
	return site.Settings.Set(name, value)
}

func (site *Site) setName(name string) error {
	name, ok := text.Line(name, maxSiteName)
	if !ok || name == "" {
		return problem.Field("/name", fmt.Sprintf("A site's name is one line of 1 to %d characters.", maxSiteName))
	}
	site.Name = name
	return nil
}

func (site *Site) setOrigins(raw []string) error {
	if len(raw) == 0 || len(raw) > maxOrigins {
		return problem.Field("/origin", fmt.Sprintf("A site has 1 to %d origins, like https://blog.example.", maxOrigins))
	}
	origins := make([]string, 0, len(raw))
	for _, r := range raw {
		o, ok := address.Origin(r)
		if !ok {
			return problem.Field("/origin", "An origin is scheme://host[:port] with http or https, without a path, like https://blog.example.")
		}
		origins = append(origins, o)
	}
	site.Origins = origins
	return nil
}

// A Page is one article of a site, known by its canonical URL.
type Page struct {
	ID        string
	Site      int64
	URL       string
	Title     string
	Open      bool
	CreatedAt time.Time
}

// SiteTx keeps sites and pages.
type SiteTx interface {
	Sites() ([]Site, error)             // by key
	SiteByKey(key string) (Site, error) // ErrNotFound
	InsertSite(s *Site) error           // sets ID, makes the site's empty log head; ErrTaken when the key is used
	UpdateSite(s Site) error            // name, origins, settings
	DeleteSite(id int64) error          // with everything below it

	PageByURL(site int64, url string) (Page, error)       // ErrNotFound
	PageByID(site int64, id string) (Page, error)         // ErrNotFound
	PagesByID(site int64, ids []string) ([]Page, error)   // in any order; unknown ids are left out
	PagesByURL(site int64, urls []string) ([]Page, error) // in any order; unknown URLs are left out
	// EnsurePage returns the page with p.URL, inserting p first where there is none. A
	// non-empty p.Title fills an empty one.
	EnsurePage(p Page) (Page, error)
	UpdatePage(p Page) error                                          // title, url, open; ErrTaken when another page has the URL
	Pages(site int64, after string, limit int) ([]Page, error)        // newest first, after a page's id
	CountApproved(site int64, pages []string) (map[string]int, error) // approved comments by page id
	CountPending(site int64, pages []string) (map[string]int, error)  // pending comments by page id

	Meta(name string) ([]byte, error) // one value of the whole database; ErrNotFound
	SetMeta(name string, value []byte) error
}
