package campaign

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// maxArrived covers, nearly always, the comments that wait to join: a tenth of a second of arrivals.
const maxArrived = 256

// recent is a fixed-size FIFO cache keyed by comment ID. The zero value is ready to use. It is safe for concurrent
// use.
type recent[T any] struct {
	mu     sync.Mutex
	values map[string]T
	ids    []string // in insertion order
	next   int      // position in ids that is overwritten next
}

func (r *recent[T]) get(id string) (of T, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of, known = r.values[id]
	return of, known
}

// pop returns and removes a value.
func (r *recent[T]) pop(id string) (of T, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of, known = r.values[id]
	delete(r.values, id)
	return of, known
}

// put adds a value, and evicts the oldest if there would be more than most.
func (r *recent[T]) put(id string, of T, most int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.values == nil {
		r.values, r.ids = map[string]T{}, make([]string, most)
	}
	if _, known := r.values[id]; !known {
		delete(r.values, r.ids[r.next])
		r.ids[r.next] = id
		r.next = (r.next + 1) % most
	}
	r.values[id] = of
}

// CacheArrival caches a comment that is about to be stored, so that the follower need not read it. Later events describe
// later changes.
func (s *Service) CacheArrival(c comment.Comment) { s.arrived.put(c.ID, c, maxArrived) }

// updateComments reads comments, from the cache if possible, and processes them in order of creation.
func (s *Service) updateComments(ctx context.Context, site site.Site, comments []string) error {
	var list, read []comment.Comment
	var unread []string
	for _, id := range comments {
		if c, known := s.arrived.pop(id); known {
			list = append(list, c)
		} else {
			unread = append(unread, id)
		}
	}
	if len(unread) > 0 {
		err := s.work.View(ctx, func(tx Tx) (err error) {
			read, err = readComments(tx, site.ID, unread)
			return err
		})
		if err != nil {
			return fmt.Errorf("read comments: %w", err)
		}
	}
	list = append(list, read...)
	slices.SortFunc(list, func(a, b comment.Comment) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return s.process(ctx, site, list)
}

// readComments reads comments. Only pending ones are read with their verdicts, because no others are needed.
func readComments(tx Tx, site int64, ids []string) ([]comment.Comment, error) {
	list, err := tx.CommentsInBrief(site, ids)
	if err != nil {
		return nil, err
	}
	var waiting []string
	list = slices.DeleteFunc(list, func(c comment.Comment) bool {
		if c.State == comment.Pending {
			waiting = append(waiting, c.ID)
		}
		return c.State == comment.Pending
	})
	if len(waiting) == 0 {
		return list, nil
	}
	whole, err := tx.CommentsByID(site, waiting)
	return append(list, whole...), err
}
