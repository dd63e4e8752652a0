package moderation

import (
	"context"
	"errors"
	"fmt"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// A Replied is a staff reply. Batch is the batch that approved the comment it answers, or "" if that was not pending.
// Contradictions contains that comment if the classifier was certain that it is spam. Undo of Batch reverts the
// approval.
type Replied struct {
	ID             string          `json:"id"`
	Batch          string          `json:"batch"`
	Contradictions []Contradiction `json:"contradictions"`
	Comment        comment.Comment `json:"-"` // current state of the reply
	Replayed       bool            `json:"-"`
}

// Reply publishes a staff reply to a comment, with a badge. Authors may answer visible comments. A moderator's reply to
// a pending comment approves that comment in the same batch, if it has the version of to; version 0 matches any.
func (s *Service) Reply(
	ctx context.Context, who authz.Actor, site site.Site, to Ref, body string, key *txn.IdempotencyKey,
) (Replied, error) {
	if err := who.Authorize(site.ID, authz.Author, authz.ScopeDecide); err != nil {
		return Replied{}, err
	}
	body, err := comment.CheckBody(body)
	if err != nil {
		return Replied{}, err
	}
	pen, salts := s.author(who, site), newSalts(1)
	reply := comment.Comment{
		ID:          txn.NewID(),
		Site:        site.ID,
		State:       comment.Approved,
		Version:     1,
		Name:        who.Account.Name,
		Account:     who.ID(),
		Verified:    true,
		Badge:       who.Role(site.ID).String(),
		Submissions: 1,
		FormAge:     -1,
		CreatedAt:   pen.At,
		EditUntil:   pen.At,
	}
	reply.Write(body)
	segment := comment.NewSegment(pen.At)
	out, again, err := txn.Idempotent(ctx, s.work, key, func(tx Tx) (out Replied, err error) {
		b, err := beginDecisions(tx, pen)
		if err != nil {
			return out, err
		}
		var approved Outcome
		if err := b.reply(who, to, reply, segment, salts[0], &approved); err != nil {
			return out, err
		}
		out = Replied{ID: reply.ID, Batch: approved.Batch, Contradictions: approved.Contradictions}
		out.Comment, err = readComment(tx, site.ID, reply.ID)
		return out, err
	})
	if err == nil && again {
		err = s.work.View(ctx, func(tx Tx) (err error) {
			out.Comment, err = readComment(tx, site.ID, out.ID)
			return err
		})
	}
	if errors.Is(err, txn.ErrNotFound) {
		return Replied{}, unknownComment()
	}
	if err != nil {
		return Replied{}, fmt.Errorf("reply: %w", err)
	}
	if out.Replayed = again; !again && out.Batch != "" {
		s.meter.Decided(site.Key, comment.Approve.String(), who.Source(), 1)
	}
	s.log.InfoContext(ctx, "staff reply", "site", site.Key, "comment", out.Comment.ID, "batch", out.Batch,
		"by", who.ID(), "contradictions", len(out.Contradictions), "replayed", out.Replayed)
	return out, nil
}

// reply stores c as a reply. If the parent is pending, reply approves it and reports that in out.
func (b *decisionTx) reply(who authz.Actor, to Ref, c comment.Comment, segment string, salt []byte, out *Outcome) error {
	if err := b.lock([]string{to.ID}, b.tx.CommentsByID); err != nil {
		return err
	}
	parent, known := b.comments[to.ID]
	switch {
	case !known:
		return unknownComment()
	case parent.State == comment.Pending && who.Role(b.Site) < authz.Moderator:
		return problem.Denied("role.insufficient", "A moderator has to approve this comment before you can answer it.")
	case parent.State != comment.Approved && parent.State != comment.Pending:
		return problem.Wrong("parent.unknown", "/parent", "This comment is not visible. Return it to pending first.")
	}
	if parent.State == comment.Pending {
		if to.Version != 0 && to.Version != parent.Version {
			return problem.Wrong("version.stale", "/version",
				"The comment has changed since you read it. Read it again.")
		}
		if err := b.decide(parent, Choice{Action: comment.Approve}, salt, out); err != nil {
			return err
		}
	}
	if err := c.Under(&parent, segment); err != nil {
		return err
	}
	c.Page, c.Shown = parent.Page, true
	if _, _, err := b.tx.InsertComment(c); err != nil {
		return fmt.Errorf("insert reply: %w", err)
	}
	if err := b.shown.replyShown(parent.ID, true); err != nil {
		return err
	}
	b.Emit(event.Event{Kind: event.Arrived, Page: c.Page, Comment: c.ID, Shown: true})
	return b.close(out)
}
