package site

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/event"
)

// readTimeout limits how long a request waits for the list of sites.
const readTimeout = 3 * time.Second

// A Directory finds sites. It caches all sites, because every request needs one, until Forget is called with an event
// that changes them. It is safe for concurrent use.
type Directory struct {
	read     func(context.Context) ([]Site, error)
	requests OriginRequests

	mu     sync.Mutex
	known  knownSites // zero: not cached
	change int        // number of changes; sites read before a change are not cached
}

// knownSites are all sites by key and in the order of their keys. It is not changed after it is made.
type knownSites struct {
	byKey  map[string]Site
	sorted []Site
}

// NewDirectory returns a Directory. read returns all sites, ordered by key, from the database. If requests is nil,
// origin requests are not counted.
func NewDirectory(read func(context.Context) ([]Site, error), knocks OriginRequests) *Directory {
	return &Directory{read: read, requests: knocks}
}

// Site returns the site with a key from the cache.
func (d *Directory) Site(ctx context.Context, key string) (Site, error) {
	all, err := d.allSites(ctx)
	if err != nil {
		return Site{}, err
	}
	site, ok := all.byKey[key]
	if !ok {
		return Site{}, authz.NoSite()
	}
	return site, nil
}

// HasCached reports whether the cache has a site with a key. It never reads the database.
func (d *Directory) HasCached(key string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.known.byKey[key]
	return ok
}

// Sites returns the sites on which the actor has a role, ordered by key.
func (d *Directory) Sites(ctx context.Context, who authz.Actor) ([]Site, error) {
	if err := who.CheckSignedIn(); err != nil {
		return nil, err
	}
	all, err := d.allSites(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Site, 0, len(all.sorted))
	for _, site := range all.sorted {
		if who.Role(site.ID) != authz.NoRole {
			list = append(list, site)
		}
	}
	return list, nil
}

// StoredSites reads all sites, ordered by key, from the database. The cache may lack a recent change, and an older one
// before events are followed. Work that starts then, or that erases data by a site's settings, must use StoredSites. It
// has no timeout, because no request waits for such work.
func (d *Directory) StoredSites(ctx context.Context) ([]Site, error) {
	list, err := d.read(ctx)
	if err != nil {
		return nil, fmt.Errorf("read sites: %w", err)
	}
	return list, nil
}

// SiteByID returns the site with an ID. known is false if the site was removed.
func (d *Directory) SiteByID(ctx context.Context, id int64) (site Site, known bool, err error) {
	all, err := d.allSites(ctx)
	if err != nil {
		return Site{}, true, err
	}
	for _, site := range all.sorted {
		if site.ID == id {
			return site, true, nil
		}
	}
	return Site{}, false, nil
}

// CheckOwner returns an error unless the actor owns the site with the given key.
func (d *Directory) CheckOwner(ctx context.Context, who authz.Actor, key string) error {
	if err := who.CheckSignedIn(); err != nil {
		return err
	}
	site, err := d.Site(ctx, key)
	if err != nil {
		return err
	}
	return who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin)
}

func (d *Directory) allSites(ctx context.Context) (knownSites, error) {
	d.mu.Lock()
	known, change := d.known, d.change
	d.mu.Unlock()
	if known.byKey != nil {
		return known, nil
	}
	ctx, end := context.WithTimeout(ctx, readTimeout)
	defer end()
	list, err := d.StoredSites(ctx)
	if err != nil {
		return knownSites{}, err
	}
	known = knownSites{make(map[string]Site, len(list)), list}
	for _, site := range list {
		known.byKey[site.Key] = site
	}
	slices.SortFunc(known.sorted, func(a, b Site) int { return cmp.Compare(a.Key, b.Key) }) // databases may sort differently
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.change == change {
		d.known = known
	}
	return known, nil
}

// Forget clears the cache if an event changes sites, or if events were missed.
func (d *Directory) Forget(e event.Event) {
	if e.Kind != event.Site && e.Kind != event.Behind {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known = knownSites{}
	d.change++
}
