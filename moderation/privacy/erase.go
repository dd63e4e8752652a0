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

// An ErasureResult counts what an erasure removed.
type ErasureResult struct {
	Link     mailbox.Link
	Site     site.Site
	Comments int
	Lessons  int // including copies on other sites
}

// EraseByLink erases a site's data about the address of a mailed link, and the lessons that other sites copied from
// its comments. An interrupted erasure is completed by calling it again; the link stays valid until everything is
// erased. Two things remain, as keyed hashes: that the address wants no mail, and the count of its recent mails.
func (s *Service) EraseByLink(ctx context.Context, token string) (ErasureResult, error) {
	return s.eraseByLink(ctx, token, learning.WithComments)
}

// AnonymizeByLink is like EraseByLink, but keeps the texts of comments without anything that identifies the commenter.
func (s *Service) AnonymizeByLink(ctx context.Context, token string) (ErasureResult, error) {
	return s.eraseByLink(ctx, token, learning.WithNames)
}

// An eraseFunc erases or anonymizes comments of a site, so that no address is stored with them.
type eraseFunc func(ctx context.Context, site site.Site, ids []string) error

func (s *Service) eraseFuncFor(e learning.Extent) eraseFunc {
	if e == learning.WithNames {
		return s.comments.Anonymize
	}
	return s.comments.Erase
}

func (s *Service) eraseByLink(ctx context.Context, token string, with learning.Extent) (ErasureResult, error) {
	h, err := s.openLink(ctx, token)
	if err != nil {
		return ErasureResult{}, err
	}
	out := ErasureResult{Link: h.Link, Site: h.Site}
	if out.Comments, out.Lessons, err = s.erase(ctx, h, with); err != nil {
		return ErasureResult{}, fmt.Errorf("erase personal data: %w", err)
	}
	return out, nil
}

// erase erases an address's comments, lessons and mail data.
func (s *Service) erase(ctx context.Context, h PersonalData, with learning.Extent) (comments, lessons int, err error) {
	p := learning.DataSubject{Email: h.Link.Email.String(), Extent: with}
	if err := s.lessons.MarkErasure(h.Site, p); err != nil {
		return 0, 0, err
	}
	// Erase comments first: a decision about a remaining comment could add a lesson after the lessons are erased.
	if comments, err = s.eraseUnder(ctx, h.Site, h.Link.Email, s.eraseFuncFor(with)); err != nil {
		return 0, 0, err
	}
	gone, err := s.lessons.EraseLessons(ctx, authz.Operator, h.Site, p, nil)
	if err != nil {
		return 0, 0, err
	}
	return comments, gone.Lessons + gone.Copies, s.dropMail(ctx, h.Site, s.box(h))
}

// eraseUnder applies an eraseFunc to all comments under an address and returns their number.
func (s *Service) eraseUnder(ctx context.Context, site site.Site, email text.Address, erase eraseFunc) (n int, err error) {
	for last := ""; ; {
		ids, err := s.commentsUnder(ctx, site, email, eraseBatch)
		if err != nil || len(ids) == 0 {
			return n, err
		}
		if ids[0] == last {
			return 0, fmt.Errorf("comment %s keeps its e-mail", last)
		}
		last = ids[0]
		if err := erase(ctx, site, ids); err != nil {
			return 0, err
		}
		n += len(ids)
	}
}

// commentsUnder returns the IDs of up to most newest comments under an address.
func (s *Service) commentsUnder(ctx context.Context, site site.Site, email text.Address, most int) (ids []string, err error) {
	err = s.work.View(ctx, func(tx Tx) (err error) {
		ids, err = tx.CommentsUnder(site.ID, email, most)
		return err
	})
	return ids, err
}

// dropMail deletes an address's subscriptions, mailed code and letters.
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

// PreviewErasure returns what EraseDataSubject would erase. It needs an owner.
func (s *Service) PreviewErasure(
	ctx context.Context, who authz.Actor, site site.Site, p learning.DataSubject,
) (learning.Erasure, error) {
	p.Email = strings.TrimSpace(p.Email)
	out, err := s.lessons.LessonsOf(ctx, who, site, p)
	if err != nil {
		return learning.Erasure{}, err
	}
	ids, err := s.commentsOf(ctx, site, p)
	if err != nil {
		return learning.Erasure{}, fmt.Errorf("find a person's comments: %w", err)
	}
	out.Comments = len(ids)
	return out, nil
}

// commentsOf returns the IDs of a data subject's comments: up to maxComments newest ones under the e-mail, and the
// named ones that exist and are not erased yet.
func (s *Service) commentsOf(ctx context.Context, site site.Site, p learning.DataSubject) (ids []string, err error) {
	if p.Email != "" {
		if ids, err = s.commentsUnder(ctx, site, text.AddressOf(p.Email), maxComments); err != nil {
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

// EraseDataSubject erases a person's comments at an owner's request: the comments become "removed", and their lessons
// are erased, as are copies on the actor's other sites and the mail data of the e-mail. An interrupted erasure is
// completed by calling it again. It needs an owner.
func (s *Service) EraseDataSubject(
	ctx context.Context, who authz.Actor, site site.Site, p learning.DataSubject, key *txn.IdempotencyKey,
) (learning.Erasure, error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return learning.Erasure{}, err
	}
	p.Email = strings.TrimSpace(p.Email)
	ids, err := s.commentsOf(ctx, site, p)
	if err != nil {
		return learning.Erasure{}, fmt.Errorf("find a person's comments: %w", err)
	}
	p.Extent, p.EmptiedComments = learning.WithComments, len(ids)
	out, err := s.lessons.EraseLessons(ctx, who, site, p, key)
	if err != nil {
		return learning.Erasure{}, err
	}
	for part := range slices.Chunk(ids, eraseBatch) {
		if err := s.comments.Erase(ctx, site, part); err != nil {
			return learning.Erasure{}, err
		}
	}
	if p.Email != "" {
		email := text.AddressOf(p.Email)
		if _, err := s.eraseUnder(ctx, site, email, s.comments.Erase); err != nil { // new comments, and those beyond maxComments
			return learning.Erasure{}, err
		}
		if err := s.dropMail(ctx, site, mailbox.AddressHash(s.secret, email)); err != nil {
			return learning.Erasure{}, fmt.Errorf("drop a person's mail: %w", err)
		}
	}
	if len(ids) > 0 { // a decision may have added a lesson before its comment was erased
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

// A CommentEmail is the e-mail of a comment.
type CommentEmail struct{ ID, Email string }

// emailBatch is the number of e-mails per read.
const emailBatch = 1_000

// ReapplyErasures repeats, on a restored copy of the database, the erasures of comments after the copy was made. It
// returns the number of comments. It ignores marks of unknown sites. learning.EraseMarked does the same for lessons.
func (s *Service) ReapplyErasures(ctx context.Context, marks []learning.Mark) (comments int, err error) {
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
			n, err := s.eraseMatching(ctx, site, learning.MarkMatcher(s.secret, site.ID, of), s.eraseFuncFor(with))
			if err != nil {
				return comments, fmt.Errorf("erase again on %s: %w", site.Key, err)
			}
			comments += n
		}
	}
	return comments, nil
}

// eraseMatching applies an eraseFunc to all comments of a site for which meant returns true.
func (s *Service) eraseMatching(
	ctx context.Context, site site.Site, meant func(email, comment string) bool, empty eraseFunc,
) (n int, err error) {
	for after := ""; ; {
		var some []CommentEmail
		err := s.work.View(ctx, func(tx Tx) (err error) {
			some, err = tx.EmailsAfter(site.ID, after, emailBatch)
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
		for part := range slices.Chunk(ids, eraseBatch) {
			if err := empty(ctx, site, part); err != nil {
				return n, err
			}
			n += len(part)
		}
		if len(some) < emailBatch {
			return n, nil
		}
	}
}
