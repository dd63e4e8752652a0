package problem

import (
	"math"
	"strings"
	"time"
)

// Missing says that a thing is not there, or is not for everybody to know of.
func Missing(code, detail string) error { return &Error{Kind: NotFound, Code: code, Detail: detail} }

// Denied says that somebody may not do this.
func Denied(code, detail string) error { return &Error{Kind: Forbidden, Code: code, Detail: detail} }

// Unproven says that somebody has not shown who they are.
func Unproven(code, detail string) error {
	return &Error{Kind: Unauthenticated, Code: code, Detail: detail}
}

// SignIn asks somebody to say who they are.
func SignIn() error { return Unproven("auth.needed", "Sign in, or send a valid token.") }

// Wrong says what is wrong with a request; field is a JSON pointer, a header, or empty.
func Wrong(code, field, detail string) error {
	return &Error{Kind: Invalid, Code: code, Field: field, Detail: detail}
}

// Field is Wrong for what needs no code of its own.
func Field(field, detail string) error { return Wrong("field.invalid", field, detail) }

// Query says what is wrong with a parameter of the question in an address.
func Query(parameter, detail string) error {
	return &Error{Kind: Malformed, Code: "query.invalid", Field: parameter, Detail: detail}
}

// Among names what there is to choose from, for a sentence: "a, b or c".
func Among[T ~string](words []T) string {
	var b strings.Builder
	for i, w := range words {
		switch i {
		case 0:
		case len(words) - 1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}

// Cursor says that a list has no such place.
func Cursor() error {
	return &Error{Kind: Malformed, Code: "cursor.invalid",
		Detail: "This place in the list is not known. Start again without “after”."}
}

// TooOften asks somebody to wait and come back.
func TooOften(detail string, wait time.Duration) error {
	return &Error{Kind: Limited, Code: "rate.limited", Detail: detail,
		RetryAfter: max(1, int(math.Ceil(wait.Seconds())))}
}

// TryAgain says that there was no time for a request, whatever took it; cause may be nil.
func TryAgain(cause error) error {
	return &Error{Kind: Busy, Code: "busy", RetryAfter: 1, Err: cause,
		Detail: "The service is busy. Nothing was lost: try again in a moment."}
}

// NoRoom says that nothing more can be stored.
func NoRoom(cause error) error {
	return &Error{Kind: Full, Code: "storage.full", Err: cause,
		Detail: "The service has no room left to store this. Its operator must make some."}
}

// Damaged says that nothing is stored, because what was stored cannot be trusted.
func Damaged(cause error) error {
	return &Error{Kind: Unsound, Code: "storage.corrupt", Err: cause,
		Detail: "The service's database is damaged, and nothing was stored. Its operator must restore a backup."}
}
