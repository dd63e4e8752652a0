package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/spamlist"
)

type neighbourCmd struct {
	Add    neighbourAddCmd    `cmd:"" help:"Have a site read another publisher's list of what was refused there as spam."`
	List   neighbourListCmd   `cmd:"" help:"List whose lists are read, and what became of reading them."`
	Remove neighbourRemoveCmd `cmd:"" help:"Read a list no longer."`
}

type neighbourAddCmd struct {
	URL    string  `arg:"" help:"Address of the list: https://HOST/api/v1/sites/KEY/neighbours.json."`
	Site   string  `help:"Key of the site that reads it." required:"" placeholder:"KEY"`
	Key    string  `help:"Public key that the list is signed with, as aitys site key prints it there." required:"" placeholder:"PUBLIC_KEY"`
	Weight float64 `help:"What its word counts for: more than 0, at most 2." default:"1" placeholder:"1"`
}

func (c neighbourAddCmd) Run(a *env) error {
	return a.with(writes, func(ctx context.Context, r *services) error {
		site, err := r.Process.Site(ctx, c.Site)
		if err != nil {
			return unknown(err, "site", c.Site)
		}
		_, _, err = r.SpamLists.AddNeighbour(ctx, authz.Operator, site,
			spamlist.Draft{URL: c.URL, Key: c.Key, Weight: c.Weight}, nil)
		if err != nil {
			return err
		}
		return a.line("%s reads %s: a running server begins within seconds", site.Key, c.URL)
	})
}

// neighbourLine is a neighbour of a site as programs read it.
type neighbourLine struct {
	Site        string    `json:"site"`
	ID          string    `json:"id"`
	URL         string    `json:"url"`
	Key         string    `json:"key"`
	Weight      float64   `json:"weight"`
	GeneratedAt time.Time `json:"generated_at,omitzero"` // of the list that was taken last
	TakenAt     time.Time `json:"taken_at,omitzero"`     // when a list was last found to be good
	TriedAt     time.Time `json:"tried_at,omitzero"`
	Campaigns   int       `json:"campaigns"`
	Hosts       int       `json:"hosts"`
	Failure     string    `json:"failure"` // why the last answer was not taken; "": it was
}

// state says what became of reading a list.
func (l neighbourLine) state() string {
	switch {
	case l.TriedAt.IsZero():
		return "not read yet"
	case l.Failure != "":
		return "refused: " + l.Failure
	}
	return "taken"
}

// neighboursOf are those of all sites.
func (r *services) neighboursOf(ctx context.Context) (all []neighbourLine, err error) {
	all = []neighbourLine{}
	sites, err := r.Process.Sites(ctx, authz.Operator)
	if err != nil {
		return nil, err
	}
	for _, site := range sites {
		list, err := r.SpamLists.Neighbours(ctx, authz.Operator, site)
		if err != nil {
			return nil, err
		}
		for _, n := range list {
			all = append(all, neighbourLine{Site: site.Key, ID: n.ID, URL: n.URL, Key: n.Key, Weight: n.Weight,
				GeneratedAt: n.Generated, TakenAt: n.TakenAt, TriedAt: n.TriedAt, Campaigns: n.Campaigns, Hosts: n.Hosts,
				Failure: n.Failure})
		}
	}
	return all, nil
}

type neighbourListCmd struct{ asJSON }

func (c neighbourListCmd) Run(a *env) error {
	return a.with(reads, func(ctx context.Context, r *services) error {
		all, err := r.neighboursOf(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return a.json(map[string]any{"neighbours": all})
		}
		rows := [][]string{{"SITE", "LIST", "WEIGHT", "CAMPAIGNS", "OF", "STATE"}}
		for _, l := range all {
			of := "-"
			if !l.GeneratedAt.IsZero() {
				of = l.GeneratedAt.Format(time.RFC3339)
			}
			rows = append(rows, []string{l.Site, l.URL, strconv.FormatFloat(l.Weight, 'g', -1, 64),
				strconv.Itoa(l.Campaigns), of, l.state()})
		}
		return a.table(rows)
	})
}

type neighbourRemoveCmd struct {
	URL  string   `arg:"" help:"Address of the list."`
	Site []string `help:"Key of a site that is to read it no longer; repeat it. Without: no site reads it." placeholder:"KEY"`
}

func (c neighbourRemoveCmd) Run(a *env) error {
	return a.with(writes, func(ctx context.Context, r *services) error {
		if err := r.know(ctx, c.Site); err != nil {
			return err
		}
		all, err := r.neighboursOf(ctx)
		if err != nil {
			return err
		}
		removed := 0
		for _, l := range all {
			if l.URL != c.URL || len(c.Site) > 0 && !slices.Contains(c.Site, l.Site) {
				continue
			}
			site, err := r.Process.Site(ctx, l.Site)
			if err != nil {
				return err
			}
			if err := r.SpamLists.RemoveNeighbour(ctx, authz.Operator, site, l.ID); err != nil {
				return err
			}
			removed++
			if err := a.line("%s reads %s no longer", l.Site, l.URL); err != nil {
				return err
			}
		}
		if removed == 0 {
			return fmt.Errorf("no site reads %s; see `aitys neighbour list`", c.URL)
		}
		return nil
	})
}
