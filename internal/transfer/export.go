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

// An ExportRequest describes an export.
type ExportRequest struct {
	Format   string            // one of Exports
	Progress func(done uint64) // called with the number of lines or comments written; optional
}

// An export is a format and the function that writes it.
type export struct {
	name  string
	write func(r *siteReader, out io.Writer) error
}

var exports = []export{{"jsonl", (*siteReader).jsonl}, {"csv", (*siteReader).csv}, {"disqus", (*siteReader).disqus},
	{"wxr", (*siteReader).wxr}}

// Exports returns the names of the export formats.
func Exports() []string {
	names := make([]string, len(exports))
	for i, e := range exports {
		names[i] = e.name
	}
	return names
}

// Export writes the data of a site. The actor must be an owner. Export reads in pieces on one snapshot, so that the
// file is consistent. Two exports of one state differ only in their time. Formats for other services read each comment
// again before writing it, so that they omit what was withheld or removed meanwhile. Export blocks no writers. It
// refuses a second export in the same process. The file of a failed export has no end. Export fails if a takedown is
// entered while it runs, since the file may have content that is now withheld.
func (s *Service) Export(ctx context.Context, who authz.Actor, site site.Site, in ExportRequest, to io.Writer) error {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return err
	}
	at := slices.IndexFunc(exports, func(e export) bool { return e.name == in.Format })
	if at < 0 {
		return problem.Query("format", "Export "+problem.Among(Exports())+".")
	}
	// An export keeps connections and a snapshot while it runs.
	if !s.exporting.TryLock() {
		return problem.TryAgain(errors.New("another export is running"))
	}
	defer s.exporting.Unlock()
	err := s.work.Views(ctx, parallelReads, func(all []Tx) error {
		out := bufio.NewWriterSize(to, 64<<10)
		r := newSiteReader(s, all, site, in.Progress)
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

// chunkSize is the number of comments, or log entries, in memory at once.
const chunkSize = 200

// A siteReader reads a snapshot of a site by the transaction tx. Its copies, one per goroutine, use the other
// transactions of all, which have the same snapshot.
type siteReader struct {
	*Service
	ctx      context.Context // for reads outside the snapshot
	tx       Tx
	all      []Tx
	site     site.Site
	progress func(n int) // reports n more lines or comments
}

func newSiteReader(s *Service, all []Tx, site site.Site, told func(done uint64)) *siteReader {
	var mu sync.Mutex
	done := uint64(0)
	return &siteReader{Service: s, tx: all[0], all: all, site: site, progress: func(n int) {
		mu.Lock()
		defer mu.Unlock()
		if done += uint64(n); told != nil {
			told(done)
		}
	}}
}

// pages calls fn with each page, newest first.
func (r *siteReader) pages(fn func(p site.Page) error) error {
	for after := ""; ; {
		list, err := r.tx.Pages(r.site.ID, after, chunkSize)
		if err != nil {
			return fmt.Errorf("read pages: %w", err)
		}
		for _, p := range list {
			if err := fn(p); err != nil {
				return err
			}
			after = p.ID
		}
		if len(list) < chunkSize {
			return nil
		}
	}
}

// comments calls fn with the comments of a page in chunks, each comment after its parent. It holds the IDs of all of
// them in memory.
func (r *siteReader) comments(page site.Page, fn func(list []comment.Comment) error) error {
	all, err := r.tx.Answers(r.site.ID, page.ID)
	if err != nil {
		return fmt.Errorf("read answers: %w", err)
	}
	to := map[string][]string{}
	for _, a := range all {
		to[a.Parent] = append(to[a.Parent], a.ID)
	}
	return r.below(page, to[""], to, fn)
}

// below calls fn with the comments of the given IDs and their descendants. to maps a comment to its replies.
func (r *siteReader) below(
	page site.Page, ids []string, to map[string][]string, fn func(list []comment.Comment) error,
) error {
	for some := range slices.Chunk(ids, chunkSize) {
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

// currentComments calls fn with the comments of a page, parents first, for a format of another service. It rereads each
// comment for its current state, and empties removed ones.
func (r *siteReader) currentComments(page site.Page, fn func(c comment.Comment) error) error {
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
			if err := fn(current); err != nil {
				return err
			}
		}
		return nil
	})
}

// emptied returns c without author, text and note.
func emptied(c comment.Comment) comment.Comment {
	c.Name, c.Email, c.Website, c.Source, c.Note = "", "", "", "", ""
	return c
}

// noNewTakedown returns an error if a takedown was entered after the snapshot.
func (r *siteReader) noNewTakedown() error {
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

// jsonl writes everything: settings, each page with its comments, reports and appeals, rules, blocks, notes, takedowns,
// the log with its lessons, and the names of the accounts in it.
func (r *siteReader) jsonl(out io.Writer) error {
	err := newEncoder(out).Encode(header{ownFormat, ownVersion, r.work.Now().UTC(), r.site.Key})
	if err != nil {
		return err
	}
	sum := sha256.New()
	p := newPipeline(io.MultiWriter(out, sum))
	names := func(r *siteReader, l *partLines) error { return r.putNames(l, p.names) }
	for _, parts := range []iter.Seq[part]{
		slices.Values([]part{(*siteReader).putSettings}), r.parts, slices.Values([]part{names}),
	} {
		if err = p.run(r, parts); err != nil {
			break
		}
	}
	if err := p.end(err); err != nil {
		return err
	}
	return newEncoder(out).Encode(endLine{lineEnd, p.n, sum.Sum(nil)})
}

// newEncoder returns an encoder of JSON lines that does not escape HTML.
func newEncoder(to io.Writer) *json.Encoder {
	e := json.NewEncoder(to)
	e.SetEscapeHTML(false)
	return e
}

func (r *siteReader) putSettings(l *partLines) error {
	for _, f := range site.Fields {
		l.put(settingLine{lineSetting, f.Name, f.Value(r.site)})
	}
	return nil
}

// logPartSize is the number of log entries in a part of an export.
const logPartSize = 5 * chunkSize

// parts yields the parts between the settings and the names. It reads by the transaction that r has at the time.
func (r *siteReader) parts(yield func(part) bool) {
	err := r.pages(func(p site.Page) error {
		more := yield(func(r *siteReader, l *partLines) error {
			l.put(newPageLine(p))
			return r.comments(p, func(list []comment.Comment) error { return r.putComments(l, list) })
		})
		if !more {
			return errStopped
		}
		return nil
	})
	var head auditlog.Head
	if err == nil {
		head, err = r.tx.Head(r.site.ID)
	}
	switch {
	case errors.Is(err, errStopped):
		return
	case err != nil:
		yield(func(*siteReader, *partLines) error { return err })
		return
	}
	for _, put := range []part{(*siteReader).putRules, (*siteReader).putNotes, (*siteReader).putTakedowns} {
		if !yield(put) {
			return
		}
	}
	for after := uint64(0); after < head.Seq; after += logPartSize {
		if !yield(func(r *siteReader, l *partLines) error { return r.putLog(l, after, after+logPartSize) }) {
			return
		}
	}
}

func (r *siteReader) putComments(l *partLines, list []comment.Comment) error {
	ids := make([]string, len(list))
	for i, c := range list {
		ids[i] = c.ID
		var own []byte
		if c.Email != "" {
			own = r.writerHash(r.site.ID, c)
		}
		l.put(newCommentLine(c, own))
		l.addActor(c.Account)
	}
	reports, err := r.tx.Reports(r.site.ID, ids)
	if err != nil {
		return fmt.Errorf("read reports: %w", err)
	}
	for _, report := range reports {
		l.put(newReportLine(report))
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

// writerHash returns the hash that identifies a commenter with an e-mail on a site.
func (s *Service) writerHash(site int64, c comment.Comment) []byte {
	return s.secret.Hash("writer", site, c.Identity("")...)
}

func (r *siteReader) putRules(l *partLines) error {
	all, err := r.tx.Rules(r.site.ID)
	if err != nil {
		return fmt.Errorf("read rules: %w", err)
	}
	for _, rule := range all {
		l.put(ruleLine{lineRule, rulePart(rule)})
		l.addActor(rule.By)
	}
	blocks, err := r.tx.Blocks(r.site.ID)
	if err != nil {
		return fmt.Errorf("read blocks: %w", err)
	}
	for some := range slices.Chunk(blocks, chunkSize) {
		if err := r.putBlocks(l, some); err != nil {
			return err
		}
	}
	return l.err
}

// putBlocks puts blocks. It omits the hash of a blocked writer if the block's comment has it, since an import derives
// it.
func (r *siteReader) putBlocks(l *partLines, blocks []rules.Block) error {
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
		l.addActor(b.By)
	}
	return nil
}

// putNotes puts the notes. It omits the writer's hash if the note's comment has it.
func (r *siteReader) putNotes(l *partLines) error {
	notes, err := r.tx.Notes(r.site.ID)
	if err != nil {
		return fmt.Errorf("read notes: %w", err)
	}
	for some := range slices.Chunk(notes, chunkSize) {
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
			l.addActor(n.By)
		}
	}
	return l.err
}

// putTakedowns puts the takedowns, newest first. It reads few at a time, since each may cover a thousand comments.
func (r *siteReader) putTakedowns(l *partLines) error {
	const some = 20
	for before := uint64(0); ; {
		demands, err := r.tx.Takedowns(r.site.ID, before, some)
		if err != nil {
			return fmt.Errorf("read takedowns: %w", err)
		}
		ids := make([]string, len(demands))
		for i, d := range demands {
			ids[i] = d.ID
		}
		about, err := r.tx.TakedownComments(r.site.ID, ids)
		if err != nil {
			return fmt.Errorf("read withheld comments: %w", err)
		}
		for _, d := range demands {
			l.put(takedownLine{lineTakedown, takedownPart(d), about[d.ID]})
			l.addActor(d.Account)
			l.addActor(d.EndedBy)
			before = d.Seq
		}
		if len(demands) < some || l.err != nil {
			return l.err
		}
	}
}

// putLog puts the entries with after < Seq <= last, each followed by its lessons.
func (r *siteReader) putLog(l *partLines, after, last uint64) error {
	for after < last {
		entries, err := r.tx.DecisionsAfter(r.site.ID, after, chunkSize)
		if err != nil {
			return fmt.Errorf("read decisions: %w", err)
		}
		entries = slices.DeleteFunc(entries, func(d auditlog.Entry) bool { return d.Seq > last })
		for some := range splitAtCopies(entries) {
			taught, err := r.tx.Lessons(r.site.ID, some[0].Seq-1, some[len(some)-1].Seq)
			if err != nil {
				return fmt.Errorf("read lessons: %w", err)
			}
			for _, d := range some {
				l.put(newDecisionLine(d))
				l.addActor(d.By)
				l.addActor(d.Subject)
				for len(taught) > 0 && taught[0].Seq == d.Seq {
					l.put(newLessonLine(taught[0]))
					taught = taught[1:]
				}
			}
			after = some[len(some)-1].Seq
		}
		if r.progress(len(entries)); len(entries) < chunkSize || l.err != nil {
			return l.err
		}
	}
	return l.err
}

// splitAtCopies yields runs of entries. An entry that copied lessons is a run of its own, because it may have thousands
// of lessons.
func splitAtCopies(entries []auditlog.Entry) func(yield func([]auditlog.Entry) bool) {
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

// putNames puts the names of the accounts that acted.
func (r *siteReader) putNames(l *partLines, acted map[string]bool) error {
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
