package rules

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// keepRemoved is how long what was removed can be brought back.
const keepRemoved = 30 * 24 * time.Hour

// Rules lists a site's rules, oldest first. It needs a moderator.
func (s *Service) Rules(ctx context.Context, who authz.Actor, site site.Site) (list []Rule, err error) {
	if err := who.May(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
		return nil, err
	}
	err = s.work.View(ctx, func(tx Tx) (err error) {
		list, err = tx.Rules(site.ID)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list rules: %w", err)
	}
	return list, nil
}

// AddRule adds a rule. What waits is looked at again. It needs an owner. again says that the POST which key
// names was answered before.
func (s *Service) AddRule(
	ctx context.Context, who authz.Actor, site site.Site, in Draft, key *txn.Key,
) (id string, again bool, err error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return "", false, err
	}
	made, err := in.rule(s.work.Now())
	if err != nil {
		return "", false, err
	}
	made.ID, made.Site, made.By = made.name(), site.ID, who.ID()
	id, again, err = txn.Answered(ctx, s.work, key, func(tx Tx) (string, error) {
		standing, err := tx.Rules(site.ID)
		if err != nil {
			return "", err
		}
		if slices.ContainsFunc(standing, func(r Rule) bool { return r.ID == made.ID }) {
			return made.ID, nil
		}
		if err := made.room(standing); err != nil {
			return "", err
		}
		if err := tx.PutRule(made); err != nil {
			return "", err
		}
		return made.ID, changed(tx, site.ID, made.CreatedAt)
	})
	if err != nil {
		return "", false, fmt.Errorf("add rule: %w", err)
	}
	return id, again, nil
}

// changed tells that a site's rules or blocks are others now.
func changed(tx Tx, site int64, at time.Time) error {
	return tx.Emit(event.Event{Site: site, Kind: event.Rules, At: at})
}

// RemoveRule removes a rule; RestoreRule brings it back for thirty days. It needs an owner.
func (s *Service) RemoveRule(ctx context.Context, who authz.Actor, site site.Site, id string) error {
	return s.setRule(ctx, who, site, id, s.work.Now())
}

// RestoreRule brings back a rule that was removed. It needs an owner.
func (s *Service) RestoreRule(ctx context.Context, who authz.Actor, site site.Site, id string) error {
	return s.setRule(ctx, who, site, id, time.Time{})
}

func (s *Service) setRule(ctx context.Context, who authz.Actor, site site.Site, id string, removed time.Time) error {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return err
	}
	now := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		if !txn.IsID(id) {
			return txn.ErrNotFound
		}
		if removed.IsZero() {
			if err := tx.RemoveRule(site.ID, id, removed); err != nil {
				return err
			}
			return changed(tx, site.ID, now)
		}
		return errors.Join(tx.PruneRules(site.ID, now.Add(-keepRemoved)), tx.RemoveRule(site.ID, id, removed),
			changed(tx, site.ID, now))
	})
	if errors.Is(err, txn.ErrNotFound) {
		return problem.Missing("rule.unknown", "There is no such rule, or not any more.")
	}
	if err != nil {
		return fmt.Errorf("set rule: %w", err)
	}
	return nil
}

// A Blocked is a block with the name that its writer gave, or "" where that is not known, or was erased.
type Blocked struct {
	Block
	Name string
}

// Blocks lists whom a site blocks or trusts, newest first, after a block's id. It needs a moderator.
func (s *Service) Blocks(
	ctx context.Context, who authz.Actor, site site.Site, after string, limit int,
) (list []Blocked, next string, err error) {
	if err := who.May(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
		return nil, "", err
	}
	if limit, err = comment.PageSize(limit); err != nil {
		return nil, "", err
	}
	err = s.work.View(ctx, func(tx Tx) error {
		blocks, err := tx.Blocks(site.ID)
		if err != nil {
			return err
		}
		slices.Reverse(blocks)
		if after != "" {
			i := slices.IndexFunc(blocks, func(b Block) bool { return b.ID == after })
			if i < 0 {
				return problem.Cursor()
			}
			blocks = blocks[i+1:]
		}
		if len(blocks) > limit {
			blocks = blocks[:limit]
			next = blocks[limit-1].ID
		}
		list, err = named(tx, site.ID, blocks)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list blocks: %w", err)
	}
	return list, next, nil
}

// named gives blocks the names that stand in their comments: who is erased there has none here.
func named(tx Tx, site int64, blocks []Block) ([]Blocked, error) {
	var ids []string
	for _, b := range blocks {
		if b.Comment != "" {
			ids = append(ids, b.Comment)
		}
	}
	found, err := tx.CommentsByID(site, ids)
	if err != nil {
		return nil, err
	}
	names := make(map[string]string, len(found))
	for _, c := range found {
		names[c.ID] = c.Name
	}
	list := make([]Blocked, len(blocks))
	for i, b := range blocks {
		list[i] = Blocked{b, names[b.Comment]}
	}
	return list, nil
}

// AddBlock blocks somebody, or trusts them, in the place of what stood about them. What waits is looked at
// again. It needs a moderator for up to thirty days, and an owner for longer. again is as in AddRule.
func (s *Service) AddBlock(
	ctx context.Context, who authz.Actor, site site.Site, in BlockDraft, key *txn.Key,
) (id string, again bool, err error) {
	now := s.work.Now()
	if err := mayBlock(who, site.ID, wider(in.Until, now)); err != nil {
		return "", false, err
	}
	if err := in.check(now); err != nil {
		return "", false, err
	}
	id, again, err = txn.Answered(ctx, s.work, key, func(tx Tx) (string, error) {
		b, err := in.block(tx, site.ID)
		if err != nil {
			return "", err
		}
		b.ID, b.Site, b.By, b.CreatedAt = b.name(), site.ID, who.ID(), now
		standing, err := tx.Blocks(site.ID)
		if err != nil {
			return "", err
		}
		if len(standing) >= maxBlocks {
			return "", problem.Field("/until", fmt.Sprintf("A site may have %d blocks. Remove those that are over.", maxBlocks))
		}
		if err := replace(tx, who, b, standing, now); err != nil {
			return "", err
		}
		if err := tx.PutBlock(b); err != nil {
			return "", err
		}
		return b.ID, changed(tx, site.ID, now)
	})
	if err != nil {
		return "", false, fmt.Errorf("add block: %w", err)
	}
	return id, again, nil
}

// replace removes what stands about the same as b, if who may.
func replace(tx Tx, who authz.Actor, b Block, standing []Block, at time.Time) error {
	for _, other := range standing {
		if other.mark() != b.mark() {
			continue
		}
		if err := mayBlock(who, b.Site, other.Wide()); err != nil {
			return err
		}
		if other.ID == b.ID {
			continue // it is written over
		}
		if err := tx.RemoveBlock(b.Site, other.ID, at); err != nil {
			return err
		}
	}
	return nil
}

// mayBlock refuses who may not block, or not so widely.
func mayBlock(who authz.Actor, site int64, wide bool) error {
	if wide {
		return who.May(site, authz.Owner, authz.ScopeAdmin)
	}
	return who.May(site, authz.Moderator, authz.ScopeDecide)
}

// block makes the block that a draft asks for, but for its own id and maker.
func (d BlockDraft) block(tx Tx, site int64) (b Block, err error) {
	switch {
	case d.Writer != "":
		b, err = d.ofWriter(tx, site)
	case d.AddressOf != "":
		b, err = d.ofAddress(tx, site)
	default:
		b, err = d.name()
	}
	b.Trust, b.Until = d.Trust, d.Until
	return b, err
}

func (d BlockDraft) ofWriter(tx Tx, site int64) (Block, error) {
	unknown := problem.Field("/writer",
		"Nobody here is known by this. Name a writer by the id that the queue's items give.")
	writer, err := hex.DecodeString(d.Writer)
	if err != nil || len(writer) == 0 || len(writer) > 64 {
		return Block{}, unknown
	}
	c, err := tx.WrittenBy(site, writer)
	if errors.Is(err, txn.ErrNotFound) {
		return Block{}, unknown
	}
	return Block{Kind: BlockWriter, Value: hex.EncodeToString(writer), Comment: c.ID}, err
}

func (d BlockDraft) ofAddress(tx Tx, site int64) (Block, error) {
	unknown := problem.Field("/address_of", "There is no such comment, or it is not known where it came from.")
	if !txn.IsID(d.AddressOf) {
		return Block{}, unknown
	}
	found, err := tx.CommentsByID(site, []string{d.AddressOf})
	if err != nil {
		return Block{}, err
	}
	if len(found) == 0 || found[0].Address == nil {
		return Block{}, unknown
	}
	return Block{Kind: BlockAddress, Value: hex.EncodeToString(found[0].Address), Comment: d.AddressOf}, nil
}

// RemoveBlock ends a block; RestoreBlock brings it back for thirty days. It needs who could have made it.
func (s *Service) RemoveBlock(ctx context.Context, who authz.Actor, site site.Site, id string) error {
	now := s.work.Now()
	return s.setBlock(ctx, who, site, id, func(tx Tx) error {
		blocks, err := tx.Blocks(site.ID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(blocks, func(b Block) bool { return b.ID == id })
		if i < 0 {
			return txn.ErrNotFound
		}
		if err := mayBlock(who, site.ID, blocks[i].Wide()); err != nil {
			return err
		}
		return errors.Join(tx.PruneRules(site.ID, now.Add(-keepRemoved)), tx.RemoveBlock(site.ID, id, now))
	})
}

// RestoreBlock brings back a block that was removed. It needs a moderator; to bring back what is wider, an owner.
func (s *Service) RestoreBlock(ctx context.Context, who authz.Actor, site site.Site, id string) error {
	now := s.work.Now()
	return s.setBlock(ctx, who, site, id, func(tx Tx) error {
		if err := tx.RemoveBlock(site.ID, id, time.Time{}); err != nil {
			return err
		}
		blocks, err := tx.Blocks(site.ID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(blocks, func(b Block) bool { return b.ID == id })
		if i < 0 {
			return txn.ErrNotFound
		}
		if err := mayBlock(who, site.ID, blocks[i].Wide()); err != nil {
			return err
		}
		return replace(tx, who, blocks[i], blocks, now)
	})
}

func (s *Service) setBlock(
	ctx context.Context, who authz.Actor, site site.Site, id string, set func(Tx) error,
) error {
	if err := who.May(site.ID, authz.Moderator, authz.ScopeDecide); err != nil {
		return err
	}
	now := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		if !txn.IsID(id) {
			return txn.ErrNotFound
		}
		if err := set(tx); err != nil {
			return err
		}
		return changed(tx, site.ID, now)
	})
	if errors.Is(err, txn.ErrNotFound) {
		return problem.Missing("block.unknown", "There is no such block, or not any more.")
	}
	if err != nil {
		return fmt.Errorf("set block: %w", err)
	}
	return nil
}
