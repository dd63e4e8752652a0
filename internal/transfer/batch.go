package transfer

import (
	"fmt"
	"slices"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/site"
)

// A batch is a list of comments that one transaction writes, parents before replies.
type batch struct {
	site          site.Site
	appender      auditlog.Author
	learns        bool
	total         int                 // number of comments, with existing ones
	newComments   []newComment        // new comments
	newPages      map[int32]site.Page // pages to insert if they do not exist
	completePages []int32             // pages whose last comment is in this batch

	// Results of write, which may run more than once.
	pages   map[int32]string // IDs of the pages
	written []comment.Comment
}

// A newComment is a comment that did not exist when it was rendered.
type newComment struct {
	comment comment.Comment
	source  string
	judged  comment.Prediction
	page    int32
	parent  string // ID, or ""
	segment string
	salt    []byte
}

// write writes the new comments, under the lock of the site's log.
func (b *batch) write(tx Tx) error {
	log, err := b.appender.Open(tx)
	if err != nil {
		return err
	}
	t := thread{tx: tx, site: b.site.ID, comments: map[string]*comment.Comment{}, stored: map[string]bool{}}
	if err := t.read(b.newComments); err != nil {
		return err
	}
	if err := b.ensurePages(tx); err != nil {
		return err
	}
	var added []*comment.Comment
	for _, f := range b.newComments {
		if t.comments[f.comment.ID] != nil { // another import wrote it meanwhile
			continue
		}
		c := f.comment
		c.Page = b.pages[f.page]
		if err := t.place(&c, f); err != nil {
			return err
		}
		b.decide(log, &c, f.salt)
		t.comments[c.ID] = &c
		added = append(added, &c)
		if c.Shown = c.State == comment.Approved; c.Shown {
			if err := t.addShownReply(c.Parent); err != nil {
				return err
			}
		}
	}
	b.written = b.written[:0]
	for _, c := range added { // not checked for duplicates, which only a submission is
		b.written = append(b.written, *c)
	}
	if err := tx.PutComments(b.written); err != nil {
		return fmt.Errorf("insert comments: %w", err)
	}
	if err := t.flush(); err != nil {
		return err
	}
	b.emit(log)
	return log.Close()
}

func (b *batch) ensurePages(tx Tx) error {
	for at, p := range b.newPages {
		page, err := tx.EnsurePage(p)
		if err != nil {
			return fmt.Errorf("ensure page: %w", err)
		}
		b.pages[at] = page.ID
	}
	return nil
}

// decide appends the source's decision on a comment to the log, with its lesson. Pending comments, and those that their
// author removed, have no decision.
func (b *batch) decide(log *auditlog.Appender, c *comment.Comment, salt []byte) {
	action := c.State.Action()
	if action == comment.Hold {
		return
	}
	d := auditlog.Entry{Ruling: auditlog.Ruling{
		Comment:   c.ID,
		Version:   c.Version,
		Action:    action,
		From:      comment.Pending,
		To:        c.State,
		Score:     c.Verdict.Score,
		Suggested: c.Verdict.Action,
		Spam:      c.Verdict.Spam,
		Warm:      c.Verdict.Warm,
		ModelSeq:  c.Verdict.ModelSeq,
	}}
	switch action {
	case comment.MarkSpam:
		d.Reason = comment.ReasonSpam
	case comment.Reject:
		d.Reason = comment.ReasonOther
	}
	if label, teaches := comment.Teaches(action, d.Reason); teaches && b.learns {
		l := auditlog.Lesson{Of: c.ID, Salt: salt,
			Lesson: classifier.Lesson{Seq: log.Next(), Label: label, Comment: c.Document()}}
		d.Lesson = l.Hash()
		log.Teach(l)
	}
	d = log.Append(d)
	c.Version++
	c.Reason, c.Standing, c.DecidedAt = d.Reason, d.Seq, d.At
}

// pageIndexes returns the sorted indexes of the pages of the batch.
func (b *batch) pageIndexes() []int32 {
	all := slices.Clone(b.completePages)
	for _, f := range b.newComments {
		all = append(all, f.page)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// emit emits an event for each complete page, one for the lessons, and one for each pending comment, so that campaigns
// include it.
func (b *batch) emit(log *auditlog.Appender) {
	for _, page := range b.completePages {
		log.Emit(event.Event{Kind: event.Page, Page: b.pages[page], Shown: true})
	}
	taught := false
	for _, c := range b.written {
		taught = taught || c.Standing != 0
		if c.State == comment.Pending {
			log.Emit(event.Event{Kind: event.Rescored, Page: c.Page, Comment: c.ID})
		}
	}
	if taught {
		log.Emit(event.Event{Kind: event.Taught})
	}
}

// A thread holds the comments around those of a batch: existing ones, parents and ancestors.
type thread struct {
	tx       Tx
	site     int64
	comments map[string]*comment.Comment
	stored   map[string]bool // existing comments; true if their replies or visibility changed
}

// read reads the existing comments among those of the batch and their parents.
func (t *thread) read(list []newComment) error {
	ids := map[string]bool{}
	for _, f := range list {
		ids[f.comment.ID] = true
		if f.parent != "" {
			ids[f.parent] = true
		}
	}
	all := make([]string, 0, len(ids))
	for id := range ids {
		all = append(all, id)
	}
	found, err := t.tx.CommentsByID(t.site, all)
	if err != nil {
		return fmt.Errorf("read comments: %w", err)
	}
	for _, c := range found {
		t.comments[c.ID] = &c
		t.stored[c.ID] = false
	}
	return nil
}

// place sets the comment's position below its parent.
func (t *thread) place(c *comment.Comment, f newComment) error {
	if f.parent == "" {
		return c.Under(nil, f.segment)
	}
	p := t.comments[f.parent]
	if p == nil || p.Page != c.Page { // imported to another page before, or the site was cleared
		return c.Under(nil, f.segment)
	}
	return c.Under(p, f.segment)
}

// addShownReply counts a shown reply of a comment, and shows its ancestors, which keep the reply's place.
func (t *thread) addShownReply(id string) error {
	for id != "" {
		p := t.comments[id]
		if p == nil {
			c, err := t.tx.CommentByID(t.site, id)
			if err != nil {
				return fmt.Errorf("read comment: %w", err)
			}
			p = &c
			t.comments[id], t.stored[id] = p, false
		}
		p.ShownReplies++
		if _, there := t.stored[id]; there {
			t.stored[id] = true
		}
		if p.Shown {
			return nil
		}
		p.Shown = true
		id = p.Parent
	}
	return nil
}

// flush writes the changed visibility of existing comments.
func (t *thread) flush() error {
	for id, changed := range t.stored {
		if !changed {
			continue
		}
		if err := t.tx.SetShown(t.site, id, t.comments[id].ShownReplies, t.comments[id].Shown); err != nil {
			return fmt.Errorf("set shown: %w", err)
		}
	}
	return nil
}
