// Package identity is who is who: accounts, how they sign in, what they may do it with, and for
// how long.
//
// It knows nothing of comments: what a role may do on a site is package people's, and what follows
// from it each room's own. Its invariants: nothing by which somebody signs in is kept in clear; a
// one-time link is used once, by one; whoever may do less, or has another password, is signed out;
// an owner who can sign in remains.
package identity

import (
	"context"
	"errors"
	"log/slog"

	"github.com/aitys/aitys/moderation/identity/password"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/txn"
)

// Service is the room: each exported method is one use case. It is safe for concurrent use.
type Service struct {
	work    txn.Work[Tx]
	secret  secret.Secret
	log     *slog.Logger
	signins password.Tries
	staff   staff

	passwords *password.Hasher
}

// New returns a Service in a process. If passwords is nil, it is password.New().
func New(p *txn.Process, store txn.Store[Tx], own secret.Secret, passwords *password.Hasher) *Service {
	if passwords == nil {
		passwords = password.New()
	}
	s := &Service{work: txn.NewWork(p, store), secret: own, log: p.Logger(), passwords: passwords}
	p.OnEvent(s.staff.event)
	return s
}

// Run removes sessions, links and sign-outs that have expired, until ctx ends. It returns nil.
func (s *Service) Run(ctx context.Context) error {
	s.work.Sweep(ctx, "identity", func(ctx context.Context) error {
		now := s.work.Now()
		return s.work.Update(ctx, func(tx Tx) error {
			return errors.Join(tx.PruneSessions(now), tx.PruneLinks(now), tx.PruneMailLinks(now.Add(-mailLinksFor)),
				tx.PruneSignOuts(now.Add(-2*writerLife)))
		})
	})
	return nil
}
