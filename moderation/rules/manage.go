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

// keepRemoved is how long removed rules, blocks and notes can be restored.
const keepRemoved = 30 * 24 * time.Hour

// Rules returns the rules of a site, oldest first. It needs a moderator.
func (s *Service) Rules(ctx context.Context, who authz.Actor, site site.Site) (list []Rule, err error) {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
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

// AddRule adds a rule. Pending comments are matched again. It needs an owner. again reports that the POST with this key
// already succeeded.
func (s *Service) AddRule(
	ctx context.Context, who authz.Actor, site site.Site, in Draft, key *txn.IdempotencyKey,
) (id string, again bool, err error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return "", false, err
	}
	made, err := in.rule(s.work.Now())
	if err != nil {
		return "", false, err
	}
	made.ID, made.Site, made.By = made.contentID(), site.ID, who.ID()
	id, again, err = txn.Idempotent(ctx, s.work, key, func(tx Tx) (string, error) {
		standing, err := tx.Rules(site.ID)
		if err != nil {
			return "", err
		}
		if slices.ContainsFunc(standing, func(r Rule) bool { return r.ID == made.ID }) {
			return made.ID, nil
		}
		if err := made.checkLimits(standing); err != nil {
			return "", err
		}
		if err := tx.PutRule(made); err != nil {
			return "", err
		}
		return made.ID, emitChanged(tx, site.ID, made.CreatedAt)
	})
	if err != nil {
		return "", false, fmt.Errorf("add rule: %w", err)
	}
	return id, again, nil
}

// emitChanged emits the event that the rules or blocks of a site changed.
func emitChanged(tx Tx, site int64, at time.Time) error {
	return tx.Emit(event.Event{Site: site, Kind: event.Rules, At: at})
}

// RemoveRule removes a rule. RestoreRule can restore it for thirty days. It needs an owner.
func (s *Service) RemoveRule(ctx context.Context, who authz.Actor, site site.Site, id string) error {
	return s.setRule(ctx, who, site, id, s.work.Now())
}

// RestoreRule restores a removed rule. It needs an owner.
func (s *Service) RestoreRule(ctx context.Context, who authz.Actor, site site.Site, id string) error {
	return s.setRule(ctx, who, site, id, time.Time{})
}

func (s *Service) setRule(ctx context.Context, who authz.Actor, site site.Site, id string, removed time.Time) error {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
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
			return emitChanged(tx, site.ID, now)
		}
		return errors.Join(tx.PruneRules(site.ID, now.Add(-keepRemoved)), tx.RemoveRule(site.ID, id, removed),
			emitChanged(tx, site.ID, now))
	})
	if errors.Is(err, txn.ErrNotFound) {
		return problem.Missing("rule.unknown", "There is no such rule, or not any more.")
	}
	if err != nil {
		return fmt.Errorf("set rule: %w", err)
	}
	return nil
}

// A NamedBlock is a block with the name that its commenter gave, "" if unknown or erased.
type NamedBlock struct {
	Block
	Name string
}

// Blocks returns a page of the blocks of a site, newest first, starting after the block with the ID after. next is the
// ID for the next page, or "". It needs a moderator.
func (s *Service) Blocks(
	ctx context.Context, who authz.Actor, site site.Site, after string, limit int,
) (list []NamedBlock, next string, err error) {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
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
		list, err = withNames(tx, site.ID, blocks)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list blocks: %w", err)
	}
	return list, next, nil
}

// withNames adds the names from the comments of blocks. Erased commenters have no name there.
func withNames(tx Tx, site int64, blocks []Block) ([]NamedBlock, error) {
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
	list := make([]NamedBlock, len(blocks))
	for i, b := range blocks {
		list[i] = NamedBlock{b, names[b.Comment]}
	}
	return list, nil
}

// AddBlock blocks or trusts a commenter, address, domain or host, and replaces existing blocks of the same. Pending
// comments are matched again. It needs a moderator for up to thirty days, and an owner for longer. again is as in
// AddRule.
func (s *Service) AddBlock(
	ctx context.Context, who authz.Actor, site site.Site, in BlockDraft, key *txn.IdempotencyKey,
) (id string, again bool, err error) {
	now := s.work.Now()
	if err := authorizeBlock(who, site.ID, needsOwner(in.Until, now)); err != nil {
		return "", false, err
	}
	if err := in.check(now); err != nil {
		return "", false, err
	}
	id, again, err = txn.Idempotent(ctx, s.work, key, func(tx Tx) (string, error) {
		b, err := in.block(tx, site.ID)
		if err != nil {
			return "", err
		}
		b.ID, b.Site, b.By, b.CreatedAt = b.contentID(), site.ID, who.ID(), now
		standing, err := tx.Blocks(site.ID)
		if err != nil {
			return "", err
		}
		if len(standing) >= maxBlocks {
			return "", problem.Field("/until", fmt.Sprintf("A site may have %d blocks. Remove expired ones.", maxBlocks))
		}
		if err := replace(tx, who, b, standing, now); err != nil {
			return "", err
		}
		if err := tx.PutBlock(b); err != nil {
			return "", err
		}
		return b.ID, emitChanged(tx, site.ID, now)
	})
	if err != nil {
		return "", false, fmt.Errorf("add block: %w", err)
	}
	return id, again, nil
}

// replace removes other blocks of the same commenter, address, domain or host as b. It returns an error if the actor
// may not remove them.
func replace(tx Tx, who authz.Actor, b Block, standing []Block, at time.Time) error {
	for _, other := range standing {
		if other.key() != b.key() {
			continue
		}
		if err := authorizeBlock(who, b.Site, other.NeedsOwner()); err != nil {
			return err
		}
		if other.ID == b.ID {
			continue // PutBlock overwrites it
		}
		if err := tx.RemoveBlock(b.Site, other.ID, at); err != nil {
			return err
		}
	}
	return nil
}

// authorizeBlock returns an error if the actor may not block, or not for that long.
func authorizeBlock(who authz.Actor, site int64, wide bool) error {
	if wide {
		return who.Authorize(site, authz.Owner, authz.ScopeAdmin)
	}
	return who.Authorize(site, authz.Moderator, authz.ScopeDecide)
}

// block returns the requested block, without ID, site, author and creation time.
func (d BlockDraft) block(tx Tx, site int64) (b Block, err error) {
	switch {
	case d.Writer != "":
		b, err = d.ofWriter(tx, site)
	case d.AddressOf != "":
		b, err = d.ofAddress(tx, site)
	default:
		b, err = d.hostBlock()
	}
	b.Trust, b.Until = d.Trust, d.Until
	return b, err
}

func (d BlockDraft) ofWriter(tx Tx, site int64) (Block, error) {
	unknown := problem.Field("/writer",
		"There is no such writer. Use a writer ID from the items of the queue.")
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
	unknown := problem.Field("/address_of", "There is no such comment, or its address is unknown.")
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

// RemoveBlock removes a block. RestoreBlock can restore it for thirty days. It needs the same role as creating the
// block.
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
		if err := authorizeBlock(who, site.ID, blocks[i].NeedsOwner()); err != nil {
			return err
		}
		return errors.Join(tx.PruneRules(site.ID, now.Add(-keepRemoved)), tx.RemoveBlock(site.ID, id, now))
	})
}

// RestoreBlock restores a removed block. It needs a moderator, and an owner for blocks that need one.
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
		if err := authorizeBlock(who, site.ID, blocks[i].NeedsOwner()); err != nil {
			return err
		}
		return replace(tx, who, blocks[i], blocks, now)
	})
}

func (s *Service) setBlock(
	ctx context.Context, who authz.Actor, site site.Site, id string, set func(Tx) error,
) error {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeDecide); err != nil {
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
		return emitChanged(tx, site.ID, now)
	})
	if errors.Is(err, txn.ErrNotFound) {
		return problem.Missing("block.unknown", "There is no such block, or not any more.")
	}
	if err != nil {
		return fmt.Errorf("set block: %w", err)
	}
	return nil
}
