package rules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// A Note is a remark about a commenter that only moderators of the site see. It is deleted with the commenter's last
// comment. Comment is the comment at which the note was written, and By the ID of its author.
type Note struct {
	ID        string
	Site      int64
	Writer    []byte // Comment.Writer of the commenter
	Comment   string
	Text      string
	By        string
	CreatedAt time.Time
	RemovedAt time.Time // zero: not removed
}

func (n Note) writer() site.Ref { return site.Ref{Site: n.Site, ID: string(n.Writer)} }

// A NamedNote is a note with the name of its author, "" if unknown.
type NamedNote struct {
	Note
	Name string
}

const (
	maxNote  = 1_000 // characters
	maxNotes = 20    // per commenter
)

// normalizeNote validates the text of a note and returns it in the form that is stored.
func normalizeNote(said string) (string, error) {
	if !utf8.ValidString(said) {
		return "", problem.Field("/text", "This is not valid UTF-8.")
	}
	said = strings.TrimSpace(text.Clean(said))
	if folded(said) == "" || utf8.RuneCountInString(said) > maxNote {
		return "", problem.Field("/text", fmt.Sprintf("A note is text of 1 to %d characters.", maxNote))
	}
	return said, nil
}

// Check returns an error unless the note, which was created elsewhere, could have been created here.
func (n Note) Check() error {
	made, err := normalizeNote(n.Text)
	if err == nil && (made != n.Text || !txn.IsID(n.ID) || !txn.IsID(n.Comment)) {
		err = problem.Field("/text", "This is not a valid stored note.")
	}
	return err
}

// Notes returns the notes about commenters, newest first.
func (s *Service) Notes(ctx context.Context, writers []site.Ref) (map[site.Ref][]NamedNote, error) {
	about := map[site.Ref][]NamedNote{}
	if len(writers) == 0 {
		return about, nil
	}
	err := s.work.View(ctx, func(tx Tx) error {
		found, err := tx.NotesAbout(writers)
		if err != nil || len(found) == 0 {
			return err
		}
		ids := make([]string, len(found))
		for i, n := range found {
			ids[i] = n.By
		}
		slices.Sort(ids)
		names, err := tx.AccountNames(slices.Compact(ids))
		for _, n := range found {
			about[n.writer()] = append(about[n.writer()], NamedNote{n, names[n.By]})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read notes: %w", err)
	}
	return about, nil
}

// AddNote adds a note about the commenter of a comment. It needs a moderator. again is as in AddRule.
func (s *Service) AddNote(
	ctx context.Context, who authz.Actor, blog site.Site, comment, said string, key *txn.IdempotencyKey,
) (id string, again bool, err error) {
	if err := who.Authorize(blog.ID, authz.Moderator, authz.ScopeDecide); err != nil {
		return "", false, err
	}
	n := Note{ID: txn.NewID(), Site: blog.ID, Comment: comment, By: who.ID(), CreatedAt: s.work.Now()}
	if n.Text, err = normalizeNote(said); err != nil {
		return "", false, err
	}
	if !txn.IsID(comment) {
		return "", false, unknownComment()
	}
	id, again, err = txn.Idempotent(ctx, s.work, key, func(tx Tx) (string, error) {
		found, err := tx.CommentsByID(blog.ID, []string{comment})
		if err != nil {
			return "", err
		}
		if len(found) == 0 {
			return "", unknownComment()
		}
		if n.Writer = found[0].Writer; len(n.Writer) == 0 {
			return "", problem.Field("/text", "The writer of this comment is unknown, so it cannot have notes.")
		}
		standing, err := tx.NotesAbout([]site.Ref{n.writer()})
		if err != nil {
			return "", err
		}
		if i := slices.IndexFunc(standing, func(o Note) bool { return o.Text == n.Text }); i >= 0 {
			return standing[i].ID, nil
		}
		if len(standing) >= maxNotes {
			return "", problem.Field("/text", fmt.Sprintf("This writer already has %d notes. Remove one first.", maxNotes))
		}
		return n.ID, tx.PutNote(n)
	})
	if err != nil {
		return "", false, fmt.Errorf("add note: %w", err)
	}
	return id, again, nil
}

func unknownComment() error {
	return problem.Missing("comment.unknown", "There is no such comment, or it is not yours to see.")
}

// RemoveNote removes a note. RestoreNote can restore it for thirty days. It needs a moderator.
func (s *Service) RemoveNote(ctx context.Context, who authz.Actor, site site.Site, id string) error {
	return s.setNote(ctx, who, site, id, s.work.Now())
}

// RestoreNote restores a removed note. It needs a moderator.
func (s *Service) RestoreNote(ctx context.Context, who authz.Actor, site site.Site, id string) error {
	return s.setNote(ctx, who, site, id, time.Time{})
}

func (s *Service) setNote(ctx context.Context, who authz.Actor, site site.Site, id string, removed time.Time) error {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeDecide); err != nil {
		return err
	}
	now := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		if !txn.IsID(id) {
			return txn.ErrNotFound
		}
		if err := tx.PruneRules(site.ID, now.Add(-keepRemoved)); err != nil {
			return err
		}
		return tx.RemoveNote(site.ID, id, removed)
	})
	if errors.Is(err, txn.ErrNotFound) {
		return problem.Missing("note.unknown", "There is no such note, or not any more.")
	}
	if err != nil {
		return fmt.Errorf("set note: %w", err)
	}
	return nil
}
