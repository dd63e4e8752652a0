package moderation

import "context"

// Site finds a site by its key, from memory.
func (s *Service) Site(ctx context.Context, key string) (Site, error) { return Site{}, nil }

// Sites lists the sites that who has a role on, by key.
func (s *Service) Sites(ctx context.Context, who Actor) ([]Site, error) { return nil, nil }

// AddSite adds a site; the key is 1 to 40 of a-z, 0-9 and "-". It needs an owner of all sites.
func (s *Service) AddSite(ctx context.Context, who Actor, site Site, key *Key) (Site, error) {
	return Site{}, nil
}

// A SiteChange names what to change of a site; nil leaves it. Settings are by name, as text,
// as `aitys site set KEY NAME=VALUE` gives them (name, origin, moderation, suspect,
// edit_minutes, rules_en, rules_ru, rules_kk, signin_url); an unknown one is field.unknown.
type SiteChange struct {
	Name     *string
	Origins  []string // nil: as they are
	Settings map[string]string
}

// SetSite changes a site. It needs an owner.
func (s *Service) SetSite(ctx context.Context, who Actor, key string, ch SiteChange) (Site, error) {
	return Site{}, nil
}

// RemoveSite removes a site with everything below it. It needs an owner.
func (s *Service) RemoveSite(ctx context.Context, who Actor, key string) error { return nil }
