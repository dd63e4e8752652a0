package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/moderation/problem"
)

// statuses is the one table from the kind of a failure to its status.
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

// A Problem is a failure as the outside sees it (RFC 9457).
type Problem struct {
	Type   string       `json:"type"`
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Detail string       `json:"detail"`
	Code   string       `json:"code"`
	Errors []FieldError `json:"errors,omitempty"`

	RetryAfter int `json:"-"` // seconds
}

// A FieldError says what is wrong with one field; Field is a JSON pointer, or the name of a
// query parameter or header.
type FieldError struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// ProblemOf turns any error into what may be shown. What is not a *problem.Error, and not
// one of the router's own, is an internal error without its cause.
func ProblemOf(err error) Problem {
	if e := known(err); e != nil {
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
			return plain(he.Code, "route.unknown", "There is nothing at this address.")
		case http.StatusMethodNotAllowed:
			return plain(he.Code, "route.method", "This address does not take this method.")
		}
	}
	return plain(http.StatusInternalServerError, "internal", "Something went wrong here. It was written down.")
}

// known finds the *problem.Error in a chain, and makes one of a request that ran out of time.
func known(err error) *problem.Error {
	if e, ok := errors.AsType[*problem.Error](err); ok && e.Kind != problem.Internal {
		return e
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return known(problem.TryAgain(err))
	}
	return nil
}

func plain(status int, code, detail string) Problem {
	return Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

// WriteProblem answers with p as application/problem+json.
func WriteProblem(c echo.Context, p Problem) error {
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	ProblemHeaders(c, p)
	return c.Blob(p.Status, "application/problem+json", b)
}

// ProblemHeaders sets what goes with a failure whatever its form: nobody keeps it, and when to come back.
func ProblemHeaders(c echo.Context, p Problem) {
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set(exposes, exposed)
	h.Del("ETag")
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="aitys"`)
	}
}
