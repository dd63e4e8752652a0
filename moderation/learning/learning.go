// Package learning is the sites' models: it keeps them at the ends of their logs and in memory, asks them
// about comments, changes what they were taught, and says how well they do.
//
// It decides nothing about a comment, and publishes nothing. How a model is made of a log is package
// fold's, and what it is package classifier's. Its invariants: a model is the fold of the lessons that
// stand, so that the same log gives the same bytes; judging never waits for learning; where a model
// cannot be asked, it says so, and the comment waits for a person; what is erased stands in no snapshot.
package learning

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/secret"
)

// Models is the room: its exported methods are use cases, besides Judge and Evidence, which package
// moderation asks. It is safe for concurrent use. Run must be running for models to follow their logs.
type Models struct {
	work   ground.Work[Tx]
	secret secret.Secret
	log    *slog.Logger
	models cache
	// changed is told of a site whose model is another one than before, and of the entry that verdicts
	// by it are stamped with; 0 where the log grew and the model is not in memory.
	changed func(site int64, stamp uint64)
	erased  func(Mark) error // told before an erasure
}

// New returns the Models of a process.
func New(p *ground.Process, store ground.Store[Tx], own secret.Secret) *Models {
	s := &Models{work: ground.NewWork(p, store), secret: own, log: p.Logger(), changed: func(int64, uint64) {},
		erased: func(Mark) error { return nil }}
	s.models.learn = make(chan struct{}, 1)
	s.models.most = maxModels
	p.OnEvent(s.logGrew)
	return s
}

// OnChange has fn called, quickly, when a site's model is another one than before: verdicts are old
// whose stamp is lower. The stamp is 0 where the log grew and the model is not in memory. It is
// called before Run, once.
func (s *Models) OnChange(fn func(site int64, stamp uint64)) { s.changed = fn }

// Run keeps the models at the ends of their logs until ctx ends. It returns nil.
func (s *Models) Run(ctx context.Context) error {
	s.learning(ctx)
	return nil
}

// Learn brings a site's model to the end of its log now, and writes what is due of it. Run does so
// by itself, a moment after each decision.
func (s *Models) Learn(ctx context.Context, site ground.Site) error {
	if err := s.followLog(ctx, site.ID); err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	return nil
}
