package rules

import (
	"context"
	"fmt"
	"sync"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/txn"
)

// Service keeps the rules and blocks of sites, and those of this process in memory, compiled. It is safe for
// concurrent use.
type Service struct {
	work   txn.Work[Tx]
	beside Beside // nil: there is nothing else

	mu     sync.Mutex
	sets   map[int64]*Set
	change int // counts the changes, so that what was read before one is not kept
}

// A Beside finds what is known of a site's comments besides its rules; package neighbour's Service does.
type Beside interface {
	// Beside returns signals of each comment, or nil where there is nothing that could be found.
	Beside(ctx context.Context, site int64, comments []comment.Comment) ([][]comment.Signal, error)
	HasBeside(ctx context.Context, site int64) (bool, error)
}

// New returns a Service. Look also returns what beside finds, unless it is nil. Changes by other processes take effect
// while the events of p are followed.
func New(p *txn.Process, store txn.Store[Tx], beside Beside) *Service {
	s := &Service{work: txn.NewWork(p, store), beside: beside, sets: map[int64]*Set{}}
	p.OnEvent(s.event)
	return s
}

// event drops what an event says is another now.
func (s *Service) event(e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e.Kind {
	case event.Rules:
		delete(s.sets, e.Site)
		s.change++
	case event.Behind:
		clear(s.sets)
		s.change++
	}
}

// Look says what a site's rules and blocks find of each of its comments, and what is found beside them.
func (s *Service) Look(ctx context.Context, site int64, comments ...comment.Comment) ([]comment.Findings, error) {
	found, err := s.ByRules(ctx, site, comments...)
	if err != nil || s.beside == nil {
		return found, err
	}
	others, err := s.beside.Beside(ctx, site, comments)
	for i := range others {
		found[i].Signals = append(found[i].Signals, others[i]...)
	}
	return found, err
}

// ByRules says what a site's rules and blocks find of each of its comments, and nothing beside them.
func (s *Service) ByRules(ctx context.Context, site int64, comments ...comment.Comment) ([]comment.Findings, error) {
	set, err := s.set(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	found := make([]comment.Findings, len(comments))
	if set.Empty() {
		return found, nil
	}
	var firsts map[string]Firsts
	if set.asksWriter() {
		err := s.work.View(ctx, func(tx Tx) (err error) {
			firsts, err = tx.Firsts(site, comment.Writers(comments))
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read what writers had approved: %w", err)
		}
	}
	now := s.work.Now()
	for i, c := range comments {
		found[i] = set.Look(c, firsts[string(c.Writer)], now)
	}
	return found, nil
}

// Has reports whether a site has rules or blocks at all, or there may be something beside them.
func (s *Service) Has(ctx context.Context, site int64) (bool, error) {
	set, err := s.set(ctx, site)
	if err != nil || !set.Empty() || s.beside == nil {
		return !set.Empty(), err
	}
	return s.beside.HasBeside(ctx, site)
}

// set is a site's, from memory as long as no event is against it.
func (s *Service) set(ctx context.Context, site int64) (*Set, error) {
	s.mu.Lock()
	set, change := s.sets[site], s.change
	s.mu.Unlock()
	if set != nil {
		return set, nil
	}
	var rules []Rule
	var blocks []Block
	err := s.work.View(ctx, func(tx Tx) (err error) {
		if rules, err = tx.Rules(site); err != nil {
			return err
		}
		blocks, err = tx.Blocks(site)
		return err
	})
	if err != nil {
		return nil, err
	}
	set = Compile(rules, blocks)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.change == change {
		s.sets[site] = set
	}
	return set, nil
}
