package moderation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

// Own returns a comment, and its page, to its writer, who proves to be that by its edit token. That ends with
// the comment: of a removed one, whoever removed it, it shows nothing.
func (s *Service) Own(ctx context.Context, blog site.Site, id, token string) (comment.Comment, site.Page, error) {
	if err := s.checkToken(blog, id, token); err != nil {
		return comment.Comment{}, site.Page{}, err
	}
	var c comment.Comment
	var page site.Page
	err := s.work.View(ctx, func(tx Tx) (err error) {
		if c, err = readComment(tx, blog.ID, id); err != nil {
			return err
		}
		if c.State == comment.Removed {
			return unknownComment()
		}
		page, err = comment.PageByID(tx, blog.ID, c.Page)
		return err
	})
	if err != nil {
		return comment.Comment{}, site.Page{}, fmt.Errorf("read own comment: %w", err)
	}
	return c.Fresh(), page, nil
}

// checkToken refuses a token that is not of this comment, as if the comment were not there.
func (s *Service) checkToken(site site.Site, id, token string) error {
	if token == "" {
		return problem.SignIn()
	}
	if !s.secret.IsEditToken(site.ID, site.EditEpoch, id, token) {
		return unknownComment()
	}
	return nil
}

// Edit replaces the text of a writer's own comment, within its window; it is judged again and
// waits again, unless the site publishes it. The same text changes nothing.
func (s *Service) Edit(
	ctx context.Context, blog site.Site, id, token, body string,
) (comment.Comment, site.Page, error) {
	now := s.work.Now()
	body, err := comment.CheckBody(body)
	if err == nil {
		err = s.work.Room()
	}
	if err != nil {
		return comment.Comment{}, site.Page{}, err
	}
	c, page, err := s.Own(ctx, blog, id, token)
	if err != nil {
		return comment.Comment{}, site.Page{}, err
	}
	c.Write(body)
	j, found, like, err := s.look(ctx, blog, c)
	if err != nil {
		return comment.Comment{}, site.Page{}, err
	}
	err = s.work.Update(ctx, func(tx Tx) (err error) {
		if _, err := tx.LockLog(blog.ID); err != nil {
			return fmt.Errorf("lock log: %w", err)
		}
		was, err := readComment(tx, blog.ID, id)
		if err != nil {
			return err
		}
		switch {
		case was.State == comment.Removed:
			return unknownComment()
		case now.After(was.EditUntil):
			return problem.Denied("edit.expired", "The time to change this comment is over.")
		case was.Source == body:
			c = was
			return nil
		}
		h, err := writerHistory(tx, was)
		if err != nil {
			return err
		}
		h = h.Without(was.State) // an approval is no credit for what takes its place
		next := was
		next.Write(body)
		facts := next.Facts(h, found)
		facts.Alike, facts.Checked = like, nil // what is known of the old text is not this one's
		next.Verdict = comment.VerdictOf(facts, j, blog.Settings.Threshold())
		next.State, next.EditedAt, next.Version = comment.Pending, now, was.Version+1
		next.RedactedAt, next.RedactedWhy, next.Kept = time.Time{}, "", nil
		shown, err := publishes(tx, blog, next, h, j)
		if err != nil {
			return err
		}
		if shown && was.RedactedAt.IsZero() { // what was taken out may be back
			next.State = comment.Approved
		}
		if err := rewrite(tx, was, next); err != nil {
			return err
		}
		c, err = readComment(tx, blog.ID, id)
		return err
	})
	if err != nil {
		return comment.Comment{}, site.Page{}, fmt.Errorf("edit: %w", err)
	}
	s.renewIfOld(blog.ID, j)
	return c, page, nil
}

var errMoved = errors.New("the comment's version moved under the lock")

// rewrite stores an edit: next in the place of was. The standing decision stays the comment's:
// what it taught was taught by the text of then, until the next decision.
func rewrite(tx Tx, was, next comment.Comment) (err error) {
	next.Shown, err = newShowing(tx, was.Site, was).turn(was.ID, next.State == comment.Approved)
	if err != nil {
		return err
	}
	ok, err := tx.SetText(was.Site, was.ID, was.Version, comment.ChangeTo(next))
	if err != nil {
		return fmt.Errorf("set text: %w", err)
	}
	if !ok {
		return errMoved
	}
	if err := settleTitle(tx, next); err != nil {
		return err
	}
	return tx.Emit(event.Event{Site: was.Site, Kind: event.Edited, Page: was.Page, Comment: was.ID,
		Shown: was.State == comment.Approved || next.State == comment.Approved, At: next.EditedAt})
}

// Withdraw removes a writer's own comment; withdrawing twice is no error.
func (s *Service) Withdraw(ctx context.Context, site site.Site, id, token string) error {
	if err := s.checkToken(site, id, token); err != nil {
		return err
	}
	now := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error { return withdraw(tx, site.ID, id, now) })
	if err != nil {
		return fmt.Errorf("withdraw: %w", err)
	}
	return nil
}

// withdraw removes a comment, unless that was done.
func withdraw(tx Tx, site int64, id string, now time.Time) error {
	if _, err := tx.LockLog(site); err != nil {
		return fmt.Errorf("lock log: %w", err)
	}
	c, err := readComment(tx, site, id)
	if err != nil || c.State == comment.Removed {
		return err
	}
	shown, err := newShowing(tx, site, c).turn(id, false)
	if err != nil {
		return err
	}
	ok, err := tx.SetState(site, id, c.Version, comment.StateChange{
		State:     comment.Removed,
		Reason:    c.Reason,
		Note:      c.Note,
		Standing:  c.Standing,
		Shown:     shown,
		DecidedAt: c.DecidedAt,
		RemovedAt: now,
		DropSame:  !c.Refused(),
	})
	if err != nil {
		return fmt.Errorf("set state: %w", err)
	}
	if !ok {
		return errMoved
	}
	return tx.Emit(event.Event{Site: site, Kind: event.Removed, Page: c.Page, Comment: id,
		Shown: c.State == comment.Approved, At: now})
}
