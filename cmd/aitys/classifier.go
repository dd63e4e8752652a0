package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aitys/aitys/api"
	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/site"
)

type classifierCmd struct {
	Eval    classifierEvalCmd    `cmd:"" help:"Report how well a site's filter did, and what other settings would have done."`
	Inspect classifierInspectCmd `cmd:"" help:"Show what a site's filter has learned."`
	Rebuild classifierRebuildCmd `cmd:"" help:"Rebuild a site's filter from its log, compare it, and store a snapshot."`
	Retire  classifierRetireCmd  `cmd:"" help:"Permanently erase a site's lessons from before a time."`
	Erase   classifierEraseCmd   `cmd:"" help:"Permanently erase a commenter's comments and the lessons from them."`
}

// siteFlags are the flags of commands for one site.
type siteFlags struct {
	asJSON
	Site string `help:"The site's key." required:"" placeholder:"KEY"`
}

// withSite opens the services and calls do with the site. It never creates a database.
func (c siteFlags) withSite(a *env, do func(ctx context.Context, r *services, site site.Site) error) error {
	return a.withServices(accessRead, func(ctx context.Context, r *services) error {
		site, err := r.Process.Site(ctx, c.Site)
		if err != nil {
			return mapNotFound(err, "site", c.Site)
		}
		return do(ctx, r, site)
	})
}

type classifierEvalCmd struct {
	siteFlags
	Threshold  *float64 `help:"Try another threshold for suspected comments: 0.5 to 1." placeholder:"X"`
	Moderation string   `help:"Try another moderation setting: ${policies}." placeholder:"RULE"`
	Last       *int     `help:"Number of decided comments to use: 1 to 10,000 (default 1,000)." placeholder:"N"`
}

func (c classifierEvalCmd) Run(a *env) error {
	try := evaluation.WhatIfRequest{Threshold: c.Threshold, Policy: site.Policy(c.Moderation), Last: c.Last}
	return c.withSite(a, func(ctx context.Context, r *services, site site.Site) error {
		q, err := r.Evaluation.Quality(ctx, authz.Operator, site, evaluation.QualityRequest{})
		if err != nil {
			return err
		}
		var w *evaluation.WhatIf
		if try != (evaluation.WhatIfRequest{}) || site.Settings.Shadow != 0 {
			tried, err := r.Evaluation.WhatIf(ctx, authz.Operator, site, try)
			if err != nil {
				return err
			}
			w = &tried
		}
		if c.JSON {
			out := map[string]any{"site": site.Key, "stats": api.Stats(q), "what_if": nil}
			if w != nil {
				out["what_if"] = api.WhatIf(*w)
			}
			return a.printJSON(out)
		}
		return a.printTables(evaluationTables(q, w))
	})
}

type classifierInspectCmd struct {
	siteFlags
	Top int `help:"Number of words, hosts and traits to show per class (default ${default})." default:"20" placeholder:"N"`
}

// inspectLine is the JSON result of inspect.
type inspectLine struct {
	Site      string         `json:"site"`
	Warm      bool           `json:"warm"`
	Lessons   map[string]int `json:"lessons"`
	Entry     uint64         `json:"entry"`
	Tokeniser int            `json:"tokeniser"`
	Tokens    int            `json:"tokens"`
	Memory    int            `json:"memory_bytes"`
	Snapshot  int            `json:"snapshot_bytes"`
	Snapshots []uint64       `json:"snapshots"`
	Teachers  []teacherLine  `json:"teachers"`
	Spam      []tokenLine    `json:"spam"`
	Ham       []tokenLine    `json:"ham"`
}

type teacherLine struct {
	Account string `json:"account"`
	Name    string `json:"name"`
	Lessons int    `json:"lessons"`
}

type tokenLine struct {
	Token  string  `json:"token"`
	Weight float64 `json:"weight"`
	Spam   int     `json:"spam"`
	Ham    int     `json:"ham"`
	Text   string  `json:"text"`
}

func (c classifierInspectCmd) Run(a *env) error {
	if c.Top < 1 || c.Top > 1_000 {
		return fmt.Errorf("--top: want 1 to 1,000, not %d", c.Top)
	}
	return c.withSite(a, func(ctx context.Context, r *services, site site.Site) error {
		in, err := r.Learning.Inspect(ctx, authz.Operator, site, c.Top)
		if err != nil {
			return err
		}
		teachers, err := r.Learning.Teachers(ctx, authz.Operator, site)
		if err != nil {
			return err
		}
		out := inspectLine{
			Site: site.Key, Warm: in.Warm, Lessons: map[string]int{}, Entry: in.Entry, Tokeniser: in.Tokeniser,
			Tokens: in.Tokens, Memory: in.Memory, Snapshot: in.Snapshot, Snapshots: append([]uint64{}, in.Snapshots...),
			Teachers: []teacherLine{}, Spam: tokenLines(in.Spam), Ham: tokenLines(in.Ham),
		}
		for l, n := range in.Lessons {
			out.Lessons[classifier.Label(l).String()] = n
		}
		for _, t := range teachers {
			out.Teachers = append(out.Teachers, teacherLine(t))
		}
		if c.JSON {
			return a.printJSON(out)
		}
		return a.printInspect(out)
	})
}

func tokenLines(weights []classifier.Weight) []tokenLine {
	lines := []tokenLine{}
	for _, w := range weights {
		what := i18n.In("en").TokenText(w.Token)
		lines = append(lines, tokenLine{Token: w.Token, Weight: w.Weight, Spam: w.Spam, Ham: w.Ham, Text: what})
	}
	return lines
}

type classifierRebuildCmd struct{ siteFlags }

// rebuiltLine is the JSON result of rebuild.
type rebuiltLine struct {
	Site    string   `json:"site"`
	Lessons int      `json:"lessons"`
	Entry   uint64   `json:"entry"`
	Bytes   int      `json:"bytes"`
	Base    uint64   `json:"base"`
	Same    bool     `json:"same"`
	Damaged []uint64 `json:"damaged"`
	Dropped []uint64 `json:"dropped"`
	Seconds float64  `json:"seconds"`
}

func (c classifierRebuildCmd) Run(a *env) error {
	return c.withSite(a, func(ctx context.Context, r *services, site site.Site) error {
		began := time.Now()
		made, err := r.Learning.Rebuild(ctx, authz.Operator, site, a.progress("folding: entry", began))
		if err != nil {
			return err
		}
		out := rebuiltLine{
			Site: site.Key, Lessons: made.Lessons, Entry: made.Entry, Bytes: made.Bytes,
			Base: made.Base, Same: made.Same,
			Damaged: append([]uint64{}, made.Damaged...), Dropped: append([]uint64{}, made.Dropped...),
			Seconds: time.Since(began).Seconds(),
		}
		if c.JSON {
			err = a.printJSON(out)
		} else {
			err = a.printRebuilt(out)
		}
		if err == nil && !out.Same {
			return errors.New("the stored model differs from the one built from the log")
		}
		return err
	})
}

// progress returns a function that prints the progress of what to standard error, at most every two seconds. If last is
// 0, the total is unknown.
func (a *env) progress(what string, began time.Time) func(entry, last uint64) {
	say := a.progressOf(began)
	return func(entry, last uint64) { say(what, entry, last) }
}

// progressOf is like progress, but each call names the current step.
func (a *env) progressOf(began time.Time) func(what string, entry, last uint64) {
	const every = 2 * time.Second
	next := began.Add(every)
	return func(what string, entry, last uint64) {
		if now := time.Now(); now.After(next) {
			next = now.Add(every)
			if last > 0 {
				_, _ = fmt.Fprintf(a.stderr, "%s %d of %d\n", what, entry, last) // progress is optional
			} else {
				_, _ = fmt.Fprintf(a.stderr, "%s %d\n", what, entry)
			}
		}
	}
}
