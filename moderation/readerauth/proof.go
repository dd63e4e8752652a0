package readerauth

import (
	"context"
	"fmt"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/site"
)

// MayBeCalled returns the name that somebody is to go by as it is shown, or "": field.invalid for one that is too
// long, that nobody would see, or that somebody of the site's staff goes by.
func (s *Service) MayBeCalled(ctx context.Context, site site.Site, name string) (string, error) {
	name, err := s.mayBeCalled(ctx, site, name)
	if err != nil {
		return "", fmt.Errorf("look for a name: %w", err)
	}
	return name, nil
}

// AdmitProof gives an identity to who showed at a provider who they are, with a name to be shown, or "". Who they are
// is the provider's issuer and their subject there, whatever they are called.
func (s *Service) AdmitProof(ctx context.Context, site site.Site, p authz.Proof, name string) (Given, error) {
	name, err := s.MayBeCalled(ctx, site, name)
	if err != nil {
		return Given{}, err
	}
	now := s.work.Now()
	c := claim{
		Subject: s.secret.Hash("subject", site.ID, "oidc", p.Issuer, p.Subject), Proved: true,
		Name: name, At: now.UnixMicro(), Ends: now.Add(life).UnixMicro(),
	}
	if name != "" {
		err := s.work.Update(ctx, func(tx Tx) error { return s.keepName(tx, site.ID, name, now) })
		if err != nil {
			return Given{}, fmt.Errorf("admit by a provider: %w", err)
		}
	}
	return s.give(site.ID, nil, c), nil
}
