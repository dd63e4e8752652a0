package admin

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/internal/transfer/upload"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/sites"
)

// A dataPage shows what the site stores. It imports files, exports the site, and lists the commands that move it.
type dataPage struct {
	Figures  []figure
	Open     *desk.Link  // an upload that is not imported yet
	Sources  []desk.Link // programs that a file may be from
	MaxSize  int         // of an uploaded file, in MB
	Exports  []exportFormat
	Commands []command
}

// An exportFormat is a format of a downloaded export.
type exportFormat struct{ Format, Label, contentType, extension string }

// exportFormats are the formats that the page offers. The command has more.
var exportFormats = []exportFormat{
	{"jsonl", "Aitys (JSONL)", "application/x-ndjson", ".jsonl"},
	{"wxr", "WordPress (WXR)", "application/xml", ".xml"},
	{"csv", "CSV", "text/csv; charset=utf-8", ".csv"},
}

// A command is what to run on the server.
type command struct{ ID, Head, Says, Lines string }

func newDataPage(w *desk.Catalog, key string, stats sites.Stats) *dataPage {
	all := 0
	for _, n := range stats.ByState {
		all += n
	}
	p := dataPage{Exports: exportFormats, Sources: sourceOptions("wordpress"), MaxSize: upload.MaxSize >> 20}
	for _, f := range []struct {
		key string
		n   int
	}{
		{"data.comments", all}, {"data.published", stats.ByState[comment.Approved]}, {"data.spam", stats.ByState[comment.Spam]},
		{"data.month", stats.Comments.Month},
	} {
		p.Figures = append(p.Figures, figure{Label: w.T(f.key), Value: w.Number(f.n)})
	}
	for _, c := range []command{
		{ID: "import", Lines: "aitys import wordpress export.xml --site " + key + " --dry-run\n" +
			"aitys import wordpress export.xml --site " + key},
		{ID: "export", Lines: "aitys export --site " + key + " --out " + key + ".jsonl"},
		{ID: "move", Says: w.T("data.move.more"), Lines: "aitys site set " + key + ` origin="https://old.example https://new.example"`},
	} {
		c.Head = w.T("data." + c.ID)
		p.Commands = append(p.Commands, c)
	}
	return &p
}

// dataPage returns the page of the visit's site.
func (o *admin) dataPage(v *desk.Visit) (*dataPage, error) {
	stats, err := o.Sites.SiteStats(v.Ctx(), v.Actor, []site.Site{v.Site})
	if err != nil {
		return nil, err
	}
	p := newDataPage(v.Words, v.Site.Key, stats[0])
	up, ok, err := o.Uploads.CurrentUpload(v.Actor, v.Site)
	if ok && up.State != upload.Imported {
		p.Open = &desk.Link{URL: v.SitePath("/import/" + up.ID), Label: up.Name}
	}
	return p, err
}

// export answers with an export of the site as a file.
func (o *admin) export(v *desk.Visit) error {
	at := slices.IndexFunc(exportFormats, func(f exportFormat) bool { return f.Format == v.Form.Get("format") })
	if at < 0 {
		return echo.ErrNotFound
	}
	if _, _, err := o.Sites.Pages(v.Ctx(), v.Actor, v.Site, "", 1); err != nil {
		return err // a database that does not respond fails within the request's timeout
	}
	f := exportFormats[at]
	name := v.Site.Key + "-" + o.Clock.Now().UTC().Format(time.DateOnly) + f.extension
	return web.Download(v, f.contentType, name, func(ctx context.Context, to io.Writer) error {
		return o.Transfer.Export(ctx, v.Actor, v.Site, transfer.ExportRequest{Format: f.Format}, to)
	})
}
