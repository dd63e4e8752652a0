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
	"maps"
	"slices"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/ledger"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/rules"
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

// Export writes a site down. It needs an owner. All of it is read on one snapshot, in pieces, so that what it says
// fits together however large the site is, and two exports of one state say the same but for when that was. Writers
// do not wait for it; another export in this process is asked to come again. What was written before it failed is no
// export: its end is missing.
func (s *Service) Export(ctx context.Context, who people.Actor, site ground.Site, in Wanted, to io.Writer) error {
	if err := who.May(site.ID, people.Owner, people.ScopeAdmin); err != nil {
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
	err := s.work.View(ctx, func(tx Tx) error {
		out := bufio.NewWriterSize(to, 64<<10)
		r := &reading{Service: s, tx: tx, site: site, in: in}
		if err := exports[at].write(r, out); err != nil {
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

// A reading is one snapshot of a site.
type reading struct {
	*Service
	tx   Tx
	site ground.Site
	in   Wanted
	done uint64
}

func (r *reading) progress(n int) {
	r.done += uint64(n)
	if r.in.Progress != nil {
		r.in.Progress(r.done)
	}
}

// pages calls fn with each page, the newest first.
func (r *reading) pages(fn func(p ground.Page) error) error {
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

// comments calls fn with the comments of a page, some at a time, each after the one that it answers.
func (r *reading) comments(page string, fn func(list []comment.Comment) error) error {
	roots, err := r.tx.RootIDs(r.site.ID, page)
	if err != nil {
		return fmt.Errorf("read comments: %w", err)
	}
	return r.below(roots, fn)
}

// below calls fn with comments and all that answer them. Only their ids are in memory all the while.
func (r *reading) below(ids []string, fn func(list []comment.Comment) error) error {
	for some := range slices.Chunk(ids, piece) {
		list, err := r.tx.CommentsByID(r.site.ID, some)
		if err != nil {
			return fmt.Errorf("read comments: %w", err)
		}
		if err := fn(list); err != nil {
			return err
		}
		r.progress(len(list))
		answers, err := r.tx.AnswerIDs(r.site.ID, some)
		if err != nil {
			return fmt.Errorf("read answers: %w", err)
		}
		if err := r.below(answers, fn); err != nil {
			return err
		}
	}
	return nil
}

// A lines writer writes lines of JSON, some at a time while the next are read, and knows who acts in them.
type lines struct {
	some  []any
	full  chan []any
	ended chan error // one: what became of them
	n     int
	err   error
	names map[string]bool // ids of accounts
}

func newLines(to io.Writer) *lines {
	l := &lines{full: make(chan []any, 1), ended: make(chan error, 1), names: map[string]bool{}}
	go func() {
		var err error
		out := plain(to)
		for some := range l.full {
			for i := 0; i < len(some) && err == nil; i++ {
				err = out.Encode(some[i])
			}
			if err != nil {
				break
			}
		}
		l.ended <- err
	}()
	return l
}

// put has a line written, which nobody changes any more.
func (l *lines) put(line any) {
	l.n++
	if l.some = append(l.some, line); len(l.some) == piece {
		l.pass()
	}
}

func (l *lines) pass() {
	if l.err != nil {
		return
	}
	select {
	case l.full <- l.some:
	case l.err = <-l.ended:
	}
	l.some = nil
}

// end waits until all lines are written.
func (l *lines) end() error {
	l.pass()
	close(l.full)
	if l.err == nil {
		l.err = <-l.ended
	}
	return l.err
}

// by notes that an account acted.
func (l *lines) by(id string) {
	if ground.IsID(id) {
		l.names[id] = true
	}
}

// jsonl writes all there is: settings, each page with its comments and what is said against them, rules, blocks, notes,
// the register, the log with its lessons, and the names of those who acted.
func (r *reading) jsonl(out io.Writer) error {
	err := plain(out).Encode(header{ownFormat, ownVersion, r.work.Now().UTC(), r.site.Key})
	if err != nil {
		return err
	}
	sum := sha256.New()
	l := newLines(io.MultiWriter(out, sum))
	for _, f := range ground.Fields {
		l.put(settingLine{lineSetting, f.Name, f.Of(r.site)})
	}
	err = r.putAll(l)
	if err == nil {
		err = r.putNames(l)
	}
	if err := cmp.Or(l.end(), err); err != nil {
		return err
	}
	return plain(out).Encode(endLine{lineEnd, l.n, sum.Sum(nil)})
}

// plain writes values as lines of JSON.
func plain(to io.Writer) *json.Encoder {
	e := json.NewEncoder(to)
	e.SetEscapeHTML(false)
	return e
}

// putAll writes what stands between the settings and the names.
func (r *reading) putAll(l *lines) error {
	err := r.pages(func(p ground.Page) error {
		l.put(lineOfPage(p))
		return r.comments(p.ID, func(list []comment.Comment) error { return r.putComments(l, list) })
	})
	if err != nil {
		return err
	}
	for _, put := range []func(*lines) error{r.putRules, r.putNotes, r.putTakedowns, r.putLog} {
		if err := put(l); err != nil {
			return err
		}
	}
	return l.err
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

// putLog writes each entry with its lessons behind it.
func (r *reading) putLog(l *lines) error {
	for after := uint64(0); ; {
		entries, err := r.tx.DecisionsAfter(r.site.ID, after, piece)
		if err != nil {
			return fmt.Errorf("read decisions: %w", err)
		}
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
}

// entriesApart parts entries so that one that copied lessons, of which it may have thousands, stands alone.
func entriesApart(entries []ledger.Entry) func(yield func([]ledger.Entry) bool) {
	return func(yield func([]ledger.Entry) bool) {
		from := 0
		for i, d := range entries {
			if d.Kind != ledger.Copy && i+1 < len(entries) && entries[i+1].Kind != ledger.Copy {
				continue
			}
			if !yield(entries[from : i+1]) {
				return
			}
			from = i + 1
		}
	}
}

func (r *reading) putNames(l *lines) error {
	ids := slices.Sorted(maps.Keys(l.names))
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
