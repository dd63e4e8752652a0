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
	Rows   []logRow
	Next   string
	Asks   logAsks
	Sought bool // something is asked for
	Who    []Link
	What   []Link
}

// logAsks is what an address asks for, as it was typed.
type logAsks struct{ Who, What, Since, Until, Comment string }

type logRow struct {
	Seq                             uint64
	ISO, When, What, From, To, Hash string
	URL                             string
}

// log shows the site's decisions, the newest first: all, or those that the address asks for.
func (d *desk) log(v *Visit) error {
	asks := logAsks{v.QueryParam("who"), v.QueryParam("action"), v.QueryParam("since"), v.QueryParam("until"),
		v.QueryParam("comment")}
	in, err := asks.read()
	if err != nil {
		return err
	}
	in.After, in.Limit = v.QueryParam("after"), rowsPerPage
	entries, next, err := d.Moderation.Log(v.Ctx(), v.Who, v.Site, in)
	if err != nil {
		return err
	}
	names, err := d.Identity.StaffNames(v.Ctx(), v.Who, v.Site)
	if err != nil {
		return err
	}
	f, err := d.SiteFrame(v, v.Words.T("log"))
	if err != nil {
		return err
	}
	p := logPageOf(v.Words, f, asks, names)
	if next != "" {
		q := asks.query()
		q.Set("after", next)
		p.Next = v.At("/log?" + q.Encode())
	}
	for _, e := range entries {
		p.Rows = append(p.Rows, v.Words.logRow(v.Site.Key, e))
	}
	return v.Show("log", p)
}

// logPageOf has the form that asks.
func logPageOf(w *Catalog, f Frame, asks logAsks, names []string) logPage {
	p := logPage{Frame: f, Asks: asks, Sought: asks != logAsks{}}
	slices.Sort(names)
	names = slices.Compact(names)
	if asks.Who != "" && !slices.Contains(names, asks.Who) { // who is no longer of the site
		names = append(names, asks.Who)
	}
	for _, n := range names {
		p.Who = append(p.Who, Link{Key: n, Label: n, Current: n == asks.Who})
	}
	for _, a := range auditlog.Searched {
		p.What = append(p.What, Link{Key: a, Label: w.T("log.did." + a), Current: a == asks.What})
	}
	return p
}

// read takes days of UTC; the last one is meant as a whole.
func (a logAsks) read() (in moderation.LogRequest, err error) {
	in = moderation.LogRequest{Who: a.Who, What: a.What, Comment: a.Comment}
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
			return in, problem.Query(day.name, "Name a day like 2026-01-31.")
		}
		*day.to = at.AddDate(0, 0, day.more)
	}
	return in, nil
}

// query is what the address says of it.
func (a logAsks) query() url.Values {
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

// logRow is an entry of the log; one about the model itself has no comment.
func (c *Catalog) logRow(site string, e auditlog.Told) logRow {
	row := logRow{
		Seq: e.Seq, ISO: ISO(e.At), When: Stamp(e.At), What: c.decided(e.Entry, e.Name),
		Hash: hex.EncodeToString(e.Hash[:min(4, len(e.Hash))]),
	}
	if e.Comment != "" {
		row.From, row.To = c.T("state."+e.From.String()), c.T("state."+e.To.String())
		row.URL = "/moderate/" + site + "/comments/" + url.PathEscape(e.Comment)
	}
	return row
}
