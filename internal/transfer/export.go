package transfer

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/site"
)

// A Wanted says what is to be written of a site. Progress, if there is one, is told of how many lines or comments
// were written.
type Wanted struct {
	Format   string // one of Exports
	Progress func(done uint64)
}

// An export writes what a reading finds in one format.
type export struct {
	name  string
	write func(r *reading, out io.Writer) error
}

var exports = []export{{"jsonl", (*reading).jsonl}, {"csv", (*reading).sheet}, {"disqus", (*reading).disqus},
	{"wxr", (*reading).wxr}}

// Exports are the names of the formats in which a site is written down.
func Exports() []string {
	names := make([]string, len(exports))
	for i, e := range exports {
		names[i] = e.name
	}
	return names
}

// Export writes the data of a site. It needs an owner. It reads in pieces on one snapshot, so that the file is
// consistent. Two exports of one state differ only in their time. Formats for other services read each comment again
// before writing it, so that they leave out what was withheld or removed meanwhile. Writers do not wait for an export;
// a second export in this process is refused. The file of a failed export is incomplete, and has no end. An export
// fails if a takedown is entered while it runs, since what it wrote before may be withheld by now.
func (s *Service) Export(ctx context.Context, who authz.Actor, site site.Site, in Wanted, to io.Writer) error {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return err
	}
	at := slices.IndexFunc(exports, func(e export) bool { return e.name == in.Format })
	if at < 0 {
		return problem.Query("format", "Export "+problem.Among(Exports())+".")
	}
	// Each keeps a connection, and a snapshot, for as long as it takes.
	if !s.exporting.TryLock() {
		return problem.TryAgain(errors.New("another export is running"))
	}
	defer s.exporting.Unlock()
	err := s.work.Views(ctx, readers, func(all []Tx) error {
		out := bufio.NewWriterSize(to, 64<<10)
		r := newReading(s, all, site, in.Progress)
		r.ctx = ctx
		if err := exports[at].write(r, out); err != nil {
			return err
		}
		if err := r.noNewTakedown(); err != nil {
			return err
		}
		return out.Flush()
	})
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

// piece is how many comments, or entries of the log, are in memory at once.
const piece = 200

// A reading is one snapshot of a site, read by tx and, in another reading, by the others of all.
type reading struct {
	*Service
	ctx      context.Context // of reads outside the snapshot
	tx       Tx
	all      []Tx
	site     site.Site
	progress func(n int) // lines or comments more
}

func newReading(s *Service, all []Tx, site site.Site, told func(done uint64)) *reading {
	var mu sync.Mutex
	done := uint64(0)
	return &reading{Service: s, tx: all[0], all: all, site: site, progress: func(n int) {
		mu.Lock()
		defer mu.Unlock()
		if done += uint64(n); told != nil {
			told(done)
		}
	}}
}

// pages calls fn with each page, the newest first.
func (r *reading) pages(fn func(p site.Page) error) error {
	for after := ""; ; {
		list, err := r.tx.Pages(r.site.ID, after, piece)
		if err != nil {
			return fmt.Errorf("read pages: %w", err)
		}
		for _, p := range list {
			if err := fn(p); err != nil {
				return err
			}
			after = p.ID
		}
		if len(list) < piece {
			return nil
		}
	}
}

// comments calls fn with the comments of a page, some at a time, each after the one that it answers. Only their ids are
// in memory all the while.
func (r *reading) comments(page site.Page, fn func(list []comment.Comment) error) error {
	all, err := r.tx.Answers(r.site.ID, page.ID)
	if err != nil {
		return fmt.Errorf("read answers: %w", err)
	}
	to := map[string][]string{}
	for _, a := range all {
		to[a.To] = append(to[a.To], a.ID)
	}
	return r.below(page, to[""], to, fn)
}

// below calls fn with comments and all that answer them.
func (r *reading) below(
	page site.Page, ids []string, to map[string][]string, fn func(list []comment.Comment) error,
) error {
	for some := range slices.Chunk(ids, piece) {
		list, err := r.tx.CommentsAlone(r.site.ID, some)
		if err != nil {
			return fmt.Errorf("read comments: %w", err)
		}
		for i := range list {
			list[i].Withheld = cmp.Or(list[i].Withheld, page.Withheld)
		}
		if err := fn(list); err != nil {
			return err
		}
		r.progress(len(list))
		var answers []string
		for _, id := range some {
			answers = append(answers, to[id]...)
		}
		slices.Sort(answers)
		if err := r.below(page, answers, to, fn); err != nil {
			return err
		}
	}
	return nil
}

// forOthers calls fn with the comments of a page, parents first, for a file of another service. It rereads each comment
// for its current state, and empties removed ones.
func (r *reading) forOthers(page site.Page, fn func(c comment.Comment) error) error {
	return r.comments(page, func(list []comment.Comment) error {
		ids := make([]string, len(list))
		for i, c := range list {
			ids[i] = c.ID
		}
		now := map[string]comment.Comment{}
		err := r.work.View(r.ctx, func(tx Tx) error {
			found, err := tx.CommentsByID(r.site.ID, ids)
			for _, c := range found {
				now[c.ID] = c
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("read comments again: %w", err)
		}
		for _, c := range list {
			current, exists := now[c.ID]
			if !exists || current.State == comment.Removed {
				c.State = comment.Removed
				current = emptied(c)
			}
			if err := fn(current.Fresh()); err != nil {
				return err
			}
		}
		return nil
	})
}

// emptied returns c without writer, text and note.
func emptied(c comment.Comment) comment.Comment {
	c.Name, c.Email, c.Website, c.Source, c.HTML, c.Note = "", "", "", "", "", ""
	return c
}

// noNewTakedown returns an error if a takedown was entered after the snapshot.
func (r *reading) noNewTakedown() error {
	newest := func(tx Tx) (uint64, error) {
		list, err := tx.Takedowns(r.site.ID, 0, 1)
		if err != nil || len(list) == 0 {
			return 0, err
		}
		return list[0].Seq, nil
	}
	before, err := newest(r.tx)
	if err != nil {
		return fmt.Errorf("read takedowns: %w", err)
	}
	return r.work.View(r.ctx, func(tx Tx) error {
		if now, err := newest(tx); err != nil || now == before {
			return err
		}
		return errors.New("a takedown was entered while the export ran, and may concern what it has written: export again")
	})
}

// jsonl writes all there is: settings, each page with its comments and what is said against them, rules, blocks, notes,
// the register, the log with its lessons, and the names of those who acted.
func (r *reading) jsonl(out io.Writer) error {
	err := plain(out).Encode(header{ownFormat, ownVersion, r.work.Now().UTC(), r.site.Key})
	if err != nil {
		return err
	}
	sum := sha256.New()
	p := newPress(io.MultiWriter(out, sum))
	names := func(r *reading, l *lines) error { return r.putNames(l, p.names) }
	for _, parts := range []iter.Seq[part]{
		slices.Values([]part{(*reading).putSettings}), r.parts, slices.Values([]part{names}),
	} {
		if err = p.run(r, parts); err != nil {
			break
		}
	}
	if err := p.end(err); err != nil {
		return err
	}
	return plain(out).Encode(endLine{lineEnd, p.n, sum.Sum(nil)})
}

// plain writes values as lines of JSON.
func plain(to io.Writer) *json.Encoder {
	e := json.NewEncoder(to)
	e.SetEscapeHTML(false)
	return e
}

func (r *reading) putSettings(l *lines) error {
	for _, f := range site.Fields {
		l.put(settingLine{lineSetting, f.Name, f.Of(r.site)})
	}
	return nil
}

// stretch is how many entries of the log are a part of an export.
const stretch = 5 * piece

// parts are what stands between the settings and the names. They are found by whichever reader r has at the time.
func (r *reading) parts(yield func(part) bool) {
	err := r.pages(func(p site.Page) error {
		more := yield(func(r *reading, l *lines) error {
			l.put(lineOfPage(p))
			return r.comments(p, func(list []comment.Comment) error { return r.putComments(l, list) })
		})
		if !more {
			return errHalted
		}
		return nil
	})
	var head auditlog.Head
	if err == nil {
		head, err = r.tx.Head(r.site.ID)
	}
	switch {
	case errors.Is(err, errHalted):
		return
	case err != nil:
		yield(func(*reading, *lines) error { return err })
		return
	}
	for _, put := range []part{(*reading).putRules, (*reading).putNotes, (*reading).putTakedowns} {
		if !yield(put) {
			return
		}
	}
	for after := uint64(0); after < head.Seq; after += stretch {
		if !yield(func(r *reading, l *lines) error { return r.putLog(l, after, after+stretch) }) {
			return
		}
	}
}

func (r *reading) putComments(l *lines, list []comment.Comment) error {
	ids := make([]string, len(list))
	for i, c := range list {
		ids[i] = c.ID
		var own []byte
		if c.Email != "" {
			own = r.writerOf(r.site.ID, c)
		}
		l.put(lineOf(c, own))
		l.by(c.Account)
	}
	reports, err := r.tx.Reports(r.site.ID, ids)
	if err != nil {
		return fmt.Errorf("read reports: %w", err)
	}
	for _, report := range reports {
		l.put(lineOfReport(report))
	}
	appeals, err := r.tx.Appeals(r.site.ID, ids)
	if err != nil {
		return fmt.Errorf("read appeals: %w", err)
	}
	for _, a := range appeals {
		l.put(appealLine{lineAppeal, appealPart(a)})
	}
	return l.err
}

// writerOf is the hash by which a writer with an e-mail is known on a site.
func (s *Service) writerOf(site int64, c comment.Comment) []byte {
	return s.secret.Hash("writer", site, c.Identity("")...)
}

func (r *reading) putRules(l *lines) error {
	all, err := r.tx.Rules(r.site.ID)
	if err != nil {
		return fmt.Errorf("read rules: %w", err)
	}
	for _, rule := range all {
		l.put(ruleLine{lineRule, rulePart(rule)})
		l.by(rule.By)
	}
	blocks, err := r.tx.Blocks(r.site.ID)
	if err != nil {
		return fmt.Errorf("read blocks: %w", err)
	}
	for some := range slices.Chunk(blocks, piece) {
		if err := r.putBlocks(l, some); err != nil {
			return err
		}
	}
	return l.err
}

// putBlocks leaves out the hash of a blocked writer by one of whose comments it can be made anew.
func (r *reading) putBlocks(l *lines, blocks []rules.Block) error {
	ids := make([]string, len(blocks))
	for i, b := range blocks {
		ids[i] = b.Comment
	}
	theirs, err := r.tx.CommentsByID(r.site.ID, ids)
	if err != nil {
		return fmt.Errorf("read comments: %w", err)
	}
	for _, b := range blocks {
		if b.Kind == rules.BlockWriter && slices.ContainsFunc(theirs, func(c comment.Comment) bool {
			return c.ID == b.Comment && hex.EncodeToString(c.Writer) == b.Value
		}) {
			b.Value = ""
		}
		l.put(blockLine{lineBlock, blockPart(b)})
		l.by(b.By)
	}
	return nil
}

// putNotes leaves out whom a note is about where that is known by its comment.
func (r *reading) putNotes(l *lines) error {
	notes, err := r.tx.Notes(r.site.ID)
	if err != nil {
		return fmt.Errorf("read notes: %w", err)
	}
	for some := range slices.Chunk(notes, piece) {
		ids := make([]string, len(some))
		for i, n := range some {
			ids[i] = n.Comment
		}
		at, err := r.tx.CommentsByID(r.site.ID, ids)
		if err != nil {
			return fmt.Errorf("read comments: %w", err)
		}
		for _, n := range some {
			if slices.ContainsFunc(at, func(c comment.Comment) bool {
				return c.ID == n.Comment && slices.Equal(c.Writer, n.Writer)
			}) {
				n.Writer = nil
			}
			l.put(noteLine{lineNote, notePart(n)})
			l.by(n.By)
		}
	}
	return l.err
}

// putTakedowns writes the register, the newest first, some at a time: each may be about a thousand comments.
func (r *reading) putTakedowns(l *lines) error {
	const some = 20
	for before := uint64(0); ; {
		demands, err := r.tx.Takedowns(r.site.ID, before, some)
		if err != nil {
			return fmt.Errorf("read demands: %w", err)
		}
		ids := make([]string, len(demands))
		for i, d := range demands {
			ids[i] = d.ID
		}
		about, err := r.tx.TakenDown(r.site.ID, ids)
		if err != nil {
			return fmt.Errorf("read what is withheld: %w", err)
		}
		for _, d := range demands {
			l.put(takedownLine{lineTakedown, takedownPart(d), about[d.ID]})
			l.by(d.Account)
			l.by(d.EndedBy)
			before = d.Seq
		}
		if len(demands) < some || l.err != nil {
			return l.err
		}
	}
}

// putLog writes each entry behind one and up to another, with its lessons behind it.
func (r *reading) putLog(l *lines, after, last uint64) error {
	for after < last {
		entries, err := r.tx.DecisionsAfter(r.site.ID, after, piece)
		if err != nil {
			return fmt.Errorf("read decisions: %w", err)
		}
		entries = slices.DeleteFunc(entries, func(d auditlog.Entry) bool { return d.Seq > last })
		for some := range entriesApart(entries) {
			taught, err := r.tx.Lessons(r.site.ID, some[0].Seq-1, some[len(some)-1].Seq)
			if err != nil {
				return fmt.Errorf("read lessons: %w", err)
			}
			for _, d := range some {
				l.put(lineOfEntry(d))
				l.by(d.By)
				l.by(d.Subject)
				for len(taught) > 0 && taught[0].Seq == d.Seq {
					l.put(lineOfLesson(taught[0]))
					taught = taught[1:]
				}
			}
			after = some[len(some)-1].Seq
		}
		if r.progress(len(entries)); len(entries) < piece || l.err != nil {
			return l.err
		}
	}
	return l.err
}

// entriesApart parts entries so that one that copied lessons, of which it may have thousands, stands alone.
func entriesApart(entries []auditlog.Entry) func(yield func([]auditlog.Entry) bool) {
	return func(yield func([]auditlog.Entry) bool) {
		from := 0
		for i, d := range entries {
			if d.Kind != auditlog.Copy && i+1 < len(entries) && entries[i+1].Kind != auditlog.Copy {
				continue
			}
			if !yield(entries[from : i+1]) {
				return
			}
			from = i + 1
		}
	}
}

// putNames writes what those are called who acted.
func (r *reading) putNames(l *lines, acted map[string]bool) error {
	ids := slices.Sorted(maps.Keys(acted))
	names, err := r.tx.AccountNames(ids)
	if err != nil {
		return fmt.Errorf("read names: %w", err)
	}
	for _, id := range ids {
		if name, known := names[id]; known {
			l.put(accountLine{lineAccount, id, name})
		}
	}
	return l.err
}
