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

// A Mismatch is where a register and its site's log, or what readers see, do not say the same of a demand: an entry of
// the log without a demand where Missing, a demand without its entry, or a Comment that readers see though it stands.
type Mismatch struct {
	Demand  string
	Seq     uint64 // of the entry; 0: Comment is meant
	Missing bool
	Comment string
}

func (m Mismatch) String() string {
	switch {
	case m.Comment != "":
		return fmt.Sprintf("comment %s is shown, and demand %s against it stands", m.Comment, m.Demand)
	case m.Missing:
		return fmt.Sprintf("entry %d of the log is about demand %s, and the register says otherwise", m.Seq, m.Demand)
	}
	return fmt.Sprintf("demand %s names entry %d of the log, which is about something else", m.Demand, m.Seq)
}

// auditStep is how many rows are read at once.
const auditStep = 1_000

// A noted is what the register says of an entry of the log.
type noted struct {
	demand string
	kind   auditlog.Kind
}

// Audit compares a site's register with its log as far as its head is now, and with what readers see. It returns
// what does not fit, in the order of the log. Others may write meanwhile.
func Audit(ctx context.Context, work txn.Work[Tx], site int64) (wrong []Mismatch, err error) {
	var head auditlog.Head
	err = work.View(ctx, func(tx Tx) (err error) {
		head, err = tx.Head(site)
		return err
	})
	known := map[uint64]noted{}
	for before, more := head.Seq+1, true; more && err == nil; {
		err = work.View(ctx, func(tx Tx) error {
			demands, err := tx.Takedowns(site, before, auditStep)
			if err != nil || len(demands) == 0 {
				more = false
				return err
			}
			before = demands[len(demands)-1].Seq
			for _, d := range demands {
				known[d.Seq] = noted{d.ID, auditlog.Withholding}
				if d.EndSeq > 0 && d.EndSeq <= head.Seq {
					known[d.EndSeq] = noted{d.ID, auditlog.Restoration}
				}
			}
			shown, err := shownAll(tx, site, demands)
			wrong = append(wrong, shown...)
			return err
		})
	}
	for seq := uint64(0); seq < head.Seq && err == nil; {
		err = work.View(ctx, func(tx Tx) error {
			entries, err := tx.DecisionsAfter(site, seq, auditStep)
			if err != nil {
				return err
			}
			if len(entries) == 0 {
				seq = head.Seq // what is gone there, a walk along the log says
				return nil
			}
			for _, e := range entries {
				seq = e.Seq
				id, _, _ := strings.Cut(e.Subject, " ")
				switch n, is := known[seq]; {
				case seq > head.Seq || !e.OnDemand():
				case is && n == noted{id, e.Kind}:
					delete(known, seq)
				default:
					wrong = append(wrong, Mismatch{Demand: id, Seq: seq, Missing: true})
				}
			}
			return nil
		})
	}
	for _, seq := range slices.Sorted(maps.Keys(known)) {
		wrong = append(wrong, Mismatch{Demand: known[seq].demand, Seq: seq})
	}
	if err != nil {
		return nil, fmt.Errorf("compare the register with the log: %w", err)
	}
	return wrong, nil
}

// shownAll returns the comments that readers see though one of some demands stands against them.
func shownAll(tx Tx, site int64, demands []Demand) (wrong []Mismatch, err error) {
	var ids []string
	for _, d := range demands {
		if d.Status() == Standing && d.Page == "" {
			ids = append(ids, d.ID)
		}
	}
	meant, err := tx.TakenDown(site, ids)
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
				wrong = append(wrong, Mismatch{Demand: id, Comment: c.ID})
			}
		}
	}
	return wrong, nil
}
