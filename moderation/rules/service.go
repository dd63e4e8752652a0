package rules

import (
	"context"
	"fmt"
	"sync"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/txn"
)

// Service manages the rules and blocks of sites, and caches them compiled. It is safe for concurrent use.
type Service struct {
	work  txn.Work[Tx]
	lists SpamLists // may be nil

	mu     sync.Mutex
	sets   map[int64]*Set
	change int // number of changes; sets read before a change are not cached
}

// SpamLists matches comments with spam lists of other sites; spamlist.Service implements it.
type SpamLists interface {
	// Match returns the signals of each comment, or nil if the site reads no lists. HasLists reports whether it reads any.
	Match(ctx context.Context, site int64, comments []comment.Comment) ([][]comment.Signal, error)
	HasLists(ctx context.Context, site int64) (bool, error)
}

// New returns a Service. Find also returns the signals of lists, unless it is nil. Changes by other processes take
// effect while p.Run is running.
func New(p *txn.Process, store txn.Store[Tx], beside SpamLists) *Service {
	s := &Service{work: txn.NewWork(p, store), lists: beside, sets: map[int64]*Set{}}
	p.OnEvent(s.event)
	return s
}

// event removes changed sets from the cache.
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

// Find returns what the rules and blocks of a site, and spam lists of other sites, find about each of its comments.
func (s *Service) Find(ctx context.Context, site int64, comments ...comment.Comment) ([]comment.Findings, error) {
	found, err := s.FindByRules(ctx, site, comments...)
	if err != nil || s.lists == nil {
		return found, err
	}
	others, err := s.lists.Match(ctx, site, comments)
	for i := range others {
		found[i].Signals = append(found[i].Signals, others[i]...)
	}
	return found, err
}

// FindByRules returns what the rules and blocks of a site find about each of its comments.
func (s *Service) FindByRules(ctx context.Context, site int64, comments ...comment.Comment) ([]comment.Findings, error) {
	set, err := s.set(ctx, site)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	found := make([]comment.Findings, len(comments))
	if set.Empty() {
		return found, nil
	}
	var firsts map[string]Firsts
	if set.needsFirsts() {
		err := s.work.View(ctx, func(tx Tx) (err error) {
			firsts, err = tx.Firsts(site, comment.WriterHashes(comments))
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read first approvals: %w", err)
		}
	}
	now := s.work.Now()
	for i, c := range comments {
		found[i] = set.Find(c, firsts[string(c.Writer)], now)
	}
	return found, nil
}

// Has reports whether a site has rules, blocks or spam lists of other sites.
func (s *Service) Has(ctx context.Context, site int64) (bool, error) {
	set, err := s.set(ctx, site)
	if err != nil || !set.Empty() || s.lists == nil {
		return !set.Empty(), err
	}
	return s.lists.HasLists(ctx, site)
}

// set returns the compiled rules of a site, from the cache if possible.
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
