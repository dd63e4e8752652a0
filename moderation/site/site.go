// Package site holds sites, their settings and their pages: which origins a site allows, what its owner chose, which pages
// take comments. It knows no comment, and reads no database but through the function given to NewDirectory.
package site

import (
	"regexp"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// A Site is one publisher's blog. ID is internal and never leaves the service; Key names
// the site in URLs. Origins are "scheme://host[:port]", lower case, exact. EditEpoch goes into the edit tokens of
// its comments: as it rises, all that were given end.
type Site struct {
	ID        int64     `json:"-"`
	Key       string    `json:"key"`
	Name      string    `json:"name"`
	Origins   []string  `json:"origins"`
	Settings  Settings  `json:"settings"`
	EditEpoch int64     `json:"-"`
	CreatedAt time.Time `json:"created_at"`
}

// New makes a site with the settings that a new one has; its id is the store's to give. Its epoch is the time in
// microseconds, so that in another database under the same secret no site of the same id takes the tokens of this one.
func New(key, name string, origins []string, at time.Time) (Site, error) {
	if !siteKey.MatchString(key) {
		return Site{}, problem.Field("/key", "A site's key is 1 to 40 of the letters a-z, digits and \"-\".")
	}
	if slices.Contains(ReservedKeys, key) {
		return Site{}, problem.Field("/key", "The desk has a page of its own at this key: take another one.")
	}
	site := Site{Key: key, Settings: DefaultSettings(), EditEpoch: at.UnixMicro(), CreatedAt: at}
	if !site.allow(origins) {
		return Site{}, problem.Field("/origin", refusedOrigins)
	}
	err := site.Change(map[string]string{"name": name})
	return site, err
}

// A Page is one article of a site, known by its canonical URL. Its title is public: it was set by staff, or
// came with a comment that was published.
type Page struct {
	ID        string
	Site      int64
	URL       string
	Title     string // "" until there is one
	TitledBy  string // the comment that it came with; "" where staff set it
	Open      bool
	CreatedAt time.Time
	Withheld  *Notice // what readers are told in the place of all its comments; nil: they see them
}

// PageURL returns the one spelling of a page's address. It is page.foreign when the site does not allow its
// origin.
func (s Site) PageURL(raw string) (string, error) {
	web, ok := text.ParseWeb(raw)
	if !ok {
		return "", problem.Field("/page/url", "The page's address must be an http or https URL of at most 2,048 bytes.")
	}
	if !slices.Contains(s.Origins, web.Origin) {
		return "", problem.Wrong("page.foreign", "/page/url",
			"This site takes no comments for pages of "+web.Origin+".")
	}
	canonical, ok := web.Page()
	if !ok {
		return "", problem.Field("/page/url", "The page's address must have at most 2,048 bytes.")
	}
	return canonical, nil
}

// Name is what readers are told that the page is called: until it has a title, the path of its URL.
func (p Page) Name() string {
	if p.Title == "" {
		return text.PathOf(p.URL)
	}
	return p.Title
}

// Closes is when a page takes no more readers' comments, so many days after its first one; zero: at no time.
func (s Settings) Closes(p Page) time.Time {
	if s.CloseAfter == 0 {
		return time.Time{}
	}
	return p.CreatedAt.AddDate(0, 0, s.CloseAfter)
}

// Takes reports whether a page takes readers' comments: it is open, and not too old.
func (s Settings) Takes(p Page, now time.Time) bool {
	closes := s.Closes(p)
	return p.Open && (closes.IsZero() || now.Before(closes))
}

// ReservedKeys are no site's: pages that are about all sites stand in the place of a site's there.
var ReservedKeys = []string{
	"assets", "language", "people", "sessions", "setup", "signin", "signout", "sites", "tokens",
}

var siteKey = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
