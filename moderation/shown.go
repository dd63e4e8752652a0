package moderation

import (
	"fmt"

	"github.com/aitys/aitys/moderation/comment"
)

// shownTracker keeps Shown and ShownReplies consistent while comments of one site become visible or invisible in one
// transaction. The transaction must hold the log lock of the site. It caches comments, so that parents and replies
// decided together agree.
type shownTracker struct {
	tx     Tx
	site   int64
	cached map[string]*comment.Comment
}

func newShownTracker(tx Tx, site int64, known ...comment.Comment) *shownTracker {
	w := &shownTracker{tx: tx, site: site, cached: make(map[string]*comment.Comment, len(known))}
	for _, c := range known {
		w.cached[c.ID] = &c
	}
	return w
}

// setApproved sets whether a comment is approved, and returns whether it is then shown. The caller stores that together
// with its other changes. A comment that is not approved stays shown as a placeholder while a reply to it is shown, and
// so on upwards.
func (w *shownTracker) setApproved(id string, approved bool) (shown bool, err error) {
	c, err := w.comment(id)
	if err != nil {
		return false, err
	}
	if approved {
		c.State = comment.Approved
	} else if c.State == comment.Approved {
		c.State = comment.Pending // any state but Approved
	}
	shown = c.State == comment.Approved || c.ShownReplies > 0
	if shown == c.Shown {
		return shown, nil
	}
	c.Shown = shown
	return shown, w.replyShown(c.Parent, shown)
}

// replyShown records that parent has one more shown reply, or one less.
func (w *shownTracker) replyShown(parent string, shown bool) error {
	if parent == "" {
		return nil
	}
	p, err := w.comment(parent)
	if err != nil {
		return err
	}
	if shown {
		p.ShownReplies++
	} else {
		p.ShownReplies--
	}
	before := p.Shown
	p.Shown = p.State == comment.Approved || p.ShownReplies > 0
	if err := w.tx.SetShown(w.site, p.ID, p.ShownReplies, p.Shown); err != nil {
		return fmt.Errorf("set shown: %w", err)
	}
	if p.Shown == before {
		return nil
	}
	return w.replyShown(p.Parent, p.Shown)
}

func (w *shownTracker) comment(id string) (*comment.Comment, error) {
	if c := w.cached[id]; c != nil {
		return c, nil
	}
	c, err := readComment(w.tx, w.site, id)
	if err != nil {
		return nil, err
	}
	w.cached[id] = &c
	return &c, nil
}
