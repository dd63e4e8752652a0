package moderation

import "fmt"

// A Kind is the sort of an Error; package api/web turns it into a status.
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
