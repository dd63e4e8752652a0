// Package static makes a copy of a site's published comments that lies on any plain web host: a folder of files, with a
// list of them that the site has signed.
//
// A copy is made for the day on which the service cannot be reached. Readers' browsers take a page of it only if its
// hash stands in the list, and the list is signed with the site's key: so it does not matter whose the host is. What is
// withheld under a demand stands in no copy with more than its place. The package reads one snapshot, some comments at
// a time; only the list, some 200 bytes a page, is in memory as a whole.
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

// Tx is what the room asks of a transaction.
type Tx interface {
	txn.Tx

	Pages(site int64, after string, limit int) ([]site.Page, error) // the newest first
	Thread(q comment.ThreadQuery) ([]comment.Comment, error)
	CountByPage(site int64, pages []string, state comment.State) (map[string]int, error)
	// Covers returns the demands that stand against comments; PageCovers those against a page.
	Covers(site int64, comments []string) ([]takedown.Cover, error)
	PageCovers(site int64, page string) ([]takedown.Demand, error)

	// NoteCopy notes that a copy was made; CopiesMade returns when the newest were made, the newest first.
	NoteCopy(site int64, at time.Time) error
	CopiesMade(site int64, limit int) ([]time.Time, error)
}

// A Signer puts `key` and `signature` on a site's list; package signet's Service is one.
type Signer interface {
	Sign(ctx context.Context, site site.Site, list map[string]any) error
}

// A File is one that lies beside the pages: a part of the widget. Path begins with a slash.
type File struct {
	Path string
	Body []byte
}

// Options are what a Service is made of. Comment and Settings say to readers what the service says in its lists, as
// what JSON is made of.
type Options struct {
	Process  *txn.Process
	Store    txn.Store[Tx]
	Signer   Signer
	Comment  func(c comment.Comment, pageURL string) any
	Settings func(site site.Site, w *i18n.Catalog) any
	Files    []File
}

// Service makes copies. It is safe for concurrent use.
type Service struct {
	Options
	work txn.Work[Tx]
}

// New returns a Service.
func New(o Options) *Service { return &Service{Options: o, work: txn.NewWork(o.Process, o.Store)} }

// A Report says what is in a copy, and which comments are withheld that stand in copies made before.
type Report struct {
	At       time.Time // as the list says it
	Pages    int
	Comments int // published ones
	Withheld []Withheld
}

// Withheld is a comment that is withheld, since when, under which demand, and when copies were made in which it may
// stand: those made between its arrival and the demand, the oldest first.
type Withheld struct {
	Comment, URL string
	Demand       string
	Since        time.Time
	Copies       []time.Time

	page    string
	arrived time.Time
}

const (
	// piece is how many comments are in memory at once.
	piece = 200
	// maxCopies is how many copies back is looked, and maxWithheld for how many comments.
	maxCopies   = 1_000
	maxWithheld = 1_000
	// takes is how long a copy is made at most: what came in meanwhile may be in it.
	takes = 15 * time.Minute
)

// Copy makes a copy of a site in a folder, in the place of an earlier one that lies there; while it is made the
// earlier one stays as it is. It needs an owner. Progress, if there is one, is told of how many comments were written.
func (s *Service) Copy(
	ctx context.Context, who authz.Actor, site site.Site, dir string, progress func(done uint64),
) (Report, error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return Report{}, err
	}
	if progress == nil {
		progress = func(uint64) {}
	}
	c := &copying{Service: s, site: site, progress: progress, pages: map[string]any{}}
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

// A copying is one copy on its way.
type copying struct {
	*Service
	site     site.Site
	dir      string
	pages    map[string]any // the list
	report   Report
	progress func(uint64)
	done     uint64
}

func (c *copying) make(ctx context.Context) error {
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
		return c.demands(tx)
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
	// Noted before it stands anywhere: a copy that nobody knows of would be missing when something is withheld.
	return c.work.Update(ctx, func(tx Tx) error { return tx.NoteCopy(c.site.ID, c.report.At) })
}

// eachPage writes the pages that readers see something on, the newest first.
func (c *copying) eachPage(ctx context.Context, tx Tx, index *index) error {
	for after := ""; ; {
		pages, err := tx.Pages(c.site.ID, after, piece)
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
		if len(pages) < piece {
			return nil
		}
	}
}

// page writes one page, unless readers see nothing on it.
func (c *copying) page(tx Tx, p site.Page, count int, index *index) error {
	q := comment.ThreadQuery{Site: c.site.ID, Page: p.ID, Order: comment.OldestRoots, Limit: piece}
	var out *sheet
	defer func() {
		if out != nil {
			_ = out.abandon() // it is whole by now, or what failed is told
		}
	}()
	for {
		list, err := tx.Thread(q)
		if err != nil {
			return fmt.Errorf("read comments: %w", err)
		}
		for i := range list {
			m := list[i].Fresh()
			c.notice(m, p.URL)
			m.Hide()
			list[i] = m
		}
		if out == nil {
			if len(list) == 0 {
				return nil
			}
			if out, err = c.sheet(p, count, list); err != nil {
				return err
			}
		}
		if err := out.put(list); err != nil {
			return err
		}
		c.done += uint64(len(list))
		c.progress(c.done)
		if len(list) < piece {
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

// notice remembers a comment that is withheld.
func (c *copying) notice(m comment.Comment, url string) {
	if m.Visibility() == comment.Withheld && len(c.report.Withheld) < maxWithheld {
		c.report.Withheld = append(c.report.Withheld,
			Withheld{Comment: m.ID, URL: url, page: m.Page, arrived: m.CreatedAt})
	}
}

// demands finds under which demands comments are withheld, and the copies in which they may stand.
func (c *copying) demands(tx Tx) error {
	if len(c.report.Withheld) == 0 {
		return nil
	}
	copies, err := tx.CopiesMade(c.site.ID, maxCopies)
	if err != nil {
		return fmt.Errorf("read copies: %w", err)
	}
	since, err := c.since(tx)
	if err != nil {
		return err
	}
	for i := range c.report.Withheld {
		w := &c.report.Withheld[i]
		w.Demand, w.Since = since[w.Comment].ID, since[w.Comment].At
		for j := len(copies) - 1; j >= 0; j-- { // the oldest first
			if at := copies[j]; !at.Add(takes).Before(w.arrived) && at.Before(w.Since) {
				w.Copies = append(w.Copies, at)
			}
		}
	}
	return nil
}

// since returns the oldest demand that stands against each withheld comment, or against its page.
func (c *copying) since(tx Tx) (map[string]takedown.Demand, error) {
	first, ids := map[string]takedown.Demand{}, make([]string, len(c.report.Withheld))
	for i, w := range c.report.Withheld {
		ids[i] = w.Comment
	}
	take := func(id string, d takedown.Demand) {
		if known, ok := first[id]; !ok || d.At.Before(known.At) {
			first[id] = d
		}
	}
	covers, err := tx.Covers(c.site.ID, ids)
	if err != nil {
		return nil, fmt.Errorf("read demands: %w", err)
	}
	for _, cover := range covers {
		take(cover.Comment, cover.Demand)
	}
	ofPage := map[string][]takedown.Demand{}
	for _, w := range c.report.Withheld {
		if _, read := ofPage[w.page]; !read {
			if ofPage[w.page], err = tx.PageCovers(c.site.ID, w.page); err != nil {
				return nil, fmt.Errorf("read demands: %w", err)
			}
		}
		for _, d := range ofPage[w.page] {
			take(w.Comment, d)
		}
	}
	return first, nil
}
