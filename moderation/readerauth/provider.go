package readerauth

import (
	"context"
	"fmt"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/site"
)

// CheckDisplayName returns the cleaned display name, or "". It returns field.invalid for a name that is too long,
// invisible, or like the name of a staff member.
func (s *Service) CheckDisplayName(ctx context.Context, site site.Site, name string) (string, error) {
	name, err := s.checkDisplayName(ctx, site, name)
	if err != nil {
		return "", fmt.Errorf("look for a name: %w", err)
	}
	return name, nil
}

// IssueByProof issues an identity for a provider's proof. name is the display name, or "". The provider's issuer
// and subject identify the reader; the name does not.
func (s *Service) IssueByProof(ctx context.Context, site site.Site, p authz.ExternalIdentity, name string) (Identity, error) {
	name, err := s.CheckDisplayName(ctx, site, name)
	if err != nil {
		return Identity{}, err
	}
	now := s.work.Now()
	c := claim{
		Subject: s.secret.Hash("subject", site.ID, "oidc", p.Issuer, p.Subject), Proved: true,
		Name: name, At: now.UnixMicro(), Ends: now.Add(identityLife).UnixMicro(),
	}
	if name != "" {
		err := s.work.Update(ctx, func(tx Tx) error { return s.saveName(tx, site.ID, name, now) })
		if err != nil {
			return Identity{}, fmt.Errorf("admit by a provider: %w", err)
		}
	}
	return s.issue(site.ID, nil, c), nil
}
