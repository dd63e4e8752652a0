package transfer

import (
	"context"
	"errors"
	"fmt"
	"runtime"
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

// together is how many comments are written in one transaction: others write between.
const together = 200

// rest is how long others may begin to write between two transactions: who waits for SQLite's lock looks for it every
// 2 ms.
const rest = 5 * time.Millisecond

// A run is one import.
type run struct {
	*Service
	site   site.Site
	in     Request
	format dump.Format
	file   *dump.File
	now    time.Time

	*survey
	foreign string // the first origin of pages that is none of the site's
	hidden  []hiddenComment
	exposed exposed
	added   int
	lessons Lessons
}

// look reads the file for the first time.
func (r *run) look(ctx context.Context) error {
	if err := r.format.Read(ctx, r.file, lookout{r}); err != nil {
		return err
	}
	r.settle()
	return r.findExposed(ctx)
}

// A hiddenComment is one that the source did not show to every reader.
type hiddenComment struct {
	id   uuid.UUID
	page int32
}

// exposed are hidden comments that an earlier import made public.
type exposed struct {
	comments int
	pages    []string // addresses of some pages that they are on
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
			return fmt.Errorf("read what is there: %w", err)
		}
	}
	return nil
}

// A lookout notes what a file has.
type lookout struct{ *run }

func (l lookout) Skip(what, why string) { l.skip(what, why) }

func (l lookout) Comment(in dump.Record) error {
	notes := []Skip{}
	d, why := l.draft(in, func(what, why string) { notes = append(notes, Skip{What: what, Why: why}) })
	n := node{page: none, state: d.comment.State, kept: why == "", empty: d.empty}
	if in.ID == "" {
		l.skip("comment", why)
		return nil
	}
	if why == "" {
		n.page, n.id = l.page(d.page, d.comment.CreatedAt), uuid.MustParse(d.comment.ID)
	}
	if l.add(in.ID, in.Parent, n) {
		l.skip("comment", "its id stands twice: the first was taken")
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
	if r.format.Note != "" {
		out.Notes = append(out.Notes, r.format.Note)
	}
	out.Notes = append(out.Notes, r.file.Notes...)
	switch {
	case out.Private > 0 && r.in.WithPrivate:
		out.Notes = append(out.Notes, fmt.Sprintf("Comments that were not public there: %d. They come in as rejected: readers "+
			"do not see them, and the filter does not learn from them.", out.Private))
	case out.Private > 0:
		out.Notes = append(out.Notes, fmt.Sprintf("Comments that were not public there: %d. They are left out; "+
			"--with-private imports them as rejected.", out.Private))
	}
	if n := r.exposed.comments; n > 0 {
		out.Notes = append(out.Notes, fmt.Sprintf("An earlier import made %d of them public here. Reject them; they are on %s",
			n, strings.Join(r.exposed.pages, ", ")))
	}
	if r.foreign != "" {
		out.Notes = append(out.Notes, fmt.Sprintf("Pages at %[1]s are left out. If the blog moved from there, give "+
			"--url-map a file with the line %[1]s/*,%[2]s/*", r.foreign, r.site.Origins[0]))
	}
	return out
}

// count finds out what would be added.
func (r *run) count(ctx context.Context) error {
	const some = 500
	for part := range slices.Chunk(r.nodes, some) {
		var ids []string
		for _, n := range part {
			if n.kept {
				ids = append(ids, n.id.String())
			}
		}
		there, err := r.there(ctx, ids)
		if err != nil {
			return err
		}
		for _, n := range part {
			if n.kept && !there[n.id.String()] {
				r.added++
				r.taught(n.state)
			}
		}
	}
	return nil
}

// there says which of some comments the site has.
func (r *run) there(ctx context.Context, ids []string) (map[string]bool, error) {
	there := map[string]bool{}
	err := r.work.View(ctx, func(tx Tx) error {
		list, err := tx.CommentsByID(r.site.ID, ids)
		for _, c := range list {
			there[c.ID] = true
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what is there: %w", err)
	}
	return there, nil
}

// taught counts the lesson of a comment that comes in a state, if it teaches.
func (r *run) taught(s comment.State) {
	switch {
	case r.in.NoLearn:
	case s == comment.Approved:
		r.lessons.Ham++
	case s == comment.Spam:
		r.lessons.Spam++
	}
}

var errChanged = errors.New("the file became another one while it was read; run it again")

// write reads the file again, until all that is kept is written: an answer that comes before what it answers waits
// for the next time.
func (r *run) write(ctx context.Context) (err error) {
	kept, left := 0, make([]int32, len(r.pages))
	for _, n := range r.nodes {
		if n.kept {
			kept++
			left[n.page]++
		}
	}
	w := &writer{run: r, of: kept, left: left, untold: map[int32]bool{}, writers: map[string]comment.History{}}
	defer func() {
		if w.next != nil { // it failed
			_, _ = w.next()
		}
		if err != nil {
			w.part(ctx)
		}
	}()
	for w.done < kept {
		before := w.done
		w.pass++
		if err := r.format.Read(ctx, r.file, passer{ctx, w}); err != nil {
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

// A writer writes what it is given, some at a time: while some are written, the next are rendered and judged.
type writer struct {
	*run
	pass     int16
	done, of int
	batch    []fresh
	next     func() (*batch, error) // those that are rendered; nil: none are
	wrote    time.Time              // when the last were written
	left     []int32                // of pages: how many of their comments were not come to yet
	untold   map[int32]bool         // pages to which this run added something, and of which nobody was told yet
	writers  map[string]comment.History
}

// A passer gives a writer those comments of a file whose turn it is.
type passer struct {
	ctx context.Context
	w   *writer
}

func (p passer) Skip(string, string) {} // it was counted

func (p passer) Comment(in dump.Record) error {
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
	f := fresh{comment: d.comment, source: d.source, page: n.page,
		segment: comment.NewSegment(inOrder(d.comment.CreatedAt, at))}
	if n.parent != none {
		f.parent = w.nodes[n.parent].id.String()
	}
	if w.batch = append(w.batch, f); len(w.batch) < together {
		return nil
	}
	return w.turn(p.ctx)
}

// turn begins to render what was gathered, and writes what was rendered before.
func (w *writer) turn(ctx context.Context) error {
	before := w.next
	w.next = nil
	if len(w.batch) > 0 {
		b := &batch{site: w.site, of: len(w.batch), learns: !w.in.NoLearn, fresh: w.batch,
			pages: map[int32]string{}, made: map[int32]site.Page{}}
		for _, f := range w.batch {
			if w.left[f.page]--; w.left[f.page] == 0 {
				b.ends = append(b.ends, f.page)
			}
		}
		w.batch = nil
		var err error
		var rendered sync.WaitGroup
		rendered.Go(func() { err = w.render(ctx, b) })
		w.next = func() (*batch, error) { rendered.Wait(); return b, err }
	}
	if before == nil {
		return nil
	}
	return w.put(ctx, before)
}

// flush writes all that was gathered. What was rendered is not written once what stands before it could not be.
func (w *writer) flush(ctx context.Context) error {
	if err := w.turn(ctx); err != nil {
		return err
	}
	return w.turn(ctx)
}

// put writes a batch, of which nothing may be left that is not there yet.
func (w *writer) put(ctx context.Context, rendered func() (*batch, error)) error {
	b, err := rendered()
	if err != nil {
		return err
	}
	for _, f := range b.fresh {
		w.untold[f.page] = true
	}
	b.ends = slices.DeleteFunc(b.ends, func(page int32) bool { return !w.untold[page] })
	if len(b.fresh) > 0 || len(b.ends) > 0 {
		if err := w.decide(ctx, b); err != nil {
			return err
		}
		for _, page := range b.touches() {
			if b.pages[page] = w.ids[page]; w.ids[page] != "" {
				continue
			}
			p := w.pages[page]
			b.made[page] = site.Page{ID: txn.NewID(), Site: w.site.ID, URL: p.URL, Title: p.Title, Open: !p.Closed,
				CreatedAt: p.At}
		}
		w.rest(ctx)
		b.pen = auditlog.NewPen(w.site, auditlog.ByImport(w.format.Name), w.work.Now())
		if err := w.work.Update(ctx, b.write); err != nil {
			return fmt.Errorf("write comments: %w", err)
		}
		w.wrote = time.Now()
		for at, id := range b.pages {
			w.ids[at] = id
		}
		for _, page := range b.ends {
			delete(w.untold, page)
		}
		for _, c := range b.written {
			w.added++
			w.taught(c.State)
			w.remember(c)
		}
	}
	w.done += b.of
	if w.in.Progress != nil {
		w.in.Progress(uint64(w.done), uint64(w.of))
	}
	return nil
}

// part tells of the pages that are left with some of their comments, for nobody has to run a failed import again. One
// that is killed tells nothing; the next adds what these pages lack, and tells of them then.
func (w *writer) part(ctx context.Context) {
	var events []event.Event
	for page := range w.untold {
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
	_ = w.work.Update(ctx, func(tx Tx) error { // what keeps the import from writing may keep this, too
		for some := range slices.Chunk(events, together) {
			if err := tx.Emit(some...); err != nil {
				return err
			}
		}
		return nil
	})
}

// rest lets others write.
func (w *writer) rest(ctx context.Context) {
	timer := time.NewTimer(rest - time.Since(w.wrote))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done(): // the next batch says so
	}
}

// render renders and judges what of a batch is not there yet, and leaves the rest out.
func (w *writer) render(ctx context.Context, b *batch) error {
	ids := make([]string, len(b.fresh))
	for i, f := range b.fresh {
		ids[i] = f.comment.ID
	}
	there, err := w.there(ctx, ids)
	if err != nil {
		return err
	}
	b.fresh = slices.DeleteFunc(b.fresh, func(f fresh) bool { return there[f.comment.ID] })
	onAll(len(b.fresh), func(i int) {
		f := &b.fresh[i]
		f.salt = auditlog.NewSalt()
		if f.source != "" {
			f.comment.Write(f.source)
		}
		if f.comment.State != comment.Removed {
			f.judged = w.judge.Judge(ctx, f.comment)
		}
	})
	return nil
}

// inOrder is a comment's time for its place among others: what was written in one second stands as in the file.
func inOrder(at time.Time, node int32) time.Time {
	if at.Nanosecond() == 0 {
		at = at.Add(time.Duration(node%1_000_000) * time.Microsecond)
	}
	return at
}

// decide gives what is to be written its verdicts, once what was before it is written.
func (w *writer) decide(ctx context.Context, b *batch) error {
	list := make([]comment.Comment, len(b.fresh))
	for i, f := range b.fresh {
		list[i] = f.comment
	}
	found, err := w.rules.Look(ctx, w.site.ID, list...)
	if err != nil {
		return fmt.Errorf("read rules: %w", err)
	}
	if err := w.meet(ctx, list); err != nil {
		return fmt.Errorf("read the writers' histories: %w", err)
	}
	for i := range b.fresh {
		c := &b.fresh[i].comment
		if c.State != comment.Removed {
			c.Verdict = comment.VerdictOf(c.Facts(w.writers[string(c.Writer)], found[i]), b.fresh[i].judged,
				w.site.Settings.Threshold())
		}
	}
	return nil
}

// remembered is how many writers' histories are kept, so that they are not read again for each batch: that of one who
// wrote ten thousand comments takes as many rows to read.
const remembered = 50_000

// meet reads the histories of writers who were not met before.
func (w *writer) meet(ctx context.Context, list []comment.Comment) error {
	if len(w.writers) > remembered {
		clear(w.writers)
	}
	strangers := slices.DeleteFunc(comment.Writers(list), func(hash []byte) bool {
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

// remember adds a comment that was written to the history of its writer.
func (w *writer) remember(c comment.Comment) {
	if c.Writer != nil {
		w.writers[string(c.Writer)] = w.writers[string(c.Writer)].With(c)
	}
}

// onAll does things 0 to n-1 on all processors.
func onAll(n int, do func(i int)) {
	var group sync.WaitGroup
	all := runtime.GOMAXPROCS(0)
	for first := range all {
		group.Go(func() {
			for i := first; i < n; i += all {
				do(i)
			}
		})
	}
	group.Wait()
}
