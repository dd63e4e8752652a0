package admin

import (
	"strings"

	"github.com/aitys/aitys/api/desk"
)

// A formError is the error of a form: the invalid field and the message. It is embedded in page data.
type formError struct{ Bad, Error string }

// newFormError returns the error of a form. It returns err if err is not about a field.
func newFormError(v *desk.Visit, form string, err error) (w formError, _ error) {
	says, err := v.FormError(form, err)
	if err != nil {
		return formError{}, err
	}
	return formError{strings.TrimPrefix(v.Problem.Errors[0].Field, "/"), says}, nil
}
