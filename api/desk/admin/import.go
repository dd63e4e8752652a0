package admin

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/internal/transfer/upload"
	"github.com/aitys/aitys/moderation/problem"
)

// An importPage shows an upload: what its import would do, how far it is, or what it did.
type importPage struct {
	desk.Frame
	Name, Size string // of the file
	Source     string // the program that the file is from
	Sources    []desk.Link
	Steps      []desk.Link
	Step       string // "check", "checking", "running" or "done"
	Error      string
	Running    string        // how far the import is
	Done, All  uint64        // of a running import
	Origin     string        // of the site, an example of a new address
	Button     string        // imports; "" if there is nothing to import
	Report     *importReport // nil before the check
}

// An importReport is what an import would do, or did.
type importReport struct {
	Figures []figure
	Skipped []skipped
	Notes   []string
	Moves   []upload.Move // of addresses
	Foreign string        // heading of the moves
	Private string        // label of the choice to import private comments; "" if there are none
	Include bool          // that choice
}

// CanCheck reports whether the page has choices that change the report.
func (r *importReport) CanCheck() bool { return len(r.Moves) > 0 || r.Private != "" }

// A skipped is a row of the table of what an import skips or changes, and why.
type skipped struct{ What, Why, Count string }

// sourceNames are the names of the programs that a file may be from, by format.
var sourceNames = map[string]string{"wordpress": "WordPress", "disqus": "Disqus", "isso": "Isso", "remark42": "Remark42",
	"commento": "Commento"}

// sourceOptions returns the programs that a file may be from. chosen is selected.
func sourceOptions(chosen string) (links []desk.Link) {
	for _, format := range upload.Formats() {
		links = append(links, desk.Link{Key: format, Label: sourceNames[format], Current: format == chosen})
	}
	return links
}

// uploadWait is how long a request waits for a check or an import, so that most files need no page in between.
const uploadWait = 2 * time.Second

// refreshSeconds is how often the page of a running check or import is loaded again.
const refreshSeconds = "2"

// upload stores a file and checks it.
func (o *admin) upload(v *desk.Visit) error {
	var up upload.Upload
	form, end, err := web.ReadUpload(v, func(name string, in io.Reader) (err error) {
		up, err = o.Uploads.AddUpload(v.Actor, v.Site, name, in)
		return err
	})
	defer end()
	if err == nil && up.ID == "" {
		err = problem.Field("/file", "Choose a file.")
	}
	if err == nil {
		err = o.Uploads.CheckUpload(v.Actor, v.Site, up.ID, upload.Options{Format: form.Get("format")})
	}
	if err != nil {
		return o.showSettingsError(v, "data", err)
	}
	return o.showUploadLater(v, up.ID)
}

// showUploadLater redirects to the page of an upload, if possible after its check or import has ended.
func (o *admin) showUploadLater(v *desk.Visit, id string) error {
	ctx, end := context.WithTimeout(v.Ctx(), uploadWait)
	defer end()
	o.Uploads.WaitUpload(ctx, id)
	return v.SeeOther(v.SitePath("/import/" + id))
}

// importPage shows an upload. An upload that this server does not have is an error on the page of the site's data.
func (o *admin) importPage(v *desk.Visit) error {
	up, err := o.Uploads.Upload(v.Actor, v.Site, v.Param("id"))
	if err != nil {
		return o.showUploadError(v, err)
	}
	f, err := o.DeskFrame(v, v.Words.T("data.import"))
	if err != nil {
		return err
	}
	if up.State.Running() {
		v.Response().Header().Set("Refresh", refreshSeconds)
	}
	return v.Show("import", newImportPage(v.Words, f, v.Site.Origins[0], up))
}

// showUploadError shows the page of the site's data if the upload is unknown. It returns other errors.
func (o *admin) showUploadError(v *desk.Visit, err error) error {
	v.Problem = web.ProblemOf(err)
	if v.Problem.Code != "upload.unknown" {
		return err
	}
	bad := v.Problem
	p, err := o.settingsPage(v, sectionOf("data"))
	if err != nil {
		return err
	}
	v.Problem, p.Error = bad, v.Words.Problem(bad.Detail)
	return v.Show("settings", p)
}

// continueImport checks an upload again, imports it, or removes it.
func (o *admin) continueImport(v *desk.Visit) (err error) {
	id := v.Param("id")
	up, err := o.Uploads.Upload(v.Actor, v.Site, id)
	if err != nil {
		return o.showUploadError(v, err)
	}
	options := importOptions(v, up.Options)
	switch v.Form.Get("do") {
	case "cancel":
		if err := o.Uploads.RemoveUpload(v.Actor, v.Site, id); err != nil {
			return o.showUploadError(v, err)
		}
		return v.SeeOther(v.SitePath("/settings/data"))
	case "import":
		err = o.Uploads.ImportUpload(v.Actor, v.Site, id, options)
	case "check":
		err = o.Uploads.CheckUpload(v.Actor, v.Site, id, options)
	default:
		return echo.ErrNotFound
	}
	if err != nil {
		says, err := v.FormError("import", err)
		if err != nil {
			return o.showUploadError(v, err)
		}
		return o.showImportError(v, up, options, says)
	}
	return o.showUploadLater(v, id)
}

// showImportError shows an upload with the submitted options and what is wrong with them.
func (o *admin) showImportError(v *desk.Visit, up upload.Upload, options upload.Options, says string) error {
	f, err := o.DeskFrame(v, v.Words.T("data.import"))
	if err != nil {
		return err
	}
	up.Options = options
	p := newImportPage(v.Words, f, v.Site.Origins[0], up)
	p.Error = says
	return v.Show("import", p)
}

// importOptions returns the options of a form. A form without choices keeps those of before.
func importOptions(v *desk.Visit, was upload.Options) upload.Options {
	if !v.Form.Has("choices") {
		was.Format = cmp.Or(v.Form.Get("format"), was.Format)
		return was
	}
	o := upload.Options{Format: cmp.Or(v.Form.Get("format"), was.Format), WithPrivate: v.Form.Get("private") != ""}
	from, to := v.Form["from"], v.Form["to"]
	for i := range min(len(from), len(to)) {
		m := upload.Move{From: strings.TrimSpace(from[i]), To: strings.TrimSpace(to[i])}
		if m.From != "" && m.To != "" {
			o.Moves = append(o.Moves, m)
		}
	}
	return o
}

// newImportPage describes an upload to a site at origin.
func newImportPage(w *desk.Catalog, f desk.Frame, origin string, up upload.Upload) importPage {
	p := importPage{Frame: f, Name: up.Name, Size: w.T("import.size", "n", w.Fixed(max(0.1, float64(up.Size)/(1<<20)), 1)),
		Source: sourceNames[up.Options.Format], Sources: sourceOptions(up.Options.Format), Step: "check",
		Error: importError(w, up), Origin: origin}
	step := 1
	switch up.State {
	case upload.Checking:
		p.Step = "checking"
	case upload.Checked:
		p.Report = newImportReport(w, up)
		if n := up.Report.Added; n > 0 {
			p.Button = w.N("import.run", n)
		}
	case upload.Importing:
		p.Step, step, p.Done, p.All = "running", 2, up.Done, max(1, up.Total)
		if p.Running = w.T("import.running", "done", w.Number(int(up.Done)), "all", w.Number(int(up.Total))); up.Total == 0 {
			p.Running = w.T("import.checking") // once more, before it is written
		}
	case upload.Imported:
		p.Step, step = "done", 2
		p.Report = newImportReport(w, up)
	}
	for i, key := range []string{"file", "check", "run"} {
		p.Steps = append(p.Steps, desk.Link{Key: w.Number(i + 1), Label: w.T("import.step." + key), Current: i == step})
	}
	return p
}

// importError returns why the last check or import of an upload failed, or "".
func importError(w *desk.Catalog, up upload.Upload) string {
	if up.Err == nil {
		return ""
	}
	if bad, ok := errors.AsType[transfer.FileError](up.Err); ok {
		return w.T("import.unreadable", "why", w.Problem(bad.Error()))
	}
	says := w.Problem(web.ProblemOf(up.Err).Detail)
	if up.State == upload.Checked {
		says += " " + w.T("import.continues")
	}
	return says
}

func newImportReport(w *desk.Catalog, up upload.Upload) *importReport {
	r := up.Report
	left := 0
	for _, s := range r.Skipped {
		if s.What == "comment" {
			left += s.Count
		}
	}
	p := &importReport{Moves: up.Options.Moves, Include: up.Options.WithPrivate}
	for _, f := range []struct {
		key string
		n   int
	}{
		{"import.new", r.Added}, {"import.pages", r.Pages}, {"data.spam", r.Spam}, {"import.skipped", left},
	} {
		p.Figures = append(p.Figures, figure{Label: w.T(f.key), Value: w.Number(f.n)})
	}
	for _, s := range r.Skipped {
		p.Skipped = append(p.Skipped, skipped{w.T("import.what." + strings.ReplaceAll(s.What, "-", "")), w.Problem(s.Why), w.Number(s.Count)})
	}
	if there := r.Comments - r.Added; there > 0 {
		p.Notes = append(p.Notes, w.T("import.there", "n", w.Number(there)))
	}
	if n := r.Lessons; n.Ham+n.Spam > 0 {
		p.Notes = append(p.Notes, w.T("import.examples", "good", w.Number(n.Ham), "spam", w.Number(n.Spam)))
	}
	for _, note := range r.FileNotes {
		p.Notes = append(p.Notes, w.Problem(note))
	}
	if r.Exposed > 0 {
		p.Notes = append(p.Notes, w.T("import.exposed", "n", w.Number(r.Exposed), "page", r.ExposedURL))
	}
	if r.Private > 0 {
		p.Private = w.T("import.private", "n", w.Number(r.Private))
	}
	moved := slices.ContainsFunc(p.Moves, func(m upload.Move) bool { return m.From == r.Foreign })
	if r.Foreign != "" && !moved && up.State != upload.Imported {
		p.Moves = append(p.Moves[:len(p.Moves):len(p.Moves)], upload.Move{From: r.Foreign})
		p.Foreign = w.T("import.moved", "origin", r.Foreign)
	}
	return p
}
