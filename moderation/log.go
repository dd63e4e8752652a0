package moderation

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/ledger"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/problem"
)

// A LogRequest asks for entries of a log. What it leaves out is everything.
type LogRequest struct {
	After        string // a Next, or ""
	Limit        int
	Who          string    // a name
	What         string    // one of LogActions
	Comment      string    // an id
	Since, Until time.Time // Until is not in it
}

// LogActions are what a log can be searched for: what was decided, undone, or done to the model.
var LogActions = []string{"approve", "reject", "spam", "hold", "undo", "model"}

const (
	logStep  = 500 // entries read at once where some are looked for
	logSteps = 10
)

// Log returns a site's decisions, newest first. It needs a moderator. Of a comment all are found; else at most
// 5,000 entries are looked through at once, and next goes on behind them, even where none was found.
func (s *Service) Log(
	ctx context.Context, who people.Actor, site ground.Site, in LogRequest,
) (entries []ledger.Told, next string, err error) {
	if err := who.May(site.ID, people.Moderator, people.ScopeRead); err != nil {
		return nil, "", err
	}
	if in.Limit, err = comment.PageSize(in.Limit); err != nil {
		return nil, "", err
	}
	from, err := logPlace(in.After)
	if err != nil {
		return nil, "", err
	}
	if in.What != "" && !slices.Contains(LogActions, in.What) {
		return nil, "", problem.Query("action", "Look for "+problem.Among(LogActions)+".")
	}
	var w logWalk
	err = s.work.View(ctx, func(tx Tx) error {
		w = logWalk{LogRequest: in, tx: tx, site: site.ID, from: from, found: []ledger.Told{}}
		if in.Comment != "" {
			return w.ofComment()
		}
		return w.back()
	})
	if err != nil {
		return nil, "", fmt.Errorf("read log: %w", err)
	}
	if w.more {
		next = base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, w.from))
	}
	return w.found, next, nil
}

// logPlace reads a cursor: entries before it are meant; 0: all.
func logPlace(after string) (from uint64, err error) {
	if after == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(after)
	if err != nil || len(raw) != 8 {
		return 0, problem.Cursor()
	}
	if from = binary.BigEndian.Uint64(raw); from == 0 || from > 1<<62 {
		return 0, problem.Cursor()
	}
	return from, nil
}

// A logWalk reads a log backwards, from before from on; at its end it says whether there is more.
type logWalk struct {
	LogRequest
	tx    Tx
	site  int64
	from  uint64
	found []ledger.Told
	more  bool
}

// ofComment finds the entries about one comment.
func (w *logWalk) ofComment() error {
	all, err := w.tx.DecisionsOf(w.site, w.Comment)
	if err != nil {
		return err
	}
	slices.Reverse(all)
	_, err = w.take(slices.DeleteFunc(all, func(d ledger.Entry) bool { return w.from > 0 && d.Seq >= w.from }))
	return err
}

// back walks from the newest entry that may be meant.
func (w *logWalk) back() error {
	if w.from == 0 && !w.Until.IsZero() {
		if err := w.seek(); err != nil {
			return err
		}
	}
	step := logStep
	if w.Who+w.What == "" {
		step = w.Limit + 1
	}
	for range logSteps {
		some, err := w.tx.DecisionsBefore(w.site, w.from, step)
		if err != nil {
			return err
		}
		if ended, err := w.take(some); ended || err != nil {
			return err
		}
		if len(some) < step {
			return nil
		}
	}
	w.more = true
	return nil
}

// seek finds where the entries of Until begin. Numbers have no gaps, and times rise with them but for what clocks
// differ: it halves what is left, so that no index is needed.
func (w *logWalk) seek() error {
	head, err := w.tx.Head(w.site)
	if err != nil {
		return err
	}
	low, high := uint64(1), head.Seq+1 // the first of Until is in low to high
	for low < high {
		middle := (low + high) / 2
		one, err := w.tx.DecisionsAfter(w.site, middle-1, 1)
		if err != nil {
			return err
		}
		if len(one) == 0 || !one[0].At.Before(w.Until) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	w.from = low
	return nil
}

// take finds what is meant among entries, the next ones backwards, and says whether that was all or enough.
func (w *logWalk) take(some []ledger.Entry) (ended bool, err error) {
	told, err := ledger.Tell(w.tx, some)
	if err != nil {
		return false, err
	}
	for _, e := range told {
		if !w.Since.IsZero() && e.At.Before(w.Since) {
			return true, nil
		}
		if len(w.found) == w.Limit {
			w.more = true
			return true, nil
		}
		w.from = e.Seq
		if w.means(e) {
			w.found = append(w.found, e)
		}
	}
	return false, nil
}

func (w *logWalk) means(e ledger.Told) bool {
	if w.Who != "" && e.Name != w.Who || !w.Until.IsZero() && !e.At.Before(w.Until) {
		return false
	}
	switch w.What {
	case "":
		return true
	case "undo":
		return e.Undoes != 0
	case "model":
		return e.Kind != ledger.OnComment
	}
	return e.Kind == ledger.OnComment && e.Undoes == 0 && e.Action.String() == w.What
}

// nameConflicts puts names where conflicts have the ids of accounts.
func nameConflicts(tx Tx, conflicts []Conflict) error {
	if !slices.ContainsFunc(conflicts, func(c Conflict) bool { return !c.At.IsZero() }) {
		return nil
	}
	ids := make([]string, len(conflicts))
	for i, c := range conflicts {
		ids[i] = c.By
	}
	names, err := ledger.Names(tx, ids...)
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

// VerifyLog walks a site's whole log and returns the seq of the first entry whose hash, place
// or lesson is not what it should be; 0 when all is well.
func (s *Service) VerifyLog(ctx context.Context, site ground.Site) (bad uint64, err error) {
	w := ledger.NewWalk(site.ID)
	for more := true; more; {
		err := s.work.View(ctx, func(tx Tx) (err error) {
			bad, more, err = w.Step(tx)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("verify log: %w", err)
		}
	}
	return bad, nil
}

// LastBatches returns the batches of who's own decisions that an undo could still take back,
// newest first: what the key z walks through. It looks through the newest 5,000 decisions.
func (s *Service) LastBatches(ctx context.Context, who people.Actor, site ground.Site, limit int) ([]string, error) {
	if err := who.May(site.ID, people.Moderator, people.ScopeRead); err != nil {
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

// undoables walks a log backwards and finds the decisions of one account that still stand.
type undoables struct {
	tx    Tx
	site  int64
	by    string
	from  uint64
	later map[string]int64 // entries passed already, by comment
}

func (w *undoables) next() (batches []string, more bool, err error) {
	const step = 500
	decisions, err := w.tx.DecisionsBefore(w.site, w.from, step)
	if err != nil {
		return nil, false, err
	}
	var own []ledger.Entry
	var ids []string
	version := map[uint64]int64{} // that the comment has if nobody edited it since
	for _, d := range decisions {
		w.from = d.Seq
		w.later[d.Comment]++
		if d.By == w.by && d.Undoes == 0 && !d.Undone && d.Kind == ledger.OnComment {
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
