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
	Format string `help:"Format: ${exports} (default ${default})." default:"jsonl" placeholder:"FORMAT"`
	Out    string `help:"File to write (default standard output), or folder of a static copy. Files are not overwritten." placeholder:"PATH"`
}

// exportGCPercent makes garbage collection start earlier than Go's default of 100. Rows are streamed, so memory does not
// grow with the site.
const exportGCPercent = 75

// formatStatic writes a folder for a static web host. All other formats write one file.
const formatStatic = "static"

func exports() []string { return append(transfer.Exports(), formatStatic) }

func (c exportCmd) Run(a *env) error {
	switch {
	case !slices.Contains(exports(), c.Format):
		return fmt.Errorf("--format: unknown format %q; use %s", c.Format, problem.Among(exports()))
	case c.Format == formatStatic && c.Out == "":
		return errors.New("a static copy needs a folder: set --out DIR")
	case c.Format == formatStatic:
		return c.copyStatic(a)
	}
	if c.Out != "" {
		if err := checkFolder(c.Out); err != nil {
			return fmt.Errorf("nothing was exported: %w", err)
		}
	}
	return siteFlags{Site: c.Site}.withSite(a, func(ctx context.Context, r *services, site site.Site) error {
		told := a.progress("exporting: comments and decisions", time.Now())
		in := transfer.ExportRequest{Format: c.Format, Progress: func(done uint64) { told(done, 0) }}
		debug.SetGCPercent(exportGCPercent)
		write := func(to io.Writer) error { return r.Transfer.Export(ctx, authz.Operator, site, in, to) }
		if c.Out == "" {
			return write(a.out)
		}
		if err := sqlite.CreateFile(c.Out, a.base.Data, write); err != nil {
			return fmt.Errorf("nothing was exported: %w", err)
		}
		return nil
	})
}

// copyStatic writes a static copy, and prints which earlier copies may contain comments that are now withheld.
func (c exportCmd) copyStatic(a *env) error {
	if err := checkFolder(c.Out); err != nil {
		return fmt.Errorf("nothing was copied: %w", err)
	}
	return siteFlags{Site: c.Site}.withSite(a, func(ctx context.Context, r *services, site site.Site) error {
		told := a.progress("copying: comments", time.Now())
		made, err := r.Static.Copy(ctx, authz.Operator, site, c.Out, func(done uint64) { told(done, 0) })
		if err != nil {
			return fmt.Errorf("nothing was copied: %w", err)
		}
		err = a.printLine("static copy of %s in %s: pages: %d, comments: %d", made.At.Format(time.RFC3339), c.Out, made.Pages,
			made.Comments)
		for _, w := range made.Withheld {
			if n := len(w.Copies); n > 0 && err == nil {
				err = a.printLine("comment %s of %s has been withheld since %s; earlier copies that may contain it: %d, from %s to %s", w.Comment,
					printable(w.URL), w.Since.UTC().Format(time.RFC3339), n, w.Copies[0].UTC().Format(time.RFC3339),
					w.Copies[n-1].UTC().Format(time.RFC3339))
			}
		}
		return err
	})
}
