package moderation

import (
	"context"

	"github.com/aitys/aitys/classifier"
)

// A QueueRequest asks for one page of a view. Zero values are the defaults: pending, oldest, 50.
type QueueRequest struct {
	View   View
	Order  QueueOrder
	Search string
	Limit  int // 1 to 200
	After  string
}

// An Item is a comment as a moderator sees it.
type Item struct {
	Comment  Comment
	Page     Page
	Parent   *Comment // nil for a root
	Evidence []classifier.Weight
	Writer   WriterHistory
}

// A QueuePage is one page of a view. Counts has every view's name; Capped names those that
// stand for "this many or more".
type QueuePage struct {
	Items  []Item
	Counts map[View]int
	Capped bool
	Next   string
}

// Queue returns one page of a site's queue. It needs a moderator.
func (s *Service) Queue(ctx context.Context, who Actor, site Site, req QueueRequest) (QueuePage, error) {
	return QueuePage{}, nil
}

// QueueCounts returns the counts alone.
func (s *Service) QueueCounts(ctx context.Context, who Actor, site Site) (counts map[View]int, capped bool, err error) {
	return nil, false, nil
}

// A HistoryEntry is one thing that happened to a comment. By is nil for what the site's
// settings did.
type HistoryEntry struct {
	Decision
	Name string // the account's name, "" when by nobody
	Auto bool   // published by the site's setting: in no decision
}

// Item returns one comment with its history. A moderator sees everything, an author all but
// the e-mail.
func (s *Service) Item(ctx context.Context, who Actor, site Site, id string) (Item, []HistoryEntry, error) {
	return Item{}, nil, nil
}
