package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

type classifierRetireCmd struct {
	siteFlags
	Before string `help:"Erase lessons from before this day or time, like 2026-01-01 or 2026-01-01T12:00:00Z." required:"" placeholder:"DAY"`
	DryRun bool   `help:"Only count the lessons."`
}

// retiredLine is the JSON result of retire.
type retiredLine struct {
	Site    string `json:"site"`
	Before  string `json:"before"`
	Batch   string `json:"batch"`
	Lessons int    `json:"lessons"`
	DryRun  bool   `json:"dry_run"`
}

func (c classifierRetireCmd) Run(a *env) error {
	before, err := time.Parse(time.DateOnly, c.Before)
	if err != nil {
		if before, err = time.Parse(time.RFC3339, c.Before); err != nil {
			return fmt.Errorf("--before: want a day like 2026-01-01, not %q", c.Before)
		}
	}
	return c.withSite(a, func(ctx context.Context, r *services, site site.Site) error {
		out := retiredLine{Site: site.Key, Before: before.UTC().Format(time.RFC3339), DryRun: c.DryRun}
		if c.DryRun {
			if out.Lessons, err = r.Learning.OldLessons(ctx, authz.Operator, site, before); err != nil {
				return err
			}
		} else {
			done, err := r.Learning.RetireLessons(ctx, authz.Operator, site, before, nil)
			if err != nil {
				return err
			}
			out.Batch, out.Lessons = done.Batch, done.Lessons
		}
		switch {
		case c.JSON:
			return a.printJSON(out)
		case c.DryRun:
			return a.printLine("lessons from before %s: %d; nothing was erased", out.Before, out.Lessons)
		}
		return a.printLine("permanently erased: %s from before %s", plural(out.Lessons, "lesson"), out.Before)
	})
}

type classifierEraseCmd struct {
	siteFlags
	EmailStdin bool     `help:"Read the commenter's e-mail from the first line of standard input, so that process lists do not show it."`
	Comment    []string `help:"ID of one of the commenter's comments, if they gave no e-mail; repeatable." placeholder:"ID"`
	DryRun     bool     `help:"Only count what would be erased."`
}

// erasedLine is the JSON result of erase.
type erasedLine struct {
	Site    string `json:"site"`
	Batch   string `json:"batch"`
	Lessons int    `json:"lessons"`
	Copies  int    `json:"copies"`
	DryRun  bool   `json:"dry_run"`

	Comments int `json:"comments"`
}

func (c classifierEraseCmd) Run(a *env) error {
	person := learning.DataSubject{Comments: c.Comment}
	switch {
	case c.EmailStdin:
		line, err := bufio.NewReader(io.LimitReader(a.in, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the e-mail: %w", err)
		}
		if person.Email = strings.TrimSpace(line); person.Email == "" {
			return errors.New("no e-mail on standard input")
		}
	case len(c.Comment) == 0:
		return errors.New("no commenter given; use --email-stdin or --comment ID")
	}
	for _, id := range c.Comment {
		if !txn.IsID(id) {
			return fmt.Errorf("%s is not a comment ID", id)
		}
	}
	return c.withSite(a, func(ctx context.Context, r *services, site site.Site) error {
		var did learning.Erasure
		var err error
		if c.DryRun {
			did, err = r.Privacy.PreviewErasure(ctx, authz.Operator, site, person)
		} else {
			did, err = r.Privacy.EraseDataSubject(ctx, authz.Operator, site, person, nil)
		}
		if err != nil {
			return err
		}
		erased := fmt.Sprintf("%s, %s, %s on other sites", plural(did.Comments, "comment"),
			plural(did.Lessons, "lesson"), plural(did.Copies, "copy"))
		switch {
		case c.JSON:
			return a.printJSON(erasedLine{Site: site.Key, Batch: did.Batch, Lessons: did.Lessons, Copies: did.Copies,
				DryRun: c.DryRun, Comments: did.Comments})
		case c.DryRun:
			return a.printLine("found: %s; nothing was erased", erased)
		}
		return a.printLine("permanently erased: %s", erased)
	})
}
