package desk

import (
	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
)

// An ErrorPage describes an error and links to a next page.
type ErrorPage struct {
	Frame
	Heading, Detail, To, ToWords string
}

// ShowError renders an error page. Package admin uses the desk's template too.
func (v *Visit) ShowError(p ErrorPage) error {
	v.pages = deskPages
	return v.Show("error", p)
}

// errorPages is a middleware that renders errors as pages in the reader's language. It returns the error, which is
// logged.
func errorPages(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := next(c)
		if err == nil || c.Response().Committed || web.ClientGone(err) {
			return err
		}
		v := newVisit(c, deskPages)
		v.Problem = web.ProblemOf(err)
		page := ErrorPage{To: "/moderate/", ToWords: v.Words.T("error.back")}
		page.Heading, page.Detail = web.ErrorText(v.Words.Catalog, v.Problem)
		page.Frame = v.Frame(page.Heading)
		_ = v.ShowError(page) // if rendering fails too, web.Kit answers
		return err
	}
}
