package reader

import (
	_ "embed"
	"html/template"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/site"
)

//go:embed report.html
var reportHTML string

var reportTemplate = template.Must(template.New("report").Parse(reportHTML))

// reportView is the data of report.html: a published comment and the report form.
type reportView struct {
	*i18n.Catalog
	ID, Name     string
	HTML         template.HTML
	Reasons      []reasonShown
	Detail       string
	MaxDetail    int
	Problem      string
	Action, Back string
}

type reasonShown struct {
	Key, Label string
	Chosen     bool
}

// reportPage shows the report form of a comment. With a failure it shows the error and the submitted values.
func (h *plainPages) reportPage(c echo.Context, site site.Site, id string, said url.Values, failure error) error {
	m, _, err := h.Moderation.PublicComment(c.Request().Context(), site, id)
	if err != nil {
		return err
	}
	if !m.IsPublic() {
		return problem.Missing("comment.unknown", "There is no such comment, or it is not yours to see.")
	}
	w, status := web.Catalog(c), http.StatusOK
	v := newReportView(c, w, m, said)
	if failure != nil {
		if status, v.Problem, err = refusalText(c, w, failure); err != nil {
			return err
		}
	}
	return web.Render(c, status, web.NoScript, reportTemplate, v)
}

func newReportView(c echo.Context, w *i18n.Catalog, m comment.Comment, said url.Values) reportView {
	v := reportView{
		Catalog:   w,
		ID:        m.ID,
		Name:      nameOf(w, m.Name),
		HTML:      template.HTML(m.HTML()),
		Detail:    said.Get("detail"),
		MaxDetail: report.MaxDetail,
		Action:    plainLink(c),
		Back:      plainLink(c) + "#aitys-" + m.ID,
	}
	for _, reason := range report.Reasons {
		key := reason.String()
		v.Reasons = append(v.Reasons, reasonShown{key, w.T("reason." + key), key == said.Get("reason")})
	}
	return v
}

// report stores a reader's report of a comment.
func (h *plainPages) report(c echo.Context, site site.Site, id string, form url.Values) error {
	err := h.kit.Allow(c, web.Reports, site.ID)
	if err == nil {
		reason, _ := comment.ParseReason(form.Get("reason")) // Report refuses NoReason
		_, err = h.Reports.Report(c.Request().Context(), site, id, report.NewReport{
			Reason: reason, Detail: form.Get("detail"), From: h.kit.Address(c.Request()),
		})
	}
	switch {
	case err == nil:
		return h.redirectBack(c, "reported", "heard")
	case web.ProblemOf(err).Code == "report.repeated":
		return h.redirectBack(c, "repeated", "heard")
	}
	return h.reportPage(c, site, id, form, err)
}

// A failedAppeal is an appeal that was not stored, with its error. The form shows it again.
type failedAppeal struct{ id, text, problem string }

// appeal appeals against the refusal of a comment whose token is in the cookie.
func (h *plainPages) appeal(c echo.Context, site site.Site, id, text string) error {
	err := h.kit.Allow(c, web.Reports, site.ID)
	if err == nil {
		err = problem.Missing("comment.unknown", "There is no such comment, or it is not yours to see.")
		for _, own := range readOwn(c) {
			if own.id == id {
				_, err = h.Reports.Appeal(c.Request().Context(), site, id, report.NewAppeal{Token: own.token, Text: text})
			}
		}
	}
	if err == nil || web.ProblemOf(err).Code == "appeal.repeated" {
		return h.redirectBack(c, "", "own-"+id)
	}
	status, why, err := refusalText(c, web.Catalog(c), err)
	if err != nil {
		return err
	}
	return h.pageWith(c, site, draft{}, "", failedAppeal{id, text, why}, status)
}

// refusalText returns status and message for a failed report or appeal. It returns server errors and 404 unchanged, for
// the general error page.
func refusalText(c echo.Context, w *i18n.Catalog, failure error) (status int, why string, err error) {
	p := web.ProblemOf(failure)
	if p.Status >= http.StatusInternalServerError || p.Status == http.StatusNotFound {
		return 0, "", failure
	}
	web.ProblemHeaders(c, p)
	switch {
	case p.Code == "rate.limited":
		return p.Status, w.T("report.often"), nil
	case len(p.Errors) > 0 && p.Errors[0].Field == "/reason":
		return p.Status, w.T("plain.reason"), nil
	}
	return p.Status, w.Problem(p.Detail), nil
}
