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
	maxCompared = 2_000 // number of newest decided comments that are compared
	maxSample   = 50    // maximum size of a sample
)

// A Trial is the result of matching a rule or block with the newest decided comments. Looked counts the compared
// comments, Hits the matches. Of the matches, Approved were approved; Suspected were refused and suspected anyway.
// Sample holds some matches, approved ones first, then newest first.
type Trial struct {
	Compared, Hits, Approved, Suspected int
	Sample                              []Hit
}

// A Hit is a comment that matches.
type Hit struct {
	Comment string
	Found   []string // matching entries of the rule, as typed
}

// IDs returns the comment IDs of the sample, in order.
func (t Trial) IDs() []string {
	ids := make([]string, len(t.Sample))
	for i, hit := range t.Sample {
		ids[i] = hit.Comment
	}
	return ids
}

// MatchesNearlyAll reports whether at least 19 of 20 comments match.
func (t Trial) MatchesNearlyAll() bool { return t.Compared > 0 && t.Hits*20 >= t.Compared*19 }

// TryRule returns what a rule would have matched. It changes nothing, and needs a moderator.
func (s *Service) TryRule(ctx context.Context, who authz.Actor, site site.Site, in Draft) (Trial, error) {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
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
		return Compile([]Rule{made}, nil), made.checkLimits(standing)
	})
}

// TryBlock returns what a block would have matched. It changes nothing, and needs a moderator.
func (s *Service) TryBlock(ctx context.Context, who authz.Actor, site site.Site, in BlockDraft) (Trial, error) {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
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

// try matches the newest decided comments with a set.
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
		return Trial{}, fmt.Errorf("try a rule: %w", err)
	}
	t.Compared = len(decided)
	now := s.work.Now()
	var refused []Hit
	for _, c := range decided {
		found := set.Find(c, firsts[string(c.Writer)], now)
		if len(found.Signals) == 0 {
			continue
		}
		t.Hits++
		hit := Hit{c.ID, FoundEntries(found.Signals)}
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
	t.Sample = t.Sample[:min(maxSample, len(t.Sample))]
	return t, nil
}

// A Tally counts the newest decided comments that a rule or block matches, and how many of these were refused.
type Tally struct{ Matched, Refused int }

// Tallies returns the Tally of each current rule and block by ID, and the number of compared comments. It needs a
// moderator.
func (s *Service) Tallies(
	ctx context.Context, who authz.Actor, site site.Site,
) (of map[string]Tally, looked int, err error) {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
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
		for _, id := range set.matches(c, firsts[string(c.Writer)], now) {
			t := of[id]
			t.Matched++
			if c.State != comment.Approved {
				t.Refused++
			}
			of[id] = t
		}
	}
	return of, len(decided), nil
}

// newest returns the comments that were decided last and, if the set needs them, the first approvals of their
// commenters.
func (s *Set) newest(tx Tx, site int64) (decided []comment.Comment, firsts map[string]Firsts, err error) {
	if decided, err = tx.LastDecided(site, 2*maxCompared); err != nil {
		return nil, nil, err
	}
	decided = decided[:min(maxCompared, len(decided))]
	if s.needsFirsts() {
		firsts, err = tx.Firsts(site, comment.WriterHashes(decided))
	}
	return decided, firsts, err
}
