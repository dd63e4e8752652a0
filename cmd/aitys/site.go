package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/aitys/aitys/api"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

type siteCmd struct {
	Add    siteAddCmd    `cmd:"" help:"Add a site."`
	List   siteListCmd   `cmd:"" help:"List the sites and their pending comments."`
	Stats  siteStatsCmd  `cmd:"" help:"Count comments and decisions, of one site or of each."`
	Set    siteSetCmd    `cmd:"" help:"Change a site's settings."`
	Remove siteRemoveCmd `cmd:"" help:"Remove a site with its comments and their log."`
	SSO    siteSSOCmd    `cmd:"" name:"sso" help:"Create the secret with which a site signs in its readers; it replaces the last one."`
	Key    siteKeyCmd    `cmd:"" name:"key" help:"Print the public key that verifies what a site signs."`
}

// siteLine is the JSON form of a site. Queue is set in lists.
type siteLine struct {
	Key      string        `json:"key"`
	Name     string        `json:"name"`
	Origins  []string      `json:"origins"`
	Settings site.Settings `json:"settings"`
	Queue    *api.QueueOut `json:"queue,omitempty"`
}

func newSiteLine(s site.Site) siteLine {
	return siteLine{Key: s.Key, Name: s.Name, Origins: slices.Concat([]string{}, s.Origins), Settings: s.Settings}
}

type siteAddCmd struct {
	asJSON
	Key    string   `help:"Short name, used in URLs: a-z, 0-9 and -." required:"" placeholder:"KEY"`
	Name   string   `help:"Display name." required:"" placeholder:"NAME"`
	Origin []string `help:"Origin whose pages may have comments, like https://blog.example; repeatable." required:"" placeholder:"URL"`
}

func (c siteAddCmd) Run(a *env) error {
	return a.withServices(accessWrite, func(ctx context.Context, r *services) error {
		site, _, err := r.Sites.AddSite(ctx, authz.Operator,
			site.Site{Key: c.Key, Name: c.Name, Origins: c.Origin}, nil)
		if err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(newSiteLine(site))
		}
		return a.printLine("added site %s", site.Key)
	})
}

type siteListCmd struct{ asJSON }

func (c siteListCmd) Run(a *env) error {
	return a.withServices(accessRead, func(ctx context.Context, r *services) error {
		sites, err := r.Process.Sites(ctx, authz.Operator)
		if err != nil {
			return err
		}
		counts, err := r.Sites.CountQueues(ctx, authz.Operator, sites)
		if err != nil {
			return err
		}
		lines, rows := []siteLine{}, [][]string{{"KEY", "NAME", "ORIGINS", "MODERATION", "PENDING", "OLDEST"}}
		for i, site := range sites {
			line, queue := newSiteLine(site), api.NewQueueOut(counts[i])
			line.Queue = &queue
			lines = append(lines, line)
			pending := strconv.Itoa(queue.Pending)
			if queue.Pending == comment.MaxCount {
				pending += "+"
			}
			rows = append(rows, []string{site.Key, site.Name, strings.Join(site.Origins, " "),
				string(site.Settings.Moderation), pending, age(counts[i].Oldest)})
		}
		if c.JSON {
			return a.printJSON(map[string]any{"sites": lines})
		}
		return a.printTable(rows)
	})
}

// age returns how long ago at was, in its largest unit: "3d", "5h" or "12m". It returns "-" for the zero time.
func age(at time.Time) string {
	switch d := time.Since(at); {
	case at.IsZero():
		return "-"
	case d >= 48*time.Hour:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d >= time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	default:
		return fmt.Sprintf("%dm", max(d, 0)/time.Minute)
	}
}

type siteSetCmd struct {
	asJSON
	Key string   `arg:"" help:"The site's key."`
	Set []string `arg:"" optional:"" name:"name=value" sep:"none" help:"Setting and its new value, as listed above."`
}

// Help lists the settings and their values.
func (siteSetCmd) Help() string {
	var b strings.Builder
	b.WriteString("Settings:\n\n")
	for _, f := range site.Fields {
		fmt.Fprintf(&b, "    %-18s %s\n", f.Name, settingValues(f))
	}
	return b.String()
}

// settingValues describes the values of a setting.
func settingValues(f site.Field) string {
	switch f.Kind {
	case site.KindPolicy:
		return problem.Among(site.Policies)
	case site.KindIdentity:
		return problem.Among(site.IdentityPolicies)
	case site.KindSwitch:
		return "on or off"
	case site.KindScore:
		if f.Tried {
			return "0.5 to 1, or empty for none"
		}
		return "0.5 to 1"
	case site.KindNumber:
		_, unit, _ := strings.Cut(f.Name, "_")
		return "number of " + unit[strings.LastIndexByte(unit, '_')+1:]
	case site.KindOrigins:
		return "https://HOST; repeatable"
	case site.KindURL:
		return "URL"
	case site.KindTexts:
		return "texts, separated by empty lines"
	default:
		if f.Name == "mirrors" {
			return "URLs, separated by spaces"
		}
		return "text"
	}
}

func (c siteSetCmd) Run(a *env) error {
	names := settingNames()
	if len(c.Set) == 0 {
		return fmt.Errorf("no setting given for %s; use NAME=VALUE, where NAME is %s", c.Key, strings.Join(names, ", "))
	}
	change := map[string]string{}
	for _, s := range c.Set {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return fmt.Errorf("want NAME=VALUE, not %q", s)
		}
		if !slices.Contains(names, name) {
			return fmt.Errorf("unknown setting %q; use %s", name, strings.Join(names, ", "))
		}
		if before, twice := change[name]; twice && name == "origin" {
			value = before + "," + value
		} else if twice {
			return fmt.Errorf("%s is given twice", name)
		}
		change[name] = value
	}
	return a.withServices(accessWrite, func(ctx context.Context, r *services) error {
		site, err := r.Sites.SetSite(ctx, authz.Operator, c.Key, change)
		if err != nil {
			if e, ok := errors.AsType[*problem.Error](err); ok && slices.Contains(names, strings.TrimPrefix(e.Field, "/")) {
				return fmt.Errorf("%s: %s", e.Field[1:], errorText(e.Detail))
			}
			return mapNotFound(err, "site", c.Key)
		}
		if c.JSON {
			return a.printJSON(newSiteLine(site))
		}
		return a.printLine("changed site %s", site.Key)
	})
}

type siteRemoveCmd struct {
	Key string `arg:"" help:"The site's key."`
	Yes string `help:"Repeat the key to remove a site that has comments." placeholder:"KEY"`
}

func (c siteRemoveCmd) Run(a *env) error {
	return a.withServices(accessWrite, func(ctx context.Context, r *services) error {
		if err := c.confirm(ctx, r); err != nil {
			return err
		}
		if err := r.Sites.RemoveSite(ctx, authz.Operator, c.Key); err != nil {
			return err
		}
		return a.printLine("removed site %s", c.Key)
	})
}

// confirm returns an error if the site has comments and --yes does not repeat its key.
func (c siteRemoveCmd) confirm(ctx context.Context, r *services) error {
	site, err := r.Process.Site(ctx, c.Key)
	if err != nil {
		return mapNotFound(err, "site", c.Key)
	}
	if c.Yes != "" && c.Yes != c.Key {
		return fmt.Errorf("--yes %s is not the key of the site %s", c.Yes, c.Key)
	}
	pages, _, err := r.Sites.Pages(ctx, authz.Operator, site, "", 1)
	if err != nil || len(pages) == 0 || c.Yes == c.Key {
		return err
	}
	return fmt.Errorf("%s has comments. To delete them and their log permanently, run `aitys site remove %s --yes %s`",
		c.Key, c.Key, c.Key)
}

type siteSSOCmd struct {
	asJSON
	Key string `arg:"" help:"The site's key."`
}

func (c siteSSOCmd) Run(a *env) error {
	return a.withServices(accessWrite, func(ctx context.Context, r *services) error {
		site, err := r.Process.Site(ctx, c.Key)
		if err != nil {
			return mapNotFound(err, "site", c.Key)
		}
		key, err := r.ReaderAuth.SetSSOKey(ctx, authz.Operator, site)
		if err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(map[string]string{"key": site.Key, "secret": key})
		}
		return a.printLine("%s", key)
	})
}

type siteKeyCmd struct {
	asJSON
	Key string `arg:"" help:"The site's key."`
}

func (c siteKeyCmd) Run(a *env) error {
	return siteFlags{Site: c.Key}.withSite(a, func(ctx context.Context, r *services, site site.Site) error {
		public, err := r.Signing.SiteKey(ctx, authz.Operator, site)
		if err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(map[string]string{"key": site.Key, "public": public})
		}
		return a.printLine("%s", public)
	})
}

// settingNames returns the names of the settings of a site.
func settingNames() []string {
	names := make([]string, len(site.Fields))
	for i, f := range site.Fields {
		names[i] = f.Name
	}
	return names
}

// helpVars returns the variables of help texts: policies, import formats and export formats.
func helpVars() kong.Vars {
	return kong.Vars{"policies": problem.Among(site.Policies),
		"formats": problem.Among(transfer.Formats()), "exports": problem.Among(exports())}
}
