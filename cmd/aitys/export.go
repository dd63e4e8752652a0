package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/store/file"
	"github.com/aitys/aitys/transfer"
)

type exportCmd struct {
	Site   string `help:"The site's key." required:"" placeholder:"KEY"`
	Format string `help:"How to write it: ${exports}." default:"jsonl" placeholder:"FORMAT"`
	Out    string `help:"File to write (standard output); what is there already is not overwritten." placeholder:"PATH"`
}

// export writes a site down for whoever asks over HTTP.
func (r *rooms) export(ctx context.Context, who people.Actor, site ground.Site, to io.Writer) error {
	return r.transfer.Export(ctx, who, site, transfer.Wanted{Format: "jsonl"}, to)
}

func (c exportCmd) Run(a *app) error {
	if !slices.Contains(transfer.Exports(), c.Format) {
		return fmt.Errorf("--format: %q cannot be written; what can is %s", c.Format, problem.Among(transfer.Exports()))
	}
	return ofSite{Site: c.Site}.with(a, func(ctx context.Context, r *rooms, site ground.Site) error {
		told := a.progress("exporting: comments and decisions", time.Now())
		in := transfer.Wanted{Format: c.Format, Progress: func(done uint64) { told(done, 0) }}
		write := func(to io.Writer) error { return r.transfer.Export(ctx, people.Operator, site, in, to) }
		if c.Out == "" {
			return write(a.out)
		}
		if err := file.New(c.Out, write); err != nil {
			return fmt.Errorf("nothing was exported: %w", err)
		}
		return nil
	})
}
