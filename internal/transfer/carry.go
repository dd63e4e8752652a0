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

// carry brings in what Aitys wrote down of a site, into one that has nothing. The file is read first without a change,
// and then written in one transaction, which ends with an export of it: where that has another line than the file, or
// the log does not hold, nothing is there.
func (s *Service) carry(ctx context.Context, blog site.Site, in Request) (Report, error) {
	if in.Base != "" || len(in.Map) > 0 || in.NoLearn || in.WithPrivate {
		return Report{}, problem.Field("/format", "What Aitys exported comes in as it is: leave --base, --url-map, "+
			"--no-learn and --with-private out.")
	}
	v := &inventory{settings: map[string]string{}, report: Report{Skipped: []Skip{}, Notes: []string{}}}
	if err := readOwn(ctx, in.Path, v.note); err != nil {
		return Report{}, fmt.Errorf("read %s: %w", in.Path, err)
	}
	blog.Settings = site.DefaultSettings()
	if err := blog.Change(v.settings); err != nil {
		return Report{}, fmt.Errorf("read %s: a setting is none: %w", in.Path, err)
	}
	c := &carrier{Service: s, site: blog, in: in, of: 2 * (uint64(v.report.Comments) + v.seq)}
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

// An inventory is what a file has, as far as that is looked at before it is written.
type inventory struct {
	report   Report
	settings map[string]string
	seq      uint64 // of the last entry of the log
	hash     []byte
}

// note looks at a line: what could not have been made here is refused.
func (v *inventory) note(n int, kind string, line []byte) error {
	said, err := parsedLine(kind, line)
	if err == nil {
		err = v.look(said)
	}
	if err != nil {
		return fmt.Errorf("line %d: %w", n, err)
	}
	return nil
}

func (v *inventory) look(said any) error {
	switch said := said.(type) {
	case settingLine:
		v.settings[said.Name] = said.Value
	case site.Page:
		v.report.Pages++
		return checkPage(said)
	case carriedComment:
		v.report.Comments++
		r := &v.report
		*[]*int{&r.Pending, &r.Approved, &r.Rejected, &r.Spam, &r.Removed}[said.State]++
		return checkComment(said.Comment)
	case rules.Rule:
		return said.Check()
	case rules.Block:
		if said.Kind == rules.BlockWriter && said.Value == "" && txn.IsID(said.Comment) {
			return nil // it is made of that comment
		}
		return said.Check()
	case rules.Note:
		return said.Check()
	case carriedDemand:
		if !slices.Contains(takedown.Kinds, said.Kind) || !slices.Contains(takedown.Publics, said.Public) ||
			said.Kind == takedown.Person && said.Public == takedown.Full {
			return errors.New("there is no such demand")
		}
	case auditlog.Entry:
		if said.Under == "" || said.Seq != v.seq+1 || !bytes.Equal(said.Hash, auditlog.Hash(v.hash, said)) {
			return fmt.Errorf("the log does not hold: entry %d is not what its hash says", v.seq+1)
		}
		v.seq, v.hash = said.Seq, said.Hash
	case auditlog.Lesson:
		v.taught(said)
	case accountLine:
		if !txn.IsID(said.ID) {
			return errors.New("there is no such account")
		}
	}
	return nil
}

func (v *inventory) taught(l auditlog.Lesson) {
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
		return errors.New("the page has no id")
	}
	if web, ok := text.ParseWeb(p.URL); ok {
		if url, ok := web.Page(); ok && url == p.URL {
			return nil
		}
	}
	return errors.New("the page has no address as pages have it")
}

func checkComment(c comment.Comment) error {
	var signed comment.Comment
	_, err := authz.ParseRole(c.Badge)
	switch {
	case !txn.IsID(c.ID) || !txn.IsID(c.Page):
		return errors.New("the comment has no id, or no page")
	case !comment.IsPath(c.Path) || len(c.Path) != (c.Depth+1)*comment.SegmentLength:
		return errors.New("the comment has no place among others")
	case err != nil:
		return errors.New("there is no such badge")
	case signed.Sign("", "", c.Website) != nil || signed.Website != c.Website:
		return errors.New("the comment's website is no address of one")
	}
	return nil
}

// A carrier writes a file into a site.
type carrier struct {
	*Service
	site site.Site
	in   Request
	of   uint64 // comments and entries, each of which is written and read

	// What write, which may run again, has by now.
	tx       Tx
	done     uint64
	comments []comment.Comment
	entries  []auditlog.Entry
	lessons  []auditlog.Lesson
	demands  []carriedDemand // that stand
	events   []event.Event
}

// isEmpty refuses a site that has anything.
func (c *carrier) isEmpty(_ context.Context, tx Tx) error {
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
		return problem.Field("/site", "The site "+c.site.Key+" has something already, and an export of Aitys comes into "+
			"an empty one: add a site with another key, and import into that.")
	}
	return nil
}

// write writes all of a file.
func (c *carrier) write(ctx context.Context, tx Tx) error {
	c.tx, c.done, c.comments, c.entries, c.lessons = tx, 0, nil, nil, nil
	c.demands, c.events = nil, nil
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
		said, err := parsedLine(kind, line)
		if err == nil {
			err = c.put(said)
		}
		return err
	})
	if err == nil {
		err = errors.Join(c.flush(), c.withhold())
	}
	if err != nil {
		return fmt.Errorf("write what the lines to %d say: %w", last, err)
	}
	if err := c.verify(ctx); err != nil {
		return err
	}
	return c.tell()
}

// put writes what a line says, comments and entries some at a time.
func (c *carrier) put(said any) error {
	if _, more := said.(carriedComment); !more && len(c.comments) > 0 || len(c.comments)+len(c.entries) >= together ||
		len(c.lessons) >= together {
		if err := c.flush(); err != nil {
			return err
		}
	}
	switch said := said.(type) {
	case site.Page:
		return c.putPage(said)
	case carriedComment:
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
	case carriedDemand:
		said.Site = c.site.ID
		if said.Status() == takedown.Standing {
			c.demands = append(c.demands, said)
		}
		return c.tx.AddTakedown(said.Demand, said.comments)
	case auditlog.Entry:
		c.entries = append(c.entries, said)
	case auditlog.Lesson:
		c.lessons = append(c.lessons, said)
	case accountLine:
		return c.tx.PutName(c.site.ID, said.ID, said.Name)
	}
	return nil
}

func (c *carrier) putPage(p site.Page) error {
	p.Site, p.Withheld = c.site.ID, nil
	there, err := c.tx.EnsurePage(p)
	if err == nil && there.ID != p.ID {
		err = fmt.Errorf("two pages are at %s", p.URL)
	}
	c.events = append(c.events, event.Event{Kind: event.Page, Page: p.ID, Shown: true})
	return err
}

func (c *carrier) putComment(in carriedComment) {
	m := in.Comment.Fresh()
	m.Site, m.Withheld, m.Search = c.site.ID, nil, comment.SearchText(m)
	if in.byEmail {
		m.Writer = c.writerOf(c.site.ID, m)
	}
	c.comments = append(c.comments, m)
	if m.State == comment.Pending {
		c.events = append(c.events, event.Event{Kind: event.Judged, Page: m.Page, Comment: m.ID})
	}
}

// putBlock makes the hash of a writer anew of one of whose comments it is.
func (c *carrier) putBlock(b rules.Block) error {
	b.Site = c.site.ID
	if b.Value == "" {
		theirs, err := c.tx.CommentsByID(b.Site, []string{b.Comment})
		if err != nil || len(theirs) == 0 || len(theirs[0].Writer) == 0 {
			return errors.Join(err, errors.New("nobody knows who is blocked"))
		}
		b.Value = hex.EncodeToString(theirs[0].Writer)
	}
	return c.tx.PutBlock(b)
}

// putNote makes the hash of a writer as putBlock does.
func (c *carrier) putNote(n rules.Note) error {
	n.Site = c.site.ID
	if len(n.Writer) == 0 {
		theirs, err := c.tx.CommentsByID(n.Site, []string{n.Comment})
		if err != nil || len(theirs) == 0 || len(theirs[0].Writer) == 0 {
			return errors.Join(err, errors.New("nobody knows about whom it is noted"))
		}
		n.Writer = theirs[0].Writer
	}
	return c.tx.PutNote(n)
}

// flush writes what was gathered.
func (c *carrier) flush() error {
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

func (c *carrier) progress(n int) {
	c.done += uint64(n)
	if c.in.Progress != nil {
		c.in.Progress(c.done, c.of)
	}
}

// withhold has readers see what the demands say that stand.
func (c *carrier) withhold() error {
	for _, d := range c.demands {
		if err := d.Show(c.tx, d.comments); err != nil {
			return err
		}
	}
	return nil
}

// verify reads back what was written, and follows the log.
func (c *carrier) verify(ctx context.Context) error {
	if err := c.compare(ctx); err != nil {
		return err
	}
	walk := auditlog.NewWalk(c.site.ID)
	for more := true; more; {
		var bad uint64
		var err error
		if bad, more, err = walk.Step(c.tx); err != nil {
			return fmt.Errorf("follow the log: %w", err)
		}
		if bad != 0 {
			return fmt.Errorf("the log in it does not hold from entry %d on; nothing was imported", bad)
		}
	}
	return nil
}

// tell has events told of each page, of what waits, so that it joins what is like it, and of the site.
func (c *carrier) tell() error {
	for _, kind := range []event.Kind{event.Site, event.Rules, event.Taught} {
		c.events = append(c.events, event.Event{Kind: kind})
	}
	now := c.work.Now()
	for some := range slices.Chunk(c.events, together) {
		for i := range some {
			some[i].Site, some[i].At = c.site.ID, now
		}
		if err := c.tx.Emit(some...); err != nil {
			return fmt.Errorf("emit: %w", err)
		}
	}
	return nil
}
