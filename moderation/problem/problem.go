// Package problem defines the errors that users see: a kind, a stable code, and a sentence that says what to do.
//
// It contains neither business rules nor HTTP. The package that refuses a request writes the sentence, unless several
// packages refuse for the same reason. Package api/web maps kinds to HTTP statuses. Only the functions of this package
// create an Error, so that each code has one meaning. The zero Kind, Internal, shows nothing of the cause.
package problem

import "fmt"

// A Kind is the class of an Error.
type Kind uint8

// The kinds, with their HTTP statuses. The zero value is the safe one: the cause is not shown.
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

// An Error is an error that a user may see. Code is stable. Detail says what to do. Field is a JSON pointer into the
// request ("/page/url"), the name of a query parameter or header, or empty. Err is the cause, for the log only.
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
