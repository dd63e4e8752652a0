package privacy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// An Erased says what was erased.
type Erased struct {
	Link     mailbox.Link
	Site     site.Site
	Comments int
	Lessons  int // copies on other sites included
}

// EraseHeld erases for good all that a site holds about the address of a mailed link, and what other sites of this
// service took over of what its comments had taught. What was interrupted is done by erasing again; the link ends only
// when all is done. That the address wants no mail stays, as a keyed hash, and how many mails it got today.
func (s *Service) EraseHeld(ctx context.Context, token string) (Erased, error) {
	return s.done(ctx, token, learning.WithComments)
}

// UnnameHeld is EraseHeld, but keeps the texts of the comments, of which nobody can say any more whose they are.
func (s *Service) UnnameHeld(ctx context.Context, token string) (Erased, error) {
	return s.done(ctx, token, learning.WithNames)
}

// An emptying empties some comments of a site, so that they are under no address any more.
type emptying func(ctx context.Context, site site.Site, ids []string) error

func (s *Service) emptying(e learning.Extent) emptying {
	if e == learning.WithNames {
		return s.comments.Unname
	}
	return s.comments.Erase
}

func (s *Service) done(ctx context.Context, token string, with learning.Extent) (Erased, error) {
	h, err := s.open(ctx, token)
	if err != nil {
		return Erased{}, err
	}
	out := Erased{Link: h.Link, Site: h.Site}
	if out.Comments, out.Lessons, err = s.erase(ctx, h, with); err != nil {
		return Erased{}, fmt.Errorf("erase what is held: %w", err)
	}
	return out, nil
}

func (s *Service) erase(ctx context.Context, h Held, with learning.Extent) (comments, lessons int, err error) {
	p := learning.Erasee{Email: h.Link.Email.String(), With: with}
	if err := s.lessons.Note(h.Site, p); err != nil {
		return 0, 0, err
	}
	// Comments first: one that is there might be decided, and teach, after the lessons are gone.
	if comments, err = s.empty(ctx, h.Site, h.Link.Email, s.emptying(with)); err != nil {
		return 0, 0, err
	}
	gone, err := s.lessons.EraseLessons(ctx, authz.Operator, h.Site, p, nil)
	if err != nil {
		return 0, 0, err
	}
	return comments, gone.Lessons + gone.Copies, s.dropMail(ctx, h.Site, s.box(h))
}

// empty empties all comments under an address.
func (s *Service) empty(ctx context.Context, site site.Site, email text.Address, empty emptying) (n int, err error) {
	for last := ""; ; {
		ids, err := s.under(ctx, site, email, erasedTogether)
		if err != nil || len(ids) == 0 {
			return n, err
		}
		if ids[0] == last {
			return 0, fmt.Errorf("comment %s keeps its e-mail", last)
		}
		last = ids[0]
		if err := empty(ctx, site, ids); err != nil {
			return 0, err
		}
		n += len(ids)
	}
}

func (s *Service) under(ctx context.Context, site site.Site, email text.Address, most int) (ids []string, err error) {
	err = s.work.View(ctx, func(tx Tx) (err error) {
		ids, err = tx.CommentsUnder(site.ID, email, most)
		return err
	})
	return ids, err
}

// dropMail forgets what is kept of an address's mail.
func (s *Service) dropMail(ctx context.Context, site site.Site, box []byte) error {
	return s.work.Update(ctx, func(tx Tx) error {
		for _, drop := range []func(int64, []byte) error{tx.DropSubscriptions, tx.DropMailedCode, tx.DropLetters} {
			if err := drop(site.ID, box); err != nil {
				return err
			}
		}
		return nil
	})
}

// PersonHeld returns what ErasePerson would erase. It needs an owner.
func (s *Service) PersonHeld(
	ctx context.Context, who authz.Actor, site site.Site, p learning.Erasee,
) (learning.Erasure, error) {
	p.Email = strings.TrimSpace(p.Email)
	out, err := s.lessons.LessonsOf(ctx, who, site, p)
	if err != nil {
		return learning.Erasure{}, err
	}
	ids, err := s.of(ctx, site, p)
	if err != nil {
		return learning.Erasure{}, fmt.Errorf("find a person's comments: %w", err)
	}
	out.Comments = len(ids)
	return out, nil
}

// of finds a person's comments: the newest under the e-mail, and those named that are there and are not emptied yet.
func (s *Service) of(ctx context.Context, site site.Site, p learning.Erasee) (ids []string, err error) {
	if p.Email != "" {
		if ids, err = s.under(ctx, site, text.AddressOf(p.Email), mostFound); err != nil {
			return nil, err
		}
	}
	var named []comment.Comment
	err = s.work.View(ctx, func(tx Tx) (err error) {
		named, err = tx.CommentsByID(site.ID, p.Comments)
		return err
	})
	for _, c := range named {
		if !c.IsForgotten() && !slices.Contains(ids, c.ID) {
			ids = append(ids, c.ID)
		}
	}
	return ids, err
}

// ErasePerson erases for good what somebody wrote, who asked an owner for it: the comments become "removed", what they
// taught goes with its copies on other sites of who's, and so does the mail kept for the e-mail. What was interrupted
// is done by erasing again. It needs an owner.
func (s *Service) ErasePerson(
	ctx context.Context, who authz.Actor, site site.Site, p learning.Erasee, key *txn.Key,
) (learning.Erasure, error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return learning.Erasure{}, err
	}
	p.Email = strings.TrimSpace(p.Email)
	ids, err := s.of(ctx, site, p)
	if err != nil {
		return learning.Erasure{}, fmt.Errorf("find a person's comments: %w", err)
	}
	p.With, p.Emptied = learning.WithComments, len(ids)
	out, err := s.lessons.EraseLessons(ctx, who, site, p, key)
	if err != nil {
		return learning.Erasure{}, err
	}
	for part := range slices.Chunk(ids, erasedTogether) {
		if err := s.comments.Erase(ctx, site, part); err != nil {
			return learning.Erasure{}, err
		}
	}
	if p.Email != "" {
		email := text.AddressOf(p.Email)
		if _, err := s.empty(ctx, site, email, s.comments.Erase); err != nil { // what came meanwhile, or is older
			return learning.Erasure{}, err
		}
		if err := s.dropMail(ctx, site, mailbox.Box(s.secret, email)); err != nil {
			return learning.Erasure{}, fmt.Errorf("drop a person's mail: %w", err)
		}
	}
	if len(ids) > 0 { // one may have been decided, and taught, before it was gone
		late, err := s.lessons.LessonsOf(ctx, who, site, p)
		if err == nil && late.Lessons+late.Copies > 0 {
			_, err = s.lessons.EraseLessons(ctx, who, site, p, nil)
		}
		if err != nil {
			return learning.Erasure{}, err
		}
	}
	return out, nil
}

// An Emailed is the e-mail of a comment.
type Emailed struct{ ID, Email string }

// emailsTogether is how many comments' e-mails are read at a time.
const emailsTogether = 1_000

// EraseAgain empties again the comments that were emptied after a copy of the database was made, and returns how many
// those were. Sites that are not there are passed over. What they taught is erased by learning.EraseMarked.
func (s *Service) EraseAgain(ctx context.Context, marks []learning.Mark) (comments int, err error) {
	sites, err := s.work.StoredSites(ctx)
	if err != nil {
		return 0, err
	}
	for _, site := range sites {
		for _, with := range []learning.Extent{learning.WithNames, learning.WithComments, learning.CommentsOnly} {
			of := slices.DeleteFunc(slices.Clone(marks), func(m learning.Mark) bool {
				return m.Site != site.ID || m.With != with
			})
			if len(of) == 0 {
				continue
			}
			n, err := s.emptyMeant(ctx, site, learning.Meant(s.secret, site.ID, of), s.emptying(with))
			if err != nil {
				return comments, fmt.Errorf("erase again on %s: %w", site.Key, err)
			}
			comments += n
		}
	}
	return comments, nil
}

// emptyMeant empties all comments of a site that are somebody's.
func (s *Service) emptyMeant(
	ctx context.Context, site site.Site, meant func(email, comment string) bool, empty emptying,
) (n int, err error) {
	for after := ""; ; {
		var some []Emailed
		err := s.work.View(ctx, func(tx Tx) (err error) {
			some, err = tx.EmailsAfter(site.ID, after, emailsTogether)
			return err
		})
		if err != nil {
			return n, err
		}
		var ids []string
		for _, a := range some {
			if after = a.ID; meant(a.Email, a.ID) {
				ids = append(ids, a.ID)
			}
		}
		for part := range slices.Chunk(ids, erasedTogether) {
			if err := empty(ctx, site, part); err != nil {
				return n, err
			}
			n += len(part)
		}
		if len(some) < emailsTogether {
			return n, nil
		}
	}
}
