package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aitys/aitys/cmd/aitys/flags"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

type importCmd struct {
	siteFlags
	Format  string `arg:"" help:"Format of the file: ${formats}."`
	File    string `arg:"" help:"The file; it may be gzipped, or the only file in a zip."`
	DryRun  bool   `help:"Only report what would be imported."`
	URLMap  string `name:"url-map" help:"File with one OLD,NEW pair of addresses per line; a trailing * in both keeps the rest." placeholder:"FILE"`
	Base    string `help:"Base for page addresses without a host, like https://blog.example." placeholder:"URL"`
	NoLearn bool   `help:"Do not train the filter."`

	WithPrivate bool `help:"Also import comments that were not public, as rejected."`
}

func (c importCmd) Run(a *env) error {
	if !slices.Contains(transfer.Formats(), c.Format) {
		return fmt.Errorf("unknown format %q; use %s", c.Format, problem.Among(transfer.Formats()))
	}
	if info, err := os.Stat(c.File); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no file %s", c.File)
	} else if err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder", c.File)
	}
	const leastGC = 20 // percent; used until the number of comments is known, of which each keeps about 70 bytes
	tell, once := a.progress("importing: comment", time.Now()), sync.Once{}
	in := transfer.Request{Format: c.Format, Path: c.File, Base: c.Base, DryRun: c.DryRun, NoLearn: c.NoLearn,
		WithPrivate: c.WithPrivate,
		Progress: func(done, of uint64) {
			once.Do(func() { debug.SetGCPercent(int(max(leastGC, min(200, 20_000_000/max(1, of))))) })
			tell(done, of)
		}}
	if c.Base != "" {
		if u, err := flags.ParseURL(c.Base); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("--base: want an address like https://blog.example, not %q", c.Base)
		}
	}
	var err error
	if in.Map, err = readURLMap(c.URLMap); err != nil {
		return err
	}
	debug.SetGCPercent(leastGC)
	return c.withSite(a, func(ctx context.Context, r *services, site site.Site) error {
		out, err := r.Transfer.Import(ctx, authz.Operator, site, in)
		if errors.Is(err, txn.ErrFull) {
			return errors.New("no space is left for the database. Free some and run the import again: nothing is lost or " +
				"imported twice")
		}
		if err != nil {
			return err
		}
		report := a.printImport
		if c.JSON {
			report = func(_ importCmd, out transfer.Report) error { return a.printJSON(out) }
		}
		if err := report(c, out); err != nil {
			return err
		}
		return c.foundNothing(out)
	})
}

// foundNothing returns an error if no comment of the file can be imported. An export of Aitys may be empty.
func (c importCmd) foundNothing(out transfer.Report) error {
	left, unknown := 0, 0
	for _, s := range out.Skipped {
		switch s.What {
		case "comment":
			left += s.Count
		case "element", "field":
			unknown += s.Count
		}
	}
	switch {
	case out.Comments > 0 || c.Format == "aitys":
		return nil
	case left > 0:
		return fmt.Errorf("0 of %s in %s can be imported; the report says why", plural(left, "comment"), c.File)
	case unknown > 0:
		return fmt.Errorf("%s has no comments that this import recognises (unknown elements: %d). Is it an export of %s?", c.File,
			unknown, c.Format)
	}
	return fmt.Errorf("%s has no comments: export them with the articles, and import that file", c.File)
}

// printImport prints the report of an import.
func (a *env) printImport(c importCmd, out transfer.Report) error {
	added := "added"
	if c.DryRun {
		added = "would be added"
	}
	rows := [][]string{{"IN THE FILE", "COMMENTS"}}
	for _, line := range []struct {
		what string
		n    int
	}{
		{"importable", out.Comments}, {"- approved", out.Approved}, {"- pending", out.Pending},
		{"- rejected", out.Rejected}, {"- spam", out.Spam}, {"- removed", out.Removed}, {added, out.Added},
	} {
		rows = append(rows, []string{line.what, strconv.Itoa(line.n)})
	}
	if err := a.printTable(rows); err != nil {
		return err
	}
	if err := a.printLine("%s; lessons for the filter: %d approved, %d spam", plural(out.Pages, "page"), out.Lessons.Ham,
		out.Lessons.Spam); err != nil {
		return err
	}
	if len(out.Skipped) > 0 {
		rows := [][]string{{"SKIPPED", "COUNT", "REASON"}}
		for _, s := range out.Skipped {
			rows = append(rows, []string{s.What, strconv.Itoa(s.Count), s.Why})
		}
		if err := a.printTable(rows); err != nil {
			return err
		}
	}
	for _, note := range out.Notes {
		if err := a.printLine("%s", note); err != nil {
			return err
		}
	}
	if c.DryRun {
		return a.printLine("Nothing was changed.")
	}
	return nil
}

// readURLMap reads lines OLD,NEW from the file at path. For an empty path it returns nil.
func readURLMap(path string) (transfer.Map, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--url-map: there is no file %s", path)
	}
	if err != nil {
		return nil, fmt.Errorf("--url-map: %w", err)
	}
	defer file.Close()
	var all transfer.Map
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		before, after, ok := strings.Cut(text, ",")
		line := transfer.Mapping{Old: strings.TrimSpace(before), New: strings.TrimSpace(after)}
		old, rest := strings.CutSuffix(line.Old, "*")
		now, same := strings.CutSuffix(line.New, "*")
		if !ok || old == "" || now == "" || rest != same {
			return nil, fmt.Errorf("--url-map: line %d: want OLD,NEW, with a trailing * in both or in neither", n)
		}
		all = append(all, transfer.Mapping{Old: old, New: now, Rest: rest})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("--url-map: %w", err)
	}
	return all, nil
}
