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

// Nearest is the comment that a comment is nearest to, by what is known, and by what a process would know that has just
// begun.
func (s *Service) Nearest(ctx context.Context, c comment.Comment) (known, anew string, err error) {
	other := &Service{work: s.work}
	err = s.work.View(ctx, func(tx Tx) error {
		last, err := tx.LastNumber(c.Site)
		if err != nil {
			return err
		}
		for _, by := range []struct {
			*Service
			id *string
		}{{s, &known}, {other, &anew}} {
			p := PrintOf(c)
			near, err := by.nearToNow(tx, c.Site, last, s.work.Now())(p)
			if err != nil {
				return err
			}
			if m := nearest(p, near); m != nil {
				*by.id = m.Comment
			}
		}
		return nil
	})
	return known, anew, err
}
