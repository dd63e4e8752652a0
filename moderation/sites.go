package moderation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/problem"
)

// A siteCache keeps all sites in memory: every request needs one. It is emptied by the events
// that tell of a change, here or in another process. The zero value is ready.
type siteCache struct {
	mu     sync.Mutex
	byKey  map[string]ground.Site // nil: to be read
	change int                    // counts the changes, so that what was read before one is not kept
}

// Site finds a site by its key, from memory.
func (s *Service) Site(ctx context.Context, key string) (ground.Site, error) {
	all, err := s.allSites(ctx)
	if err != nil {
		return ground.Site{}, err
	}
	site, ok := all[key]
	if !ok {
		return ground.Site{}, people.NoSite()
	}
	return site, nil
}

func (s *Service) allSites(ctx context.Context) (map[string]ground.Site, error) {
	s.sites.mu.Lock()
	byKey, change := s.sites.byKey, s.sites.change
	s.sites.mu.Unlock()
	if byKey != nil {
		return byKey, nil
	}
	var list []ground.Site
	err := s.view(ctx, func(tx Tx) (err error) {
		list, err = tx.Sites()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read sites: %w", err)
	}
	byKey = make(map[string]ground.Site, len(list))
	for _, site := range list {
		byKey[site.Key] = site
	}
	s.sites.mu.Lock()
	defer s.sites.mu.Unlock()
	if s.sites.change == change {
		s.sites.byKey = byKey
	}
	return byKey, nil
}

// siteChanged empties the cache of sites when an event tells of a change.
func (s *Service) siteChanged(e ground.Event) {
	if e.Kind != ground.EventSite {
		return
	}
	s.sites.mu.Lock()
	defer s.sites.mu.Unlock()
	s.sites.byKey = nil
	s.sites.change++
}

// Sites lists the sites that who has a role on, by key.
func (s *Service) Sites(ctx context.Context, who people.Actor) ([]ground.Site, error) {
	if err := who.Known(); err != nil {
		return nil, err
	}
	all, err := s.allSites(ctx)
	if err != nil {
		return nil, err
	}
	list := []ground.Site{}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if who.Role(all[key].ID) != people.NoRole {
			list = append(list, all[key])
		}
	}
	return list, nil
}

// AddSite adds a site; the key is 1 to 40 of a-z, 0-9 and "-". It needs an owner of all sites.
func (s *Service) AddSite(ctx context.Context, who people.Actor, site ground.Site, key *ground.Key) (ground.Site, error) {
	if err := who.MayEverywhere(people.Owner, people.ScopeAdmin); err != nil {
		return ground.Site{}, err
	}
	added, err := ground.NewSite(site.Key, site.Name, site.Origins, s.now())
	if err != nil {
		return ground.Site{}, err
	}
	err = s.update(ctx, func(tx Tx) error {
		kept := added // fn may run again
		_, err := once(tx, key, added.CreatedAt, &kept, func() error {
			if err := tx.InsertSite(&kept); err != nil {
				return err
			}
			return tx.Emit(ground.Event{Site: kept.ID, Kind: ground.EventSite, At: kept.CreatedAt})
		})
		site = kept
		return err
	})
	if errors.Is(err, ground.ErrTaken) {
		return ground.Site{}, problem.Field("/key", "There is a site with this key already.")
	}
	if err != nil {
		return ground.Site{}, fmt.Errorf("add site: %w", err)
	}
	return site, nil
}

// SetSite changes a site. It needs an owner.
func (s *Service) SetSite(ctx context.Context, who people.Actor, key string, ch ground.SiteChange) (ground.Site, error) {
	if err := s.mayOwn(ctx, who, key); err != nil {
		return ground.Site{}, err
	}
	at := s.now()
	var site ground.Site
	err := s.update(ctx, func(tx Tx) (err error) {
		if site, err = tx.SiteByKey(key); err != nil {
			return err
		}
		before := site.Settings.Moderation
		if err := site.Change(ch); err != nil {
			return err
		}
		if site.Settings.Moderation == ground.PolicySuspicious && before != ground.PolicySuspicious {
			if err := mayTurnOn(tx, site); err != nil {
				return err
			}
		}
		if err := tx.UpdateSite(site); err != nil {
			return err
		}
		return tx.Emit(ground.Event{Site: site.ID, Kind: ground.EventSite, At: at})
	})
	if errors.Is(err, ground.ErrNotFound) {
		return ground.Site{}, people.NoSite()
	}
	if err != nil {
		return ground.Site{}, fmt.Errorf("set site: %w", err)
	}
	return site, nil
}

// RemoveSite removes a site with everything below it. It needs an owner.
func (s *Service) RemoveSite(ctx context.Context, who people.Actor, key string) error {
	if err := s.mayOwn(ctx, who, key); err != nil {
		return err
	}
	at := s.now()
	err := s.update(ctx, func(tx Tx) error {
		site, err := tx.SiteByKey(key)
		if err != nil {
			return err
		}
		if err := unbindTokens(tx, site.ID); err != nil {
			return err
		}
		if err := tx.DeleteSite(site.ID); err != nil {
			return err
		}
		return tx.Emit(ground.Event{Site: site.ID, Kind: ground.EventSite, At: at})
	})
	if errors.Is(err, ground.ErrNotFound) {
		return people.NoSite()
	}
	if err != nil {
		return fmt.Errorf("remove site: %w", err)
	}
	return nil
}

// unbindTokens takes a site out of the tokens bound to it. A token bound to nothing else ends:
// bound to none it would reach all of its account's sites.
func unbindTokens(tx Tx, site int64) error {
	tokens, err := tx.Tokens("")
	if err != nil {
		return err
	}
	for _, t := range tokens {
		i := slices.Index(t.Sites, site)
		switch {
		case i < 0:
			continue
		case len(t.Sites) == 1:
			err = tx.DeleteToken(t.ID)
		default:
			t.Sites = slices.Delete(t.Sites, i, i+1)
			err = tx.UpdateToken(t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mayOwn reports why who is no owner of the site with a key.
func (s *Service) mayOwn(ctx context.Context, who people.Actor, key string) error {
	if err := who.Known(); err != nil {
		return err
	}
	site, err := s.Site(ctx, key)
	if err != nil {
		return err
	}
	return who.May(site.ID, people.Owner, people.ScopeAdmin)
}
