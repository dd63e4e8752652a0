package desk

import (
	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
)

// An ErrorPage says what went wrong, and leads on.
type ErrorPage struct {
	Frame
	Heading, Detail, To, ToWords string
}

// Fail shows an error's page, which is the desk's own in every room.
func (v *Visit) Fail(p ErrorPage) error {
	v.pages = deskPages
	return v.Show("error", p)
}

// failing answers a failure with a page in the language of who is reading. The error goes on
// to the log.
func failing(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := next(c)
		if err == nil || c.Response().Committed || web.Gone(err) {
			return err
		}
		v := newVisit(c, deskPages)
		v.Problem = web.ProblemOf(err)
		page := ErrorPage{Heading: v.Words.T("error"), Detail: v.Problem.Detail, To: "/moderate/"}
		page.ToWords = v.Words.T("error.back")
		if key := "error." + v.Problem.Code; v.Words.Has(key) {
			page.Heading, page.Detail = v.Words.T(key), v.Words.T(key+".text")
		}
		page.Frame = v.Frame(page.Heading)
		_ = v.Fail(page) // if this fails too, the kit answers
		return err
	}
}
