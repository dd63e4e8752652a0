package takedown

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/txn"
)

// A Mismatch is a contradiction between takedowns, the site's log and what readers see. If Comment is set, readers see
// that comment although an active takedown withholds it. Otherwise, if Missing is set, the log entry Seq has no
// matching takedown; if not, the takedown has no matching entry.
type Mismatch struct {
	Takedown string
	Seq      uint64 // of the log entry; 0 if Comment is set
	Missing  bool
	Comment  string
}

func (m Mismatch) String() string {
	switch {
	case m.Comment != "":
		return fmt.Sprintf("comment %s is public although takedown %s withholds it", m.Comment, m.Takedown)
	case m.Missing:
		return fmt.Sprintf("log entry %d of takedown %s has no matching takedown", m.Seq, m.Takedown)
	}
	return fmt.Sprintf("takedown %s has no matching log entry %d", m.Takedown, m.Seq)
}

// auditBatch is the number of rows per read.
const auditBatch = 1_000

// A logRef is the takedown and the kind that a log entry must have.
type logRef struct {
	takedown string
	kind     auditlog.Kind
}

// Audit compares a site's takedowns with its log, up to the log's head when Audit starts, and with what readers see.
// It returns the mismatches in the order of the log. Concurrent writes are allowed.
func Audit(ctx context.Context, work txn.Work[Tx], site int64) (wrong []Mismatch, err error) {
	var head auditlog.Head
	err = work.View(ctx, func(tx Tx) (err error) {
		head, err = tx.Head(site)
		return err
	})
	known := map[uint64]logRef{}
	for before, more := head.Seq+1, true; more && err == nil; {
		err = work.View(ctx, func(tx Tx) error {
			demands, err := tx.Takedowns(site, before, auditBatch)
			if err != nil || len(demands) == 0 {
				more = false
				return err
			}
			before = demands[len(demands)-1].Seq
			for _, d := range demands {
				known[d.Seq] = logRef{d.ID, auditlog.Withholding}
				if d.EndSeq > 0 && d.EndSeq <= head.Seq {
					known[d.EndSeq] = logRef{d.ID, auditlog.Restoration}
				}
			}
			shown, err := findPublic(tx, site, demands)
			wrong = append(wrong, shown...)
			return err
		})
	}
	for seq := uint64(0); seq < head.Seq && err == nil; {
		err = work.View(ctx, func(tx Tx) error {
			entries, err := tx.DecisionsAfter(site, seq, auditBatch)
			if err != nil {
				return err
			}
			if len(entries) == 0 {
				seq = head.Seq // verification of the log reports missing entries
				return nil
			}
			for _, e := range entries {
				seq = e.Seq
				id, _, _ := strings.Cut(e.Subject, " ")
				switch n, is := known[seq]; {
				case seq > head.Seq || !e.IsTakedown():
				case is && n == logRef{id, e.Kind}:
					delete(known, seq)
				default:
					wrong = append(wrong, Mismatch{Takedown: id, Seq: seq, Missing: true})
				}
			}
			return nil
		})
	}
	for _, seq := range slices.Sorted(maps.Keys(known)) {
		wrong = append(wrong, Mismatch{Takedown: known[seq].takedown, Seq: seq})
	}
	if err != nil {
		return nil, fmt.Errorf("compare takedowns with the log: %w", err)
	}
	return wrong, nil
}

// findPublic returns a mismatch for each public comment that an active takedown in demands withholds. Takedowns of
// whole pages are skipped.
func findPublic(tx Tx, site int64, demands []Takedown) (wrong []Mismatch, err error) {
	var ids []string
	for _, d := range demands {
		if d.Status() == Active && d.Page == "" {
			ids = append(ids, d.ID)
		}
	}
	meant, err := tx.TakedownComments(site, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		found, err := tx.CommentsByID(site, meant[id])
		if err != nil {
			return nil, err
		}
		for _, c := range found {
			if c.IsPublic() {
				wrong = append(wrong, Mismatch{Takedown: id, Comment: c.ID})
			}
		}
	}
	return wrong, nil
}
