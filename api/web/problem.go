package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/problem"
)

// statuses maps the kind of a failure to its HTTP status. No other code chooses one.
var statuses = map[problem.Kind]int{
	problem.Internal:        http.StatusInternalServerError,
	problem.Malformed:       http.StatusBadRequest,
	problem.Unauthenticated: http.StatusUnauthorized,
	problem.Forbidden:       http.StatusForbidden,
	problem.NotFound:        http.StatusNotFound,
	problem.TooLarge:        http.StatusRequestEntityTooLarge,
	problem.MediaType:       http.StatusUnsupportedMediaType,
	problem.Invalid:         http.StatusUnprocessableEntity,
	problem.Limited:         http.StatusTooManyRequests,
	problem.Busy:            http.StatusServiceUnavailable,
	problem.Full:            http.StatusInsufficientStorage,
	problem.Unsound:         http.StatusServiceUnavailable,
}

// A Problem is a failure as clients see it (RFC 9457).
type Problem struct {
	Type   string       `json:"type"`
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Detail string       `json:"detail"`
	Code   string       `json:"code"`
	Errors []FieldError `json:"errors,omitempty"`

	RetryAfter int `json:"-"` // seconds
}

// A FieldError describes what is wrong with one field. Field is a JSON pointer, or the name of a query parameter or
// header.
type FieldError struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// ProblemOf converts an error to a Problem that clients may see. An error that is neither a *problem.Error nor from the
// router becomes an internal error without its cause.
func ProblemOf(err error) Problem {
	if e := knownProblem(err); e != nil {
		p := Problem{
			Status: statuses[e.Kind], Code: e.Code, Detail: e.Detail,
			Title: http.StatusText(statuses[e.Kind]), Type: "about:blank", RetryAfter: e.RetryAfter,
		}
		if e.Field != "" {
			p.Errors = []FieldError{{Field: e.Field, Code: e.Code, Detail: e.Detail}}
		}
		return p
	}
	var he *echo.HTTPError
	if errors.As(err, &he) {
		switch he.Code {
		case http.StatusNotFound:
			return newProblem(he.Code, "route.unknown", "There is nothing at this address.")
		case http.StatusMethodNotAllowed:
			return newProblem(he.Code, "route.method", "This address does not take this method.")
		}
	}
	return newProblem(http.StatusInternalServerError, "internal", "Something went wrong here. It was written down.")
}

// knownProblem returns the *problem.Error in err's chain, unless it is internal. For a canceled or timed-out context it
// returns a problem with the code busy. Otherwise it returns nil.
func knownProblem(err error) *problem.Error {
	if e, ok := errors.AsType[*problem.Error](err); ok && e.Kind != problem.Internal {
		return e
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return knownProblem(problem.TryAgain(err))
	}
	return nil
}

func newProblem(status int, code, detail string) Problem {
	return Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

// In returns p with its details in the language of w. The title stays the English name of the status.
func (p Problem) In(w *i18n.Catalog) Problem {
	p.Detail = w.Problem(p.Detail)
	p.Errors = slices.Clone(p.Errors)
	for i := range p.Errors {
		p.Errors[i].Detail = w.Problem(p.Errors[i].Detail)
	}
	return p
}

// WriteProblem answers with p as application/problem+json, in the language that the client prefers.
func WriteProblem(c echo.Context, p Problem) error {
	Vary(c, "Accept-Language")
	w := i18n.Negotiate("", c.Request().Header.Get("Accept-Language"))
	p = p.In(w)
	c.Response().Header().Set("Content-Language", w.Lang())
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	ProblemHeaders(c, p)
	return c.Blob(p.Status, "application/problem+json", b)
}

// ProblemHeaders sets the headers of a failure in any format: no caching, Retry-After, and WWW-Authenticate for 401.
func ProblemHeaders(c echo.Context, p Problem) {
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set(exposeHeaders, exposedHeaders)
	h.Del("ETag")
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="aitys"`)
	}
}
