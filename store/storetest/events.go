package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/ground"
)

var eventRules = []rule{
	{"no follower misses an event among fast and slow writers", followersMissNothing},
	{"an event comes back as it was put, after the cursor it has", eventComesBack},
	{"a follower that starts now sees what comes, however late it is committed", lateCommitIsSeen},
	{"old events are pruned and followers go on", eventsArePruned},
}

func (w *world) lastEvent() (c ground.Cursor) {
	w.Helper()
	w.view(func(tx moderation.Tx) (err error) {
		c, err = tx.LastEvent()
		return err
	})
	return c
}

// after returns the world's own events after a cursor, and where that reading ended.
func (w *world) after(c ground.Cursor, limit int) (own []ground.Event, end ground.Cursor) {
	w.Helper()
	end = c
	w.view(func(tx moderation.Tx) error {
		events, err := tx.EventsAfter(c, limit)
		for _, e := range events {
			end = e.Cursor
			if e.Site == w.site.ID {
				own = append(own, e)
			}
		}
		return err
	})
	return own, end
}

// seenEvents is what one follower has seen.
type seenEvents struct {
	times map[string]int
	order map[string]int // the last number seen of each writer
}

// follow reads until done and everything written before it was read; it gives up by patience.
func (w *world) follow(from ground.Cursor, written *atomic.Int64, done <-chan struct{}) seenEvents {
	seen := seenEvents{map[string]int{}, map[string]int{}}
	var deadline time.Time
	looks := time.NewTicker(2 * time.Millisecond) // leaves the processor to the writers
	defer looks.Stop()
	for deadline.IsZero() || time.Now().Before(deadline) {
		finished := false
		<-looks.C
		select {
		case <-done:
			finished = true
			if deadline.IsZero() {
				deadline = time.Now().Add(patience)
			}
		default:
		}
		events, end := w.after(from, 100)
		for _, e := range events {
			seen.times[e.Comment]++
			var writer, n int
			if _, err := fmt.Sscanf(e.Comment, "%d/%d", &writer, &n); err != nil {
				w.Errorf("event of %q: %v", e.Comment, err)
			}
			if n < seen.order[e.Page] {
				w.Errorf("event %d of %s came after %d", n, e.Page, seen.order[e.Page])
			}
			seen.order[e.Page] = n
		}
		if finished && (end == from || int64(len(seen.times)) >= written.Load()) {
			return seen
		}
		from = end
	}
	w.Errorf("the follower is not through after %v", patience)
	return seen
}

func followersMissNothing(w *world) {
	const writers, each, followers = 16, 60, 3
	from := w.lastEvent()
	var written atomic.Int64
	done := make(chan struct{})
	var reading sync.WaitGroup
	var logs [followers]seenEvents
	for i := range followers {
		reading.Go(func() { logs[i] = w.follow(from, &written, done) })
	}
	together(writers, func(i int) {
		for n := range each {
			// Slow ones take their number early and commit late: they look around meanwhile.
			slow := i%4 == 0
			err := w.store.Update(w.ctx(), func(tx moderation.Tx) error {
				e := ground.Event{
					Site: w.site.ID, Kind: ground.EventArrived, Page: fmt.Sprint("writer", i), Comment: fmt.Sprintf("%d/%d", i, n), At: began,
				}
				if err := tx.Emit(e); err != nil {
					return err
				}
				for range map[bool]int{true: 12}[slow] {
					if _, err := tx.Head(w.site.ID); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				w.Errorf("write: %v", err)
				continue
			}
			written.Add(1)
		}
	})
	close(done)
	reading.Wait()
	for i, log := range logs {
		missed, doubled := 0, 0
		for a := range writers {
			for n := range each {
				switch log.times[fmt.Sprintf("%d/%d", a, n)] {
				case 0:
					missed++
				case 1:
				default:
					doubled++
				}
			}
		}
		if missed != 0 || doubled != 0 {
			w.Errorf("follower %d missed %d and doubled %d of %d events", i, missed, doubled, writers*each)
		}
	}
}

func eventComesBack(w *world) {
	from := w.lastEvent()
	want := []ground.Event{
		{Site: w.site.ID, Kind: ground.EventDecided, Page: "p", Comment: "c", Shown: true, At: began},
		{Site: w.site.ID, Kind: ground.EventAccount, Account: "a", At: began.Add(time.Microsecond)},
	}
	w.update(func(tx moderation.Tx) error { return tx.Emit(want...) })
	w.update(func(tx moderation.Tx) error { return tx.Emit() })
	got, end := w.after(from, 10)
	if len(got) != 2 {
		w.Fatalf("%d events came, want 2", len(got))
	}
	for i, e := range got {
		if next, _ := w.after(e.Cursor, 10); len(next) != 1-i {
			w.Errorf("after event %d come %d, want %d", i, len(next), 1-i)
		}
		e.Cursor = ground.Cursor{}
		if e != want[i] {
			w.Errorf("event %d is %+v, want %+v", i, e, want[i])
		}
	}
	if last := w.lastEvent(); last != end {
		w.Errorf("the last event is %+v, want %+v", last, end)
	}
}

func lateCommitIsSeen(w *world) {
	// On SQLite the second writer waits for the first; there the order is theirs.
	holding, letGo := make(chan struct{}), make(chan struct{})
	var writers sync.WaitGroup
	var once sync.Once
	emit := func(name string, wait bool) {
		err := w.store.Update(w.ctx(), func(tx moderation.Tx) error {
			err := tx.Emit(ground.Event{Site: w.site.ID, Kind: ground.EventArrived, Comment: name, At: began})
			if wait {
				once.Do(func() { close(holding) })
				<-letGo
			}
			return err
		})
		if err != nil {
			w.Errorf("emit: %v", err)
		}
	}
	writers.Go(func() { emit("slow", true) })
	<-holding
	from := w.lastEvent()
	quick := make(chan struct{})
	writers.Go(func() {
		emit("quick", false)
		close(quick)
	})
	seen := map[string]bool{}
	look := func() {
		events, end := w.after(from, 10)
		for _, e := range events {
			seen[e.Comment] = true
		}
		from = end
	}
	select {
	case <-quick: // the quick one is committed, the slow one is not
		look()
	case <-time.After(50 * time.Millisecond): // it waits for the slow one: SQLite
	}
	close(letGo)
	writers.Wait()
	for deadline := time.Now().Add(patience); len(seen) < 2 && time.Now().Before(deadline); {
		look()
	}
	if !seen["slow"] || !seen["quick"] {
		w.Errorf("the follower saw %v, want both", seen)
	}
}

func eventsArePruned(w *world) {
	emit := func(name string, at time.Time) {
		w.update(func(tx moderation.Tx) error {
			return tx.Emit(ground.Event{Site: w.site.ID, Kind: ground.EventArrived, Comment: name, At: at})
		})
	}
	everything := func() {
		w.update(func(tx moderation.Tx) error { return tx.PruneEvents(began.Add(10_000 * time.Hour)) })
	}
	everything()
	from := w.lastEvent()
	old := began.Add(-1000 * time.Hour)
	emit("old", old)
	emit("new", began)
	w.update(func(tx moderation.Tx) error { return tx.PruneEvents(old.Add(time.Second)) })
	got, end := w.after(from, 10)
	if len(got) != 1 || got[0].Comment != "new" {
		w.Errorf("after pruning %+v is left, want the new one", got)
	}
	// Everything goes; who follows from there still sees what comes.
	everything()
	if got, _ := w.after(ground.Cursor{}, 10); len(got) != 0 {
		w.Errorf("after pruning everything %+v is left", got)
	}
	emit("later", began)
	if got, _ := w.after(end, 10); len(got) != 1 || got[0].Comment != "later" {
		w.Errorf("who followed sees %+v, want the later one", got)
	}
}
