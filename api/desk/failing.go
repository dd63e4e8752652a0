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
		w, p := catalogOf(c), web.ProblemOf(err)
		page := errorPage{Heading: w.T("error"), Detail: p.Detail, To: "/moderate/", ToWords: w.T("error.back")}
		if key := "error." + p.Code; w.Has(key) {
			page.Heading, page.Detail = w.T(key), w.T(key+".text")
		}
		page.frame = newFrame(c, w, page.Heading)
		_ = renderFailure(c, w, "error", p, page) // if this fails too, the kit answers
		return err
	}
}
