package storetest

import (
	"fmt"
	"slices"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/comment"
)

var threadRules = []rule{
	{"a thread is read depth first, roots in each order, replies oldest first", threadEachOrder},
	{"a thread omits hidden comments and those of other pages", threadShowsOnlyShown},
}

// plant stores five roots with replies two levels deep and returns the IDs in each order.
func plant(w *env) (oldest, newest, top []string) {
	var drafts []comment.Comment
	var threads [][]string
	for r := range 5 {
		var thread []string
		top := w.draft(in(comment.Approved), func(c *comment.Comment) { c.Votes = []int{1, 5, 5, 0, 9}[r] })
		drafts, thread = append(drafts, top), append(thread, top.ID)
		for i := range r {
			reply := w.draft(in(comment.Approved), func(c *comment.Comment) {
				c.Parent, c.Depth, c.Path = top.ID, 1, top.Path+fmt.Sprintf("%016d", i)
			})
			drafts, thread = append(drafts, reply), append(thread, reply.ID)
			deep := w.draft(in(comment.Approved), func(c *comment.Comment) {
				c.Parent, c.Depth, c.Path = reply.ID, 2, reply.Path+"Zz~0000000000001"
			})
			drafts, thread = append(drafts, deep), append(thread, deep.ID)
		}
		threads = append(threads, thread)
	}
	w.insert(drafts...)
	for _, t := range threads {
		oldest = append(oldest, t...)
	}
	for _, r := range []int{4, 1, 2, 0, 3} {
		top = append(top, threads[r]...)
	}
	slices.Reverse(threads)
	for _, t := range threads {
		newest = append(newest, t...)
	}
	return oldest, newest, top
}

func threadEachOrder(w *env) {
	oldest, newest, top := plant(w)
	w.view(func(tx store.Tx) error {
		for _, tt := range []struct {
			order comment.ThreadOrder
			want  []string
		}{{comment.OldestRoots, oldest}, {comment.NewestRoots, newest}, {comment.TopRoots, top}} {
			for limit := 1; limit <= len(tt.want)+1; limit++ {
				q := comment.ThreadQuery{Site: w.site.ID, Page: w.page.ID, Order: tt.order, Limit: limit}
				var got []string
				for {
					piece, err := tx.Thread(q)
					if err != nil {
						return err
					}
					if len(piece) == 0 {
						break
					}
					if from, err := tx.Thread(comment.ThreadQuery{
						Site: q.Site, Page: q.Page, Order: q.Order, From: piece[0].Path, Limit: limit,
					}); err != nil || !slices.Equal(ids(from), ids(piece)) {
						w.Errorf("order %d, limit %d: from the first of %v on comes %v (%v)", tt.order, limit, ids(piece), ids(from), err)
					}
					got = append(got, ids(piece)...)
					q.After = piece[len(piece)-1].Path
				}
				if !slices.Equal(got, tt.want) {
					w.Errorf("order %d, limit %d: %v, want %v", tt.order, limit, got, tt.want)
				}
			}
		}
		return nil
	})
}

func threadShowsOnlyShown(w *env) {
	other := w.newPage(w.site.ID, "https://x.example/other")
	shown := w.comment(in(comment.Approved))
	kept := w.comment(in(comment.Removed), func(c *comment.Comment) { c.Shown, c.ShownReplies = true, 1 })
	for _, state := range []comment.State{comment.Pending, comment.Rejected, comment.Spam, comment.Removed} {
		w.comment(in(state))
	}
	w.comment(in(comment.Approved), func(c *comment.Comment) { c.Page = other.ID })
	w.view(func(tx store.Tx) error {
		for _, order := range []comment.ThreadOrder{comment.OldestRoots, comment.NewestRoots, comment.TopRoots} {
			got, err := tx.Thread(comment.ThreadQuery{Site: w.site.ID, Page: w.page.ID, Order: order, Limit: 100})
			if err != nil {
				return err
			}
			want := []string{shown.ID, kept.ID}
			if order == comment.NewestRoots {
				slices.Reverse(want)
			}
			if !slices.Equal(ids(got), want) {
				w.Errorf("order %d shows %v, want %v", order, ids(got), want)
			}
		}
		return nil
	})
}
