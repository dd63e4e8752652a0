package transfer

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// importOwn imports an export of Aitys into an empty site. It first checks the whole file, then writes it in one
// transaction. At the end, the transaction exports the site and compares it with the file, and verifies the log. A
// difference rolls it back.
func (s *Service) importOwn(ctx context.Context, blog site.Site, in Request) (Report, error) {
	if in.Base != "" || len(in.Map) > 0 || in.NoLearn || in.WithPrivate {
		return Report{}, problem.Field("/format", "An Aitys export is imported unchanged: omit --base, --url-map, "+
			"--no-learn and --with-private.")
	}
	v := &inventory{settings: map[string]string{}, report: Report{Skipped: []Skip{}, Notes: []string{}}}
	if err := readOwn(ctx, in.Path, v.check); err != nil {
		return Report{}, fmt.Errorf("read %s: %w", in.Path, err)
	}
	blog.Settings = site.DefaultSettings()
	if err := blog.Change(v.settings); err != nil {
		return Report{}, fmt.Errorf("read %s: invalid setting: %w", in.Path, err)
	}
	c := &ownImport{Service: s, site: blog, in: in, total: 2 * (uint64(v.report.Comments) + v.seq)}
	do := s.work.Update
	write := c.write
	if in.DryRun {
		do, write = s.work.View, c.isEmpty
	}
	if err := do(ctx, func(tx Tx) error { return write(ctx, tx) }); err != nil {
		return Report{}, fmt.Errorf("import: %w", err)
	}
	v.report.Added = v.report.Comments
	v.report.Notes = append(v.report.Notes, "The settings of the site are those of the file, its addresses too.")
	if !in.DryRun {
		s.work.Logger().InfoContext(ctx, "site brought in", "site", blog.Key, "comments", v.report.Comments, "entries", v.seq)
	}
	return v.report, nil
}

// An inventory holds what the check of a file found.
type inventory struct {
	report   Report
	settings map[string]string
	seq      uint64 // Seq of the last entry of the log
	hash     []byte // hash of that entry
}

// check checks a line. It returns an error if this program could not have written it.
func (v *inventory) check(n int, kind string, line []byte) error {
	said, err := parseLine(kind, line)
	if err == nil {
		err = v.checkValue(said)
	}
	if err != nil {
		return fmt.Errorf("line %d: %w", n, err)
	}
	return nil
}

// checkValue checks a parsed line and counts it.
func (v *inventory) checkValue(said any) error {
	switch said := said.(type) {
	case settingLine:
		v.settings[said.Name] = said.Value
	case site.Page:
		v.report.Pages++
		return checkPage(said)
	case ownComment:
		v.report.Comments++
		r := &v.report
		*[]*int{&r.Pending, &r.Approved, &r.Rejected, &r.Spam, &r.Removed}[said.State]++
		return checkComment(said.Comment)
	case rules.Rule:
		return said.Check()
	case rules.Block:
		if said.Kind == rules.BlockWriter && said.Value == "" && txn.IsID(said.Comment) {
			return nil // putBlock derives it from that comment
		}
		return said.Check()
	case rules.Note:
		return said.Check()
	case ownTakedown:
		if !slices.Contains(takedown.Kinds, said.Kind) || !slices.Contains(takedown.Disclosures, said.Public) ||
			said.Kind == takedown.Person && said.Public == takedown.Full {
			return errors.New("the takedown's kind or notice is invalid")
		}
	case auditlog.Entry:
		if said.Under == "" || said.Seq != v.seq+1 || !bytes.Equal(said.Hash, auditlog.Hash(v.hash, said)) {
			return fmt.Errorf("the log is broken: entry %d does not match its hash", v.seq+1)
		}
		v.seq, v.hash = said.Seq, said.Hash
	case auditlog.Lesson:
		v.countLesson(said)
	case accountLine:
		if !txn.IsID(said.ID) {
			return errors.New("the account has an invalid ID")
		}
	}
	return nil
}

// countLesson counts a valid lesson.
func (v *inventory) countLesson(l auditlog.Lesson) {
	switch {
	case l.Fallen || l.Withdrawn != 0:
	case l.Label == classifier.Ham:
		v.report.Lessons.Ham++
	case l.Label == classifier.Spam:
		v.report.Lessons.Spam++
	}
}

func checkPage(p site.Page) error {
	if !txn.IsID(p.ID) {
		return errors.New("the page has an invalid ID")
	}
	if web, ok := text.ParseWebURL(p.URL); ok {
		if url, ok := web.PageURL(); ok && url == p.URL {
			return nil
		}
	}
	return errors.New("the page's address is not canonical")
}

func checkComment(c comment.Comment) error {
	var signed comment.Comment
	_, err := authz.ParseRole(c.Badge)
	switch {
	case !txn.IsID(c.ID) || !txn.IsID(c.Page):
		return errors.New("the comment or its page has an invalid ID")
	case !comment.IsPath(c.Path) || len(c.Path) != (c.Depth+1)*comment.SegmentLength:
		return errors.New("the comment has an invalid path")
	case err != nil:
		return errors.New("unknown badge")
	case signed.Sign("", "", c.Website) != nil || signed.Website != c.Website:
		return errors.New("the comment's website is not a web address")
	}
	return nil
}

// An ownImport is one import of an export of Aitys.
type ownImport struct {
	*Service
	site  site.Site
	in    Request
	total uint64 // the number of comments and entries, twice: each is written and compared

	// State of write, which may run more than once.
	tx        Tx
	done      uint64
	comments  []comment.Comment
	entries   []auditlog.Entry
	lessons   []auditlog.Lesson
	takedowns []ownTakedown // takedowns in force
	events    []event.Event
}

// isEmpty returns an error unless the site has no pages, rules, blocks and log entries.
func (c *ownImport) isEmpty(_ context.Context, tx Tx) error {
	head, err := tx.Head(c.site.ID)
	if err != nil {
		return fmt.Errorf("read the end of the log: %w", err)
	}
	pages, err := tx.Pages(c.site.ID, "", 1)
	if err != nil {
		return fmt.Errorf("read pages: %w", err)
	}
	made, err := tx.Rules(c.site.ID)
	if err != nil {
		return fmt.Errorf("read rules: %w", err)
	}
	blocks, err := tx.Blocks(c.site.ID)
	if err != nil {
		return fmt.Errorf("read blocks: %w", err)
	}
	if head.Seq+uint64(len(pages)+len(made)+len(blocks)) > 0 {
		return problem.Field("/site", "The site "+c.site.Key+" has something already. An Aitys export needs "+
			"an empty site: add a site with another key and import into it.")
	}
	return nil
}

// write writes the whole file and verifies it.
func (c *ownImport) write(ctx context.Context, tx Tx) error {
	c.tx, c.done, c.comments, c.entries, c.lessons = tx, 0, nil, nil, nil
	c.takedowns, c.events = nil, nil
	if _, err := tx.LockLog(c.site.ID); err != nil {
		return fmt.Errorf("lock log: %w", err)
	}
	if err := c.isEmpty(ctx, tx); err != nil {
		return err
	}
	if err := tx.UpdateSite(c.site); err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	last := 0
	err := readOwn(ctx, c.in.Path, func(n int, kind string, line []byte) error {
		last = n
		said, err := parseLine(kind, line)
		if err == nil {
			err = c.put(said)
		}
		return err
	})
	if err == nil {
		err = errors.Join(c.flush(), c.applyTakedowns())
	}
	if err != nil {
		return fmt.Errorf("write lines up to %d: %w", last, err)
	}
	if err := c.verify(ctx); err != nil {
		return err
	}
	return c.emit()
}

// put writes a parsed line. It gathers comments, entries and lessons for flush.
func (c *ownImport) put(said any) error {
	if _, more := said.(ownComment); !more && len(c.comments) > 0 || len(c.comments)+len(c.entries) >= batchSize ||
		len(c.lessons) >= batchSize {
		if err := c.flush(); err != nil {
			return err
		}
	}
	switch said := said.(type) {
	case site.Page:
		return c.putPage(said)
	case ownComment:
		c.putComment(said)
	case report.Report:
		said.Site = c.site.ID
		return c.tx.PutReports([]report.Report{said})
	case report.Appeal:
		said.Site = c.site.ID
		return c.tx.PutAppeals([]report.Appeal{said})
	case rules.Rule:
		said.Site = c.site.ID
		return c.tx.PutRule(said)
	case rules.Block:
		return c.putBlock(said)
	case rules.Note:
		return c.putNote(said)
	case ownTakedown:
		said.Site = c.site.ID
		if said.Status() == takedown.Active {
			c.takedowns = append(c.takedowns, said)
		}
		return c.tx.AddTakedown(said.Takedown, said.comments)
	case auditlog.Entry:
		c.entries = append(c.entries, said)
	case auditlog.Lesson:
		c.lessons = append(c.lessons, said)
	case accountLine:
		return c.tx.PutName(c.site.ID, said.ID, said.Name)
	}
	return nil
}

// putPage inserts a page.
func (c *ownImport) putPage(p site.Page) error {
	p.Site, p.Withheld = c.site.ID, nil
	there, err := c.tx.EnsurePage(p)
	if err == nil && there.ID != p.ID {
		err = fmt.Errorf("two pages are at %s", p.URL)
	}
	c.events = append(c.events, event.Event{Kind: event.Page, Page: p.ID, Shown: true})
	return err
}

// putComment gathers a comment, after deriving its search text and, if needed, its writer's hash.
func (c *ownImport) putComment(in ownComment) {
	m := in.Comment
	m.Site, m.Withheld, m.Search = c.site.ID, nil, comment.SearchText(m)
	if in.byEmail {
		m.Writer = c.writerHash(c.site.ID, m)
	}
	c.comments = append(c.comments, m)
	if m.State == comment.Pending {
		c.events = append(c.events, event.Event{Kind: event.Rescored, Page: m.Page, Comment: m.ID})
	}
}

// putBlock inserts a block. If it has no value, it takes the writer's hash from the block's comment.
func (c *ownImport) putBlock(b rules.Block) error {
	b.Site = c.site.ID
	if b.Value == "" {
		theirs, err := c.tx.CommentsByID(b.Site, []string{b.Comment})
		if err != nil || len(theirs) == 0 || len(theirs[0].Writer) == 0 {
			return errors.Join(err, errors.New("the blocked writer is unknown"))
		}
		b.Value = hex.EncodeToString(theirs[0].Writer)
	}
	return c.tx.PutBlock(b)
}

// putNote inserts a note. If it has no writer, it takes the writer's hash from the note's comment.
func (c *ownImport) putNote(n rules.Note) error {
	n.Site = c.site.ID
	if len(n.Writer) == 0 {
		theirs, err := c.tx.CommentsByID(n.Site, []string{n.Comment})
		if err != nil || len(theirs) == 0 || len(theirs[0].Writer) == 0 {
			return errors.Join(err, errors.New("the note's writer is unknown"))
		}
		n.Writer = theirs[0].Writer
	}
	return c.tx.PutNote(n)
}

// flush writes the gathered comments, entries and lessons.
func (c *ownImport) flush() error {
	if len(c.comments) > 0 {
		if err := c.tx.PutComments(c.comments); err != nil {
			return err
		}
		if err := c.tx.PutVotes(c.comments); err != nil {
			return err
		}
	}
	if err := c.tx.AppendDecisions(c.site.ID, c.entries); err != nil {
		return err
	}
	if err := c.tx.AddLessons(c.site.ID, c.lessons); err != nil {
		return err
	}
	var fallen []uint64
	for _, l := range c.lessons {
		if l.Fallen {
			fallen = append(fallen, l.Seq)
		}
	}
	if len(fallen) > 0 {
		if err := c.tx.SetStanding(c.site.ID, fallen, false); err != nil {
			return err
		}
	}
	c.progress(len(c.comments) + len(c.entries))
	c.comments, c.entries, c.lessons = c.comments[:0], c.entries[:0], c.lessons[:0]
	return nil
}

// progress reports n more comments or entries.
func (c *ownImport) progress(n int) {
	c.done += uint64(n)
	if c.in.Progress != nil {
		c.in.Progress(c.done, c.total)
	}
}

// applyTakedowns withholds pages and comments by the takedowns in force.
func (c *ownImport) applyTakedowns() error {
	for _, d := range c.takedowns {
		if err := d.SetNotices(c.tx, d.comments); err != nil {
			return err
		}
	}
	return nil
}

// verify compares an export of the site with the file, and verifies the hash chain of the log.
func (c *ownImport) verify(ctx context.Context) error {
	if err := c.compare(ctx); err != nil {
		return err
	}
	walk := auditlog.NewVerifier(c.site.ID)
	for more := true; more; {
		var bad uint64
		var err error
		if bad, more, err = walk.Step(c.tx); err != nil {
			return fmt.Errorf("verify the log: %w", err)
		}
		if bad != 0 {
			return fmt.Errorf("its log is broken from entry %d on; nothing was imported", bad)
		}
	}
	return nil
}

// emit emits events for each page, each pending comment (so that campaigns include it), and the site.
func (c *ownImport) emit() error {
	for _, kind := range []event.Kind{event.Site, event.Rules, event.Taught} {
		c.events = append(c.events, event.Event{Kind: kind})
	}
	now := c.work.Now()
	for some := range slices.Chunk(c.events, batchSize) {
		for i := range some {
			some[i].Site, some[i].At = c.site.ID, now
		}
		if err := c.tx.Emit(some...); err != nil {
			return fmt.Errorf("emit: %w", err)
		}
	}
	return nil
}
