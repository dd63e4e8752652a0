package moderation

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/aitys/aitys/moderation/ground"
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

	models models
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

// Run keeps the models at the end of their logs, and renews the verdicts of waiting comments,
// until ctx ends. It returns nil when ctx ends.
func (s *Service) Run(ctx context.Context) error {
	if err := s.markAllStale(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("find the sites: %w", err)
	}
	var others sync.WaitGroup
	defer others.Wait()
	others.Go(func() { s.learning(ctx) })
	s.judging(ctx)
	return nil
}
