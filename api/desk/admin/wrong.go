package admin

import (
	"strings"

	"github.com/aitys/aitys/api/desk"
)

// wrong is what a form was refused for: the field, if it is one that the reader sees, and in words.
type wrong struct{ Bad, Error string }

// refused says what is wrong with a form. What is no field's fault is returned.
func refused(v *desk.Visit, form string, err error) (w wrong, _ error) {
	says, err := v.Refused(form, err)
	if err != nil {
		return wrong{}, err
	}
	return wrong{strings.TrimPrefix(v.Problem.Errors[0].Field, "/"), says}, nil
}
