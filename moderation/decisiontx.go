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

// author returns what identifies the actor in new entries of the audit log.
func (s *Service) author(who authz.Actor, site site.Site) auditlog.Author {
	return auditlog.NewAuthor(site, who.ID(), s.work.Now())
}

// A decisionTx makes decisions in one transaction. It writes to the comments at once, and to the site's audit log in
// close.
type decisionTx struct {
	*auditlog.Appender
	tx       Tx
	comments map[string]comment.Comment  // current state of the locked comments, by ID
	logs     map[string][]auditlog.Entry // log entries that were read, by comment ID, ascending
	shown    *shownTracker
	ruling   report.Settlement
}

// beginDecisions locks the audit log of the site.
func beginDecisions(tx Tx, pen auditlog.Author) (*decisionTx, error) {
	log, err := pen.Open(tx)
	if err != nil {
		return nil, err
	}
	return &decisionTx{Appender: log, tx: tx, logs: map[string][]auditlog.Entry{}}, nil
}

// lock reads and locks comments by ID. The order is the same in every transaction. Otherwise, transactions that lock
// single comments without the log could deadlock with this one.
func (b *decisionTx) lock(ids []string, read func(int64, []string) ([]comment.Comment, error)) error {
	ids = slices.DeleteFunc(slices.Sorted(slices.Values(ids)), func(id string) bool { return !txn.IsID(id) })
	found, err := read(b.Site, ids)
	if err != nil {
		return fmt.Errorf("read comments: %w", err)
	}
	b.comments = make(map[string]comment.Comment, len(found))
	for _, c := range found {
		b.comments[c.ID] = c
	}
	b.shown = newShownTracker(b.tx, b.Site, found...)
	return nil
}

func (b *decisionTx) readLog(ids []string) error {
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

// conflict returns the Conflict for a comment that was not changed, with the author of the last decision.
func (b *decisionTx) conflict(c comment.Comment, code string) Conflict {
	out := Conflict{ID: c.ID, Code: code, Version: c.Version, State: c.State}
	if entries := b.logs[c.ID]; len(entries) > 0 {
		last := entries[len(entries)-1]
		out.By, out.At = last.By, last.At // close replaces the ID with a name
	}
	return out
}

// write makes a decision on a comment and records its verdict in the log entry. The caller sets only the fields of d
// that are specific to the decision.
func (b *decisionTx) write(c comment.Comment, d auditlog.Entry, ch comment.StateChange) error {
	d.Comment, d.Version, d.From = c.ID, c.Version, c.State
	said := c.Verdict
	d.Score, d.Suggested, d.Spam, d.Warm, d.ModelSeq = said.Score, said.Action, said.Spam, said.Warm, said.ModelSeq
	var err error
	if ch.Shown, err = b.shown.setApproved(c.ID, d.To == comment.Approved); err != nil {
		return err
	}
	ok, err := b.tx.SetState(b.Site, c.ID, c.Version, ch)
	if err != nil {
		return fmt.Errorf("set state: %w", err)
	}
	if !ok {
		return fmt.Errorf("set state of %s: version %d changed under the lock", c.ID, c.Version)
	}
	shown := (d.From == comment.Approved) != (d.To == comment.Approved)
	d = b.Append(d)
	b.Emit(event.Event{Kind: event.Decided, Page: c.Page, Comment: c.ID, Shown: shown,
		Added: shown && d.To == comment.Approved})
	if d.Undoes != 0 {
		b.ruling.Reopen(d.Undoes)
	} else {
		b.resolveReports(c)
	}
	c.State, c.Reason, c.Note, c.Standing, c.DecidedAt = ch.State, ch.Reason, ch.Note, ch.Standing, ch.DecidedAt
	c.Version++
	if err := updatePageTitle(b.tx, c); err != nil {
		return err
	}
	b.comments[c.ID] = c
	b.logs[c.ID] = append(b.logs[c.ID], d)
	return nil
}

// resolveReports marks reports and appeals of c as answered by this decision, which need not change c.
func (b *decisionTx) resolveReports(c comment.Comment) {
	if b.ruling.Add(c) {
		b.Emit(event.Event{Kind: event.Reported, Page: c.Page, Comment: c.ID})
	}
}

// mayAnswer reports whether the actor may decide the open appeal of c, if any.
func (b *decisionTx) mayAnswer(c comment.Comment) (bool, error) {
	return mayDecideAppeal(b.tx, c, b.logs[c.ID], b.By)
}

// mayDecideAppeal reports whether account may decide the open appeal of c. Without an open appeal it returns true. log
// holds the audit log entries about c in ascending order.
func mayDecideAppeal(tx Tx, c comment.Comment, log []auditlog.Entry, account string) (bool, error) {
	refused := ""
	for seq, i := c.Standing, len(log)-1; i >= 0; i-- { // skip redactions, which keep the decision before them
		if d := log[i]; d.Seq == seq {
			if refused, seq = d.By, d.Before; !d.Redacts() {
				break
			}
		}
	}
	return report.MayDecideAppeal(tx, c, refused, account)
}

// close writes the log entries, and completes the outcome.
func (b *decisionTx) close(out *Outcome) error {
	if out.Done > 0 {
		out.Batch = b.Batch
	}
	// Count lessons before this batch is written, so that it does not count its own.
	if err := filterContradictions(b.tx, b.Site, out); err != nil {
		return err
	}
	if err := nameConflicts(b.tx, out.Conflicts); err != nil {
		return err
	}
	if err := b.ruling.Settle(b.tx, b.Site); err != nil {
		return err
	}
	return b.Close()
}
