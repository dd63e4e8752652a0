package moderation

import "context"

// A LogEntry is a decision with its moderator's name.
type LogEntry struct {
	Decision
	Name string
}

// Log returns a site's decisions, newest first. It needs a moderator. After is a Next, or "".
func (s *Service) Log(ctx context.Context, who Actor, site Site, after string, limit int) (entries []LogEntry, next string, err error) {
	return nil, "", nil
}

// VerifyLog walks a site's whole log and returns the seq of the first entry whose hash, or
// place, is not what it should be; 0 when all is well.
func (s *Service) VerifyLog(ctx context.Context, site Site) (bad uint64, err error) { return 0, nil }

// LastBatches returns the batches of who's own decisions that an undo could still take back,
// newest first: what the key z walks through.
func (s *Service) LastBatches(ctx context.Context, who Actor, site Site, limit int) ([]string, error) {
	return nil, nil
}

// A PageEntry is a page with its numbers.
type PageEntry struct {
	Page
	Approved, Pending int
}

// Pages lists a site's pages, newest first. It needs an author.
func (s *Service) Pages(ctx context.Context, who Actor, site Site, after string, limit int) (pages []PageEntry, next string, err error) {
	return nil, "", nil
}

// A PageChange names what to change of a page; nil leaves it.
type PageChange struct {
	Open  *bool
	Title *string
	URL   *string
}

// SetPage changes a page. It needs a moderator.
func (s *Service) SetPage(ctx context.Context, who Actor, site Site, id string, ch PageChange) (PageEntry, error) {
	return PageEntry{}, nil
}
