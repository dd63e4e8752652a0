// Package learning keeps one model per site in memory, at the end of the site's log. It scores comments with these
// models and changes what they were taught.
//
// It decides nothing about a comment and publishes nothing. Package fold builds a model from a log, package
// classifier is the model. Invariants: a model is the fold of the lessons that count, so the same log gives the same
// bytes. Judging never waits for learning. If a model is unavailable, the result is not OK, and the comment waits for
// a person. No snapshot contains erased texts.
package learning

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// Models manages the models of all sites. Its exported methods are use cases, except Judge and Evidence, which
// package moderation calls. It is safe for concurrent use. Models follow their logs while Run runs.
type Models struct {
	work     txn.Work[Tx]
	secret   secret.Secret
	log      *slog.Logger
	models   cache
	onChange func(site int64, stamp uint64)
	onErase  func(Mark) error
}

// Options of Models. Process, Store and Secret are required.
type Options struct {
	Process *txn.Process
	Store   txn.Store[Tx]
	Secret  secret.Secret
	// OnChange is called when the model of a site changes. Verdicts with a lower stamp are stale. The stamp is 0 if
	// the log grew and the model is not in memory. It must return quickly.
	OnChange func(site int64, stamp uint64)
	// OnErase is called before each erasure to store its Mark. If it fails, the erasure fails.
	OnErase func(Mark) error
}

// New returns the Models of a process.
func New(o Options) *Models {
	s := &Models{work: txn.NewWork(o.Process, o.Store), secret: o.Secret, log: o.Process.Logger(),
		onChange: o.OnChange, onErase: o.OnErase}
	if s.onChange == nil {
		s.onChange = func(int64, uint64) {}
	}
	if s.onErase == nil {
		s.onErase = func(Mark) error { return nil }
	}
	s.models.learn = make(chan struct{}, 1)
	s.models.maxBytes = maxModelBytes
	o.Process.OnEvent(s.onEvent)
	return s
}

// Run keeps the models at the ends of their logs until ctx ends. It returns nil.
func (s *Models) Run(ctx context.Context) error {
	s.run(ctx)
	return nil
}

// Learn brings a site's model to the end of its log now and writes due snapshots. Run does the same shortly after
// each decision.
func (s *Models) Learn(ctx context.Context, site site.Site) error {
	if err := s.catchUpAndSave(ctx, site.ID); err != nil {
		return fmt.Errorf("learn: %w", err)
	}
	return nil
}
