package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/problem"
)

type siteCmd struct {
	Add    siteAddCmd    `cmd:"" help:"Add a site."`
	List   siteListCmd   `cmd:"" help:"List the sites."`
	Set    siteSetCmd    `cmd:"" help:"Change a site's settings."`
	Remove siteRemoveCmd `cmd:"" help:"Remove a site with its comments and their log."`
}

// siteLine is a site as programs read it.
type siteLine struct {
	Key      string          `json:"key"`
	Name     string          `json:"name"`
	Origins  []string        `json:"origins"`
	Settings ground.Settings `json:"settings"`
}

func newSiteLine(s ground.Site) siteLine {
	return siteLine{Key: s.Key, Name: s.Name, Origins: slices.Concat([]string{}, s.Origins), Settings: s.Settings}
}

type siteAddCmd struct {
	asJSON
	Key    string   `help:"Short name, used in URLs: a-z, 0-9 and -." required:"" placeholder:"KEY"`
	Name   string   `help:"Name for people." required:"" placeholder:"NAME"`
	Origin []string `help:"Address whose pages may have comments, as https://blog.example; repeat it." required:"" placeholder:"URL"`
}

func (c siteAddCmd) Run(a *app) error {
	return a.with(writes, func(ctx context.Context, r *rooms) error {
		site, _, err := r.service.AddSite(ctx, people.Operator,
			ground.Site{Key: c.Key, Name: c.Name, Origins: c.Origin}, nil)
		if err != nil {
			return err
		}
		if c.JSON {
			return a.json(newSiteLine(site))
		}
		return a.line("added site %s", site.Key)
	})
}

type siteListCmd struct{ asJSON }

func (c siteListCmd) Run(a *app) error {
	return a.with(reads, func(ctx context.Context, r *rooms) error {
		sites, err := r.process.Sites(ctx, people.Operator)
		if err != nil {
			return err
		}
		lines, rows := []siteLine{}, [][]string{{"KEY", "NAME", "ORIGINS", "MODERATION"}}
		for _, site := range sites {
			lines = append(lines, newSiteLine(site))
			rows = append(rows, []string{site.Key, site.Name, strings.Join(site.Origins, " "),
				string(site.Settings.Moderation)})
		}
		if c.JSON {
			return a.json(map[string]any{"sites": lines})
		}
		return a.table(rows)
	})
}

type siteSetCmd struct {
	asJSON
	Key string   `arg:"" help:"The site's key."`
	Set []string `arg:"" name:"name=value" sep:"none" help:"${settings}, and what it is to be."`
}

func (c siteSetCmd) Run(a *app) error {
	change := map[string]string{}
	for _, s := range c.Set {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return fmt.Errorf("want NAME=VALUE, not %q", s)
		}
		if before, twice := change[name]; twice && name == "origin" {
			value = before + "," + value
		} else if twice {
			return fmt.Errorf("%s stands there twice", name)
		}
		change[name] = value
	}
	return a.with(writes, func(ctx context.Context, r *rooms) error {
		site, err := r.service.SetSite(ctx, people.Operator, c.Key, change)
		if err != nil {
			return err
		}
		if c.JSON {
			return a.json(newSiteLine(site))
		}
		return a.line("changed site %s", site.Key)
	})
}

type siteRemoveCmd struct {
	Key string `arg:"" help:"The site's key."`
}

func (c siteRemoveCmd) Run(a *app) error {
	return a.with(writes, func(ctx context.Context, r *rooms) error {
		if err := r.service.RemoveSite(ctx, people.Operator, c.Key); err != nil {
			return err
		}
		return a.line("removed site %s", c.Key)
	})
}

// helpNames gives the help the names of a site's settings, and of the policies.
func helpNames() kong.Vars {
	names := make([]string, len(ground.Fields))
	for i, f := range ground.Fields {
		names[i] = f.Name
	}
	return kong.Vars{"settings": problem.Among(names), "policies": problem.Among(ground.Policies)}
}
