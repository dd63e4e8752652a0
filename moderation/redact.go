package moderation

import (
	"context"
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

const (
	maxWhy        = 300                 // characters
	keepRevisions = 30 * 24 * time.Hour // retention of the text before a redaction
)

// A Redaction removes a part of a comment's text. Why is shown to the commenter. Version is the version that the
// moderator saw, or 0 for any.
type Redaction struct {
	comment.Part
	Why     string
	Version int64
	Key     *txn.IdempotencyKey
}

// Redacted is the result of a Redaction. Undo of Batch restores the text while it is kept.
type Redacted struct {
	Batch    string `json:"batch"`
	Version  int64  `json:"version"`
	Replayed bool   `json:"-"`
}

// Redact removes a part of a comment's text; readers see that something was removed. The log entry does not change the
// state. What the comment taught is replaced by a lesson from the remaining text. The old text is kept for 30 days, for
// an undo. Redact needs a moderator.
func (s *Service) Redact(
	ctx context.Context, who authz.Actor, site site.Site, id string, in Redaction,
) (Redacted, error) {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeDecide); err != nil {
		return Redacted{}, err
	}
	why, ok := text.Line(in.Why, maxWhy)
	if !ok || !text.Visible(why) {
		return Redacted{}, problem.Field("/why",
			fmt.Sprintf("Say in at most %d characters why: its writer reads it.", maxWhy))
	}
	pen := s.author(who, site)
	salt := auditlog.NewSalt()
	out, again, err := txn.Idempotent(ctx, s.work, in.Key, func(tx Tx) (out Redacted, err error) {
		b, err := beginDecisions(tx, pen)
		if err != nil {
			return out, err
		}
		if err := b.lock([]string{id}, b.tx.CommentsByID); err != nil {
			return out, err
		}
		c, known := b.comments[id]
		if !known || c.State == comment.Removed {
			return out, unknownComment()
		}
		if in.Version != 0 && in.Version != c.Version {
			return out, problem.Wrong("version.stale", "/version",
				"The comment has changed since you read it. Read it again.")
		}
		next, err := c.Redact(in.Part, b.Next(), pen.At, why)
		if err != nil {
			return out, err
		}
		lesson, err := b.replaceLesson(c, next, salt)
		if err != nil {
			return out, err
		}
		next.Standing = b.Next()
		d := auditlog.Entry{Lesson: lesson, Ruling: auditlog.Ruling{Before: c.Standing}, Teaching: auditlog.Teaching{Subject: why}}
		if err := b.replaceText(c, next, d); err != nil {
			return out, err
		}
		return Redacted{Batch: pen.Batch, Version: c.Version + 1}, b.Close()
	})
	if err != nil {
		return Redacted{}, fmt.Errorf("redact: %w", err)
	}
	out.Replayed = again
	s.textChanged(site.ID)
	s.log.InfoContext(ctx, "redaction", "site", site.Key, "comment", id, "batch", out.Batch, "by", who.ID(),
		"replayed", out.Replayed)
	return out, nil
}

// textChanged schedules rescoring of pending comments whose text changed since their verdict.
func (s *Service) textChanged(site int64) {
	s.dirty.mark(site, 0)
	s.rulesChanged.mark(site)
}

// replaceLesson replaces the lesson of c's decision in effect by the same lesson from the text of next, and returns its hash.
// It returns nil if there is no lesson, or the lesson is from another text.
func (b *decisionTx) replaceLesson(c, next comment.Comment, salt []byte) (hash []byte, err error) {
	if c.Standing == 0 {
		return nil, nil
	}
	b.Revoke(c.Standing)
	taught, err := b.tx.Lessons(b.Site, c.Standing-1, c.Standing)
	if err != nil {
		return nil, fmt.Errorf("read a lesson: %w", err)
	}
	for _, old := range taught {
		if old.Counts && old.Of == c.ID && old.Comment.Text == c.Source {
			l := auditlog.Lesson{Lesson: b.lesson(next, old.Label), Of: c.ID, Salt: salt}
			b.Teach(l)
			hash = l.Hash()
		}
	}
	return hash, nil
}

// unredact restores the text that the entry d removed. d is in effect.
func (b *decisionTx) unredact(c comment.Comment, d auditlog.Entry) error {
	next := c.Unredact()
	next.Standing = d.Before
	b.Revoke(d.Seq)
	if d.Before != 0 {
		b.Restore(d.Before)
	}
	return b.replaceText(c, next, auditlog.Entry{Undoes: d.Seq, Teaching: auditlog.Teaching{Subject: d.Subject},
		Ruling: auditlog.Ruling{Before: d.Seq, Restores: d.Before}})
}

// replaceText replaces the text of a comment without changing its state. The caller sets only the fields of d that are
// specific to the entry.
func (b *decisionTx) replaceText(c, next comment.Comment, d auditlog.Entry) error {
	d.Comment, d.Version, d.Action, d.Reason, d.Note = c.ID, c.Version, c.State.Action(), c.Reason, c.Note
	d.From, d.To = c.State, c.State
	next.Verdict.ModelSeq = 0 // the verdict is about the old text
	var err error
	if next.Shown, err = b.shown.setApproved(c.ID, c.State == comment.Approved); err != nil {
		return err
	}
	ok, err := b.tx.SetText(b.Site, c.ID, c.Version, comment.ChangeTo(next))
	if err != nil {
		return fmt.Errorf("set text: %w", err)
	}
	if !ok {
		return errVersionChanged
	}
	b.Append(d)
	b.Emit(event.Event{Kind: event.Decided, Page: c.Page, Comment: c.ID, Shown: c.State == comment.Approved})
	return nil
}
