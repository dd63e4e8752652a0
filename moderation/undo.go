package moderation

import (
	"context"
	"fmt"
	"slices"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// Undo reverts a batch: each of its comments returns to the state before the decision. It needs a moderator, and an
// owner for a batch about the model. Undoing an undo, or the same batch twice, changes nothing.
func (s *Service) Undo(
	ctx context.Context, who authz.Actor, site site.Site, batch string, key *txn.IdempotencyKey,
) (Outcome, error) {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeDecide); err != nil {
		return Outcome{}, err
	}
	pen := s.author(who, site)
	out, again, err := txn.Idempotent(ctx, s.work, key, func(tx Tx) (out Outcome, err error) {
		err = undoAll(tx, who, pen, batch, &out)
		return out, err
	})
	if err != nil {
		return Outcome{}, fmt.Errorf("undo: %w", err)
	}
	if out.Replayed = again; !again && out.Done > 0 {
		s.meter.Undone(site.Key, who.Source(), out.Done)
	}
	if out.textChanged {
		s.textChanged(site.ID)
	}
	s.log.InfoContext(ctx, "undo", "site", site.Key, "of", batch, "batch", out.Batch, "by", who.ID(),
		"comments", firstIDs(out.changed), "done", out.Done, "conflicts", len(out.Conflicts), "replayed", out.Replayed)
	out.changed = nil // only the log needs it
	return out, nil
}

func undoAll(tx Tx, who authz.Actor, pen auditlog.Author, batch string, out *Outcome) error {
	if !txn.IsID(batch) {
		return errNoBatch()
	}
	b, err := beginDecisions(tx, pen)
	if err != nil {
		return err
	}
	decisions, err := tx.Batch(pen.Site, batch)
	if err != nil {
		return fmt.Errorf("read batch: %w", err)
	}
	if len(decisions) == 0 {
		return errNoBatch()
	}
	out.textChanged = decisions[0].Redacts()    // a redaction is the only entry of its batch
	if decisions[0].Kind != auditlog.Decision { // the only entry of its batch
		return b.undoTeaching(who, decisions[0], out)
	}
	decisions = slices.DeleteFunc(decisions, func(d auditlog.Entry) bool { return d.Undoes != 0 || d.Undone })
	ids := make([]string, len(decisions))
	for i, d := range decisions {
		ids[i] = d.Comment
	}
	if err := b.lock(ids, b.tx.CommentsByID); err != nil {
		return err
	}
	if err := b.readLog(ids); err != nil {
		return err
	}
	for _, d := range decisions {
		c, known := b.comments[d.Comment]
		i := slices.IndexFunc(b.logs[d.Comment], func(e auditlog.Entry) bool { return e.Seq == d.Seq })
		switch {
		case !known:
			out.Conflicts = append(out.Conflicts, Conflict{ID: d.Comment, Code: "comment.unknown"})
		case c.State == comment.Removed:
			out.Conflicts = append(out.Conflicts, b.conflict(c, "comment.removed"))
		case c.Standing != d.Seq:
			out.Conflicts = append(out.Conflicts, b.conflict(c, "decision.superseded"))
		case edited(c, b.logs[c.ID], i):
			out.Conflicts = append(out.Conflicts, b.conflict(c, "version.stale"))
		case d.Redacts() && !c.Keeps(d.Seq):
			out.Conflicts = append(out.Conflicts, b.conflict(c, "source.forgotten"))
		default:
			undo := b.undo
			if d.Redacts() {
				undo = b.unredact
			}
			if err := undo(c, d); err != nil {
				return err
			}
			out.Done++
			out.changed = append(out.changed, d.Comment)
		}
	}
	return b.close(out)
}

func (b *decisionTx) undoTeaching(who authz.Actor, d auditlog.Entry, out *Outcome) error {
	if err := who.Authorize(b.Site, authz.Owner, authz.ScopeAdmin); err != nil {
		return err
	}
	if d.Undoes == 0 && !d.Undone {
		lessons, err := b.Undo(d)
		if err != nil {
			return err
		}
		out.Batch, out.Done = b.Batch, lessons
	}
	return b.close(out)
}

// undo reverts the decision d, which is in effect. The comment returns to the state before d. That may differ from the
// result of the decision before d: if the commenter edited the comment in between, it returns to pending, and the
// approval of the older text is not restored.
func (b *decisionTx) undo(c comment.Comment, d auditlog.Entry) error {
	ch := comment.StateChange{State: d.From, Standing: d.Before}
	for _, before := range b.logs[c.ID] {
		if before.Seq == d.Before {
			ch.DecidedAt = before.At
			if before.To == d.From {
				ch.Reason, ch.Note = before.Reason, before.Note
			}
		}
	}
	b.Revoke(d.Seq)
	if d.Before != 0 {
		b.Restore(d.Before)
	}
	return b.write(c, auditlog.Entry{
		Undoes: d.Seq,
		Ruling: auditlog.Ruling{
			Action: d.From.Action(), Reason: ch.Reason, Note: ch.Note, To: d.From, Before: d.Seq, Restores: d.Before,
		},
	}, ch)
}

func errNoBatch() error {
	return problem.Missing("batch.unknown", "There is no such batch of decisions.")
}
