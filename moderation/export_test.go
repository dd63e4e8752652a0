package moderation

import "context"

// What only tests may do to a Service.

// LearnLog follows a site's log to its end, as Run's goroutine does.
func LearnLog(ctx context.Context, s *Service, site Site) error { return s.followLog(ctx, site.ID) }

// ModelBytes returns a site's live model, and what verdicts by it are stamped with.
func ModelBytes(ctx context.Context, s *Service, site Site) ([]byte, uint64, error) {
	l, err := s.model(ctx, site.ID)
	if err != nil {
		return nil, 0, err
	}
	return l.model.Bytes(), l.changed, nil
}

// BreakModel makes everything that asks a site's model panic.
func BreakModel(s *Service, site Site) { s.models.of(site.ID).live.Store(&learned{}) }

// SetStore puts another store under a Service that was opened already.
func SetStore(s *Service, store Store) { s.store = store }
