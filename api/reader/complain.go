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

// reportView is what report.html shows: a published comment, and why a moderator should look at it.
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

// charge asks why a comment is reported; with a failure, under its status and with what was said.
func (h *plainPages) charge(c echo.Context, site site.Site, id string, said url.Values, failure error) error {
	m, _, err := h.Moderation.Public(c.Request().Context(), site, id)
	if err != nil {
		return err
	}
	if !m.IsPublic() {
		return problem.Missing("comment.unknown", "There is no such comment, or it is not yours to see.")
	}
	w, status := web.Words(c), http.StatusOK
	v := newReportView(c, w, m, said)
	if failure != nil {
		if status, v.Problem, err = refusal(c, w, failure); err != nil {
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
		HTML:      template.HTML(m.HTML),
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

// report keeps what a reader says against a comment.
func (h *plainPages) report(c echo.Context, site site.Site, id string, form url.Values) error {
	err := h.kit.Allow(c, web.Complaints, site.ID)
	if err == nil {
		reason, _ := comment.ParseReason(form.Get("reason")) // none is refused as any that is not in the list
		_, err = h.Reports.Report(c.Request().Context(), site, id, report.Charge{
			Reason: reason, Detail: form.Get("detail"), From: h.kit.Address(c.Request()),
		})
	}
	switch {
	case err == nil:
		return h.back(c, "reported", "heard")
	case web.ProblemOf(err).Code == "report.repeated":
		return h.back(c, "repeated", "heard")
	}
	return h.charge(c, site, id, form, err)
}

// A plea is what a writer says against a refusal, when it has to be said again, and why.
type plea struct{ id, text, problem string }

// appeal asks for a second look at a comment whose token is in the cookie.
func (h *plainPages) appeal(c echo.Context, site site.Site, id, text string) error {
	err := h.kit.Allow(c, web.Complaints, site.ID)
	if err == nil {
		err = problem.Missing("comment.unknown", "There is no such comment, or it is not yours to see.")
		for _, own := range readOwn(c) {
			if own.id == id {
				_, err = h.Reports.Appeal(c.Request().Context(), site, id, report.Plea{Token: own.token, Text: text})
			}
		}
	}
	if err == nil || web.ProblemOf(err).Code == "appeal.repeated" {
		return h.back(c, "", "own-"+id)
	}
	status, why, err := refusal(c, web.Words(c), err)
	if err != nil {
		return err
	}
	return h.pageWith(c, site, draft{}, "", plea{id, text, why}, status)
}

// refusal is how a failure is told to whom a complaint failed; what is not told, as a comment that is not there, is
// the answer itself.
func refusal(c echo.Context, w *i18n.Catalog, failure error) (status int, why string, err error) {
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
	return p.Status, p.Detail, nil
}
