package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/store/storetest"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/site"
)

// BenchmarkRows guards what rows cost beside the database: one who writes and reads alone. Its
// figures are compared with those of the program before.
func BenchmarkRows(b *testing.B) {
	const kept = 1000
	db := store.For[storetest.Tx](open(b, sqliteURL(b), store.Options{}))
	blog := site.Site{Key: "s"}
	entry := func(n uint64) auditlog.Entry {
		return auditlog.Entry{
			Seq: n, Site: blog.ID, Batch: fmt.Sprint(n / 50), By: "a", At: benchBegan,
			Lesson: []byte("0123456789abcdef"), Hash: []byte("0123456789abcdef0123456789abcdef"),
			Ruling: auditlog.Ruling{
				Comment: fmt.Sprint("c", n), Version: 1, Action: comment.Approve, To: comment.Approved, Score: 0.5,
			},
		}
	}
	lesson := func(n uint64) auditlog.Lesson {
		c := post(1, "p", int64(n))
		return auditlog.Lesson{
			Lesson: classifier.Lesson{Seq: n, Label: classifier.Spam, Comment: c.Document()}, Of: c.ID,
			Salt: []byte("0123456789abcdef"),
		}
	}
	seq := uint64(0)
	next := func(n int) (entries []auditlog.Entry, lessons []auditlog.Lesson) {
		for range n {
			seq++
			entries, lessons = append(entries, entry(seq)), append(lessons, lesson(seq))
		}
		return entries, lessons
	}
	var ids []string
	update := func(b *testing.B, fn func(storetest.Tx) error) {
		b.Helper()
		if _, err := db.Update(context.Background(), fn); err != nil {
			b.Fatal(err)
		}
	}
	posts := int64(kept)
	update(b, func(tx storetest.Tx) error {
		if err := tx.InsertSite(&blog); err != nil {
			return err
		}
		if _, err := tx.EnsurePage(site.Page{ID: "p", Site: blog.ID, URL: "https://x.example/", Title: "T"}); err != nil {
			return err
		}
		for range 50 {
			if err := tx.Emit(event.Event{Site: blog.ID, Kind: event.Arrived, Page: "p", At: benchBegan}); err != nil {
				return err
			}
		}
		for n := range posts {
			c := post(blog.ID, "p", n)
			c.Shown = true
			ids = append(ids, c.ID)
			if _, _, err := tx.InsertComment(c); err != nil {
				return err
			}
		}
		entries, lessons := next(kept)
		if err := tx.AppendDecisions(blog.ID, entries); err != nil {
			return err
		}
		return tx.AddLessons(blog.ID, lessons)
	})
	for _, read := range []struct {
		name string
		run  func(tx storetest.Tx) error
	}{
		{"queue of 50", func(tx storetest.Tx) error {
			all, err := tx.Queue(comment.QueueQuery{Site: blog.ID, View: comment.ViewPending, Order: comment.RiskiestFirst,
				Limit: 50})
			return full(all, 50, err)
		}},
		{"50 comments by id", func(tx storetest.Tx) error {
			all, err := tx.CommentsByID(blog.ID, ids[:50])
			return full(all, 50, err)
		}},
		{"50 comments one by one", func(tx storetest.Tx) error {
			for _, id := range ids[:50] {
				if _, err := tx.CommentByID(blog.ID, id); err != nil {
					return err
				}
			}
			return nil
		}},
		{"50 decisions", func(tx storetest.Tx) error {
			all, err := tx.DecisionsAfter(blog.ID, 100, 50)
			return full(all, 50, err)
		}},
		{"1000 lessons", func(tx storetest.Tx) error {
			n := 0
			return tx.EachLesson(blog.ID, 0, func(classifier.Lesson) error { n++; return nil })
		}},
		{"50 pages by URL", func(tx storetest.Tx) error {
			for range 50 {
				if _, err := tx.PageByURL(blog.ID, "https://x.example/"); err != nil {
					return err
				}
			}
			return nil
		}},
		{"50 pages by id", func(tx storetest.Tx) error {
			for range 50 {
				if _, err := tx.PagesByID(blog.ID, []string{"p"}); err != nil {
					return err
				}
			}
			return nil
		}},
		{"50 sessions", func(tx storetest.Tx) error {
			for range 50 {
				if _, err := tx.SessionByHash([]byte("x")); err == nil {
					return nil
				}
			}
			return nil
		}},
		{"50 events", func(tx storetest.Tx) error {
			all, _, err := tx.EventsAfter("", 50)
			return full(slices.Clip(all), 50, err)
		}},
	} {
		b.Run(read.name, func(b *testing.B) {
			for b.Loop() {
				if err := db.View(context.Background(), read.run); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, write := range []struct {
		name string
		run  func(tx storetest.Tx) error
	}{
		{"insert 50 comments", func(tx storetest.Tx) error {
			for range 50 {
				posts++
				if _, _, err := tx.InsertComment(post(blog.ID, "p", posts)); err != nil {
					return err
				}
			}
			return nil
		}},
		{"append 50 decisions one by one", func(tx storetest.Tx) error {
			entries, lessons := next(50)
			for i := range entries {
				if err := tx.AppendDecisions(blog.ID, entries[i:i+1]); err != nil {
					return err
				}
				if err := tx.AddLessons(blog.ID, lessons[i:i+1]); err != nil {
					return err
				}
			}
			return nil
		}},
		{"append 50 decisions", func(tx storetest.Tx) error {
			entries, _ := next(50)
			return tx.AppendDecisions(blog.ID, entries)
		}},
		{"add 50 lessons", func(tx storetest.Tx) error {
			entries, lessons := next(50)
			if err := tx.AppendDecisions(blog.ID, entries); err != nil {
				return err
			}
			return tx.AddLessons(blog.ID, lessons)
		}},
		{"emit 50 events", func(tx storetest.Tx) error {
			for range 50 {
				e := event.Event{Site: blog.ID, Kind: event.Arrived, Page: "p", Comment: "c", At: benchBegan}
				if err := tx.Emit(e); err != nil {
					return err
				}
			}
			return nil
		}},
		{"set 50 states", func(tx storetest.Tx) error {
			for _, c := range ids[:50] {
				if err := tx.SetShown(blog.ID, c, 1, true); err != nil {
					return err
				}
				_, err := tx.SetState(blog.ID, c, 9, comment.StateChange{State: comment.Approved, DecidedAt: benchBegan})
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"renew 50 verdicts", func(tx storetest.Tx) error {
			for _, c := range ids[:50] {
				if _, err := tx.SetVerdict(comment.Comment{Site: blog.ID, ID: c, Version: 1}, post(1, "p", 7).Verdict); err != nil {
					return err
				}
			}
			return nil
		}},
	} {
		b.Run(write.name, func(b *testing.B) {
			for b.Loop() {
				update(b, write.run)
			}
		})
	}
}

func full[T any](all []T, want int, err error) error {
	if err == nil && len(all) != want {
		return fmt.Errorf("%d were read, want %d", len(all), want)
	}
	return err
}
