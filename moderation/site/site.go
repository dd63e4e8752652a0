// Package site defines sites, their settings and their pages: allowed origins, policies, and which pages take comments.
// It knows no comments. It reads the database only through the function given to NewDirectory.
package site

import (
	"regexp"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// A Site is one publisher's blog. ID is internal and never leaves the service. Key identifies the site in URLs. Origins
// have the form "scheme://host[:port]" in lower case, and match exactly. EditEpoch is part of the edit tokens of the
// site's comments: raising it revokes all tokens issued before.
type Site struct {
	ID        int64     `json:"-"`
	Key       string    `json:"key"`
	Name      string    `json:"name"`
	Origins   []string  `json:"origins"`
	Settings  Settings  `json:"settings"`
	EditEpoch int64     `json:"-"`
	CreatedAt time.Time `json:"created_at"`
}

// New returns a site with default settings; the store assigns its ID. Its epoch is the time in microseconds. So a site
// with the same ID in another database with the same secret does not accept its edit tokens.
func New(key, name string, origins []string, at time.Time) (Site, error) {
	if !siteKey.MatchString(key) {
		return Site{}, problem.Field("/key", "A site's key is 1 to 40 of the letters a-z, digits and \"-\".")
	}
	if slices.Contains(ReservedKeys, key) {
		return Site{}, problem.Field("/key", "This key is reserved. Use another one.")
	}
	site := Site{Key: key, Settings: DefaultSettings(), EditEpoch: at.UnixMicro(), CreatedAt: at}
	if !site.allow(origins) {
		return Site{}, problem.Field("/origin", refusedOrigins)
	}
	err := site.Change(map[string]string{"name": name})
	return site, err
}

// A Page is one article of a site, identified by its canonical URL. Its title is public: staff set it, or it came with
// a comment that was published.
type Page struct {
	ID        string
	Site      int64
	URL       string
	Title     string // "" if there is none
	TitledBy  string // the comment that the title came with; "" if staff set it
	Open      bool
	CreatedAt time.Time
	Withheld  *Notice // shown to readers in place of all comments; nil: not withheld
}

// A Ref identifies a comment or a page of a site by its ID, or a commenter by the hash.
type Ref struct {
	Site int64
	ID   string
}

// PageURL returns the canonical form of a page's URL. The error has the code page.foreign if the site does not allow
// its origin.
func (s Site) PageURL(raw string) (string, error) {
	web, ok := text.ParseWebURL(raw)
	if !ok {
		return "", problem.Field("/page/url", "The page's address must be an http or https URL of at most 2,048 bytes.")
	}
	if !slices.Contains(s.Origins, web.Origin) {
		return "", problem.Wrong("page.foreign", "/page/url",
			"This site takes no comments for pages of "+web.Origin+".")
	}
	canonical, ok := web.PageURL()
	if !ok {
		return "", problem.Field("/page/url", "The page's address must have at most 2,048 bytes.")
	}
	return canonical, nil
}

// Name returns the title of the page or, without one, the path of its URL.
func (p Page) Name() string {
	if p.Title == "" {
		return text.DisplayPath(p.URL)
	}
	return p.Title
}

// ClosesAt returns when a page stops taking readers' comments: CloseAfter days after it was created. Zero means never.
func (s Settings) ClosesAt(p Page) time.Time {
	if s.CloseAfter == 0 {
		return time.Time{}
	}
	return p.CreatedAt.AddDate(0, 0, s.CloseAfter)
}

// TakesComments reports whether a page takes readers' comments: it is open, and ClosesAt is not reached.
func (s Settings) TakesComments(p Page, now time.Time) bool {
	closes := s.ClosesAt(p)
	return p.Open && (closes.IsZero() || now.Before(closes))
}

// ReservedKeys lists keys that no site may have. The desk uses them in URLs for pages about all sites.
var ReservedKeys = []string{
	"assets", "decisions", "language", "people", "queue", "sessions", "setup", "signin", "signout", "sites", "tokens", "undo",
}

var siteKey = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
