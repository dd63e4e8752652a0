package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aitys/aitys/api"
	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/sites"
)

type siteStatsCmd struct {
	asJSON
	Key string `arg:"" optional:"" help:"The site's key (default: one line per site)."`
}

// siteStatsLine is the JSON form of a site's numbers. Model is null in the list of all sites: reading a model takes up to
// a second.
type siteStatsLine struct {
	Site      string         `json:"site"`
	States    map[string]int `json:"states"`
	Queue     api.QueueOut   `json:"queue"`
	Comments  sites.Recent   `json:"comments"`
	Decisions sites.Recent   `json:"decisions"`
	Model     *modelLine     `json:"model"`
}

// modelLine is the JSON form of a site's model.
type modelLine struct {
	Warm    bool           `json:"warm"`
	Lessons map[string]int `json:"lessons"`
	Tokens  int            `json:"tokens"`
	Memory  int            `json:"memory_bytes"`
}

func newSiteStatsLine(key string, s sites.Stats) siteStatsLine {
	line := siteStatsLine{Site: key, States: map[string]int{}, Queue: api.NewQueueOut(s.Queue), Comments: s.Comments,
		Decisions: s.Decisions}
	for state := comment.Pending; state <= comment.Removed; state++ {
		line.States[state.String()] = s.ByState[state]
	}
	return line
}

func newModelLine(in learning.Inspection) *modelLine {
	m := &modelLine{Warm: in.Warm, Lessons: map[string]int{}, Tokens: in.Tokens, Memory: in.Memory}
	for l, n := range in.Lessons {
		m.Lessons[classifier.Label(l).String()] = n
	}
	return m
}

func (c siteStatsCmd) Run(a *env) error {
	if c.Key == "" {
		return a.withServices(accessRead, c.all(a))
	}
	return siteFlags{Site: c.Key}.withSite(a, func(ctx context.Context, r *services, blog site.Site) error {
		stats, err := r.Sites.SiteStats(ctx, authz.Operator, []site.Site{blog})
		if err != nil {
			return err
		}
		in, err := r.Learning.Inspect(ctx, authz.Operator, blog, 0)
		if err != nil {
			return err
		}
		line := newSiteStatsLine(blog.Key, stats[0])
		line.Model = newModelLine(in)
		if c.JSON {
			return a.printJSON(line)
		}
		return a.printTable(siteStatsRows(line, age(stats[0].Queue.Oldest)))
	})
}

// siteStatsRows describes the numbers of a site. oldest is the age of the oldest pending comment.
func siteStatsRows(l siteStatsLine, oldest string) [][]string {
	recent := func(r sites.Recent) string {
		return fmt.Sprintf("%d in 7 days, %d in 30 days", r.Week, r.Month)
	}
	rows := [][]string{{"pending", fmt.Sprintf("%d, oldest %s", l.Queue.Pending, oldest)},
		{"suspected", strconv.Itoa(l.Queue.Suspected)}}
	for state := comment.Approved; state <= comment.Removed; state++ {
		rows = append(rows, []string{state.String(), strconv.Itoa(l.States[state.String()])})
	}
	return append(rows,
		[]string{"reported", strconv.Itoa(l.Queue.Reported)},
		[]string{"appealed", strconv.Itoa(l.Queue.Appealed)},
		[]string{"comments", recent(l.Comments)},
		[]string{"decisions", recent(l.Decisions)},
		[]string{"model", fmt.Sprintf("%d approved and %d spam lessons, %s, %.1f MB in memory", l.Model.Lessons["ham"],
			l.Model.Lessons["spam"], plural(l.Model.Tokens, "token"), float64(l.Model.Memory)/1e6)})
}

// all prints one line per site.
func (c siteStatsCmd) all(a *env) func(context.Context, *services) error {
	return func(ctx context.Context, r *services) error {
		list, err := r.Process.Sites(ctx, authz.Operator)
		if err != nil {
			return err
		}
		stats, err := r.Sites.SiteStats(ctx, authz.Operator, list)
		if err != nil {
			return err
		}
		lines := []siteStatsLine{}
		rows := [][]string{{"KEY", "PENDING", "OLDEST", "SUSPECTED", "APPROVED", "REJECTED", "SPAM", "COMMENTS 7D",
			"COMMENTS 30D", "DECISIONS 7D", "DECISIONS 30D"}}
		for i, blog := range list {
			l := newSiteStatsLine(blog.Key, stats[i])
			lines = append(lines, l)
			row := []string{l.Site, strconv.Itoa(l.Queue.Pending), age(stats[i].Queue.Oldest)}
			for _, n := range []int{l.Queue.Suspected, l.States["approved"], l.States["rejected"], l.States["spam"],
				l.Comments.Week, l.Comments.Month, l.Decisions.Week, l.Decisions.Month} {
				row = append(row, strconv.Itoa(n))
			}
			rows = append(rows, row)
		}
		if c.JSON {
			return a.printJSON(map[string]any{"sites": lines})
		}
		return a.printTable(rows)
	}
}
