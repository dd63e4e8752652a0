package campaign

import (
	"context"

	"github.com/aitys/aitys/moderation/comment"
)

// ForgetOld forgets at once what the sweep forgets within the hour.
func (s *Service) ForgetOld(ctx context.Context) error { return s.forgetOld(ctx) }

// BeginAnew throws everything away and makes it again, as after another tokeniser.
func (s *Service) BeginAnew(ctx context.Context) error {
	err := s.work.Update(ctx, func(tx Tx) error { return tx.SetMeta(emptiedFor, []byte("another")) })
	if err != nil {
		return err
	}
	return s.BeginAgain(ctx)
}

// BeginAgain does what a process does after one that ended before it had gone through everything.
func (s *Service) BeginAgain(ctx context.Context) error { return s.begin(ctx, false) }

// Nearest is the comment that a comment is nearest to, by what is in memory and by what is in the store; known: memory
// has an answer.
func (s *Service) Nearest(ctx context.Context, c comment.Comment) (inMemory, inStore string, known bool, err error) {
	p := PrintOf(c)
	named := func(m *Member) string {
		if m == nil {
			return ""
		}
		return m.Comment
	}
	err = s.work.View(ctx, func(tx Tx) error {
		last, err := tx.LastNumber(c.Site)
		if err != nil {
			return err
		}
		list, ok, err := s.known.among(p, c.Site, last, s.work.Now(), func(number int64) ([]Member, error) {
			return tx.MembersAfter(c.Site, number, membersRead)
		})
		if err != nil {
			return err
		}
		inMemory, known = named(nearest(p, list)), ok
		list, err = tx.MembersUnder(c.Site, p.bands(), looked, compared)
		inStore = named(nearest(p, list))
		return err
	})
	return inMemory, inStore, known, err
}
