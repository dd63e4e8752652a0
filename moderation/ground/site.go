package ground

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// A Site is one publisher's blog. ID is internal and never leaves the service; Key names
// the site in URLs. Origins are "scheme://host[:port]", lower case, exact.
type Site struct {
	ID        int64     `json:"-"`
	Key       string    `json:"key"`
	Name      string    `json:"name"`
	Origins   []string  `json:"origins"`
	Settings  Settings  `json:"settings"`
	CreatedAt time.Time `json:"created_at"`
}

// What a site's own fields are held to.
const (
	maxOrigins  = 20
	maxSiteName = 100
)

// NewSite makes a site with the settings that a new one has; its id is the store's to give.
func NewSite(key, name string, origins []string, at time.Time) (Site, error) {
	if !siteKey.MatchString(key) {
		return Site{}, problem.Field("/key", "A site's key is 1 to 40 of the letters a-z, digits and \"-\".")
	}
	site := Site{Key: key, Settings: DefaultSettings(), CreatedAt: at}
	if err := site.setName(name); err != nil {
		return Site{}, err
	}
	if err := site.setOrigins(origins); err != nil {
		return Site{}, err
	}
	return site, nil
}

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
		o, ok := text.Origin(r)
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

var siteKey = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// Change carries out a change.
func (site *Site) Change(ch SiteChange) error {
	if ch.Name != nil {
		if err := site.setName(*ch.Name); err != nil {
			return err
		}
	}
	if ch.Origins != nil {
		if err := site.setOrigins(ch.Origins); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ch.Settings)) {
		if err := site.set(name, ch.Settings[name]); err != nil {
			return err
		}
	}
	return nil
}

// A SiteChange names what to change of a site; nil leaves it. Settings are by name, as text,
// as `aitys site set KEY NAME=VALUE` gives them (name, origin, moderation, suspect, shadow,
// edit_minutes, rules_en, rules_ru, rules_kk, signin_url); an unknown one is field.unknown.
// Moderation suspicious needs a filter that was taught enough: Tally.
type SiteChange struct {
	Name     *string
	Origins  []string // nil: as they are
	Settings map[string]string
}
