package moderation

import (
	"context"
	"fmt"
	"slices"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// A LogRequest filters the entries of a log. Omitted fields match everything.
type LogRequest = auditlog.Search

// Log returns entries of the site's audit log, newest first. It needs a moderator. For a comment it returns all
// entries. Otherwise it searches at most 5,000 entries per call; next continues after them, even if none matched.
func (s *Service) Log(
	ctx context.Context, who authz.Actor, site site.Site, in LogRequest,
) (entries []auditlog.NamedEntry, next string, err error) {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
		return nil, "", err
	}
	if in.Limit, err = comment.PageSize(in.Limit); err != nil {
		return nil, "", err
	}
	if !possible(in) {
		return nil, "", nil
	}
	err = s.work.View(ctx, func(tx Tx) (err error) {
		entries, next, err = in.Find(tx, site.ID)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("read log: %w", err)
	}
	return entries, next, nil
}

// possible reports whether a log can have entries for the IDs of in.
func possible(in LogRequest) bool {
	return (in.Comment == "" || txn.IsID(in.Comment)) && (in.Batch == "" || txn.IsID(in.Batch))
}

// An Act is the matching entries of one batch of a log.
type Act struct {
	Size     int                   // number of entries
	Entries  []auditlog.NamedEntry // the newest ones
	Comments map[string]comment.Comment
	Undoable bool // Undo of the batch changes one of Comments
}

const (
	actEntries   = 200 // entries read for a page of acts
	shownEntries = 3   // entries of an act on a page with several acts
)

// Acts returns the log as acts, newest first, with the comments of at most three entries per act. It needs a moderator.
// A page has at most in.Limit acts. With Batch it has that act, with up to 200 entries.
func (s *Service) Acts(
	ctx context.Context, who authz.Actor, site site.Site, in LogRequest,
) (acts []Act, next string, err error) {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
		return nil, "", err
	}
	limit, err := comment.PageSize(in.Limit)
	if err != nil {
		return nil, "", err
	}
	if !possible(in) {
		return nil, "", nil
	}
	in.Limit = actEntries
	err = s.work.View(ctx, func(tx Tx) error {
		var entries []auditlog.NamedEntry
		if entries, next, err = in.Find(tx, site.ID); err != nil {
			return err
		}
		acts = actsOf(entries)
		if len(acts) > limit {
			last := acts[limit-1]
			acts, next = acts[:limit], auditlog.Cursor(last.Entries[len(last.Entries)-1].Seq)
		} else if (next != "" || in.Batch != "") && len(acts) > 0 {
			if next, err = completeAct(tx, site.ID, in, &acts[len(acts)-1], next); err != nil {
				return err
			}
		}
		if in.Batch == "" {
			for i := range acts {
				acts[i].Entries = acts[i].Entries[:min(shownEntries, len(acts[i].Entries))]
			}
		}
		return addComments(tx, site.ID, acts)
	})
	if err != nil {
		return nil, "", fmt.Errorf("read acts: %w", err)
	}
	return acts, next, nil
}

// actsOf groups entries by batch. The entries of a batch are adjacent, because they were written in one transaction.
func actsOf(entries []auditlog.NamedEntry) (acts []Act) {
	for i, e := range entries {
		if i == 0 || e.Batch != entries[i-1].Batch {
			acts = append(acts, Act{})
		}
		a := &acts[len(acts)-1]
		a.Entries, a.Size = append(a.Entries, e), a.Size+1
	}
	return acts
}

// completeAct counts the entries of the last act of a page, and returns the cursor after the page.
func completeAct(tx Tx, site int64, in LogRequest, a *Act, next string) (string, error) {
	last := a.Entries[len(a.Entries)-1]
	if in.Batch == "" && (in.Comment != "" || next != auditlog.Cursor(last.Seq)) {
		return next, nil // the batch has no further matching entries
	}
	all, err := tx.Batch(site, last.Batch)
	if err != nil {
		return "", fmt.Errorf("read batch: %w", err)
	}
	a.Size = len(all)
	switch {
	case in.Batch != "":
		return next, nil
	case all[0].Seq == 1:
		return "", nil
	}
	return auditlog.Cursor(all[0].Seq), nil
}

// addComments reads the comments of acts in one query and marks the acts that can be undone.
func addComments(tx Tx, site int64, acts []Act) error {
	var ids []string
	for _, a := range acts {
		for _, e := range a.Entries {
			if e.Comment != "" && e.Kind == auditlog.Decision {
				ids = append(ids, e.Comment)
			}
		}
	}
	found, err := tx.CommentsByID(site, unique(ids))
	if err != nil {
		return fmt.Errorf("read comments: %w", err)
	}
	known := make(map[string]comment.Comment, len(found))
	for _, c := range found {
		known[c.ID] = c
	}
	for i := range acts {
		a := &acts[i]
		a.Comments = map[string]comment.Comment{}
		for _, e := range a.Entries {
			if c, ok := known[e.Comment]; ok {
				a.Comments[c.ID] = c
				a.Undoable = a.Undoable || inEffect(e.Entry, c)
			}
		}
	}
	return nil
}

// inEffect reports whether a decision is the one in effect on its comment, and can be undone.
func inEffect(d auditlog.Entry, c comment.Comment) bool {
	return d.Undoes == 0 && c.Standing == d.Seq && c.State != comment.Removed && (!d.Redacts() || c.Keeps(d.Seq))
}

// PublicHead returns the head of the site's audit log.
func (s *Service) PublicHead(ctx context.Context, site site.Site) (head auditlog.Head, err error) {
	err = s.work.View(ctx, func(tx Tx) (err error) {
		head, err = tx.Head(site.ID)
		return err
	})
	if err != nil {
		return head, fmt.Errorf("read the head of the log: %w", err)
	}
	return head, nil
}

// PublicLog returns the public part of the log entries after the sequence number after, at most limit.
func (s *Service) PublicLog(
	ctx context.Context, site site.Site, after uint64, limit int,
) (list []auditlog.Public, err error) {
	err = s.work.View(ctx, func(tx Tx) error {
		entries, err := tx.DecisionsAfter(site.ID, after, limit)
		list = make([]auditlog.Public, len(entries))
		for i, d := range entries {
			list[i] = d.Public()
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read public log: %w", err)
	}
	return list, nil
}

// nameConflicts replaces account IDs in conflicts with names.
func nameConflicts(tx Tx, conflicts []Conflict) error {
	if !slices.ContainsFunc(conflicts, func(c Conflict) bool { return !c.At.IsZero() }) {
		return nil
	}
	ids := make([]string, len(conflicts))
	for i, c := range conflicts {
		ids[i] = c.By
	}
	names, err := auditlog.Names(tx, ids...)
	if err != nil {
		return err
	}
	for i := range conflicts {
		if c := &conflicts[i]; !c.At.IsZero() {
			c.By = names[c.By]
		}
	}
	return nil
}

// LastBatches returns the actor's own batches that can still be undone, newest first, for the desk's undo key z. It
// searches the newest 5,000 decisions.
func (s *Service) LastBatches(ctx context.Context, who authz.Actor, site site.Site, limit int) ([]string, error) {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeRead); err != nil {
		return nil, err
	}
	batches := []string{}
	err := s.work.View(ctx, func(tx Tx) error {
		batches = batches[:0]
		w := undoables{tx: tx, site: site.ID, by: who.ID(), later: map[string]int64{}}
		for range 10 {
			found, more, err := w.next()
			if err != nil {
				return err
			}
			for _, batch := range found {
				if !slices.Contains(batches, batch) {
					batches = append(batches, batch)
				}
			}
			if !more || len(batches) >= limit {
				break
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read last batches: %w", err)
	}
	return batches[:min(limit, len(batches))], nil
}

// undoables walks a log backwards and finds the decisions of one account that are in effect.
type undoables struct {
	tx    Tx
	site  int64
	by    string
	from  uint64
	later map[string]int64 // number of newer entries that were passed, by comment
}

func (w *undoables) next() (batches []string, more bool, err error) {
	const step = 500
	decisions, err := w.tx.DecisionsBefore(w.site, w.from, step)
	if err != nil {
		return nil, false, err
	}
	var own []auditlog.Entry
	var ids []string
	version := map[uint64]int64{} // version of the comment, by decision, if it was not edited since
	for _, d := range decisions {
		w.from = d.Seq
		w.later[d.Comment]++
		if d.By == w.by && d.Undoes == 0 && !d.Undone && d.Kind == auditlog.Decision {
			own, ids = append(own, d), append(ids, d.Comment)
			version[d.Seq] = d.Version + w.later[d.Comment]
		}
	}
	if len(ids) > 0 {
		comments, err := w.tx.CommentsByID(w.site, ids)
		if err != nil {
			return nil, false, err
		}
		for _, d := range own {
			if slices.ContainsFunc(comments, func(c comment.Comment) bool {
				return c.ID == d.Comment && c.Standing == d.Seq && c.State != comment.Removed &&
					c.Version == version[d.Seq]
			}) {
				batches = append(batches, d.Batch)
			}
		}
	}
	return batches, len(decisions) == step && w.from > 1, nil
}
