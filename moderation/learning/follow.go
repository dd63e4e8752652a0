package learning

import (
	"context"
	"errors"
	"fmt"

	"github.com/aitys/aitys/moderation/learning/fold"
)

var errNotLearned = errors.New("the classifier could not learn")

// catchUp brings a site's model to the end of its log. It learns added lessons, or rebuilds the model if earlier
// lessons changed; the old model serves meanwhile. It returns errLoading if the model is not in memory and loading it
// would learn more than most lessons.
func (s *Models) catchUp(ctx context.Context, site int64, most int) (l *fold.Learned, err error) {
	m := s.models.of(site)
	m.following.Lock()
	defer m.following.Unlock()
	defer s.recoverPanic(ctx, "learn", "", func() { l, err = nil, errNotLearned })
	old := m.live.Load()
	var f fold.Fold
	err = s.work.View(ctx, func(tx Tx) error {
		f = fold.New(tx, site)
		if old != nil {
			goesOn, err := f.Follow(*old)
			if err != nil || goesOn {
				return err
			}
		}
		if err := f.FindBase(); err != nil {
			return err
		}
		if old == nil {
			n, err := f.CountLessons(maxSyncLessons)
			if err != nil {
				return err
			}
			if n > maxSyncLessons { // requests do not wait for it
				m.slow.Store(true)
			}
			if n > most {
				m.fallback.Store(f.Fallback)
				return errLoading
			}
		}
		return f.Build()
	})
	for _, seq := range f.Damaged {
		s.log.WarnContext(ctx, "snapshot refused", "site", site, "seq", seq)
	}
	if err != nil {
		return nil, fmt.Errorf("follow the log: %w", err)
	}
	f.Model.Learn(f.Added...)
	if f.Rebuilt {
		m.saved, m.unsaved = f.Base, f.Checkpoints
		m.damaged = append(m.damaged, f.Damaged...)
		m.damaged = append(m.damaged, f.Outdated...)
	}
	live := f.Learned // not the whole Fold, which is large
	m.live.Store(&live)
	m.fallback.Store(nil)
	m.slow.Store(false)
	m.bytes.Store(int64(f.Model.Memory()))
	s.models.evict(site)
	if old == nil || f.Changed != old.Changed {
		s.onChange(site, f.Changed)
	}
	return &live, nil
}
