package moderation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sync"

	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/settings"
)

var siteKey = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// A siteCache keeps all sites in memory: every request needs one. It is emptied by the events
// that tell of a change, here or in another process. The zero value is ready.
type siteCache struct {
	mu     sync.Mutex
	byKey  map[string]Site // nil: to be read
	change int             // counts the changes, so that what was read before one is not kept
}

// Site finds a site by its key, from memory.
func (s *Service) Site(ctx context.Context, key string) (Site, error) {
	all, err := s.allSites(ctx)
	if err != nil {
		return Site{}, err
	}
	site, ok := all[key]
	if !ok {
		return Site{}, people.NoSite()
	}
	return site, nil
}

func (s *Service) allSites(ctx context.Context) (map[string]Site, error) {
	s.sites.mu.Lock()
	byKey, change := s.sites.byKey, s.sites.change
	s.sites.mu.Unlock()
	if byKey != nil {
		return byKey, nil
	}
	var list []Site
	err := s.view(ctx, func(tx Tx) (err error) {
		list, err = tx.Sites()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read sites: %w", err)
	}
	byKey = make(map[string]Site, len(list))
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
func (s *Service) siteChanged(e Event) {
	if e.Kind != EventSite {
		return
	}
	s.sites.mu.Lock()
	defer s.sites.mu.Unlock()
	s.sites.byKey = nil
	s.sites.change++
}

// Sites lists the sites that who has a role on, by key.
func (s *Service) Sites(ctx context.Context, who people.Actor) ([]Site, error) {
	if err := who.Known(); err != nil {
		return nil, err
	}
	all, err := s.allSites(ctx)
	if err != nil {
		return nil, err
	}
	list := []Site{}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if who.Role(all[key].ID) != people.NoRole {
			list = append(list, all[key])
		}
	}
	return list, nil
}

// AddSite adds a site; the key is 1 to 40 of a-z, 0-9 and "-". It needs an owner of all sites.
func (s *Service) AddSite(ctx context.Context, who people.Actor, site Site, key *Key) (Site, error) {
	if err := who.MayEverywhere(people.Owner, people.ScopeAdmin); err != nil {
		return Site{}, err
	}
	if !siteKey.MatchString(site.Key) {
		return Site{}, problem.Field("/key", "A site's key is 1 to 40 of the letters a-z, digits and \"-\".")
	}
	added := Site{Key: site.Key, Settings: settings.Default(), CreatedAt: s.now()}
	if err := added.setName(site.Name); err != nil {
		return Site{}, err
	}
	if err := added.setOrigins(site.Origins); err != nil {
		return Site{}, err
	}
	err := s.update(ctx, func(tx Tx) error {
		kept := added // fn may run again
		_, err := once(tx, key, added.CreatedAt, &kept, func() error {
			if err := tx.InsertSite(&kept); err != nil {
				return err
			}
			return tx.Emit(Event{Site: kept.ID, Kind: EventSite, At: kept.CreatedAt})
		})
		site = kept
		return err
	})
	if errors.Is(err, ErrTaken) {
		return Site{}, problem.Field("/key", "There is a site with this key already.")
	}
	if err != nil {
		return Site{}, fmt.Errorf("add site: %w", err)
	}
	return site, nil
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

// SetSite changes a site. It needs an owner.
func (s *Service) SetSite(ctx context.Context, who people.Actor, key string, ch SiteChange) (Site, error) {
	if err := s.mayOwn(ctx, who, key); err != nil {
		return Site{}, err
	}
	at := s.now()
	var site Site
	err := s.update(ctx, func(tx Tx) (err error) {
		if site, err = tx.SiteByKey(key); err != nil {
			return err
		}
		before := site.Settings.Moderation
		if err := site.change(ch); err != nil {
			return err
		}
		if site.Settings.Moderation == settings.PolicySuspicious && before != settings.PolicySuspicious {
			if err := mayTurnOn(tx, site); err != nil {
				return err
			}
		}
		if err := tx.UpdateSite(site); err != nil {
			return err
		}
		return tx.Emit(Event{Site: site.ID, Kind: EventSite, At: at})
	})
	if errors.Is(err, ErrNotFound) {
		return Site{}, people.NoSite()
	}
	if err != nil {
		return Site{}, fmt.Errorf("set site: %w", err)
	}
	return site, nil
}

func (site *Site) change(ch SiteChange) error {
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
		return tx.Emit(Event{Site: site.ID, Kind: EventSite, At: at})
	})
	if errors.Is(err, ErrNotFound) {
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
