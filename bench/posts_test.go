package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/store/sqlite"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/site"
)

const postWriters = 64

var benchBegan = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// posted returns a comment of 290 bytes as Submit stores it.
func posted(site int64, page string, n int64) comment.Comment {
	id := fmt.Sprintf("018f6c5e-0000-7000-8000-%012d", n)
	body := "The bakery on the corner has closed, and nobody knows who will take the house. My neighbour " +
		"says that a library is to move in, which would be good for the children of the street. If you know " +
		"more than the paper wrote last week, please tell us here; we would all like to hear it. Thank you, Aya."
	return comment.Comment{
		ID: id, Site: site, Page: page, Path: fmt.Sprintf("%016d", n), Version: 1, Submissions: 1, FormAge: 12,
		Name: "Aya", Email: "aya@example.org", Source: body, Lang: "en", Search: body,
		Writer: []byte("0123456789abcdef"), Address: []byte("fedcba9876543210"), Same: fmt.Appendf(nil, "%016d", n),
		Verdict: comment.Verdict{Score: float64(n%1000) / 1000, Spam: 0.5,
			Signals: []comment.Signal{{Name: "classifier", Weight: -1.5, Text: "12 % spam", Code: "classifier.spam"}}},
		CreatedAt: benchBegan.Add(time.Duration(n) * time.Microsecond), EditUntil: benchBegan.Add(time.Hour),
	}
}

// BenchmarkPosts measures 64 concurrent posts to one SQLite file with synchronous=FULL. The store must reach at least
// 0.4 of the posts per second of the driver alone, which writes the same rows in the same groups.
func BenchmarkPosts(b *testing.B) {
	b.Run("ours", func(b *testing.B) {
		db := apptest.Open(b, emptyFile(b), store.Options{})
		blog := site.Site{Key: "s"}
		page := site.Page{ID: "p", URL: "https://x.example/", Title: "T", Open: true}
		benchUpdate(b, db, func(tx store.Tx) error {
			if err := tx.InsertSite(&blog); err != nil {
				return err
			}
			page.Site = blog.ID
			_, err := tx.EnsurePage(page)
			return err
		})
		inParallel(b, func(n int64) error {
			c := posted(blog.ID, "p", n)
			_, err := db.Update(context.Background(),
				func(tx store.Tx) error { return ours(tx, page, c) })
			return err
		})
	})
	b.Run("floor", func(b *testing.B) {
		f := newFloor(b)
		inParallel(b, func(n int64) error {
			c := posted(1, "p", n)
			return f.post(c)
		})
	})
}

// ours writes a comment with the statements of Submit.
func ours(tx store.Tx, page site.Page, c comment.Comment) error {
	if _, err := tx.EnsurePage(page); err != nil {
		return err
	}
	if err := tx.ReleaseSame(c.Site, c.Same, c.CreatedAt); err != nil {
		return err
	}
	if _, _, err := tx.InsertComment(c); err != nil {
		return err
	}
	return tx.Emit(event.Event{Site: c.Site, Kind: event.Arrived, Page: c.Page, Comment: c.ID, At: c.CreatedAt})
}

// emptyFile returns the URL of a SQLite file on disk that does not exist yet.
func emptyFile(b *testing.B) string { return "sqlite:" + filepath.Join(b.TempDir(), "a.db") }

func benchUpdate(b *testing.B, db *store.DB, fn func(store.Tx) error) {
	b.Helper()
	if _, err := db.Update(b.Context(), fn); err != nil {
		b.Fatal(err)
	}
}

func inParallel(b *testing.B, post func(n int64) error) {
	b.Helper()
	var last atomic.Int64
	b.SetParallelism(max(1, postWriters/runtime.GOMAXPROCS(0)))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := post(last.Add(1)); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
}

// A floor writes posts with the driver alone and prepared statements. One goroutine commits the posts of up to 64
// writers together.
type floor struct {
	db    *sql.DB
	once  [4]*sql.Stmt
	posts chan floorPost
}

type floorPost struct {
	comment comment.Comment
	answer  chan error
}

func newFloor(b *testing.B) *floor {
	b.Helper()
	address := emptyFile(b)
	apptest.Open(b, address, store.Options{})
	q := url.Values{"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"}}
	db, err := sql.Open("sqlite", sqlite.Address(address[len("sqlite:"):], q.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	for _, statement := range []string{
		"INSERT INTO sites (id, key, name, origins, settings, created_at) VALUES (1, 's', '', '[]', '{}', 0)",
		"INSERT INTO pages (site_id, id, url, title, open, created_at) VALUES (1, 'p', 'https://x.example/', 'T', 1, 0)",
	} {
		if _, err := db.Exec(statement); err != nil {
			b.Fatal(err)
		}
	}
	f := &floor{db: db, posts: make(chan floorPost)}
	for i, statement := range floorStatements {
		if f.once[i], err = db.Prepare(statement); err != nil {
			b.Fatal(err)
		}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.serve()
	}()
	b.Cleanup(func() {
		close(f.posts)
		<-ended
		_ = db.Close()
	})
	return f
}

func (f *floor) post(c comment.Comment) error {
	p := floorPost{c, make(chan error, 1)}
	f.posts <- p
	return <-p.answer
}

func (f *floor) serve() {
	for p := range f.posts {
		group := []floorPost{p}
		tx, err := f.db.Begin()
		if err == nil {
			err = f.write(tx, p.comment)
		}
	more:
		for err == nil && len(group) < postWriters {
			select {
			case p, open := <-f.posts:
				if !open {
					break more
				}
				group = append(group, p)
				err = f.write(tx, p.comment)
			default:
				break more
			}
		}
		if err == nil {
			err = tx.Commit()
		}
		for _, p := range group {
			p.answer <- err
		}
	}
}

// floorStatements are the statements that the store runs for a post.
var floorStatements = [4]string{
	"SELECT id, url, title FROM pages WHERE site_id = ? AND url = ?",
	`UPDATE comments SET same = NULL WHERE site_id = ? AND same = ? AND state IN (2, 3, 4)
		AND (decided_at < ? OR state = 4 AND reason = 0)`,
	`INSERT INTO comments (site_id, id, page_id, parent_id, depth, path, root, state, version,
		name, email, website, account_id, badge, source, html, markup, lang, reason, note,
		writer, address, same, submissions, score, suggested, suggested_reason, signals, spam, warm, model_seq, standing,
		shown_replies, shown, trap, form_age, search, created_at, edited_at, decided_at, edit_until)
		VALUES (?, ?, ?, NULL, 0, ?, ?, 0, 1, ?, ?, '', '', '', ?, ?, 1, 'en', 0, '', ?, ?, ?, 1, ?, 0, 0, ?, ?, 0, 0, 0,
		0, 0, 0, ?, ?, ?, 0, 0, ?)
		ON CONFLICT (site_id, same) WHERE same IS NOT NULL DO UPDATE SET submissions = comments.submissions + 1
		RETURNING id`,
	`INSERT INTO events (site_id, kind, page_id, comment_id, account_id, shown, created_at)
		VALUES (?, 'arrived', ?, ?, '', 0, ?)`,
}

// write runs the statements of a post.
func (f *floor) write(tx *sql.Tx, c comment.Comment) error {
	var id, at, title string
	err := tx.Stmt(f.once[0]).QueryRow(c.Site, "https://x.example/").Scan(&id, &at, &title)
	if err != nil {
		return err
	}
	if _, err = tx.Stmt(f.once[1]).Exec(c.Site, c.Same, c.CreatedAt.UnixMicro()); err != nil {
		return err
	}
	v := c.Verdict
	err = tx.Stmt(f.once[2]).QueryRow(c.Site, c.ID, c.Page, c.Path, c.Path[:16], c.Name, c.Email, c.Source, c.HTML(),
		c.Writer, c.Address, c.Same,
		v.Score, `[{"name":"classifier","weight":-1.5,"text":"12 % spam","code":"classifier.spam"}]`, v.Spam,
		c.FormAge, c.Search, c.CreatedAt.UnixMicro(), c.EditUntil.UnixMicro()).Scan(&id)
	if err != nil {
		return err
	}
	_, err = tx.Stmt(f.once[3]).Exec(c.Site, c.Page, c.ID, c.CreatedAt.UnixMicro())
	return err
}
