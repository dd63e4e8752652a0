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

// OwnComment returns a comment and its page to its commenter, who proves authorship with the edit token. The token ends
// with the comment: a removed one is unknown.
func (s *Service) OwnComment(ctx context.Context, blog site.Site, id, token string) (comment.Comment, site.Page, error) {
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
	return c, page, nil
}

// checkToken returns an error if the edit token is not valid for the comment. The error is the same as for an unknown
// comment.
func (s *Service) checkToken(site site.Site, id, token string) error {
	if token == "" {
		return problem.SignIn()
	}
	if !s.secret.IsEditToken(site.ID, site.EditEpoch, id, token) {
		return unknownComment()
	}
	return nil
}

// Edit replaces the text of the commenter's own comment, within the edit window. The comment gets a new verdict and is
// pending again, unless the site publishes it. The same text changes nothing.
func (s *Service) Edit(
	ctx context.Context, blog site.Site, id, token, body string,
) (comment.Comment, site.Page, error) {
	now := s.work.Now()
	body, err := comment.CheckBody(body)
	if err == nil {
		err = s.work.CheckSpace()
	}
	if err != nil {
		return comment.Comment{}, site.Page{}, err
	}
	c, page, err := s.OwnComment(ctx, blog, id, token)
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
		h = h.Without(was.State) // the old text must not count for the new one
		next := was
		next.Write(body)
		facts := next.Facts(h, found)
		facts.Alike, facts.Checked = like, nil // the checker's result is about the old text
		next.Verdict = comment.VerdictOf(facts, j, blog.Settings.Threshold())
		next.State, next.EditedAt, next.Version = comment.Pending, now, was.Version+1
		next.RedactedAt, next.RedactedWhy, next.Kept = time.Time{}, "", nil
		shown, err := publishes(tx, blog, next, h, j)
		if err != nil {
			return err
		}
		if shown && was.RedactedAt.IsZero() { // the new text may contain what was redacted
			next.State = comment.Approved
		}
		if err := storeEdit(tx, was, next); err != nil {
			return err
		}
		c, err = readComment(tx, blog.ID, id)
		return err
	})
	if err != nil {
		return comment.Comment{}, site.Page{}, fmt.Errorf("edit: %w", err)
	}
	s.rescoreIfStale(blog.ID, j)
	s.log.InfoContext(ctx, "edit", append([]any{"site", blog.Key, "comment", id, "state", c.State.String()},
		verdictFacts(c)...)...)
	return c, page, nil
}

var errVersionChanged = errors.New("the comment's version changed under the lock")

// storeEdit stores an edit: it replaces was with next. The decision in effect stays the comment's. Its lesson stays that
// of the old text until the next decision.
func storeEdit(tx Tx, was, next comment.Comment) (err error) {
	next.Shown, err = newShownTracker(tx, was.Site, was).setApproved(was.ID, next.State == comment.Approved)
	if err != nil {
		return err
	}
	ok, err := tx.SetText(was.Site, was.ID, was.Version, comment.ChangeTo(next))
	if err != nil {
		return fmt.Errorf("set text: %w", err)
	}
	if !ok {
		return errVersionChanged
	}
	if err := updatePageTitle(tx, next); err != nil {
		return err
	}
	return tx.Emit(event.Event{Site: was.Site, Kind: event.Edited, Page: was.Page, Comment: was.ID,
		Shown: was.State == comment.Approved || next.State == comment.Approved, At: next.EditedAt})
}

// Withdraw removes the commenter's own comment. Withdrawing twice is not an error.
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

// withdraw removes a comment unless it is already removed.
func withdraw(tx Tx, site int64, id string, now time.Time) error {
	if _, err := tx.LockLog(site); err != nil {
		return fmt.Errorf("lock log: %w", err)
	}
	c, err := readComment(tx, site, id)
	if err != nil || c.State == comment.Removed {
		return err
	}
	shown, err := newShownTracker(tx, site, c).setApproved(id, false)
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
		return errVersionChanged
	}
	return tx.Emit(event.Event{Site: site, Kind: event.Removed, Page: c.Page, Comment: id,
		Shown: c.State == comment.Approved, At: now})
}
