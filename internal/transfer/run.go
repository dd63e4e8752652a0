package transfer

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/aitys/aitys/internal/transfer/dump"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// batchSize is the number of comments in one transaction.
const batchSize = 200

// writePause is the minimum time between two transactions, in which other writers can start. A writer that waits for
// SQLite's lock polls it every 2 ms.
const writePause = 5 * time.Millisecond

// A run is one import.
type run struct {
	*Service
	site   site.Site
	in     Request
	format dump.Format
	file   *dump.File
	now    time.Time

	*survey
	foreignOrigin string // the first origin of a page that is not an origin of the site
	hidden        []hiddenComment
	exposed       exposed
	added         int
	lessons       Lessons
}

// scan reads the file for the first time.
func (r *run) scan(ctx context.Context) error {
	if err := r.format.Read(ctx, r.file, scanner{r}); err != nil {
		return fileError(err)
	}
	r.resolveParents()
	return r.findExposed(ctx)
}

// A hiddenComment is a comment that the source did not show to every reader.
type hiddenComment struct {
	id   uuid.UUID
	page int32
}

// exposed counts hidden comments that an earlier import published.
type exposed struct {
	comments int
	pages    []string // addresses of some of their pages
}

// findExposed finds the hidden comments of the file that are public on the site.
func (r *run) findExposed(ctx context.Context) error {
	const some, listed = 500, 5
	for part := range slices.Chunk(r.hidden, some) {
		pages, ids := map[string]string{}, make([]string, len(part))
		for i, c := range part {
			ids[i] = c.id.String()
			pages[ids[i]] = r.pages[c.page].URL
		}
		err := r.work.View(ctx, func(tx Tx) error {
			list, err := tx.CommentsByID(r.site.ID, ids)
			for _, c := range list {
				if !c.IsPublic() {
					continue
				}
				r.exposed.comments++
				if page := pages[c.ID]; len(r.exposed.pages) < listed && !slices.Contains(r.exposed.pages, page) {
					r.exposed.pages = append(r.exposed.pages, page)
				}
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("read existing comments: %w", err)
		}
	}
	return nil
}

// A scanner is the dump.Handler of the first reading. It surveys the file.
type scanner struct{ *run }

func (l scanner) Skip(what, why string) { l.skip(what, why) }

func (l scanner) Comment(in dump.Record) error {
	notes := []Skip{}
	d, why := l.draft(in, func(what, why string) { notes = append(notes, Skip{What: what, Why: why}) })
	n := node{page: none, state: d.comment.State, kept: why == "", empty: d.empty}
	if in.ID == "" {
		l.skip("comment", why)
		return nil
	}
	if err := l.file.CheckRecords(len(l.nodes) + 1); err != nil {
		return err
	}
	if why == "" {
		n.page, n.id = l.page(d.page, d.comment.CreatedAt), uuid.MustParse(d.comment.ID)
	}
	if l.add(in.ID, in.Parent, n) {
		l.skip("comment", "its ID is a duplicate: the first comment is used")
		return nil
	}
	if in.Hidden != "" && (why == "" || why == in.Hidden) {
		l.hidden = append(l.hidden, hiddenComment{uuid.MustParse(d.comment.ID), l.page(d.page, d.comment.CreatedAt)})
	}
	if why != "" {
		l.skip("comment", why)
		return nil
	}
	for _, k := range notes {
		l.skip(k.What, k.Why)
	}
	return nil
}

func (r *run) report() Report {
	out := r.survey.report()
	out.Added, out.Lessons, out.Private = r.added, r.lessons, len(r.hidden)
	out.Foreign, out.Exposed = r.foreignOrigin, r.exposed.comments
	if len(r.exposed.pages) > 0 {
		out.ExposedURL = r.exposed.pages[0]
	}
	if r.format.Note != "" {
		out.FileNotes = append(out.FileNotes, r.format.Note)
	}
	out.FileNotes = append(out.FileNotes, r.file.Notes...)
	out.Notes = append(out.Notes, out.FileNotes...)
	switch {
	case out.Private > 0 && r.in.WithPrivate:
		out.Notes = append(out.Notes, fmt.Sprintf("Comments that were not public there: %d. They are imported as rejected: readers "+
			"do not see them, and the filter does not learn from them.", out.Private))
	case out.Private > 0:
		out.Notes = append(out.Notes, fmt.Sprintf("Comments that were not public there: %d. They are skipped; "+
			"--with-private imports them as rejected.", out.Private))
	}
	if n := r.exposed.comments; n > 0 {
		out.Notes = append(out.Notes, fmt.Sprintf("An earlier import made %d of them public here. Reject them; they are on %s",
			n, strings.Join(r.exposed.pages, ", ")))
	}
	if r.foreignOrigin != "" {
		out.Notes = append(out.Notes, fmt.Sprintf("Pages at %[1]s are skipped. If the blog moved from there, give "+
			"--url-map a file with the line %[1]s/*,%[2]s/*", r.foreignOrigin, r.site.Origins[0]))
	}
	return out
}

// count counts the comments that an import would add.
func (r *run) count(ctx context.Context) error {
	const some = 500
	for part := range slices.Chunk(r.nodes, some) {
		var ids []string
		for _, n := range part {
			if n.kept {
				ids = append(ids, n.id.String())
			}
		}
		there, err := r.existing(ctx, ids)
		if err != nil {
			return err
		}
		for _, n := range part {
			if n.kept && !there[n.id.String()] {
				r.added++
				r.countLesson(n.state)
			}
		}
	}
	return nil
}

// existing returns which of the comments the site has.
func (r *run) existing(ctx context.Context, ids []string) (map[string]bool, error) {
	there := map[string]bool{}
	err := r.work.View(ctx, func(tx Tx) error {
		list, err := tx.CommentsByID(r.site.ID, ids)
		for _, c := range list {
			there[c.ID] = true
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read existing comments: %w", err)
	}
	return there, nil
}

// countLesson counts the lesson of a comment in state s, if it is one.
func (r *run) countLesson(s comment.State) {
	switch {
	case r.in.NoLearn:
	case s == comment.Approved:
		r.lessons.Ham++
	case s == comment.Spam:
		r.lessons.Spam++
	}
}

var errChanged = errors.New("the file changed while it was read; run the import again")

// write reads the file again until all kept comments are written. A reply that comes before its parent in the file is
// written in the next pass.
func (r *run) write(ctx context.Context) (err error) {
	kept, left := 0, make([]int32, len(r.pages))
	for _, n := range r.nodes {
		if n.kept {
			kept++
			left[n.page]++
		}
	}
	w := &writer{run: r, total: kept, remaining: left, unannounced: map[int32]bool{}, writers: map[string]comment.History{}}
	defer func() {
		if w.next != nil { // wait for the rendering of a batch that will not be written
			_, _ = w.next()
		}
		if err != nil {
			w.announcePartial(ctx)
		}
	}()
	for w.done < kept {
		before := w.done
		w.pass++
		if err := r.format.Read(ctx, r.file, pass{ctx, w}); err != nil {
			return err
		}
		if err := w.flush(ctx); err != nil {
			return err
		}
		if w.done == before {
			return errChanged
		}
	}
	return nil
}

// A writer writes comments in batches. While it writes one batch, it renders and judges the next.
type writer struct {
	*run
	pass        int16
	done, total int
	batch       []newComment
	next        func() (*batch, error) // waits for the batch being rendered; nil if there is none
	lastWrite   time.Time              // time of the last transaction
	remaining   []int32                // by page: comments that were not read yet
	unannounced map[int32]bool         // pages that this run changed and has emitted no event for
	writers     map[string]comment.History
}

// A pass is the dump.Handler of one reading for a writer. It passes on the comments whose parents are written.
type pass struct {
	ctx context.Context
	w   *writer
}

func (p pass) Skip(string, string) {} // the first reading counted it

func (p pass) Comment(in dump.Record) error {
	w := p.w
	at, known := w.byKey[w.key(in.ID)]
	if !known {
		return nil
	}
	n := &w.nodes[at]
	if n.pass == w.pass || !n.kept {
		return nil
	}
	n.pass = w.pass
	if n.done || n.parent != none && !w.nodes[n.parent].done {
		return nil
	}
	d, why := w.draft(in, func(string, string) {})
	if why != "" || d.comment.ID != n.id.String() {
		return errChanged
	}
	n.done = true
	f := newComment{comment: d.comment, source: d.source, page: n.page,
		segment: comment.NewSegment(orderTime(d.comment.CreatedAt, at))}
	if n.parent != none {
		f.parent = w.nodes[n.parent].id.String()
	}
	if w.batch = append(w.batch, f); len(w.batch) < batchSize {
		return nil
	}
	return w.advance(p.ctx)
}

// advance starts to render the gathered comments, and writes the batch rendered before.
func (w *writer) advance(ctx context.Context) error {
	before := w.next
	w.next = nil
	if len(w.batch) > 0 {
		b := &batch{site: w.site, total: len(w.batch), learns: !w.in.NoLearn, newComments: w.batch,
			pages: map[int32]string{}, newPages: map[int32]site.Page{}}
		for _, f := range w.batch {
			if w.remaining[f.page]--; w.remaining[f.page] == 0 {
				b.completePages = append(b.completePages, f.page)
			}
		}
		w.batch = nil
		var err error
		var rendered sync.WaitGroup
		rendered.Go(func() {
			defer recoverTo(&err)
			err = w.render(ctx, b)
		})
		w.next = func() (*batch, error) { rendered.Wait(); return b, err }
	}
	if before == nil {
		return nil
	}
	return w.put(ctx, before)
}

// flush writes all gathered comments. A batch is not written after an earlier one failed.
func (w *writer) flush(ctx context.Context) error {
	if err := w.advance(ctx); err != nil {
		return err
	}
	return w.advance(ctx)
}

// put writes a rendered batch. The batch may have no new comments.
func (w *writer) put(ctx context.Context, rendered func() (*batch, error)) error {
	b, err := rendered()
	if err != nil {
		return err
	}
	for _, f := range b.newComments {
		w.unannounced[f.page] = true
	}
	b.completePages = slices.DeleteFunc(b.completePages, func(page int32) bool { return !w.unannounced[page] })
	if len(b.newComments) > 0 || len(b.completePages) > 0 {
		if err := w.decide(ctx, b); err != nil {
			return err
		}
		for _, page := range b.pageIndexes() {
			if b.pages[page] = w.ids[page]; w.ids[page] != "" {
				continue
			}
			p := w.pages[page]
			b.newPages[page] = site.Page{ID: txn.NewID(), Site: w.site.ID, URL: p.URL, Title: p.Title, Open: !p.Closed,
				CreatedAt: p.At}
		}
		w.pause(ctx)
		b.appender = auditlog.NewAuthor(w.site, auditlog.ImportAccount(w.format.Name), w.work.Now())
		if err := w.work.Update(ctx, b.write); err != nil {
			return fmt.Errorf("write comments: %w", err)
		}
		w.lastWrite = time.Now()
		for at, id := range b.pages {
			w.ids[at] = id
		}
		for _, page := range b.completePages {
			delete(w.unannounced, page)
		}
		for _, c := range b.written {
			w.added++
			w.countLesson(c.State)
			w.addToHistory(c)
		}
	}
	w.done += b.total
	if w.in.Progress != nil {
		w.in.Progress(uint64(w.done), uint64(w.total))
	}
	return nil
}

// announcePartial emits events for the pages that a failed import changed, since it may never be repeated. A killed
// import emits none. The next import completes these pages and emits their events.
func (w *writer) announcePartial(ctx context.Context) {
	var events []event.Event
	for page := range w.unannounced {
		if id := w.ids[page]; id != "" {
			events = append(events, event.Event{Site: w.site.ID, Kind: event.Page, Page: id, Shown: true,
				At: w.work.Now()})
		}
	}
	if len(events) == 0 {
		return
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	_ = w.work.Update(ctx, func(tx Tx) error { // best effort: the cause of the failure may affect it, too
		for some := range slices.Chunk(events, batchSize) {
			if err := tx.Emit(some...); err != nil {
				return err
			}
		}
		return nil
	})
}

// pause waits until writePause after the last transaction, or until ctx is done.
func (w *writer) pause(ctx context.Context) {
	timer := time.NewTimer(writePause - time.Since(w.lastWrite))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done(): // the transaction reports it
	}
}

// render drops the comments that exist from a batch, and renders and judges the others.
func (w *writer) render(ctx context.Context, b *batch) error {
	ids := make([]string, len(b.newComments))
	for i, f := range b.newComments {
		ids[i] = f.comment.ID
	}
	there, err := w.existing(ctx, ids)
	if err != nil {
		return err
	}
	b.newComments = slices.DeleteFunc(b.newComments, func(f newComment) bool { return there[f.comment.ID] })
	return parallel(len(b.newComments), func(i int) {
		f := &b.newComments[i]
		f.salt = auditlog.NewSalt()
		if f.source != "" {
			f.comment.Write(f.source)
		}
		if f.comment.State != comment.Removed {
			f.judged = w.judge.Judge(ctx, f.comment)
		}
	})
}

// orderTime returns the time by which a comment is sorted. Comments of the same second keep the file's order.
func orderTime(at time.Time, node int32) time.Time {
	if at.Nanosecond() == 0 {
		at = at.Add(time.Duration(node%1_000_000) * time.Microsecond)
	}
	return at
}

// decide sets the verdicts of a batch. It runs after the batch before was written, whose comments count as history.
func (w *writer) decide(ctx context.Context, b *batch) error {
	list := make([]comment.Comment, len(b.newComments))
	for i, f := range b.newComments {
		list[i] = f.comment
	}
	found, err := w.rules.Find(ctx, w.site.ID, list...)
	if err != nil {
		return fmt.Errorf("read rules: %w", err)
	}
	if err := w.loadHistories(ctx, list); err != nil {
		return fmt.Errorf("read the writers' histories: %w", err)
	}
	for i := range b.newComments {
		c := &b.newComments[i].comment
		if c.State != comment.Removed {
			c.Verdict = comment.VerdictOf(c.Facts(w.writers[string(c.Writer)], found[i]), b.newComments[i].judged,
				w.site.Settings.Threshold())
		}
	}
	return nil
}

// maxHistories is the maximum number of commenters' histories in memory. Reading a history reads all comments of the
// commenter.
const maxHistories = 50_000

// loadHistories reads the histories of the commenters that are not in memory.
func (w *writer) loadHistories(ctx context.Context, list []comment.Comment) error {
	if len(w.writers) > maxHistories {
		clear(w.writers)
	}
	strangers := slices.DeleteFunc(comment.WriterHashes(list), func(hash []byte) bool {
		_, met := w.writers[string(hash)]
		return met
	})
	if len(strangers) == 0 {
		return nil
	}
	return w.work.View(ctx, func(tx Tx) error {
		read, err := tx.Records(w.site.ID, strangers)
		if err != nil {
			return err
		}
		for _, hash := range strangers {
			w.writers[string(hash)] = read[string(hash)]
		}
		return nil
	})
}

// addToHistory adds a written comment to its commenter's history.
func (w *writer) addToHistory(c comment.Comment) {
	if c.Writer != nil {
		w.writers[string(c.Writer)] = w.writers[string(c.Writer)].With(c)
	}
}

// parallel calls do with 0 to n-1 on all processors. It returns a panic as an error.
func parallel(n int, do func(i int)) error {
	var group sync.WaitGroup
	all := runtime.GOMAXPROCS(0)
	failed := make([]error, all)
	for first := range all {
		group.Go(func() {
			defer recoverTo(&failed[first])
			for i := first; i < n; i += all {
				do(i)
			}
		})
	}
	group.Wait()
	return errors.Join(failed...)
}

// recoverTo stores a panic as an error, so that a file that causes one does not end a server.
func recoverTo(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
	}
}
