package moderation

import (
	"fmt"
	"slices"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// pen is what who writes into a site's log now.
func (s *Service) pen(who authz.Actor, site site.Site) auditlog.Pen {
	return auditlog.NewPen(site, who.ID(), s.work.Now())
}

// A book is a site's log in one transaction, with the comments that it decides about: decisions are
// written to comments at once, and to the log by close.
type book struct {
	*auditlog.Book
	tx       Tx
	comments map[string]comment.Comment  // as they are now, by id
	logs     map[string][]auditlog.Entry // what was read of their logs, ascending
	shows    *showing
	said     report.Ruling
}

// open locks the log.
func open(tx Tx, pen auditlog.Pen) (*book, error) {
	log, err := pen.Open(tx)
	if err != nil {
		return nil, err
	}
	return &book{Book: log, tx: tx, logs: map[string][]auditlog.Entry{}}, nil
}

// lock reads comments by id, in one order in every transaction: those who lock single
// comments without the log would otherwise wait for us as we for them.
func (b *book) lock(ids []string, read func(int64, []string) ([]comment.Comment, error)) error {
	ids = slices.DeleteFunc(slices.Sorted(slices.Values(ids)), func(id string) bool { return !txn.IsID(id) })
	found, err := read(b.Site, ids)
	if err != nil {
		return fmt.Errorf("read comments: %w", err)
	}
	b.comments = make(map[string]comment.Comment, len(found))
	for _, c := range found {
		b.comments[c.ID] = c
	}
	b.shows = newShowing(b.tx, b.Site, found...)
	return nil
}

func (b *book) readLog(ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	entries, err := b.tx.DecisionsOf(b.Site, ids...)
	if err != nil {
		return fmt.Errorf("read decisions: %w", err)
	}
	for _, d := range entries {
		b.logs[d.Comment] = append(b.logs[d.Comment], d)
	}
	return nil
}

// conflict says why a comment was left alone, and who was there before.
func (b *book) conflict(c comment.Comment, code string) Conflict {
	out := Conflict{ID: c.ID, Code: code, Version: c.Version, State: c.State}
	if entries := b.logs[c.ID]; len(entries) > 0 {
		last := entries[len(entries)-1]
		out.By, out.At = last.By, last.At // close makes the id a name
	}
	return out
}

// write puts a ruling on a comment, with what had been said of it: d needs what is its own only.
func (b *book) write(c comment.Comment, d auditlog.Entry, ch comment.StateChange) error {
	d.Comment, d.Version, d.From = c.ID, c.Version, c.State
	said := c.Verdict
	d.Score, d.Suggested, d.Spam, d.Warm, d.ModelSeq = said.Score, said.Action, said.Spam, said.Warm, said.ModelSeq
	var err error
	if ch.Shown, err = b.shows.turn(c.ID, d.To == comment.Approved); err != nil {
		return err
	}
	ok, err := b.tx.SetState(b.Site, c.ID, c.Version, ch)
	if err != nil {
		return fmt.Errorf("set state: %w", err)
	}
	if !ok {
		return fmt.Errorf("set state of %s: version %d moved under the lock", c.ID, c.Version)
	}
	shown := (d.From == comment.Approved) != (d.To == comment.Approved)
	d = b.Put(d)
	b.Tell(event.Event{Kind: event.Decided, Page: c.Page, Comment: c.ID, Shown: shown,
		Added: shown && d.To == comment.Approved})
	if d.Undoes != 0 {
		b.said.Undo(d.Undoes)
	} else {
		b.settle(c)
	}
	c.State, c.Reason, c.Note, c.Standing, c.DecidedAt = ch.State, ch.Reason, ch.Note, ch.Standing, ch.DecidedAt
	c.Version++
	if err := settleTitle(b.tx, c); err != nil {
		return err
	}
	b.comments[c.ID] = c
	b.logs[c.ID] = append(b.logs[c.ID], d)
	return nil
}

// settle has a decision on c, which may leave it as it is, answer what is said against it.
func (b *book) settle(c comment.Comment) {
	if b.said.Answer(c) {
		b.Tell(event.Event{Kind: event.Complaint, Page: c.Page, Comment: c.ID})
	}
}

// mayAnswer reports whether who decides may answer the appeal of c, if there is one.
func (b *book) mayAnswer(c comment.Comment) (bool, error) {
	by := ""
	for seq, i := c.Standing, len(b.logs[c.ID])-1; i >= 0; i-- { // through what left standing what stood
		if d := b.logs[c.ID][i]; d.Seq == seq {
			if by, seq = d.By, d.Before; !d.Redacts() {
				break
			}
		}
	}
	return report.MayAnswer(b.tx, c, by, b.By)
}

// close writes what the book holds, and completes what is answered.
func (b *book) close(out *Outcome) error {
	if out.Done > 0 {
		out.Batch = b.Batch
	}
	// Before anything is written: what is decided here is not taught yet.
	if err := contradictions(b.tx, b.Site, out); err != nil {
		return err
	}
	if err := nameConflicts(b.tx, out.Conflicts); err != nil {
		return err
	}
	if err := b.said.Settle(b.tx, b.Site); err != nil {
		return err
	}
	return b.Close()
}
