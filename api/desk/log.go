package desk

import (
	"encoding/hex"
	"net/url"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/problem"
)

type logPage struct {
	Frame
	Rows     []logRow
	Next     string
	Asks     logQuery
	Filtered bool // a filter is set
	Who      []Link
	What     []Link
}

// logQuery holds the query parameters of the log page as they were typed.
type logQuery struct{ Who, What, Since, Until, Comment string }

type logRow struct {
	Seq                             uint64
	ISO, When, What, From, To, Hash string
	URL                             string
}

// log shows the site's decisions that match the query, newest first.
func (d *desk) log(v *Visit) error {
	asks := logQuery{v.QueryParam("who"), v.QueryParam("action"), v.QueryParam("since"), v.QueryParam("until"),
		v.QueryParam("comment")}
	in, err := asks.parse()
	if err != nil {
		return err
	}
	in.After, in.Limit = v.QueryParam("after"), rowsPerPage
	entries, next, err := d.Moderation.Log(v.Ctx(), v.Actor, v.Site, in)
	if err != nil {
		return err
	}
	names, err := d.Identity.StaffNames(v.Ctx(), v.Actor, v.Site)
	if err != nil {
		return err
	}
	f, err := d.DeskFrame(v, v.Words.T("log"))
	if err != nil {
		return err
	}
	p := newLogPage(v.Words, f, asks, names)
	if next != "" {
		q := asks.values()
		q.Set("after", next)
		p.Next = v.SitePath("/log?" + q.Encode())
	}
	for _, e := range entries {
		p.Rows = append(p.Rows, v.Words.logRow(v.Site.Key, e))
	}
	return v.Show("log", p)
}

// newLogPage returns the page with its search form.
func newLogPage(w *Catalog, f Frame, asks logQuery, names []string) logPage {
	p := logPage{Frame: f, Asks: asks, Filtered: asks != logQuery{}}
	slices.Sort(names)
	names = slices.Compact(names)
	if asks.Who != "" && !slices.Contains(names, asks.Who) { // an account without a role on the site
		names = append(names, asks.Who)
	}
	for _, n := range names {
		p.Who = append(p.Who, Link{Key: n, Label: n, Current: n == asks.Who})
	}
	for _, a := range auditlog.Actions {
		p.What = append(p.What, Link{Key: a, Label: w.T("log.did." + a), Current: a == asks.What})
	}
	return p
}

// parse reads days in UTC. The last day is included.
func (a logQuery) parse() (in moderation.LogRequest, err error) {
	in = moderation.LogRequest{Name: a.Who, Action: a.What, Comment: a.Comment}
	for _, day := range []struct {
		name, typed string
		to          *time.Time
		more        int
	}{{"since", a.Since, &in.Since, 0}, {"until", a.Until, &in.Until, 1}} {
		if day.typed == "" {
			continue
		}
		at, err := time.Parse(time.DateOnly, day.typed)
		if err != nil {
			return in, problem.Query(day.name, "Use a date like 2026-01-31.")
		}
		*day.to = at.AddDate(0, 0, day.more)
	}
	return in, nil
}

// values returns the non-empty parameters.
func (a logQuery) values() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{
		"who": a.Who, "action": a.What, "since": a.Since, "until": a.Until, "comment": a.Comment,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// logRow formats an entry of the log. Entries about the model have no comment.
func (c *Catalog) logRow(site string, e auditlog.NamedEntry) logRow {
	row := logRow{
		Seq: e.Seq, ISO: ISO(e.At), When: Stamp(e.At), What: c.decisionText(e.Entry, e.Name),
		Hash: hex.EncodeToString(e.Hash[:min(4, len(e.Hash))]),
	}
	if e.Comment != "" {
		row.From, row.To = c.T("state."+e.From.String()), c.T("state."+e.To.String())
		row.URL = "/moderate/" + site + "/comments/" + url.PathEscape(e.Comment)
	}
	return row
}
