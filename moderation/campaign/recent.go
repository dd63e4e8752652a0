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

// arrivedKept is how many comments wait to join at most, nearly always: a tenth of a second's.
const arrivedKept = 256

// recent keeps the last things of comments, by their ids. The zero recent is ready; it is safe for concurrent use.
type recent[T any] struct {
	mu   sync.Mutex
	kept map[string]T
	ids  []string // in the order in which they were put
	next int      // place in ids that the next one takes
}

func (r *recent[T]) get(id string) (of T, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of, known = r.kept[id]
	return of, known
}

// take is get, for who is the only one to ask.
func (r *recent[T]) take(id string) (of T, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of, known = r.kept[id]
	delete(r.kept, id)
	return of, known
}

// put keeps one more, and at most so many.
func (r *recent[T]) put(id string, of T, most int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil {
		r.kept, r.ids = map[string]T{}, make([]string, most)
	}
	if _, known := r.kept[id]; !known {
		delete(r.kept, r.ids[r.next])
		r.ids[r.next] = id
		r.next = (r.next + 1) % most
	}
	r.kept[id] = of
}

// Arrived has a comment that is about to be stored joined without its being read again. What becomes of it later is
// told by later events.
func (s *Service) Arrived(c comment.Comment) { s.arrived.put(c.ID, c, arrivedKept) }

// look brings what is kept of comments to what they are now.
func (s *Service) look(ctx context.Context, site site.Site, comments []string) error {
	var list, read []comment.Comment
	var unread []string
	for _, id := range comments {
		if c, known := s.arrived.take(id); known {
			list = append(list, c)
		} else {
			unread = append(unread, id)
		}
	}
	if len(unread) > 0 {
		err := s.work.View(ctx, func(tx Tx) (err error) {
			read, err = readNow(tx, site.ID, unread)
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
	return s.take(ctx, site, list)
}

// readNow reads comments: those that wait with their verdicts, which are wanted of no others.
func readNow(tx Tx, site int64, ids []string) ([]comment.Comment, error) {
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
