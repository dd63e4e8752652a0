package learning

import (
	"context"
	"errors"
	"fmt"

	"github.com/aitys/aitys/moderation/learning/fold"
)

var errNotLearned = errors.New("the classifier could not learn")

// learnLog brings a site's model to the end of its log: it learns what was added, or is made
// anew, while the old one serves, where something that it knew was taken back. A model that is
// not in memory and would take more than most lessons to make is errLoading.
func (s *Models) learnLog(ctx context.Context, site int64, most int) (l *fold.Learned, err error) {
	m := s.models.of(site)
	m.following.Lock()
	defer m.following.Unlock()
	defer s.survive(ctx, "learn", "", func() { l, err = nil, errNotLearned })
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
		if err := f.Begin(); err != nil {
			return err
		}
		if old == nil {
			n, err := f.Ahead(fewLessons)
			if err != nil {
				return err
			}
			if n > fewLessons { // requests do not wait for it
				m.slow.Store(true)
			}
			if n > most {
				m.former.Store(f.Former)
				return errLoading
			}
		}
		return f.Make()
	})
	for _, seq := range f.Damaged {
		s.log.WarnContext(ctx, "snapshot refused", "site", site, "seq", seq)
	}
	if err != nil {
		return nil, fmt.Errorf("follow the log: %w", err)
	}
	f.Model.Learn(f.Added...)
	if f.Made {
		m.saved, m.unsaved = f.Base, f.OnTheWay
		m.damaged = append(m.damaged, f.Damaged...)
		m.damaged = append(m.damaged, f.Outdated...)
	}
	live := f.Learned // without the rest of the fold, which is large
	m.live.Store(&live)
	m.former.Store(nil)
	m.slow.Store(false)
	m.bytes.Store(int64(f.Model.Memory()))
	s.models.evict(site)
	if old == nil || f.Changed != old.Changed {
		s.changed(site, f.Changed)
	}
	return &live, nil
}
