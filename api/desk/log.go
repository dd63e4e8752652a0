package desk

import (
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
)

type logPage struct {
	Frame
	Days     []logDay
	Next     string
	Asks     logQuery
	Filtered bool // a filter is set
	Who      []Link
	What     []Link
}

// logQuery holds the query parameters of the log page as they were typed.
type logQuery struct{ Who, What, Since, Until, Comment, Batch string }

// A logDay is the acts of one day in UTC.
type logDay struct {
	Day  string
	Acts []logAct
}

// A logAct is a batch of log entries in one line.
type logAct struct {
	Initial, Hue  string // of the account; "" if the entry has none
	Before, After string // the sentence around Who
	Who           string
	Quote         string // the first words of the only comment
	ISO, At       string
	Entries       []logRow
	Texts         bool // an entry has a text
	Many          bool
	More, MoreURL string // the entries that are not shown
	Undo          string // the batch that can be undone, or ""
	UndoLabel     string
	Open          bool // the entries are unfolded
}

// A logRow is an entry of an act.
type logRow struct {
	Seq            uint64
	Name, Text     string
	From, To, Hash string
	URL            string
	Gone           bool // Text says why the comment has no text
}

// log shows the acts on the site that match the query, newest first.
func (d *desk) log(v *Visit) error {
	asks := logQuery{v.QueryParam("who"), v.QueryParam("action"), v.QueryParam("since"), v.QueryParam("until"),
		v.QueryParam("comment"), v.QueryParam("batch")}
	in, err := asks.parse()
	if err != nil {
		return err
	}
	in.After, in.Limit = v.QueryParam("after"), rowsPerPage
	acts, next, err := d.Moderation.Acts(v.Ctx(), v.Actor, v.Site, in)
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
	m := &cardMaker{Catalog: v.Words, site: v.Site, now: d.Clock.Now()}
	p := m.logPage(f, asks, names, acts)
	if next != "" {
		q := asks.values()
		q.Set("after", next)
		p.Next = v.SitePath("/log?" + q.Encode())
	}
	if said, ok := d.TakeFlash(v); ok {
		p.Notices = v.Words.flashNotices(said)
	}
	return v.Show("log", p)
}

// logPage returns the page with its filter.
func (m *cardMaker) logPage(f Frame, asks logQuery, names []string, acts []moderation.Act) logPage {
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
		p.What = append(p.What, Link{Key: a, Label: m.T("log.did." + a), Current: a == asks.What})
	}
	for _, a := range acts {
		day := m.logDay(a.Entries[0].At)
		if n := len(p.Days); n == 0 || p.Days[n-1].Day != day {
			p.Days = append(p.Days, logDay{Day: day})
		}
		last := &p.Days[len(p.Days)-1]
		act := m.logAct(f.Me.ID, a)
		act.Open = asks.Batch != ""
		last.Acts = append(last.Acts, act)
	}
	return p
}

// logDay formats a day in UTC. The year is omitted in the current one.
func (m *cardMaker) logDay(at time.Time) string {
	today := m.now.UTC().Truncate(24 * time.Hour)
	switch at = at.UTC(); {
	case !at.Before(today):
		return m.T("log.today")
	case !at.Before(today.AddDate(0, 0, -1)):
		return m.T("log.yesterday")
	case at.Year() == today.Year():
		return m.Day(at)
	}
	return m.DayAndYear(at)
}

// logAct formats an act for the account viewer.
func (m *cardMaker) logAct(viewer string, a moderation.Act) logAct {
	first := a.Entries[0]
	act := logAct{ISO: ISO(first.At), At: first.At.UTC().Format("15:04"), Many: a.Size > 1}
	act.Who = m.AccountName(first.Name)
	switch {
	case first.By == viewer:
		act.Who, act.Initial, act.Hue = m.T("log.you"), initial(act.Who), hue(act.Who)
	case first.Name != "" && first.By != authz.Operator.ID() && !auditlog.Imported(first.By):
		act.Initial, act.Hue = initial(act.Who), hue(act.Who)
	}
	act.Before, act.After, _ = strings.Cut(m.actText(a, "\x00"), "\x00")
	for _, e := range a.Entries {
		row := m.logRow(e, a.Comments)
		act.Entries, act.Texts = append(act.Entries, row), act.Texts || row.Text != ""
	}
	if !act.Many {
		act.Quote = m.quote(act.Entries[0])
	}
	if more := a.Size - len(a.Entries); more > 0 {
		act.More, act.MoreURL = m.N("log.more", more), "/moderate/"+m.site.Key+"/log?batch="+url.QueryEscape(first.Batch)
	}
	if a.Undoable {
		act.Undo, act.UndoLabel = first.Batch, m.T("act.undo")
		if act.Many {
			act.UndoLabel = m.T("log.undo", "n", m.Number(a.Size))
		}
	}
	return act
}

// quote returns the first words of a comment in quotes, or the reason why it has none.
func (m *cardMaker) quote(r logRow) string {
	if r.Gone || r.Text == "" {
		return r.Text
	}
	return m.T("quote", "text", shorten(r.Text, 60))
}

// actText describes an act in a sentence.
func (m *cardMaker) actText(a moderation.Act, who string) string {
	e := a.Entries[0]
	if e.Kind != auditlog.Decision || e.Redacts() {
		return m.decisionText(e.Entry, who)
	}
	did := "undo"
	if e.Undoes == 0 {
		did = e.Action.String()
	}
	args := []any{"who", who, "state", m.T("state.low." + e.To.String()),
		"reason", m.T("reason.low." + refusalOf(e.Entry).String())}
	if a.Size > 1 {
		return m.N("log.many."+did, a.Size, args...)
	}
	name := m.T("log.gone.name")
	if c, ok := a.Comments[e.Comment]; ok {
		name = m.writer(c)
	}
	return m.T("log.one."+did, append(args, "name", name)...)
}

// logRow formats an entry of the log. Entries about the model have no comment.
func (m *cardMaker) logRow(e auditlog.NamedEntry, known map[string]comment.Comment) logRow {
	row := logRow{Seq: e.Seq, Hash: hex.EncodeToString(e.Hash), Gone: true}
	if e.Kind != auditlog.Decision {
		return row
	}
	if row.From, row.To = m.T("state."+e.From.String()), m.T("state."+e.To.String()); e.Redacts() {
		row.From, row.To = "", ""
	}
	c, ok := known[e.Comment]
	switch {
	case !ok:
		row.Text = m.T("card.forgotten")
		return row
	case c.Expired() && c.IsForgotten():
		row.Text = m.T("card.expired")
	case c.IsForgotten():
		row.Text = m.T("card.forgotten")
	default:
		row.Gone = false
		row.Text = shorten(strings.Join(strings.Fields(c.Source), " "), 160)
	}
	row.Name, row.URL = m.writer(c), "/moderate/"+m.site.Key+"/comments/"+url.PathEscape(e.Comment)
	return row
}

// parse reads days in UTC. The last day is included.
func (a logQuery) parse() (in moderation.LogRequest, err error) {
	in = moderation.LogRequest{Name: a.Who, Action: a.What, Comment: a.Comment, Batch: a.Batch}
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
		"who": a.Who, "action": a.What, "since": a.Since, "until": a.Until, "comment": a.Comment, "batch": a.Batch,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}
