package site

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/event"
)

// readFor limits how long a request waits for the sites.
const readFor = 3 * time.Second

// A Directory looks sites up. It keeps them in memory, because every request needs one, until Forget is called with an
// event that changes them. It is safe for concurrent use.
type Directory struct {
	read   func(context.Context) ([]Site, error)
	knocks Knocks

	mu     sync.Mutex
	byKey  map[string]Site // nil: not read
	change int             // counts changes, so that sites read before a change are not kept
}

// NewDirectory returns a Directory. read returns all sites by key, from the database; nil knocks means that
// nobody counts them.
func NewDirectory(read func(context.Context) ([]Site, error), knocks Knocks) *Directory {
	return &Directory{read: read, knocks: knocks}
}

// Site finds a site by its key, from memory.
func (d *Directory) Site(ctx context.Context, key string) (Site, error) {
	all, err := d.allSites(ctx)
	if err != nil {
		return Site{}, err
	}
	site, ok := all[key]
	if !ok {
		return Site{}, authz.NoSite()
	}
	return site, nil
}

// Sites lists the sites that who has a role on, by key.
func (d *Directory) Sites(ctx context.Context, who authz.Actor) ([]Site, error) {
	if err := who.Known(); err != nil {
		return nil, err
	}
	all, err := d.allSites(ctx)
	if err != nil {
		return nil, err
	}
	list := []Site{}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if who.Role(all[key].ID) != authz.NoRole {
			list = append(list, all[key])
		}
	}
	return list, nil
}

// StoredSites reads all sites, by key, from the database. What Sites has in memory may lack a change of a moment
// ago, or of longer before the events are followed: that is too old for work that begins then, or that erases by
// a site's settings. No reader waits for such work, so there is no limit to the time it takes.
func (d *Directory) StoredSites(ctx context.Context) ([]Site, error) {
	list, err := d.read(ctx)
	if err != nil {
		return nil, fmt.Errorf("read sites: %w", err)
	}
	return list, nil
}

// SiteByID finds a site by its number; known is false where it was removed.
func (d *Directory) SiteByID(ctx context.Context, id int64) (site Site, known bool, err error) {
	all, err := d.allSites(ctx)
	if err != nil {
		return Site{}, true, err
	}
	for _, site := range all {
		if site.ID == id {
			return site, true, nil
		}
	}
	return Site{}, false, nil
}

// MayOwn reports why who is no owner of the site with a key.
func (d *Directory) MayOwn(ctx context.Context, who authz.Actor, key string) error {
	if err := who.Known(); err != nil {
		return err
	}
	site, err := d.Site(ctx, key)
	if err != nil {
		return err
	}
	return who.May(site.ID, authz.Owner, authz.ScopeAdmin)
}

func (d *Directory) allSites(ctx context.Context) (map[string]Site, error) {
	d.mu.Lock()
	byKey, change := d.byKey, d.change
	d.mu.Unlock()
	if byKey != nil {
		return byKey, nil
	}
	ctx, end := context.WithTimeout(ctx, readFor)
	defer end()
	list, err := d.StoredSites(ctx)
	if err != nil {
		return nil, err
	}
	byKey = make(map[string]Site, len(list))
	for _, site := range list {
		byKey[site.Key] = site
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.change == change {
		d.byKey = byKey
	}
	return byKey, nil
}

// Forget empties the memory if an event changes sites, or if events were missed.
func (d *Directory) Forget(e event.Event) {
	if e.Kind != event.Site && e.Kind != event.Behind {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.byKey = nil
	d.change++
}
