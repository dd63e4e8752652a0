package moderation

import "time"

// A Site is one publisher's blog. ID is internal and never leaves the service; Key names
// the site in URLs. Origins are "scheme://host[:port]", lower case, exact.
type Site struct {
	ID        int64
	Key       string
	Name      string
	Origins   []string
	Settings  Settings
	CreatedAt time.Time
}

// Policy says whose comments wait for a moderator.
type Policy string

// The policies; the zero value of Settings means PolicyAll.
const (
	PolicyAll        Policy = "all"
	PolicyNewWriters Policy = "new_writers"
	PolicySuspicious Policy = "suspicious"
	PolicyNone       Policy = "none"
)

// Settings of a site. Rules holds the rules text by language ("en", "ru", "kk"); a missing
// one is the default. Suspect is the score from which a comment is suspected (0.9).
// Shadow is a score that is only tried, beside Suspect; 0: none. EditMinutes is how long a
// writer may edit (15).
type Settings struct {
	Moderation  Policy            `json:"moderation"`
	Suspect     float64           `json:"suspect"`
	Shadow      float64           `json:"shadow,omitempty"`
	EditMinutes int               `json:"edit_minutes"`
	Rules       map[string]string `json:"rules,omitempty"`
	SignInURL   string            `json:"signin_url,omitempty"`
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
