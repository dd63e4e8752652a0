package ground

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/aitys/aitys/moderation/authz"
)

// A siteCache keeps all sites in memory: every request needs one. It is emptied by the events
// that tell of a change, here or in another process. The zero value is ready.
type siteCache struct {
	mu     sync.Mutex
	byKey  map[string]Site // nil: to be read
	change int             // counts the changes, so that what was read before one is not kept
}

// Site finds a site by its key, from memory.
func (p *Process) Site(ctx context.Context, key string) (Site, error) {
	all, err := p.allSites(ctx)
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
func (p *Process) Sites(ctx context.Context, who authz.Actor) ([]Site, error) {
	if err := who.Known(); err != nil {
		return nil, err
	}
	all, err := p.allSites(ctx)
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
func (p *Process) StoredSites(ctx context.Context) (list []Site, err error) {
	err = p.store.View(ctx, func(tx EventTx) (err error) {
		list, err = tx.Sites()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read sites: %w", fault(err))
	}
	return list, nil
}

// SiteByID finds a site by its number; known is false where it was removed.
func (p *Process) SiteByID(ctx context.Context, id int64) (site Site, known bool, err error) {
	all, err := p.allSites(ctx)
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
func (p *Process) MayOwn(ctx context.Context, who authz.Actor, key string) error {
	if err := who.Known(); err != nil {
		return err
	}
	site, err := p.Site(ctx, key)
	if err != nil {
		return err
	}
	return who.May(site.ID, authz.Owner, authz.ScopeAdmin)
}

func (p *Process) allSites(ctx context.Context) (map[string]Site, error) {
	p.sites.mu.Lock()
	byKey, change := p.sites.byKey, p.sites.change
	p.sites.mu.Unlock()
	if byKey != nil {
		return byKey, nil
	}
	ctx, end := context.WithTimeout(ctx, sitesFor)
	defer end()
	list, err := p.StoredSites(ctx)
	if err != nil {
		return nil, err
	}
	byKey = make(map[string]Site, len(list))
	for _, site := range list {
		byKey[site.Key] = site
	}
	p.sites.mu.Lock()
	defer p.sites.mu.Unlock()
	if p.sites.change == change {
		p.sites.byKey = byKey
	}
	return byKey, nil
}

// event empties the cache when an event tells of a change.
func (c *siteCache) event(e Event) {
	if e.Kind != EventSite && e.Kind != EventBehind {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byKey = nil
	c.change++
}
