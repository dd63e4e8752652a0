package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/txn"
)

var transactionRules = []rule{
	{"a view is one snapshot", viewIsSnapshot},
	{"concurrent views share one snapshot despite writes", viewsAreOneSnapshot},
	{"a view cannot write", viewCannotWrite},
	{"a failed update changes nothing and returns its error", failureLeavesNothing},
	{"an update that panics changes nothing, and the next one works", panicLeavesNothing},
	{"a successful update is visible to every later view", answeredIsThere},
	{"failed and canceled updates do not affect others", othersAreSafe},
	{"an update canceled before its turn does nothing", leftBeforeTurn},
	{"a canceled view ends with the context's error", viewIsLeft},
	{"updates that lock the same rows in opposite orders all succeed", crossedLocks},
	{"a meta value is stored by name", metaIsKept},
}

func viewIsSnapshot(w *env) {
	c := w.comment()
	w.view(func(tx store.Tx) error {
		before, err := tx.CommentByID(w.site.ID, c.ID)
		if err != nil {
			return err
		}
		w.update(func(tx store.Tx) error {
			return tx.SetShown(w.site.ID, c.ID, 3, true)
		})
		after, err := tx.CommentByID(w.site.ID, c.ID)
		if after.ShownReplies != before.ShownReplies {
			w.Errorf("a view first read %d, then %d", before.ShownReplies, after.ShownReplies)
		}
		return err
	})
	if got := w.stored(c.ID).ShownReplies; got != 3 {
		w.Errorf("the next view reads %d, want 3", got)
	}
}

func viewsAreOneSnapshot(w *env) {
	const readers = 3
	c := w.comment()
	var writing sync.WaitGroup
	stop := make(chan struct{})
	writing.Go(func() {
		for n := 1; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			_, err := w.store.Update(w.ctx(), func(tx store.Tx) error { return tx.SetShown(w.site.ID, c.ID, n, true) })
			if err != nil {
				w.Errorf("update: %v", err)
				return
			}
		}
	})
	seen := map[int]bool{}
	for end := time.Now().Add(waitTimeout); len(seen) < 50 && !w.Failed(); {
		if time.Now().After(end) {
			w.Fatal("nobody writes meanwhile")
		}
		var read [readers]int
		err := w.store.Views(w.ctx(), readers, func(all []store.Tx) error {
			var wrong [readers]error
			var reading sync.WaitGroup
			for i, tx := range all {
				reading.Go(func() {
					var found comment.Comment
					found, wrong[i] = tx.CommentByID(w.site.ID, c.ID)
					read[i] = found.ShownReplies
				})
			}
			reading.Wait()
			return errors.Join(wrong[:]...)
		})
		if err != nil || read != [readers]int{read[0], read[0], read[0]} {
			w.Errorf("the views read %d, %v", read, err)
		}
		seen[read[0]] = true
	}
	close(stop)
	writing.Wait()
	err := w.store.Views(w.ctx(), readers, func(all []store.Tx) error {
		return all[readers-1].SetMeta(w.id("meta"), []byte("x"))
	})
	if err == nil {
		w.Error("one of the views wrote")
	}
	w.comment() // no lock is held
}

func viewCannotWrite(w *env) {
	err := w.store.View(w.ctx(), func(tx store.Tx) error { return tx.SetMeta(w.id("meta"), []byte("x")) })
	if err == nil {
		w.Error("a view wrote")
	}
}

func failureLeavesNothing(w *env) {
	name := w.id("meta")
	why := errors.New("why")
	_, err := w.store.Update(w.ctx(), func(tx store.Tx) error {
		if err := tx.SetMeta(name, []byte("x")); err != nil {
			return err
		}
		return fmt.Errorf("because: %w", why)
	})
	w.wants("the update", err, why)
	w.view(func(tx store.Tx) error {
		_, err := tx.Meta(name)
		w.wants("what it wrote", err, txn.ErrNotFound)
		return nil
	})
}

func panicLeavesNothing(w *env) {
	name := w.id("meta")
	func() {
		defer func() {
			if p := recover(); p != "oh" {
				w.Errorf("recovered %v, want what was thrown", p)
			}
		}()
		_, _ = w.store.Update(w.ctx(), func(tx store.Tx) error {
			if err := tx.SetMeta(name, []byte("x")); err != nil {
				w.Error(err)
			}
			panic("oh")
		})
		w.Error("the panic was swallowed")
	}()
	w.view(func(tx store.Tx) error {
		_, err := tx.Meta(name)
		w.wants("what it wrote", err, txn.ErrNotFound)
		return nil
	})
	w.comment()
}

func answeredIsThere(w *env) {
	const writers, each = 16, 20
	runConcurrently(writers, func(int) {
		for range each {
			c := w.draft()
			_, err := w.store.Update(w.ctx(), func(tx store.Tx) error {
				_, _, err := tx.InsertComment(c)
				return err
			})
			if err != nil {
				w.Errorf("insert: %v", err)
				continue
			}
			err = w.store.View(w.ctx(), func(tx store.Tx) error {
				_, err := tx.CommentByID(w.site.ID, c.ID)
				return err
			})
			if err != nil {
				w.Errorf("%s was acknowledged, and reading it gives: %v", c.ID, err)
			}
		}
	})
}

func othersAreSafe(w *env) {
	const writers, each = 24, 20
	refused := errors.New("refused")
	var kept, failed atomic.Int32
	runConcurrently(writers, func(i int) {
		for n := range each {
			ctx, leave := context.WithCancel(w.ctx())
			c := w.draft()
			_, err := w.store.Update(ctx, func(tx store.Tx) error {
				if _, _, err := tx.InsertComment(c); err != nil {
					return err
				}
				switch (i + n) % 4 {
				case 0:
					return refused
				case 1:
					leave()
				case 2: // violates a constraint of the schema
					broken := w.draft(func(c *comment.Comment) { c.Version = 0 })
					_, _, err := tx.InsertComment(broken)
					return err
				}
				return nil
			})
			leave()
			err2 := w.store.View(w.ctx(), func(tx store.Tx) error {
				_, err := tx.CommentByID(w.site.ID, c.ID)
				return err
			})
			switch {
			case err == nil && err2 == nil:
				kept.Add(1)
			case err != nil && errors.Is(err2, txn.ErrNotFound):
				failed.Add(1)
			default:
				w.Errorf("%s: the update returned %v, a view %v", c.ID, err, err2)
			}
		}
	})
	if half := int32(writers * each / 2); kept.Load() != half || failed.Load() != half {
		w.Errorf("%d kept and %d failed, want %d of each", kept.Load(), failed.Load(), half)
	}
}

func leftBeforeTurn(w *env) {
	ctx, leave := context.WithCancel(w.ctx())
	leave()
	name := w.id("meta")
	_, err := w.store.Update(ctx, func(tx store.Tx) error { return tx.SetMeta(name, nil) })
	w.wants("the update", err, context.Canceled)
	w.view(func(tx store.Tx) error {
		_, err := tx.Meta(name)
		w.wants("what it wrote", err, txn.ErrNotFound)
		return nil
	})
}

func viewIsLeft(w *env) {
	w.comment()
	ctx, leave := context.WithCancel(w.ctx())
	defer leave()
	err := w.store.View(ctx, func(tx store.Tx) error {
		leave()
		for range 1000 { // SQLite notices between two steps
			if _, err := tx.Thread(comment.ThreadQuery{Site: w.site.ID, Page: w.page.ID, Limit: 10}); err != nil {
				return err
			}
		}
		return nil
	})
	w.wants("the view", err, context.Canceled)
	w.comment()
}

func crossedLocks(w *env) {
	a, b := w.comment(), w.comment()
	runConcurrently(2, func(i int) {
		first, second := a.ID, b.ID
		if i%2 == 1 {
			first, second = second, first
		}
		for range 4 {
			_, err := w.store.Update(w.ctx(), func(tx store.Tx) error {
				for _, id := range []string{first, second} {
					c, err := tx.CommentByID(w.site.ID, id)
					if err != nil {
						return err
					}
					if err := tx.SetShown(w.site.ID, id, c.ShownReplies+1, false); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				w.Errorf("writer %d: %v", i, err)
			}
		}
	})
	if x, y := w.stored(a.ID).ShownReplies, w.stored(b.ID).ShownReplies; x != 8 || y != 8 {
		w.Errorf("counted %d and %d, want 8 and 8", x, y)
	}
}

func metaIsKept(w *env) {
	name := w.id("meta")
	for _, value := range []string{"first", "second\x00\xff"} {
		w.update(func(tx store.Tx) error { return tx.SetMeta(name, []byte(value)) })
		w.view(func(tx store.Tx) error {
			got, err := tx.Meta(name)
			if string(got) != value {
				w.Errorf("read %q, want %q", got, value)
			}
			return err
		})
	}
}
