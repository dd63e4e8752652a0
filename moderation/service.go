package moderation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/password"
	"github.com/aitys/aitys/moderation/secret"
)

// Options are what a Service is made of; all of them are required.
type Options struct {
	Process *ground.Process
	Store   ground.Store[Tx]
	Secret  secret.Secret
}

// Service is the product: each exported method is one use case. It is safe for concurrent
// use. Run must be running for models and verdicts to follow what happens.
type Service struct {
	work   ground.Work[Tx]
	secret secret.Secret
	log    *slog.Logger

	models  models
	signins password.Tries
}

// New returns a Service.
func New(o Options) *Service {
	s := &Service{work: ground.NewWork(o.Process, o.Store), secret: o.Secret, log: o.Process.Logger()}
	s.models.learn = make(chan struct{}, 1)
	s.models.judge = make(chan struct{}, 1)
	s.models.most = maxModels
	s.work.OnEvent(s.logGrew)
	return s
}

// Run keeps the models at the end of their logs, renews the verdicts of waiting comments, and
// sweeps what has expired, until ctx ends. It returns nil when ctx ends.
func (s *Service) Run(ctx context.Context) error {
	if err := s.markAllStale(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("find the sites: %w", err)
	}
	var others sync.WaitGroup
	defer others.Wait()
	others.Go(func() { s.learning(ctx) })
	others.Go(func() { s.judging(ctx) })
	s.work.Sweep(ctx, "people", s.sweep)
	return nil
}

func (s *Service) sweep(ctx context.Context) error {
	now := s.work.Now()
	return s.work.Update(ctx, func(tx Tx) error { return errors.Join(tx.PruneSessions(now), tx.PruneLinks(now)) })
}
