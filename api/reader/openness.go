package reader

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/text"
)

// openness tells the public how a site moderates: in figures, and what others demanded of it.
type openness struct {
	kit       *web.Kit
	Takedowns *takedown.Service
}

// during reads the period that a request asks for, before next. What next answers is the same for everybody.
func (h *openness) during(next func(echo.Context, site.Site, takedown.Period) error) web.Handler {
	return func(c *web.Request) (err error) {
		var in takedown.Period
		for name, day := range map[string]*time.Time{"from": &in.From, "to": &in.To} {
			given := c.QueryParam(name)
			if given == "" {
				continue
			}
			if *day, err = time.Parse(time.DateOnly, given); err != nil {
				return problem.Query(name, "Name a day like 2026-01-31.")
			}
		}
		c.Response().Header().Set("Cache-Control", "public, max-age=60")
		return next(c, c.Site, in)
	}
}

// demands reads a part of the open register, in the time that a request has.
func (h *openness) demands(
	c echo.Context, site site.Site, in takedown.Period, after string, limit int,
) ([]takedown.Demand, string, error) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(c.Request().Context()), web.RequestTime)
	defer stop()
	return h.Takedowns.OpenDemands(ctx, site, in, after, limit)
}

type outcomesOut struct {
	Received   int `json:"received"`
	Overturned int `json:"overturned"`
	Upheld     int `json:"upheld"`
	Open       int `json:"open"`
}

// A demandOut is a demand as everybody may know it.
type demandOut struct {
	ID         string  `json:"id"`
	ReceivedAt string  `json:"received_at"`
	By         *string `json:"by"`
	Kind       string  `json:"kind"`
	Law        string  `json:"law"`
	Country    string  `json:"country"`
	Comments   int     `json:"comments"`
	WholePage  bool    `json:"whole_page"`
	Status     string  `json:"status"`
	Until      *string `json:"until"`
	RestoredAt *string `json:"restored_at"`
	Why        *string `json:"why"`
}

// stampOf writes a time for programs; "" of none.
func stampOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func openDemand(d takedown.Demand) demandOut {
	return demandOut{
		ID:         d.ID,
		ReceivedAt: stampOf(d.Received),
		By:         web.OrNull(d.By),
		Kind:       string(d.Kind),
		Law:        d.Law,
		Country:    d.Country,
		Comments:   d.Count,
		WholePage:  d.Page != "",
		Status:     string(d.Status()),
		Until:      web.OrNull(stampOf(d.Until)),
		RestoredAt: web.OrNull(stampOf(d.Ended)),
		Why:        web.OrNull(d.Why),
	}
}

func (h *openness) figures(c echo.Context, site site.Site, in takedown.Period) error {
	limit, err := web.Limit(c)
	if err != nil {
		return err
	}
	f, err := h.Takedowns.Figures(c.Request().Context(), site, in)
	if err != nil {
		return err
	}
	demands, next, err := h.demands(c, site, in, c.QueryParam("after"), limit)
	if err != nil {
		return err
	}
	type waitOut struct {
		Median *int `json:"median"`
		Ninety *int `json:"p90"`
	}
	type headOut struct {
		Seq  uint64 `json:"seq"`
		Hash string `json:"hash"`
		At   string `json:"at"`
	}
	out := struct {
		Site        string                 `json:"site"`
		From        string                 `json:"from"`
		To          string                 `json:"to"`
		GeneratedAt string                 `json:"generated_at"`
		Received    int                    `json:"received"`
		Published   int                    `json:"published"`
		Refused     map[string]int         `json:"refused"`
		Removed     int                    `json:"removed"`
		Waiting     int                    `json:"waiting"`
		Suspected   int                    `json:"suspected"`
		ByItself    int                    `json:"by_itself"`
		Wait        waitOut                `json:"waiting_seconds"`
		Appeals     outcomesOut            `json:"appeals"`
		ByReason    map[string]outcomesOut `json:"appeals_by_reason"`
		Takedowns   []demandOut            `json:"takedowns"`
		Sealed      int                    `json:"takedowns_sealed"`
		Next        *string                `json:"next"`
		Log         *headOut               `json:"log"`
	}{
		Site:        site.Key,
		From:        stampOf(f.From),
		To:          stampOf(f.To),
		GeneratedAt: stampOf(f.At),
		Received:    f.Received,
		Published:   f.Published,
		Refused:     map[string]int{},
		Removed:     f.Removed,
		Waiting:     f.Waiting,
		Suspected:   f.Suspected,
		ByItself:    f.ByItself,
		Appeals:     outcomesOut(f.Appeals),
		ByReason:    map[string]outcomesOut{},
		Takedowns:   []demandOut{},
		Sealed:      f.Sealed,
		Next:        web.OrNull(next),
	}
	for _, r := range comment.Reasons() {
		out.Refused[r.String()] = f.Refused[r]
		out.ByReason[r.String()] = outcomesOut(f.ByReason[r])
	}
	if f.Wait.Of > 0 {
		out.Wait = waitOut{new(int(f.Wait.Median / time.Second)), new(int(f.Wait.Ninety / time.Second))}
	}
	if f.Head.Seq > 0 {
		out.Log = &headOut{f.Head.Seq, hex.EncodeToString(f.Head.Hash), stampOf(f.Last)}
	}
	for _, d := range demands {
		out.Takedowns = append(out.Takedowns, openDemand(d))
	}
	return c.JSON(http.StatusOK, out)
}

const registerChunk = 100

// table answers with the open register as CSV (RFC 4180), beginning with the mark by which Excel knows UTF-8.
func (h *openness) table(c echo.Context, site site.Site, in takedown.Period) error {
	out := web.Stream(c, "text/csv; charset=utf-8", site.Key+"-demands.csv")
	return out.Cut(h.writeTable(c, out, site, in))
}

func (h *openness) writeTable(c echo.Context, out *web.Streamed, site site.Site, in takedown.Period) error {
	for after, begun := "", false; ; begun = true {
		demands, next, err := h.demands(c, site, in, after, registerChunk)
		if err != nil {
			return err
		}
		w := csv.NewWriter(out)
		w.UseCRLF = true
		if !begun {
			_, err = out.Write([]byte("\ufeff"))
			err = errors.Join(err, w.Write([]string{"id", "received_at", "by", "kind", "law", "country", "comments",
				"whole_page", "status", "until", "restored_at", "why"}))
		}
		for _, d := range demands {
			err = errors.Join(err, w.Write([]string{d.ID, stampOf(d.Received), text.Cell(d.By), string(d.Kind),
				text.Cell(d.Law), text.Cell(d.Country), strconv.Itoa(d.Count), strconv.FormatBool(d.Page != ""),
				string(d.Status()), stampOf(d.Until), stampOf(d.Ended), text.Cell(d.Why)}))
		}
		w.Flush()
		if err = errors.Join(err, w.Error()); err != nil || next == "" {
			return err
		}
		after = next
	}
}

//go:embed openness.html
var opennessHTML string

var opennessTemplate = template.Must(template.New("openness").Parse(opennessHTML))

// An opennessView is what openness.html shows.
type opennessView struct {
	*i18n.Catalog
	Key, Site, Policy, Rules string
	From, To, FirstDay       string // the last two as a field of a form has them
	LastDay, Query           string
	Figures, Appeals         []figure
	Reasons                  []reasonRow
	Demands                  []demandRow
	Sealed, More, First      string
	Head, HeadSays           string
	Languages                []i18n.Language
	Parts                    []string // of the EU's template
}

// A figure is a number and what it counts.
type figure struct{ N, Of string }

// A reasonRow is how many were refused for a reason, and what became of the appeals.
type reasonRow struct{ Reason, Refused, Appeals, Overturned string }

// A demandRow is a demand as the page lists it. Done are sentences of it.
type demandRow struct {
	Received, Machine, By, Kind, Law, Country string
	Done                                      []i18n.Told
}

func (h *openness) page(c echo.Context, site site.Site, in takedown.Period) error {
	f, err := h.Takedowns.Figures(c.Request().Context(), site, in)
	if err != nil {
		return err
	}
	demands, next, err := h.demands(c, site, in, c.QueryParam("after"), registerChunk)
	if err != nil {
		return err
	}
	v := newOpennessView(c, site, web.Words(c), f, demands, next)
	return web.Render(c, http.StatusOK, web.NoScript, opennessTemplate, v)
}

func newOpennessView(
	c echo.Context, blog site.Site, w *i18n.Catalog, f takedown.Figures, demands []takedown.Demand, next string,
) *opennessView {
	last := f.To.Add(-time.Microsecond).UTC()
	v := &opennessView{
		Catalog:   w,
		Key:       blog.Key,
		Site:      blog.Name,
		Rules:     web.Rules(blog, w),
		Languages: i18n.Languages,
		Parts:     euPartNames,
		Policy:    w.T("open.policy." + string(cmp.Or(blog.Settings.Moderation, site.PolicyAll))),
		From:      w.Date(f.From.UTC()),
		To:        w.Date(last),
		FirstDay:  f.From.UTC().Format(time.DateOnly),
		LastDay:   last.Format(time.DateOnly),
		Query:     "?" + asked(c, "from", "to").Encode(),
	}
	v.count(f)
	for _, d := range demands {
		v.Demands = append(v.Demands, newDemandRow(w, d))
	}
	if f.Sealed > 0 {
		v.Sealed = w.N("open.sealed", f.Sealed)
	}
	if next != "" {
		q := asked(c, "from", "to", "lang")
		q.Set("after", next)
		v.More = "?" + q.Encode() + "#demands"
	}
	if c.QueryParam("after") != "" {
		v.First = "?" + asked(c, "from", "to", "lang").Encode() + "#demands"
	}
	if f.Head.Seq > 0 {
		v.Head = hex.EncodeToString(f.Head.Hash)
		v.HeadSays = w.N("open.log", int(f.Head.Seq), "time", timeOf(w, f.Last))
	}
	return v
}

// asked are some of the parameters that a page was asked with.
func asked(c echo.Context, names ...string) url.Values {
	q := url.Values{}
	for _, name := range names {
		if value := c.QueryParam(name); value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// count puts the figures down as people read them.
func (v *opennessView) count(f takedown.Figures) {
	refused := 0
	for _, r := range comment.Reasons() {
		refused += f.Refused[r]
		v.Reasons = append(v.Reasons, reasonRow{v.T("reason." + r.String()), v.Number(f.Refused[r]),
			v.Number(f.ByReason[r].Received), v.Number(f.ByReason[r].Overturned)})
	}
	add := func(key string, n int) { v.Figures = append(v.Figures, figure{v.Number(n), v.T(key)}) }
	add("open.received", f.Received)
	add("open.published", f.Published)
	if f.ByItself > 0 {
		add("open.itself", f.ByItself)
	}
	add("open.refused", refused)
	add("open.suspected", f.Suspected)
	add("open.removed", f.Removed)
	add("open.waiting", f.Waiting)
	if f.Wait.Of > 0 {
		v.Figures = append(v.Figures, figure{v.Span(f.Wait.Median), v.T("open.median")},
			figure{v.Span(f.Wait.Ninety), v.T("open.ninety")})
	}
	v.Appeals = []figure{
		{v.Number(f.Appeals.Received), v.T("open.appeals")}, {v.Number(f.Appeals.Overturned), v.T("open.overturned")},
		{v.Number(f.Appeals.Upheld), v.T("open.upheld")}, {v.Number(f.Appeals.Open), v.T("open.open")},
	}
}

func newDemandRow(w *i18n.Catalog, d takedown.Demand) demandRow {
	row := demandRow{
		Received: w.Date(d.Received.UTC()), Machine: stampOf(d.Received), By: d.By,
		Kind: w.T("withheld.who." + string(d.Kind)), Law: d.Law, Country: d.Country,
	}
	done := w.N("open.withheld", d.Count)
	if d.Page != "" {
		done = w.T("open.whole")
	}
	row.Done = []i18n.Told{{Label: done}}
	if !d.Until.IsZero() {
		row.Done = append(row.Done, i18n.Told{Label: w.T("open.until", "date", w.Date(d.Until.UTC()))})
	}
	switch d.Status() {
	case takedown.Restored:
		row.Done = append(row.Done, i18n.Told{Label: w.T("open.restored", "date", w.Date(d.Ended.UTC())), Value: d.Why})
	case takedown.Lapsed:
		row.Done = append(row.Done, i18n.Told{Label: w.T("open.lapsed", "date", w.Date(d.Ended.UTC()))})
	}
	return row
}
