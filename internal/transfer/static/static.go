// Package static writes static copies of a site's public comments: a folder of files for any web host, with a list that
// the site signs.
//
// A copy serves readers while the service is unreachable. The widget accepts a page of a copy only if the list has the
// page's hash and the site's key has signed the list. So the host need not be trusted. A comment withheld by a takedown
// is a placeholder in a copy. The package reads one snapshot in chunks. Only the list, some 200 bytes per page, is in
// memory as a whole.
package static

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/txn"
)

// Tx is a transaction of this package.
type Tx interface {
	txn.Tx

	Pages(site int64, after string, limit int) ([]site.Page, error) // newest first
	Thread(q comment.ThreadQuery) ([]comment.Comment, error)
	CountByPage(site int64, pages []string, state comment.State) (map[string]int, error)
	// ActiveTakedowns returns the takedowns in force of comments. PageCovers returns those of a page.
	ActiveTakedowns(site int64, comments []string) ([]takedown.Scope, error)
	ActivePageTakedowns(site int64, page string) ([]takedown.Takedown, error)

	// NoteCopy stores the time of a copy. CopiesMade returns the times of the newest copies, newest first.
	NoteCopy(site int64, at time.Time) error
	CopiesMade(site int64, limit int) ([]time.Time, error)
}

// A Signer adds `key` and `signature` to a site's list. Service of package signing implements it.
type Signer interface {
	Sign(ctx context.Context, site site.Site, list map[string]any) error
}

// A File is a widget file that every static copy includes. Path begins with a slash.
type File struct {
	Path string
	Body []byte
}

// Options are the dependencies of a Service. Comment and Settings return values to encode as JSON, in the form of the
// service's comment lists.
type Options struct {
	Process  *txn.Process
	Store    txn.Store[Tx]
	Signer   Signer
	Comment  func(c comment.Comment, pageURL string) any
	Settings func(site site.Site, w *i18n.Catalog) any
	Files    []File
}

// Service writes copies. It is safe for concurrent use.
type Service struct {
	Options
	work txn.Work[Tx]
}

// New returns a Service.
func New(o Options) *Service { return &Service{Options: o, work: txn.NewWork(o.Process, o.Store)} }

// A Report describes a copy, and lists withheld comments that earlier copies may show.
type Report struct {
	At       time.Time // generated_at of the list
	Pages    int
	Comments int // public comments
	Withheld []Withheld
}

// A Withheld is a withheld comment with the oldest takedown in force and its time. Copies are the times of the copies
// that may show the comment, oldest first: those made between its arrival and the takedown.
type Withheld struct {
	Comment, URL string
	Demand       string
	Since        time.Time
	Copies       []time.Time

	page    string
	arrived time.Time
}

const (
	// chunkSize is the number of comments, or pages, in memory at once.
	chunkSize = 200
	// maxCopies and maxWithheld limit the earlier copies and the withheld comments that a report considers.
	maxCopies   = 1_000
	maxWithheld = 1_000
	// maxDuration is the assumed maximum duration of a copy. Comments that arrive meanwhile may be in it.
	maxDuration = 15 * time.Minute
)

// Copy writes a copy of a site to a folder. An earlier copy in the folder stays until the new one is complete, and is
// then replaced. The actor must be an owner. Copy calls progress with the number of written comments, unless it is nil.
func (s *Service) Copy(
	ctx context.Context, who authz.Actor, site site.Site, dir string, progress func(done uint64),
) (Report, error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return Report{}, err
	}
	if progress == nil {
		progress = func(uint64) {}
	}
	c := &copier{Service: s, site: site, progress: progress, pages: map[string]any{}}
	c.report.At = s.work.Now().UTC().Truncate(time.Second)
	err := replace(dir, site.Key, func(temp string) error {
		c.dir = temp
		return c.make(ctx)
	})
	if err != nil {
		return Report{}, fmt.Errorf("copy a site: %w", err)
	}
	return c.report, nil
}

// A copier writes one copy.
type copier struct {
	*Service
	site     site.Site
	dir      string
	pages    map[string]any // entries of the list, by page address
	report   Report
	progress func(uint64)
	done     uint64
}

func (c *copier) make(ctx context.Context) error {
	if err := c.begin(); err != nil {
		return err
	}
	err := c.work.View(ctx, func(tx Tx) error {
		index, err := c.index()
		if err != nil {
			return err
		}
		err = c.eachPage(ctx, tx, index)
		if err = errors.Join(err, index.close()); err != nil {
			return err
		}
		return c.findCopies(tx)
	})
	if err != nil {
		return err
	}
	list := map[string]any{
		"site": c.site.Key, "generated_at": c.report.At.Format(time.RFC3339), "pages": c.pages,
	}
	if err := c.Signer.Sign(ctx, c.site, list); err != nil {
		return err
	}
	if err := c.writeList(list); err != nil {
		return err
	}
	// Stored before the copy is in place. A copy without a stored time would be missing in later reports.
	return c.work.Update(ctx, func(tx Tx) error { return tx.NoteCopy(c.site.ID, c.report.At) })
}

// eachPage writes the pages with comments that readers can see, newest first.
func (c *copier) eachPage(ctx context.Context, tx Tx, index *index) error {
	for after := ""; ; {
		pages, err := tx.Pages(c.site.ID, after, chunkSize)
		if err != nil {
			return fmt.Errorf("read pages: %w", err)
		}
		ids := make([]string, len(pages))
		for i, p := range pages {
			ids[i] = p.ID
		}
		counts, err := tx.CountByPage(c.site.ID, ids, comment.Approved)
		if err != nil {
			return fmt.Errorf("count comments: %w", err)
		}
		for _, p := range pages {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := c.page(tx, p, counts[p.ID], index); err != nil {
				return fmt.Errorf("page %s: %w", p.URL, err)
			}
			after = p.ID
		}
		if len(pages) < chunkSize {
			return nil
		}
	}
}

// page writes a page, unless readers see no comments on it.
func (c *copier) page(tx Tx, p site.Page, count int, index *index) error {
	q := comment.ThreadQuery{Site: c.site.ID, Page: p.ID, Order: comment.OldestRoots, Limit: chunkSize}
	var out *pageWriter
	defer func() {
		if out != nil {
			_ = out.abandon() // after another error, which is returned
		}
	}()
	for {
		list, err := tx.Thread(q)
		if err != nil {
			return fmt.Errorf("read comments: %w", err)
		}
		for i := range list {
			c.noteWithheld(list[i], p.URL)
			list[i].Hide()
		}
		if out == nil {
			if len(list) == 0 {
				return nil
			}
			if out, err = c.newPage(p, count, list); err != nil {
				return err
			}
		}
		if err := out.put(list); err != nil {
			return err
		}
		c.done += uint64(len(list))
		c.progress(c.done)
		if len(list) < chunkSize {
			break
		}
		q.After = list[len(list)-1].Path
	}
	c.report.Pages++
	c.report.Comments += count
	whole := out
	out = nil
	return whole.end(index)
}

// noteWithheld adds a withheld comment to the report.
func (c *copier) noteWithheld(m comment.Comment, url string) {
	if m.Visibility() == comment.Withheld && len(c.report.Withheld) < maxWithheld {
		c.report.Withheld = append(c.report.Withheld,
			Withheld{Comment: m.ID, URL: url, page: m.Page, arrived: m.CreatedAt})
	}
}

// findCopies sets the takedown of each withheld comment in the report, and the copies that may show it.
func (c *copier) findCopies(tx Tx) error {
	if len(c.report.Withheld) == 0 {
		return nil
	}
	copies, err := tx.CopiesMade(c.site.ID, maxCopies)
	if err != nil {
		return fmt.Errorf("read copies: %w", err)
	}
	since, err := c.oldestTakedowns(tx)
	if err != nil {
		return err
	}
	for i := range c.report.Withheld {
		w := &c.report.Withheld[i]
		w.Demand, w.Since = since[w.Comment].ID, since[w.Comment].At
		for j := len(copies) - 1; j >= 0; j-- { // oldest first
			if at := copies[j]; !at.Add(maxDuration).Before(w.arrived) && at.Before(w.Since) {
				w.Copies = append(w.Copies, at)
			}
		}
	}
	return nil
}

// oldestTakedowns returns the oldest takedown in force of each withheld comment or its page, by comment.
func (c *copier) oldestTakedowns(tx Tx) (map[string]takedown.Takedown, error) {
	first, ids := map[string]takedown.Takedown{}, make([]string, len(c.report.Withheld))
	for i, w := range c.report.Withheld {
		ids[i] = w.Comment
	}
	take := func(id string, d takedown.Takedown) {
		if known, ok := first[id]; !ok || d.At.Before(known.At) {
			first[id] = d
		}
	}
	covers, err := tx.ActiveTakedowns(c.site.ID, ids)
	if err != nil {
		return nil, fmt.Errorf("read takedowns: %w", err)
	}
	for _, cover := range covers {
		take(cover.Comment, cover.Takedown)
	}
	ofPage := map[string][]takedown.Takedown{}
	for _, w := range c.report.Withheld {
		if _, read := ofPage[w.page]; !read {
			if ofPage[w.page], err = tx.ActivePageTakedowns(c.site.ID, w.page); err != nil {
				return nil, fmt.Errorf("read takedowns: %w", err)
			}
		}
		for _, d := range ofPage[w.page] {
			take(w.Comment, d)
		}
	}
	return first, nil
}
