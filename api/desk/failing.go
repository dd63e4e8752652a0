package desk

import (
	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
)

type errorPage struct {
	frame
	Heading, Detail, To, ToWords string
}

// failing answers a failure with a page in the language of who is reading. The error goes on
// to the log.
func failing(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := next(c)
		if err == nil || c.Response().Committed || web.Gone(err) {
			return err
		}
		v := newVisit(c)
		v.problem = web.ProblemOf(err)
		page := errorPage{Heading: v.words.T("error"), Detail: v.problem.Detail, To: "/moderate/"}
		page.ToWords = v.words.T("error.back")
		if key := "error." + v.problem.Code; v.words.Has(key) {
			page.Heading, page.Detail = v.words.T(key), v.words.T(key+".text")
		}
		page.frame = v.frame(page.Heading)
		_ = v.render("error", page) // if this fails too, the kit answers
		return err
	}
}
