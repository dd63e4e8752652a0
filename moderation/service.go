package moderation

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/password"
	"github.com/aitys/aitys/moderation/secret"
)

// Options are what a Service is made of. Store, Secret and Clock are required; a nil Bell or
// Claims means that this process is alone.
type Options struct {
	Store  Store
	Secret secret.Secret
	Clock  ground.Clock
	Bell   ground.Bell
	Claims ground.Claims
	Log    *slog.Logger
}

// Service is the product: each exported method is one use case. It is safe for concurrent
// use. Run must be running for models, caches and verdicts to follow what happens.
type Service struct {
	store  Store
	secret secret.Secret
	clock  ground.Clock
	bell   ground.Bell
	claims ground.Claims
	log    *slog.Logger

	listeners listeners
	follower  follower
	models    models
	sites     siteCache
	signins   password.Tries
}

// New returns a Service over an up-to-date database. It refuses a secret other than the one
// this database was first opened with: ErrSecret.
func New(ctx context.Context, o Options) (*Service, error) {
	s := &Service{store: o.Store, secret: o.Secret, clock: o.Clock, bell: o.Bell, claims: o.Claims, log: o.Log}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := keepSecret(ctx, s.store, s.secret); err != nil {
		return nil, fmt.Errorf("open the service: %w", err)
	}
	s.models.learn = make(chan struct{}, 1)
	s.models.judge = make(chan struct{}, 1)
	s.models.most = maxModels
	s.OnEvent(s.siteChanged)
	s.OnEvent(s.logGrew)
	return s, nil
}

// OnEvent has fn called with each event, in order, from now on: at once for what this process
// commits (before the use case returns, so that its caller reads what it wrote) and within a
// second for what others do. An event may be told twice, and two at one time. fn must be
// quick. It returns the function that ends it.
func (s *Service) OnEvent(fn func(ground.Event)) (stop func()) { return s.listeners.add(fn) }

// Ready reports whether the service can serve: the database answers and the events are
// followed. Models are loaded when they are needed; until then comments wait for a person.
func (s *Service) Ready(ctx context.Context) error {
	if err := s.follower.ready(s.now()); err != nil {
		return err
	}
	return s.view(ctx, func(tx Tx) error {
		_, err := tx.LastEvent()
		return err
	})
}

// claim reports whether this process may do a piece of background work now.
func (s *Service) claim(ctx context.Context, name string, ttl time.Duration) bool {
	return s.claims == nil || s.claims.Claim(ctx, name, ttl)
}
