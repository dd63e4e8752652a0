package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aitys/aitys/api"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

type commentCmd struct {
	Show commentShowCmd `cmd:"" help:"Show why a comment has its state: score, signals, evidence, decisions."`
}

type commentShowCmd struct {
	asJSON
	ID   string `arg:"" help:"The comment's ID, as in the log and the API."`
	Site string `help:"The site's key (default: search all sites)." placeholder:"KEY"`
}

// explanation is all that a command shows of a comment.
type explanation struct {
	site    site.Site
	item    moderation.Item
	history []auditlog.NamedEntry
}

func (c commentShowCmd) Run(a *env) error {
	return a.withServices(accessRead, func(ctx context.Context, r *services) error {
		x, err := r.explain(ctx, c.Site, c.ID)
		if err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(struct {
				Site   string             `json:"site"`
				Public string             `json:"public"`
				Notice *site.Notice       `json:"notice"`
				Item   api.ItemHistoryOut `json:"item"`
			}{x.site.Key, visibility(x.item.Comment), x.item.Comment.Withheld,
				api.NewItemHistoryOut(x.item, x.history, i18n.In("en"))})
		}
		return a.printTables(x.tables())
	})
}

// explain finds a comment on the site with a key, or on any site if the key is "". It changes nothing.
func (r *services) explain(ctx context.Context, key, id string) (x explanation, err error) {
	if x.site, err = r.siteOf(ctx, key, id); err != nil {
		return x, err
	}
	// A new process has no model in memory, and then no evidence. Inspect waits until the model is loaded.
	if _, err := r.Learning.Inspect(ctx, authz.Operator, x.site, 0); err != nil {
		return x, err
	}
	if x.item, x.history, err = r.Moderation.Item(ctx, authz.Operator, x.site, id); err != nil {
		return x, err
	}
	if x.item.Against.Appeal == nil {
		settled, found, err := r.Reports.FindAppeal(ctx, x.item.Comment)
		if err != nil {
			return x, err
		}
		if found {
			x.item.Against.Appeal = &settled
		}
	}
	return x, nil
}

// siteOf returns the site that has a comment: the one with the key, or any site if the key is "".
func (r *services) siteOf(ctx context.Context, key, id string) (site.Site, error) {
	sites, err := r.Process.Sites(ctx, authz.Operator)
	if err != nil {
		return site.Site{}, err
	}
	missing := fmt.Errorf("no site has a comment %s; copy the ID from the log or the desk", id)
	if key != "" {
		sites = slices.DeleteFunc(sites, func(blog site.Site) bool { return blog.Key != key })
		missing = fmt.Errorf("the site %s has no comment %s", key, id)
		if len(sites) == 0 {
			return site.Site{}, notFound("site", key)
		}
	}
	found, err := r.Moderation.SiteOfComment(ctx, authz.Operator, sites, id)
	if e, ok := errors.AsType[*problem.Error](err); ok && e.Code == "comment.unknown" {
		return site.Site{}, missing
	}
	return found, err
}

// visibility returns what the public sees of a comment: "visible", "withheld" or "hidden".
func visibility(c comment.Comment) string {
	switch c.Visibility() {
	case comment.Visible:
		return "visible"
	case comment.Withheld:
		return "withheld"
	}
	return "hidden"
}

// tables describes the comment. It leaves out the comment's text, name and addresses; reports and appeals are complete.
func (x explanation) tables() [][][]string {
	all := [][][]string{x.summary()}
	add := func(rows [][]string) {
		if len(rows) > 1 {
			all = append(all, rows)
		}
	}
	signals := [][]string{{"SIGNAL", "WEIGHT", "MEANING"}}
	for _, s := range x.item.Comment.Verdict.Signals {
		signals = append(signals, []string{s.Code, fmt.Sprintf("%+.2f", s.Weight), s.Text})
	}
	add(signals)
	evidence := [][]string{{"EVIDENCE", "IN SPAM", "IN APPROVED", "WEIGHT"}}
	for _, t := range tokenLines(x.item.Evidence) {
		evidence = append(evidence, []string{t.Text, strconv.Itoa(t.Spam), strconv.Itoa(t.Ham), fmt.Sprintf("%+.2f", t.Weight)})
	}
	add(evidence)
	decisions := [][]string{{"DECIDED", "BY", "ACTION", "REASON", "FROM", "TO", "BATCH"}}
	for _, e := range x.history {
		decisions = append(decisions, decisionRow(e))
	}
	add(decisions)
	reports := [][]string{{"REPORTED", "REASON", "DETAIL"}}
	for _, o := range x.item.Against.Reports {
		reports = append(reports, []string{stamp(o.At), o.Reason.String(), o.Detail})
	}
	add(reports)
	if o := x.item.Against.Appeal; o != nil {
		add([][]string{{"APPEALED", "ANSWER", "TEXT"}, {stamp(o.At), o.Answer(x.item.Comment), o.Text}})
	}
	return all
}

func (x explanation) summary() [][]string {
	c, v := x.item.Comment, x.item.Comment.Verdict
	score := fmt.Sprintf("%.2f, kind %s; suspected from %.2f; suggested: %s", v.Score, v.Kind(), x.site.Settings.Threshold(), v.Action)
	if c.Account != "" {
		score = "none: written by staff"
	} else if !v.Warm {
		score += "; the model had too few lessons"
	}
	rows := [][]string{
		{"comment", c.ID}, {"site", fmt.Sprintf("%s, moderation %s", x.site.Key, x.site.Settings.Moderation)},
		{"page", x.item.Page.URL}, {"state", c.State.String()}, {"readers", publicText(c)}, {"score", score},
		{"arrived", stamp(c.CreatedAt)},
	}
	for _, t := range []struct {
		name string
		at   time.Time
	}{{"edited", c.EditedAt}, {"decided", c.DecidedAt}, {"removed", c.RemovedAt}} {
		if !t.at.IsZero() {
			rows = append(rows, []string{t.name, stamp(t.at)})
		}
	}
	if !c.RedactedAt.IsZero() {
		rows = append(rows, []string{"redacted", stamp(c.RedactedAt) + ", " + c.RedactedWhy})
	}
	if c.Submissions > 1 {
		rows = append(rows, []string{"submitted", plural(c.Submissions, "time")})
	}
	if k := x.item.Campaign; k != nil {
		rows = append(rows, []string{"campaign", fmt.Sprintf("%s with %s", k.ID, plural(k.Size(), "similar comment"))})
	}
	return rows
}

// publicText says what readers see of a comment, and the notice of a takedown.
func publicText(c comment.Comment) string {
	text := visibility(c)
	n := c.Withheld
	switch {
	case n == nil:
		return text
	case n.Sealed:
		return text + "; a legal request withholds it, and its facts are not public"
	}
	text += "; a legal request withholds it: " + n.Kind
	for _, part := range []string{n.By, n.Law} {
		if part != "" {
			text += ", " + part
		}
	}
	return text + ", received " + n.At.UTC().Format(time.DateOnly)
}

func decisionRow(e auditlog.NamedEntry) []string {
	by, action := e.Name, e.Action.String()
	switch {
	case e.Auto:
		by = "the site's policy"
	case e.By == authz.Operator.ID():
		by = "operator commands"
	}
	if e.Redacts() {
		action = "redact"
	}
	if e.Undoes != 0 {
		action = "undo"
	}
	if e.Undone {
		action += " (undone)"
	}
	reason := e.Reason.String()
	if e.Redacts() {
		reason = e.Subject
	}
	return []string{stamp(e.At), by, action, reason, e.From.String(), e.To.String(), e.Batch}
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }
