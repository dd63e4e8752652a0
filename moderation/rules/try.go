package rules

import (
	"context"
	"fmt"
	"slices"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

const (
	mostLooked = 2_000 // decided comments, the newest
	mostHits   = 50    // that are shown
)

// A Trial is what a rule or a block would have met among the newest decided comments. Of Hits, Approved were
// approved, and Suspected were refused and suspected anyway. Sample has some of the hits with what was found,
// those approved first, the newest first.
type Trial struct {
	Looked, Hits, Approved, Suspected int
	Sample                            []Hit
}

// A Hit is a comment that a trial meets.
type Hit struct {
	Comment string
	Found   []string // entries of the rule, as they were typed
}

// IDs are of the comments of the sample, in its order.
func (t Trial) IDs() []string {
	ids := make([]string, len(t.Sample))
	for i, hit := range t.Sample {
		ids[i] = hit.Comment
	}
	return ids
}

// All reports whether what was tried meets nearly everything: nineteen of twenty.
func (t Trial) All() bool { return t.Looked > 0 && t.Hits*20 >= t.Looked*19 }

// TryRule says what a rule would have met. It changes nothing, and needs a moderator.
func (s *Service) TryRule(ctx context.Context, who authz.Actor, site site.Site, in Draft) (Trial, error) {
	if err := who.May(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
		return Trial{}, err
	}
	made, err := in.rule(s.work.Now())
	if err != nil {
		return Trial{}, err
	}
	return s.try(ctx, site, func(tx Tx) (*Set, error) {
		standing, err := tx.Rules(site.ID)
		if err != nil {
			return nil, err
		}
		return Compile([]Rule{made}, nil), made.room(standing)
	})
}

// TryBlock says whom a block would have met. It changes nothing, and needs a moderator.
func (s *Service) TryBlock(ctx context.Context, who authz.Actor, site site.Site, in BlockDraft) (Trial, error) {
	if err := who.May(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
		return Trial{}, err
	}
	if err := in.check(s.work.Now()); err != nil {
		return Trial{}, err
	}
	return s.try(ctx, site, func(tx Tx) (*Set, error) {
		b, err := in.block(tx, site.ID)
		return Compile(nil, []Block{b}), err
	})
}

// try looks at the newest decided comments with a set.
func (s *Service) try(ctx context.Context, site site.Site, make func(Tx) (*Set, error)) (t Trial, err error) {
	var set *Set
	var decided []comment.Comment
	var firsts map[string]Firsts
	err = s.work.View(ctx, func(tx Tx) (err error) {
		if set, err = make(tx); err != nil {
			return err
		}
		decided, firsts, err = set.newest(tx, site.ID)
		return err
	})
	if err != nil {
		return Trial{}, fmt.Errorf("try: %w", err)
	}
	t.Looked = len(decided)
	now := s.work.Now()
	var refused []Hit
	for _, c := range decided {
		found := set.Look(c, firsts[string(c.Writer)], now)
		if len(found.Signals) == 0 {
			continue
		}
		t.Hits++
		hit := Hit{c.ID, Found(found.Signals)}
		switch {
		case c.State == comment.Approved:
			t.Approved++
			t.Sample = append(t.Sample, hit)
		default:
			refused = append(refused, hit)
			if c.Verdict.Score >= site.Settings.Threshold() {
				t.Suspected++
			}
		}
	}
	t.Sample = slices.Concat(t.Sample, refused)
	t.Sample = t.Sample[:min(mostHits, len(t.Sample))]
	return t, nil
}

// A Tally is how many of the newest decided comments a rule or a block meets, and how many of those were refused.
type Tally struct{ Met, Refused int }

// Tallies counts by id what each rule and block that stands meets, as it does now, among the newest decided comments,
// and how many were looked at. It needs a moderator.
func (s *Service) Tallies(
	ctx context.Context, who authz.Actor, site site.Site,
) (of map[string]Tally, looked int, err error) {
	if err := who.May(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
		return nil, 0, err
	}
	var set *Set
	var decided []comment.Comment
	var firsts map[string]Firsts
	err = s.work.View(ctx, func(tx Tx) error {
		standing, err := tx.Rules(site.ID)
		if err != nil {
			return err
		}
		blocks, err := tx.Blocks(site.ID)
		if err != nil {
			return err
		}
		if set = Compile(standing, blocks); set.Empty() {
			return nil
		}
		decided, firsts, err = set.newest(tx, site.ID)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("tally rules: %w", err)
	}
	of = map[string]Tally{}
	now := s.work.Now()
	for _, c := range decided {
		for _, id := range set.meets(c, firsts[string(c.Writer)], now) {
			t := of[id]
			t.Met++
			if c.State != comment.Approved {
				t.Refused++
			}
			of[id] = t
		}
	}
	return of, len(decided), nil
}

// newest are the comments that were decided last, and what their writers had approved before, where that matters.
func (s *Set) newest(tx Tx, site int64) (decided []comment.Comment, firsts map[string]Firsts, err error) {
	if decided, err = tx.LastDecided(site, 2*mostLooked); err != nil {
		return nil, nil, err
	}
	decided = decided[:min(mostLooked, len(decided))]
	if s.asksWriter() {
		firsts, err = tx.Firsts(site, comment.Writers(decided))
	}
	return decided, firsts, err
}
