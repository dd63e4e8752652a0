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

// A batch is some comments that are written in one transaction, parents before their answers.
type batch struct {
	site   site.Site
	pen    auditlog.Pen
	learns bool
	of     int                 // comments, those that were there before included
	fresh  []fresh             // the others
	made   map[int32]site.Page // pages that may be new
	ends   []int32             // pages of which no comment comes after this batch

	// What write, which may run again, makes.
	pages   map[int32]string // ids of the pages
	written []comment.Comment
}

// A fresh comment is one that was not there when it was rendered.
type fresh struct {
	comment comment.Comment
	source  string
	judged  comment.Judged
	page    int32
	parent  string // id, or ""
	segment string
	salt    []byte
}

// write writes what is not there under the lock of the site's log.
func (b *batch) write(tx Tx) error {
	log, err := b.pen.Open(tx)
	if err != nil {
		return err
	}
	t := thread{tx: tx, site: b.site.ID, seen: map[string]*comment.Comment{}, stored: map[string]bool{}}
	if err := t.read(b.fresh); err != nil {
		return err
	}
	if err := b.ensurePages(tx); err != nil {
		return err
	}
	var added []*comment.Comment
	for _, f := range b.fresh {
		if t.seen[f.comment.ID] != nil { // another import was faster
			continue
		}
		c := f.comment
		c.Page = b.pages[f.page]
		if err := t.place(&c, f); err != nil {
			return err
		}
		b.decide(log, &c, f.salt)
		t.seen[c.ID] = &c
		added = append(added, &c)
		if c.Shown = c.State == comment.Approved; c.Shown {
			if err := t.rise(c.Parent); err != nil {
				return err
			}
		}
	}
	b.written = b.written[:0]
	for _, c := range added { // none is the same as another: who imports submits nothing
		b.written = append(b.written, *c)
	}
	if err := tx.PutComments(b.written); err != nil {
		return fmt.Errorf("insert comments: %w", err)
	}
	if err := t.close(); err != nil {
		return err
	}
	b.tell(log)
	return log.Close()
}

func (b *batch) ensurePages(tx Tx) error {
	for at, p := range b.made {
		page, err := tx.EnsurePage(p)
		if err != nil {
			return fmt.Errorf("ensure page: %w", err)
		}
		b.pages[at] = page.ID
	}
	return nil
}

// decide puts what was decided elsewhere into the log. What waits, and what its writer removed, was not decided.
func (b *batch) decide(log *auditlog.Book, c *comment.Comment, salt []byte) {
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
	d = log.Put(d)
	c.Version++
	c.Reason, c.Standing, c.DecidedAt = d.Reason, d.Seq, d.At
}

// touches are the pages that the batch has to know.
func (b *batch) touches() []int32 {
	all := slices.Clone(b.ends)
	for _, f := range b.fresh {
		all = append(all, f.page)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// tell has one event told of each page that has all its comments now, one of the lessons, and of what waits, so that it
// joins what is like it.
func (b *batch) tell(log *auditlog.Book) {
	for _, page := range b.ends {
		log.Tell(event.Event{Kind: event.Page, Page: b.pages[page], Shown: true})
	}
	taught := false
	for _, c := range b.written {
		taught = taught || c.Standing != 0
		if c.State == comment.Pending {
			log.Tell(event.Event{Kind: event.Judged, Page: c.Page, Comment: c.ID})
		}
	}
	if taught {
		log.Tell(event.Event{Kind: event.Taught})
	}
}

// A thread is what a batch knows of the comments that its own stand among.
type thread struct {
	tx     Tx
	site   int64
	seen   map[string]*comment.Comment
	stored map[string]bool // those that stood there and are shown otherwise now
}

// read reads those of the batch and their parents that are there.
func (t *thread) read(list []fresh) error {
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
		t.seen[c.ID] = &c
		t.stored[c.ID] = false
	}
	return nil
}

// place puts a comment below the one that it answers.
func (t *thread) place(c *comment.Comment, f fresh) error {
	if f.parent == "" {
		return c.Under(nil, f.segment)
	}
	p := t.seen[f.parent]
	if p == nil || p.Page != c.Page { // it was imported to another page before, or its site was cleared
		return c.Under(nil, f.segment)
	}
	return c.Under(p, f.segment)
}

// rise says that one more answer to a comment is shown, which keeps its place for it.
func (t *thread) rise(id string) error {
	for id != "" {
		p := t.seen[id]
		if p == nil {
			c, err := t.tx.CommentByID(t.site, id)
			if err != nil {
				return fmt.Errorf("read comment: %w", err)
			}
			p = &c
			t.seen[id], t.stored[id] = p, false
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

// close writes what is shown otherwise now.
func (t *thread) close() error {
	for id, changed := range t.stored {
		if !changed {
			continue
		}
		if err := t.tx.SetShown(t.site, id, t.seen[id].ShownReplies, t.seen[id].Shown); err != nil {
			return fmt.Errorf("set shown: %w", err)
		}
	}
	return nil
}
