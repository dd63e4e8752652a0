package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/txn"
)

var eventRules = []rule{
	{"no follower misses an event among fast and slow writers", followersMissNothing},
	{"an event comes back as it was put, after the cursor it has", eventComesBack},
	{"a follower waits for no slow writer, and sees what it commits late", lateCommitIsSeen},
	{"old events are pruned and followers go on", eventsArePruned},
	{"events stay for a follower that is away, until it is marked as lost", eventsStayForAbsentFollower},
}

func (w *env) lastEvent() (at event.Position) {
	w.Helper()
	w.view(func(tx store.Tx) (err error) {
		at, err = tx.LastEvent()
		return err
	})
	return at
}

// after returns the env's events after a position, and the position after the last event read.
func (w *env) after(at event.Position, limit int) (own []event.Event, end event.Position) {
	w.Helper()
	w.view(func(tx store.Tx) error {
		events, next, err := tx.EventsAfter(at, limit)
		end = next
		for _, e := range events {
			if e.Site == w.site.ID {
				own = append(own, e)
			}
		}
		return err
	})
	return own, end
}

// seenEvents are the events that one follower has read.
type seenEvents struct {
	times map[string]int
	order map[string]int // the last number read from each writer
}

// follow reads until done is closed and all events written before are read, at most patience longer.
func (w *env) follow(from event.Position, written *atomic.Int64, done <-chan struct{}) seenEvents {
	seen := seenEvents{map[string]int{}, map[string]int{}}
	var deadline time.Time
	looks := time.NewTicker(2 * time.Millisecond) // leave CPU time to the writers
	defer looks.Stop()
	for deadline.IsZero() || time.Now().Before(deadline) {
		finished := false
		<-looks.C
		select {
		case <-done:
			finished = true
			if deadline.IsZero() {
				deadline = time.Now().Add(waitTimeout)
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
	w.Errorf("the follower is not through after %v", waitTimeout)
	return seen
}

func followersMissNothing(w *env) {
	const writers, each, followers = 16, 60, 3
	from := w.lastEvent()
	var written atomic.Int64
	done := make(chan struct{})
	var reading sync.WaitGroup
	var logs [followers]seenEvents
	for i := range followers {
		reading.Go(func() { logs[i] = w.follow(from, &written, done) })
	}
	runConcurrently(writers, func(i int) {
		for n := range each {
			// Slow writers get their number early and commit late: they read meanwhile.
			slow := i%4 == 0
			_, err := w.store.Update(w.ctx(), func(tx store.Tx) error {
				e := event.Event{
					Site: w.site.ID, Kind: event.Arrived, Page: fmt.Sprint("writer", i), Comment: fmt.Sprintf("%d/%d", i,
						n), At: began,
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

func eventComesBack(w *env) {
	from := w.lastEvent()
	want := []event.Event{
		{Site: w.site.ID, Kind: event.Decided, Page: "p", Comment: "c", Shown: true, Added: true, At: began},
		{Site: w.site.ID, Kind: event.Account, Account: "a", At: began.Add(time.Microsecond)},
	}
	told, err := w.store.Update(w.ctx(),
		func(tx store.Tx) error { return errors.Join(tx.Emit(want[0]), tx.Emit(want[1]), tx.Emit()) })
	if err != nil {
		w.Fatal(err)
	}
	at := from
	for i := range want {
		var one []event.Event
		one, at = w.after(at, 1)
		if len(one) != 1 || len(told) != len(want) {
			w.Fatalf("%d events came as number %d, and %d were told; want one, and %d", len(one), i, len(told), len(want))
		}
		want[i].ID = one[0].ID
		if one[0] != want[i] || told[i] != want[i] || want[i].ID == 0 {
			w.Errorf("event %d is %+v, told was %+v, want %+v", i, one[0], told[i], want[i])
		}
	}
	if more, end := w.after(at, 10); len(more) != 0 || end != at || want[0].ID == want[1].ID {
		w.Errorf("after the last one, at %q, come %+v to %q", at, more, end)
	}
	if more, _ := w.after(w.lastEvent(), 10); len(more) != 0 {
		w.Errorf("a new follower sees %+v", more)
	}
	why := errors.New("why")
	told, err = w.store.Update(w.ctx(), func(tx store.Tx) error { return errors.Join(tx.Emit(want[0]), why) })
	if w.wants("the update", err, why); len(told) != 0 {
		w.Errorf("of an update that failed %+v is told", told)
	}
	if more, _ := w.after(at, 10); len(more) != 0 {
		w.Errorf("an update that failed left %+v", more)
	}
}

func lateCommitIsSeen(w *env) {
	// On SQLite the second writer waits for the first, so events follow the order of the writers.
	holding, letGo := make(chan struct{}), make(chan struct{})
	var writers sync.WaitGroup
	var once sync.Once
	emit := func(name string, wait bool) {
		_, err := w.store.Update(w.ctx(), func(tx store.Tx) error {
			err := tx.Emit(event.Event{Site: w.site.ID, Kind: event.Arrived, Comment: name, At: began})
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
		if look(); !seen["quick"] {
			w.Errorf("the follower waits for the slow one: it saw %v", seen)
		}
	case <-time.After(50 * time.Millisecond): // SQLite: it waits for the slow one
	}
	close(letGo)
	writers.Wait()
	for deadline := time.Now().Add(waitTimeout); len(seen) < 2 && time.Now().Before(deadline); {
		look()
	}
	if !seen["slow"] || !seen["quick"] {
		w.Errorf("the follower saw %v, want both", seen)
	}
}

// never is before everything that a test writes.
var never = began.Add(-10_000 * time.Hour)

func eventsArePruned(w *env) {
	emit := func(name string, at time.Time) {
		w.update(func(tx store.Tx) error {
			return tx.Emit(event.Event{Site: w.site.ID, Kind: event.Arrived, Comment: name, At: at})
		})
	}
	everything := func() {
		always := began.Add(10_000 * time.Hour)
		w.update(func(tx store.Tx) error { return tx.PruneEvents(always, always) })
	}
	everything()
	from := w.lastEvent()
	old := began.Add(-1000 * time.Hour)
	emit("old", old)
	emit("new", began)
	w.update(func(tx store.Tx) error { return tx.PruneEvents(old.Add(time.Second), never) })
	got, end := w.after(from, 10)
	if len(got) != 1 || got[0].Comment != "new" {
		w.Errorf("after pruning %+v is left, want the new one", got)
	}
	// All events are removed. A follower at that position still reads later ones.
	everything()
	if got, _ := w.after("", 10); len(got) != 0 {
		w.Errorf("after pruning everything %+v is left", got)
	}
	emit("later", began)
	if got, _ := w.after(end, 10); len(got) != 1 || got[0].Comment != "later" {
		w.Errorf("the follower sees %+v, want the later one", got)
	}
}

func eventsStayForAbsentFollower(w *env) {
	name := w.id("follower")
	follower := func() (f event.FollowerState) {
		w.view(func(tx store.Tx) (err error) {
			f, err = tx.Follower(name)
			return err
		})
		return f
	}
	move := func(from, to event.Position) (moved bool) {
		w.update(func(tx store.Tx) (err error) {
			moved, err = tx.MoveFollower(name, from, to)
			return err
		})
		return moved
	}
	emit := func(comment string) {
		w.update(func(tx store.Tx) error {
			return tx.Emit(event.Event{Site: w.site.ID, Kind: event.Arrived, Comment: comment, At: began})
		})
	}
	w.view(func(tx store.Tx) error {
		_, err := tx.Follower(name)
		w.wants("a follower that nobody added", err, txn.ErrNotFound)
		return nil
	})
	emit("before")
	for range 2 { // the second call changes nothing
		w.update(func(tx store.Tx) error { return tx.AddFollower(name) })
	}
	f := follower()
	if before, _ := w.after(f.At, 10); len(before) != 0 || !f.Lost {
		w.Errorf("a new follower is %+v and sees %+v; want it lost, and at the end", f, before)
	}
	if move("elsewhere", "0:0") || !move(f.At, f.At) || follower().Lost {
		w.Errorf("moved from where it is not, or not from where it is: %+v", follower())
	}
	emit("missed")
	after := began.Add(time.Hour)
	w.update(func(tx store.Tx) error { return tx.PruneEvents(after, never) })
	missed, end := w.after(f.At, 10)
	if len(missed) != 1 || follower().Lost {
		w.Errorf("%d of what it has not read is left, want 1; it is %+v", len(missed), follower())
	}
	if !move(f.At, end) {
		w.Error("it did not move")
	}
	w.update(func(tx store.Tx) error { return tx.PruneEvents(after, after) })
	if follower().Lost {
		w.Error("it lost what it had read")
	}
	emit("lost")
	w.update(func(tx store.Tx) error { return tx.PruneEvents(after, after) })
	if got, _ := w.after(end, 10); len(got) != 0 || !follower().Lost {
		w.Errorf("after its time %d are left, and it is %+v; want none, and it lost", len(got), follower())
	}
	if f := follower(); !move(f.At, w.lastEvent()) || follower().Lost {
		w.Errorf("after a restart the follower is %+v", follower())
	}
}
