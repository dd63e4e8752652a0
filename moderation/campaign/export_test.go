package campaign

import (
	"context"

	"github.com/aitys/aitys/moderation/comment"
)

// ForgetOld runs the hourly sweep now.
func (s *Service) ForgetOld(ctx context.Context) error { return s.forgetOld(ctx) }

// RebuildCampaigns deletes and rebuilds everything, as after a change of the tokeniser.
func (s *Service) RebuildCampaigns(ctx context.Context) error {
	err := s.work.Update(ctx, func(tx Tx) error { return tx.SetMeta(metaCleared, []byte("another")) })
	if err != nil {
		return err
	}
	return s.ResumeRebuild(ctx)
}

// ResumeRebuild does what a process does after one that ended in the middle of a rebuild.
func (s *Service) ResumeRebuild(ctx context.Context) error { return s.rebuild(ctx, false) }

// Nearest returns the comment nearest to c, by this process's index and by the index of a process that just started.
func (s *Service) Nearest(ctx context.Context, c comment.Comment) (known, rebuilt string, err error) {
	other := &Service{work: s.work}
	err = s.work.View(ctx, func(tx Tx) error {
		last, err := tx.LastNumber(c.Site)
		if err != nil {
			return err
		}
		for _, by := range []struct {
			*Service
			id *string
		}{{s, &known}, {other, &rebuilt}} {
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
	return known, rebuilt, err
}
