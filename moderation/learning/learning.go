// Package learning is the sites' models: it keeps them at the ends of their logs and in memory, asks them
// about comments, and changes what they were taught.
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

	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// Models is the room: its exported methods are use cases, besides Judge and Evidence, which package
// moderation asks. It is safe for concurrent use. Run must be running for models to follow their logs.
type Models struct {
	work    txn.Work[Tx]
	secret  secret.Secret
	log     *slog.Logger
	models  cache
	changed func(site int64, stamp uint64)
	erased  func(Mark) error
}

// Options of Models. Process, Store and Secret are required.
type Options struct {
	Process *txn.Process
	Store   txn.Store[Tx]
	Secret  secret.Secret
	// OnChange is called when the model of a site changes. Verdicts with a lower stamp are stale. The stamp is 0 if the
	// log grew and the model is not in memory. It must return quickly.
	OnChange func(site int64, stamp uint64)
	// OnErase is called before each erasure to store its Mark. If it fails, the erasure fails.
	OnErase func(Mark) error
}

// New returns the Models of a process.
func New(o Options) *Models {
	s := &Models{work: txn.NewWork(o.Process, o.Store), secret: o.Secret, log: o.Process.Logger(),
		changed: o.OnChange, erased: o.OnErase}
	if s.changed == nil {
		s.changed = func(int64, uint64) {}
	}
	if s.erased == nil {
		s.erased = func(Mark) error { return nil }
	}
	s.models.learn = make(chan struct{}, 1)
	s.models.most = maxModels
	o.Process.OnEvent(s.logGrew)
	return s
}

// Run keeps the models at the ends of their logs until ctx ends. It returns nil.
func (s *Models) Run(ctx context.Context) error {
	s.learning(ctx)
	return nil
}

// Learn brings a site's model to the end of its log now, and writes what is due of it. Run does so
// by itself, a moment after each decision.
func (s *Models) Learn(ctx context.Context, site site.Site) error {
	if err := s.followLog(ctx, site.ID); err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	return nil
}
