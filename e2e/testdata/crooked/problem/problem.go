// Package problem makes problems: nobody else may.
package problem

// An Error is a problem.
type Error struct{ Code string }

// New makes one where it may be made.
func New(code string) *Error { return &Error{Code: code} }
