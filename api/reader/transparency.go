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
	"slices"
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

// transparency serves public figures about a site's moderation, and its register of takedowns.
type transparency struct {
	kit       *web.Kit
	Takedowns *takedown.Service
}

// withPeriod returns a handler that parses the requested period for next. Responses may be cached publicly for a minute.
func (h *transparency) withPeriod(next func(echo.Context, site.Site, takedown.Period) error) web.Handler {
	return func(c *web.Request) (err error) {
		var in takedown.Period
		for name, day := range map[string]*time.Time{"from": &in.From, "to": &in.To} {
			given := c.QueryParam(name)
			if given == "" {
				continue
			}
			if *day, err = time.Parse(time.DateOnly, given); err != nil {
				return problem.Query(name, "Use a date like 2026-01-31.")
			}
		}
		c.Response().Header().Set("Cache-Control", "public, max-age=60")
		return next(c, c.Site, in)
	}
}

// openTakedowns reads a page of the public register with a fresh request timeout, for responses that outlast the timeout
// of their request.
func (h *transparency) openTakedowns(
	c echo.Context, site site.Site, in takedown.Period, after string, limit int,
) ([]takedown.Takedown, string, error) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(c.Request().Context()), web.RequestTimeout)
	defer stop()
	return h.Takedowns.PublicTakedowns(ctx, site, in, after, limit)
}

type outcomesOut struct {
	Received   int `json:"received"`
	Overturned int `json:"overturned"`
	Upheld     int `json:"upheld"`
	Open       int `json:"open"`
}

// A takedownOut is the public JSON of a takedown.
type takedownOut struct {
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

// stampOf formats a time as RFC 3339; the zero time as "".
func stampOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func newTakedownOut(d takedown.Takedown) takedownOut {
	return takedownOut{
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

func (h *transparency) figures(c echo.Context, site site.Site, in takedown.Period) error {
	limit, err := web.ParseLimit(c)
	if err != nil {
		return err
	}
	f, err := h.Takedowns.Figures(c.Request().Context(), site, in)
	if err != nil {
		return err
	}
	demands, next, err := h.openTakedowns(c, site, in, c.QueryParam("after"), limit)
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
		Takedowns   []takedownOut          `json:"takedowns"`
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
		ByItself:    f.AutoPublished,
		Appeals:     outcomesOut(f.Appeals),
		ByReason:    map[string]outcomesOut{},
		Takedowns:   []takedownOut{},
		Sealed:      f.Sealed,
		Next:        web.OrNull(next),
	}
	for _, r := range comment.Reasons() {
		out.Refused[r.String()] = f.Refused[r]
		out.ByReason[r.String()] = outcomesOut(f.ByReason[r])
	}
	if f.Wait.Count > 0 {
		out.Wait = waitOut{new(int(f.Wait.Median / time.Second)), new(int(f.Wait.P90 / time.Second))}
	}
	if f.Head.Seq > 0 {
		out.Log = &headOut{f.Head.Seq, hex.EncodeToString(f.Head.Hash), stampOf(f.Last)}
	}
	for _, d := range demands {
		out.Takedowns = append(out.Takedowns, newTakedownOut(d))
	}
	return c.JSON(http.StatusOK, out)
}

const takedownsPerPage = 100

// table serves the public register as CSV (RFC 4180) with a byte order mark, by which Excel detects UTF-8.
func (h *transparency) table(c echo.Context, site site.Site, in takedown.Period) error {
	out := web.NewStream(c, "text/csv; charset=utf-8", site.Key+"-demands.csv")
	return out.Finish(h.writeTable(c, out, site, in))
}

func (h *transparency) writeTable(c echo.Context, out *web.StreamWriter, site site.Site, in takedown.Period) error {
	for after, begun := "", false; ; begun = true {
		demands, next, err := h.openTakedowns(c, site, in, after, takedownsPerPage)
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
			err = errors.Join(err, w.Write([]string{d.ID, stampOf(d.Received), text.EscapeCell(d.By), string(d.Kind),
				text.EscapeCell(d.Law), text.EscapeCell(d.Country), strconv.Itoa(d.Count), strconv.FormatBool(d.Page != ""),
				string(d.Status()), stampOf(d.Until), stampOf(d.Ended), text.EscapeCell(d.Why)}))
		}
		w.Flush()
		if err = errors.Join(err, w.Error()); err != nil || next == "" {
			return err
		}
		after = next
	}
}

//go:embed openness.html
var transparencyHTML string

var transparencyTemplate = template.Must(template.New("openness").Parse(transparencyHTML))

// A transparencyView is the data of openness.html.
type transparencyView struct {
	*i18n.Catalog
	Key, Site, Policy, Rules string
	From, To, FirstDay       string // FirstDay and LastDay are values of form fields
	LastDay, Query           string
	Main, Figures            []figure // the main figures first
	Appeals                  string
	Reasons                  []reasonRow
	Demands                  []takedownRow
	Sealed, More, First      string
	Head, HeadSays           string
	Languages                []i18n.Language
	Parts                    []string // of the EU template
}

// A figure is a number with its label.
type figure struct{ N, Of string }

// A reasonRow is the number of refusals for a reason, and the results of their appeals.
// Width is the length of its bar, at most 200.
type reasonRow struct{ Reason, Refused, Appeals, Overturned, Width string }

// A takedownRow is a takedown in the page's list. Done contains sentences about its effect.
type takedownRow struct {
	Received, Machine, By, Kind, Law, Country string
	Done                                      []i18n.NoticeItem
}

func (h *transparency) page(c echo.Context, site site.Site, in takedown.Period) error {
	f, err := h.Takedowns.Figures(c.Request().Context(), site, in)
	if err != nil {
		return err
	}
	demands, next, err := h.openTakedowns(c, site, in, c.QueryParam("after"), takedownsPerPage)
	if err != nil {
		return err
	}
	v := newTransparencyView(c, site, web.Catalog(c), f, demands, next)
	return web.Render(c, http.StatusOK, web.NoScript, transparencyTemplate, v)
}

func newTransparencyView(
	c echo.Context, blog site.Site, w *i18n.Catalog, f takedown.Figures, demands []takedown.Takedown, next string,
) *transparencyView {
	last := f.To.Add(-time.Microsecond).UTC()
	v := &transparencyView{
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
		Query:     "?" + queryParams(c, "from", "to").Encode(),
	}
	v.addFigures(f)
	for _, d := range demands {
		v.Demands = append(v.Demands, newTakedownRow(w, d))
	}
	if f.Sealed > 0 {
		v.Sealed = w.N("open.sealed", f.Sealed)
	}
	if next != "" {
		q := queryParams(c, "from", "to", "lang")
		q.Set("after", next)
		v.More = "?" + q.Encode() + "#demands"
	}
	if c.QueryParam("after") != "" {
		v.First = "?" + queryParams(c, "from", "to", "lang").Encode() + "#demands"
	}
	if f.Head.Seq > 0 {
		v.Head = hex.EncodeToString(f.Head.Hash)
		v.HeadSays = w.N("open.log", int(f.Head.Seq), "time", timeOf(w, f.Last))
	}
	return v
}

// queryParams returns the named, non-empty query parameters of the request.
func queryParams(c echo.Context, names ...string) url.Values {
	q := url.Values{}
	for _, name := range names {
		if value := c.QueryParam(name); value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// addFigures formats the figures for people.
func (v *transparencyView) addFigures(f takedown.Figures) {
	refused, most := 0, 1
	reasons := comment.Reasons()
	for _, r := range reasons {
		refused, most = refused+f.Refused[r], max(most, f.Refused[r])
	}
	slices.SortStableFunc(reasons, func(a, b comment.Reason) int { return f.Refused[b] - f.Refused[a] })
	for _, r := range reasons {
		if f.Refused[r]+f.ByReason[r].Received == 0 {
			continue
		}
		v.Reasons = append(v.Reasons, reasonRow{v.T("reason." + r.String()), v.Number(f.Refused[r]),
			v.Number(f.ByReason[r].Received), v.Number(f.ByReason[r].Overturned), strconv.Itoa(200 * f.Refused[r] / most)})
	}
	add := func(key string, n int) { v.Figures = append(v.Figures, figure{v.Number(n), v.T(key)}) }
	v.Main = []figure{{v.Number(f.Received), v.T("open.received")}, {v.Number(f.Published), v.T("open.published")},
		{v.Number(refused), v.T("open.refused")}}
	if spam := f.Refused[comment.ReasonSpam]; spam > 0 {
		v.Main[2].Of = v.T("open.refused.spam", "spam", spam)
	}
	if f.AutoPublished > 0 {
		add("open.itself", f.AutoPublished)
	}
	add("open.suspected", f.Suspected)
	add("open.removed", f.Removed)
	add("open.waiting", f.Waiting)
	if f.Wait.Count > 0 {
		v.Main = append(v.Main, figure{v.Duration(f.Wait.Median), v.T("open.median")})
		v.Figures = append(v.Figures, figure{v.Duration(f.Wait.P90), v.T("open.ninety")})
	}
	v.Appeals = v.T("open.none")
	if a := f.Appeals; a.Received > 0 {
		v.Appeals = v.T("open.appeals", "received", v.Number(a.Received), "overturned", v.Number(a.Overturned),
			"upheld", v.Number(a.Upheld), "open", v.Number(a.Open))
	}
}

func newTakedownRow(w *i18n.Catalog, d takedown.Takedown) takedownRow {
	row := takedownRow{
		Received: w.Date(d.Received.UTC()), Machine: stampOf(d.Received), By: d.By,
		Kind: w.T("withheld.who." + string(d.Kind)), Law: d.Law, Country: d.Country,
	}
	done := w.N("open.withheld", d.Count)
	if d.Page != "" {
		done = w.T("open.whole")
	}
	row.Done = []i18n.NoticeItem{{Label: done}}
	if !d.Until.IsZero() {
		row.Done = append(row.Done, i18n.NoticeItem{Label: w.T("open.until", "date", w.Date(d.Until.UTC()))})
	}
	switch d.Status() {
	case takedown.Restored:
		row.Done = append(row.Done, i18n.NoticeItem{Label: w.T("open.restored", "date", w.Date(d.Ended.UTC())), Value: d.Why})
	case takedown.Lapsed:
		row.Done = append(row.Done, i18n.NoticeItem{Label: w.T("open.lapsed", "date", w.Date(d.Ended.UTC()))})
	}
	return row
}
