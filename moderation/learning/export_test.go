package learning

import (
	"context"

	"github.com/aitys/aitys/moderation/learning/fold"
	"github.com/aitys/aitys/moderation/site"
)

// Test-only access to Models.

// SaveSnapshots writes a site's due snapshots without following the log.
func SaveSnapshots(ctx context.Context, s *Models, site site.Site) error {
	return s.saveSnapshots(ctx, site.ID, true)
}

// ModelBytes returns a site's live model and the stamp of its verdicts.
func ModelBytes(ctx context.Context, s *Models, site site.Site) ([]byte, uint64, error) {
	l, err := s.model(ctx, site.ID)
	if err != nil {
		return nil, 0, err
	}
	return l.Model.Bytes(), l.Changed, nil
}

// BreakModel makes every use of a site's model panic.
func BreakModel(s *Models, site site.Site) { s.models.of(site.ID).live.Store(&fold.Learned{}) }

// SnapshotUsed returns the seq of the newest valid snapshot that Models knows.
func SnapshotUsed(s *Models, site site.Site) uint64 {
	m := s.models.of(site.ID)
	m.following.Lock()
	defer m.following.Unlock()
	return m.saved
}

// ModelsInMemory returns the number of models in memory and their total size.
func ModelsInMemory(s *Models) (n, bytes int) {
	s.models.mu.Lock()
	defer s.models.mu.Unlock()
	for _, m := range s.models.bySite {
		if m.live.Load() != nil {
			n++
			bytes += int(m.bytes.Load())
		}
	}
	return n, bytes
}

// SetModelMemory sets how many bytes of models stay in memory.
func SetModelMemory(s *Models, bytes int) { s.models.maxBytes = bytes }
