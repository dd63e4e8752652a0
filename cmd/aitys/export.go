package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"time"

	"github.com/aitys/aitys/internal/store/sqlite"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

type exportCmd struct {
	Site   string `help:"The site's key." required:"" placeholder:"KEY"`
	Format string `help:"How to write it: ${exports}." default:"jsonl" placeholder:"FORMAT"`
	Out    string `help:"File to write (standard output), never over another; the folder of a static copy." placeholder:"PATH"`
}

// exportGCPercent makes garbage collection start earlier than Go's default of 100 during an export. Rows are written as
// soon as they are read, so memory should not grow with the site.
const exportGCPercent = 75

// formatStatic is a folder for a plain web host; the others are one file.
const formatStatic = "static"

func exports() []string { return append(transfer.Exports(), formatStatic) }

func (c exportCmd) Run(a *env) error {
	switch {
	case !slices.Contains(exports(), c.Format):
		return fmt.Errorf("--format: %q cannot be written; what can is %s", c.Format, problem.Among(exports()))
	case c.Format == formatStatic && c.Out == "":
		return errors.New("a static copy is a folder: name it with --out DIR")
	case c.Format == formatStatic:
		return c.copy(a)
	}
	return ofSite{Site: c.Site}.with(a, func(ctx context.Context, r *services, site site.Site) error {
		told := a.progress("exporting: comments and decisions", time.Now())
		in := transfer.Wanted{Format: c.Format, Progress: func(done uint64) { told(done, 0) }}
		debug.SetGCPercent(exportGCPercent)
		write := func(to io.Writer) error { return r.Transfer.Export(ctx, authz.Operator, site, in, to) }
		if c.Out == "" {
			return write(a.out)
		}
		if err := sqlite.New(c.Out, a.base.Data, write); err != nil {
			return fmt.Errorf("nothing was exported: %w", err)
		}
		return nil
	})
}

// copy makes a copy for a plain web host, and says what stands in earlier ones that may not.
func (c exportCmd) copy(a *env) error {
	return ofSite{Site: c.Site}.with(a, func(ctx context.Context, r *services, site site.Site) error {
		told := a.progress("copying: comments", time.Now())
		made, err := r.Static.Copy(ctx, authz.Operator, site, c.Out, func(done uint64) { told(done, 0) })
		if err != nil {
			return fmt.Errorf("nothing was copied: %w", err)
		}
		err = a.line("the copy of %s in %s: pages: %d, comments: %d", made.At.Format(time.RFC3339), c.Out, made.Pages,
			made.Comments)
		for _, w := range made.Withheld {
			if n := len(w.Copies); n > 0 && err == nil {
				err = a.line("comment %s of %s is withheld since %s; earlier copies that may have it: %d, of %s to %s", w.Comment,
					printable(w.URL), w.Since.UTC().Format(time.RFC3339), n, w.Copies[0].UTC().Format(time.RFC3339),
					w.Copies[n-1].UTC().Format(time.RFC3339))
			}
		}
		return err
	})
}
