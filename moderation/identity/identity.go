// Package identity manages staff accounts and their credentials: passwords, sessions, API tokens, one-time links and
// provider links.
//
// It does not know comments. Package authz defines what a role may do on a site. Invariants: no credential is stored
// in clear. A one-time link is used once. Fewer rights or a new password end an account's sessions. At least one owner
// who can sign in remains.
package identity

import (
	"context"
	"errors"
	"log/slog"

	"github.com/aitys/aitys/moderation/identity/password"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/txn"
)

// Service manages accounts and authenticates actors. It is safe for concurrent use.
type Service struct {
	work    txn.Work[Tx]
	secret  secret.Secret
	log     *slog.Logger
	signins password.Limiter
	staff   staffCache

	passwords *password.Hasher
}

// New returns a Service. If passwords is nil, it uses password.New().
func New(p *txn.Process, store txn.Store[Tx], own secret.Secret, passwords *password.Hasher) *Service {
	if passwords == nil {
		passwords = password.New()
	}
	s := &Service{work: txn.NewWork(p, store), secret: own, log: p.Logger(), passwords: passwords}
	p.OnEvent(s.staff.event)
	return s
}

// Run deletes expired sessions, links and sign-outs until ctx ends. Then it returns nil.
func (s *Service) Run(ctx context.Context) error {
	s.work.Sweep(ctx, "identity", func(ctx context.Context) error {
		now := s.work.Now()
		return s.work.Update(ctx, func(tx Tx) error {
			return errors.Join(tx.PruneSessions(now), tx.PruneLinks(now), tx.PruneMailLinks(now.Add(-mailLinkRetention)),
				tx.PruneSignOuts(now.Add(-2*writerLife)))
		})
	})
	return nil
}
