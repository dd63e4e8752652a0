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
	maxWhy  = 300                 // characters
	keptFor = 30 * 24 * time.Hour // what was taken out
)

// A Redaction takes a part out of a comment's text. Why is told to its writer. Version is that which was seen, or 0.
type Redaction struct {
	comment.Part
	Why     string
	Version int64
	Key     *txn.Key
}

// Redacted is what a Redaction did: Undo of Batch puts the part back, as long as it is kept.
type Redacted struct {
	Batch    string `json:"batch"`
	Version  int64  `json:"version"`
	Replayed bool   `json:"-"`
}

// Redact takes a part out of a comment's text, of which readers then see that it was removed. It is an entry of the
// log that leaves the comment's state as it is, and what the comment taught is taught by what is left of it. The part
// is kept for 30 days, for an undo. It needs a moderator.
func (s *Service) Redact(
	ctx context.Context, who authz.Actor, site site.Site, id string, in Redaction,
) (Redacted, error) {
	if err := who.May(site.ID, authz.Moderator, authz.ScopeDecide); err != nil {
		return Redacted{}, err
	}
	why, ok := text.Line(in.Why, maxWhy)
	if !ok || !text.Visible(why) {
		return Redacted{}, problem.Field("/why",
			fmt.Sprintf("Say in at most %d characters why: its writer reads it.", maxWhy))
	}
	pen := s.pen(who, site)
	salt := auditlog.NewSalt()
	out, again, err := txn.Answered(ctx, s.work, in.Key, func(tx Tx) (out Redacted, err error) {
		b, err := open(tx, pen)
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
		lesson, err := b.reteach(c, next, salt)
		if err != nil {
			return out, err
		}
		next.Standing = b.Next()
		d := auditlog.Entry{Lesson: lesson, Ruling: auditlog.Ruling{Before: c.Standing}, Teaching: auditlog.Teaching{Subject: why}}
		if err := b.retext(c, next, d); err != nil {
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

// textChanged has what waits judged again where the text is another than the verdict is of.
func (s *Service) textChanged(site int64) {
	s.stale.mark(site, 0)
	s.ruled.mark(site)
}

// reteach has what c's standing decision taught taught by the text of next, and returns that lesson's hash; nil:
// it taught nothing, or another text.
func (b *book) reteach(c, next comment.Comment, salt []byte) (hash []byte, err error) {
	if c.Standing == 0 {
		return nil, nil
	}
	b.Fall(c.Standing)
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

// unredact puts back what the standing entry d took out.
func (b *book) unredact(c comment.Comment, d auditlog.Entry) error {
	next := c.Unredact()
	next.Standing = d.Before
	b.Fall(d.Seq)
	if d.Before != 0 {
		b.Rise(d.Before)
	}
	return b.retext(c, next, auditlog.Entry{Undoes: d.Seq, Teaching: auditlog.Teaching{Subject: d.Subject},
		Ruling: auditlog.Ruling{Before: d.Seq, Restores: d.Before}})
}

// retext gives a comment another text in the state that it has, by an entry that needs what is its own only.
func (b *book) retext(c, next comment.Comment, d auditlog.Entry) error {
	d.Comment, d.Version, d.Action, d.Reason, d.Note = c.ID, c.Version, c.State.Action(), c.Reason, c.Note
	d.From, d.To = c.State, c.State
	next.Verdict.ModelSeq = 0 // it is of the other text
	var err error
	if next.Shown, err = b.shows.turn(c.ID, c.State == comment.Approved); err != nil {
		return err
	}
	ok, err := b.tx.SetText(b.Site, c.ID, c.Version, comment.ChangeTo(next))
	if err != nil {
		return fmt.Errorf("set text: %w", err)
	}
	if !ok {
		return errMoved
	}
	b.Put(d)
	b.Tell(event.Event{Kind: event.Decided, Page: c.Page, Comment: c.ID, Shown: c.State == comment.Approved})
	return nil
}
