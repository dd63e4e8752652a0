package moderation

import (
	"fmt"

	"github.com/aitys/aitys/moderation/comment"
)

// showing keeps Shown and ShownReplies right while comments of one site come and go from
// readers' sight in one transaction, which holds the site's log lock. It remembers what it
// has read, so that parents and replies decided together agree.
type showing struct {
	tx   Tx
	site int64
	seen map[string]*comment.Comment
}

func newShowing(tx Tx, site int64, known ...comment.Comment) *showing {
	w := &showing{tx: tx, site: site, seen: make(map[string]*comment.Comment, len(known))}
	for _, c := range known {
		w.seen[c.ID] = &c
	}
	return w
}

// turn says that the comment with id is approved from now on, or is not, and returns whether it is shown then, which
// whoever asks writes with what else changes. A comment that is not approved keeps its place while a reply to it is
// shown, and so on upwards.
func (w *showing) turn(id string, approved bool) (shown bool, err error) {
	c, err := w.comment(id)
	if err != nil {
		return false, err
	}
	if approved {
		c.State = comment.Approved
	} else if c.State == comment.Approved {
		c.State = comment.Pending // any but Approved
	}
	shown = c.State == comment.Approved || c.ShownReplies > 0
	if shown == c.Shown {
		return shown, nil
	}
	c.Shown = shown
	return shown, w.replyShown(c.Parent, shown)
}

// replyShown says that one more, or one less, reply to parent is shown.
func (w *showing) replyShown(parent string, shown bool) error {
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

func (w *showing) comment(id string) (*comment.Comment, error) {
	if c := w.seen[id]; c != nil {
		return c, nil
	}
	c, err := readComment(w.tx, w.site, id)
	if err != nil {
		return nil, err
	}
	w.seen[id] = &c
	return &c, nil
}
