package moderation

import (
	"errors"
	"fmt"
)

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

func notFound(code, detail string) error { return &Error{Kind: NotFound, Code: code, Detail: detail} }

func forbidden(code, detail string) error { return &Error{Kind: Forbidden, Code: code, Detail: detail} }

// invalid is a 422: field is a JSON pointer, or empty.
func invalid(code, field, detail string) error {
	return &Error{Kind: Invalid, Code: code, Field: field, Detail: detail}
}

func invalidField(field, detail string) error { return invalid("field.invalid", field, detail) }

func invalidQuery(detail string) error {
	return &Error{Kind: Malformed, Code: "query.invalid", Detail: detail}
}

func invalidCursor() error {
	return &Error{Kind: Malformed, Code: "cursor.invalid",
		Detail: "This place in the list is not known. Start again without “after”."}
}

func unknownComment() error {
	return notFound("comment.unknown", "There is no such comment, or it is not yours to see.")
}

func authNeeded() error {
	return &Error{Kind: Unauthenticated, Code: "auth.needed", Detail: "Sign in, or send a valid token."}
}

// fault gives a store's answer the form that a person may see; what it does not know stays
// as it is, and is Internal.
func fault(err error) error {
	switch {
	case errors.Is(err, ErrBusy):
		return &Error{Kind: Busy, Code: "busy", RetryAfter: 1, Err: err,
			Detail: "The service is busy. Nothing was lost; try again in a moment."}
	case errors.Is(err, ErrFull):
		return &Error{Kind: Full, Code: "storage.full", Err: err,
			Detail: "The service has no room left to store this. Its operator must make some."}
	}
	return err
}
