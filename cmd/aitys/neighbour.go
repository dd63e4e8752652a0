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
	Add    neighbourAddCmd    `cmd:"" help:"Subscribe a site to another publisher's spam list."`
	List   neighbourListCmd   `cmd:"" help:"List subscribed spam lists and their state."`
	Remove neighbourRemoveCmd `cmd:"" help:"Unsubscribe from a spam list."`
}

type neighbourAddCmd struct {
	URL    string  `arg:"" help:"URL of the list: https://HOST/api/v1/sites/KEY/neighbours.json."`
	Site   string  `help:"Key of the subscribing site." required:"" placeholder:"KEY"`
	Key    string  `help:"Public key of the list; the publisher prints it with aitys site key." required:"" placeholder:"PUBLIC_KEY"`
	Weight float64 `help:"Weight of the list: above 0, at most 2 (default ${default})." default:"1" placeholder:"1"`
}

func (c neighbourAddCmd) Run(a *env) error {
	return a.withServices(accessWrite, func(ctx context.Context, r *services) error {
		site, err := r.Process.Site(ctx, c.Site)
		if err != nil {
			return mapNotFound(err, "site", c.Site)
		}
		_, _, err = r.SpamLists.AddSpamListSource(ctx, authz.Operator, site,
			spamlist.Draft{URL: c.URL, Key: c.Key, Weight: c.Weight}, nil)
		if err != nil {
			return err
		}
		return a.printLine("%s is subscribed to %s; a running server reads it within seconds", site.Key, c.URL)
	})
}

// neighbourLine is the JSON form of a subscribed spam list.
type neighbourLine struct {
	Site        string    `json:"site"`
	ID          string    `json:"id"`
	URL         string    `json:"url"`
	Key         string    `json:"key"`
	Weight      float64   `json:"weight"`
	GeneratedAt time.Time `json:"generated_at,omitzero"` // of the last accepted list
	TakenAt     time.Time `json:"taken_at,omitzero"`     // of the last successful read
	TriedAt     time.Time `json:"tried_at,omitzero"`
	Campaigns   int       `json:"campaigns"`
	Hosts       int       `json:"hosts"`
	Failure     string    `json:"failure"` // why the last answer was rejected, or ""
}

// state returns the state of the last read.
func (l neighbourLine) state() string {
	switch {
	case l.TriedAt.IsZero():
		return "not read yet"
	case l.Failure != "":
		return "rejected: " + l.Failure
	}
	return "accepted"
}

// subscriptions returns the spam lists of all sites.
func (r *services) subscriptions(ctx context.Context) (all []neighbourLine, err error) {
	all = []neighbourLine{}
	sites, err := r.Process.Sites(ctx, authz.Operator)
	if err != nil {
		return nil, err
	}
	for _, site := range sites {
		list, err := r.SpamLists.SpamListSources(ctx, authz.Operator, site)
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
	return a.withServices(accessRead, func(ctx context.Context, r *services) error {
		all, err := r.subscriptions(ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(map[string]any{"neighbours": all})
		}
		rows := [][]string{{"SITE", "LIST", "WEIGHT", "CAMPAIGNS", "GENERATED", "STATE"}}
		for _, l := range all {
			of := "-"
			if !l.GeneratedAt.IsZero() {
				of = l.GeneratedAt.Format(time.RFC3339)
			}
			rows = append(rows, []string{l.Site, l.URL, strconv.FormatFloat(l.Weight, 'g', -1, 64),
				strconv.Itoa(l.Campaigns), of, l.state()})
		}
		return a.printTable(rows)
	})
}

type neighbourRemoveCmd struct {
	URL  string   `arg:"" help:"URL of the list."`
	Site []string `help:"Key of a site to unsubscribe; repeatable (default all sites)." placeholder:"KEY"`
}

func (c neighbourRemoveCmd) Run(a *env) error {
	return a.withServices(accessWrite, func(ctx context.Context, r *services) error {
		if err := r.checkSites(ctx, c.Site); err != nil {
			return err
		}
		all, err := r.subscriptions(ctx)
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
			if err := r.SpamLists.RemoveSpamListSource(ctx, authz.Operator, site, l.ID); err != nil {
				return err
			}
			removed++
			if err := a.printLine("%s is unsubscribed from %s", l.Site, l.URL); err != nil {
				return err
			}
		}
		if removed == 0 {
			return fmt.Errorf("no site is subscribed to %s; see `aitys neighbour list`", c.URL)
		}
		return nil
	})
}
