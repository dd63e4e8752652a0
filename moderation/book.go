package moderation

import (
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
)

// An entry is what all that one use case adds to a site's log has in common.
type entry struct {
	site  ground.Site
	by    string
	batch string
	at    time.Time
}

func (s *Service) newEntry(who people.Actor, site ground.Site) entry {
	return entry{site: site, by: who.ID(), batch: ground.NewID(), at: s.work.Now()}
}

// A book is the locked end of a site's log in one transaction: decisions are written to
// comments at once, and to the log by close.
type book struct {
	entry
	tx       Tx
	head     decision.Head
	comments map[string]comment.Comment  // as they are now, by id
	logs     map[string][]decision.Entry // what was read of their logs, ascending
	shows    *showing

	decisions     []decision.Entry
	lessons       []decision.Lesson
	fallen, risen []uint64 // lessons that count no longer, and that count again
	events        []ground.Event
}

// open locks the log.
func (e entry) open(tx Tx) (*book, error) {
	head, err := tx.LockLog(e.site.ID)
	if err != nil {
		return nil, fmt.Errorf("lock log: %w", err)
	}
	return &book{entry: e, tx: tx, head: head}, nil
}

// lock reads comments by id, in one order in every transaction: those who lock single
// comments without the log would otherwise wait for us as we for them.
func (b *book) lock(ids []string) error {
	ids = slices.DeleteFunc(slices.Sorted(slices.Values(ids)), func(id string) bool { return !ground.IsID(id) })
	found, err := b.tx.CommentsByID(b.site.ID, ids)
	if err != nil {
		return fmt.Errorf("read comments: %w", err)
	}
	b.comments = make(map[string]comment.Comment, len(found))
	for _, c := range found {
		b.comments[c.ID] = c
	}
	b.shows = newShowing(b.tx, b.site.ID, found...)
	return nil
}

func (b *book) readLog(ids []string) error {
	b.logs = make(map[string][]decision.Entry, len(ids))
	if len(ids) == 0 {
		return nil
	}
	entries, err := b.tx.DecisionsOf(b.site.ID, ids...)
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

// write puts a decision on a comment: d needs what is its own only.
func (b *book) write(c comment.Comment, d decision.Entry, ch comment.StateChange) error {
	d.Comment, d.Version, d.From = c.ID, c.Version, c.State
	ok, err := b.tx.SetState(b.site.ID, c.ID, c.Version, ch)
	if err != nil {
		return fmt.Errorf("set state: %w", err)
	}
	if !ok {
		return fmt.Errorf("set state of %s: version %d moved under the lock", c.ID, c.Version)
	}
	shown := (d.From == decision.Approved) != (d.To == decision.Approved)
	if shown {
		if err := b.shows.set(c.ID, d.To == decision.Approved); err != nil {
			return err
		}
	}
	d = b.put(d)
	b.events = append(b.events, ground.Event{
		Site: b.site.ID, Kind: ground.EventDecided, Page: c.Page, Comment: c.ID, Shown: shown, At: b.at,
	})
	c.State, c.Reason, c.Note, c.Standing, c.DecidedAt = ch.State, ch.Reason, ch.Note, ch.Standing, ch.DecidedAt
	c.Version++
	b.comments[c.ID] = c
	if b.logs == nil {
		b.logs = map[string][]decision.Entry{}
	}
	b.logs[c.ID] = append(b.logs[c.ID], d)
	return nil
}

// put adds an entry to the log.
func (b *book) put(d decision.Entry) decision.Entry {
	d.Seq, d.Site, d.Batch, d.By, d.At = b.head.Seq+1, b.site.ID, b.batch, b.by, b.at
	d.Hash = decision.Hash(b.head.Hash, d)
	b.head = decision.Head{Seq: d.Seq, Hash: d.Hash}
	b.decisions = append(b.decisions, d)
	return d
}

// close writes what the book holds, and completes what is answered.
func (b *book) close(out *Outcome) error {
	if out.Done > 0 {
		out.Batch = b.batch
	}
	// Before anything is written: what is decided here is not taught yet.
	if err := contradictions(b.tx, b.site.ID, out); err != nil {
		return err
	}
	if err := nameConflicts(b.tx, out.Conflicts); err != nil {
		return err
	}
	if len(b.decisions) > 0 {
		if err := b.tx.AppendDecisions(b.site.ID, b.decisions); err != nil {
			return fmt.Errorf("append decisions: %w", err)
		}
	}
	if len(b.lessons) > 0 {
		if err := b.tx.AddLessons(b.site.ID, b.lessons); err != nil {
			return fmt.Errorf("add lessons: %w", err)
		}
	}
	for _, l := range []struct {
		seqs     []uint64
		standing bool
	}{{b.fallen, false}, {b.risen, true}} {
		if len(l.seqs) == 0 {
			continue
		}
		if err := b.tx.SetStanding(b.site.ID, l.seqs, l.standing); err != nil {
			return fmt.Errorf("set standing: %w", err)
		}
	}
	if len(b.events) == 0 {
		return nil
	}
	if err := b.tx.Emit(b.events...); err != nil {
		return fmt.Errorf("emit: %w", err)
	}
	return nil
}
