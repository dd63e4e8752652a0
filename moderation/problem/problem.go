// Package problem is what a person is told when something cannot be done: its kind, a code that
// stays, and a sentence that says what to do instead.
//
// It knows no rule and no status: who refuses writes the sentence, unless several refuse alike, and
// package api/web turns a kind into an answer. Errors are made here only, by the functions below, so
// that one code is said in one way. The zero Kind shows nothing of the cause.
package problem

import "fmt"

// A Kind is the sort of an Error.
type Kind uint8

// The kinds. The zero value is the safe one: nothing of the cause is shown.
const (
	Internal        Kind = iota // 500
	Malformed                   // 400
	Unauthenticated             // 401
	Forbidden                   // 403
	NotFound                    // 404
	TooLarge                    // 413
	MediaType                   // 415
	Invalid                     // 422
	Limited                     // 429
	Busy                        // 503
	Full                        // 507
	Unsound                     // 503
)

// An Error is what a person may see: a stable code and a sentence that says what to do.
// Field is a JSON pointer into the request ("/page/url"), the name of a query parameter or
// header, or empty. Err is the cause, for the log only.
type Error struct {
	Kind       Kind
	Code       string
	Detail     string
	Field      string
	RetryAfter int // seconds; with Limited and Busy
	Err        error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Detail, e.Err)
	}
	return e.Code + ": " + e.Detail
}

func (e *Error) Unwrap() error { return e.Err }
