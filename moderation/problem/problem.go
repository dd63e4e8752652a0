// Package problem is what a person is told when something cannot be done: its kind, a code that
// stays, and a sentence that says what to do instead.
//
// It knows no rule and no status: who refuses writes the sentence, and package api/web turns a
// kind into an answer. The zero Kind shows nothing of the cause.
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
)

// An Error is what a person may see: a stable code and a sentence that says what to do.
// Field is a JSON pointer into the request ("/page/url"), or empty. Err is the cause, for
// the log only.
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

// Missing says that a thing is not there, or is not for everybody to know of.
func Missing(code, detail string) error { return &Error{Kind: NotFound, Code: code, Detail: detail} }

// Denied says that somebody may not do this.
func Denied(code, detail string) error { return &Error{Kind: Forbidden, Code: code, Detail: detail} }

// Wrong says what is wrong with a request; field is a JSON pointer, or empty.
func Wrong(code, field, detail string) error {
	return &Error{Kind: Invalid, Code: code, Field: field, Detail: detail}
}

// Field is Wrong for what needs no code of its own.
func Field(field, detail string) error { return Wrong("field.invalid", field, detail) }

// Query says what is wrong with the question in an address.
func Query(detail string) error {
	return &Error{Kind: Malformed, Code: "query.invalid", Detail: detail}
}

// Cursor says that a list has no such place.
func Cursor() error {
	return &Error{Kind: Malformed, Code: "cursor.invalid",
		Detail: "This place in the list is not known. Start again without “after”."}
}

// SignIn asks somebody to say who they are.
func SignIn() error {
	return &Error{Kind: Unauthenticated, Code: "auth.needed", Detail: "Sign in, or send a valid token."}
}
