package problem

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// Missing returns the error for a resource that does not exist, or that the caller may not know about.
func Missing(code, detail string) error { return &Error{Kind: NotFound, Code: code, Detail: detail} }

// Denied returns the error for an action that the caller may not take.
func Denied(code, detail string) error { return &Error{Kind: Forbidden, Code: code, Detail: detail} }

// Unproven returns the error for a caller who is not authenticated.
func Unproven(code, detail string) error {
	return &Error{Kind: Unauthenticated, Code: code, Detail: detail}
}

// SignIn returns the error that asks the caller to sign in.
func SignIn() error { return Unproven("auth.needed", "Sign in, or send a valid token.") }

// Wrong returns the error for an invalid request. field is a JSON pointer, a header name, or empty.
func Wrong(code, field, detail string) error {
	return &Error{Kind: Invalid, Code: code, Field: field, Detail: detail}
}

// Field is Wrong with the general code field.invalid.
func Field(field, detail string) error { return Wrong("field.invalid", field, detail) }

// Query returns the error for an invalid query parameter.
func Query(parameter, detail string) error {
	return &Error{Kind: Malformed, Code: "query.invalid", Field: parameter, Detail: detail}
}

// Among joins words for use in a sentence: "a, b or c".
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

// Cursor returns the error for an invalid pagination cursor.
func Cursor() error {
	return &Error{Kind: Malformed, Code: "cursor.invalid",
		Detail: "This place in the list is not known. Start again without “after”."}
}

// TooOften returns the error for an exceeded rate limit. RetryAfter is wait, rounded up, and at least one second.
func TooOften(detail string, wait time.Duration) error {
	return &Error{Kind: Limited, Code: "rate.limited", Detail: detail,
		RetryAfter: max(1, int(math.Ceil(wait.Seconds())))}
}

// TryAgain returns the error for a temporary failure: the caller may retry after one second. cause may be nil.
func TryAgain(cause error) error {
	return &Error{Kind: Busy, Code: "busy", RetryAfter: 1, Err: cause,
		Detail: "The service is busy. Nothing was lost: try again in a moment."}
}

// NoRoom returns the error for a full disk.
func NoRoom(cause error) error {
	return &Error{Kind: Full, Code: "storage.full", Err: cause,
		Detail: "The service has no room left to store this. Its operator must make some."}
}

// Outdated returns the error for a process whose database was migrated by a newer program.
func Outdated() error {
	return &Error{Kind: Unsound, Code: "schema.newer",
		Detail: "The database is newer than this program. Start the new version."}
}

// Damaged returns the error for a corrupt database. The service then refuses to write.
func Damaged(cause error) error {
	return &Error{Kind: Unsound, Code: "storage.corrupt", Err: cause,
		Detail: "The service's database is damaged, and nothing was stored. Its operator must restore a backup."}
}

// PrivateAddress returns the error of a field whose host must not be called. err may have a method Private that returns
// the address and its network. kind is the kind of host in the option --reach.
func PrivateAddress(field, kind string, err error) error {
	at := interface {
		Private() (address, network string)
	}(nil)
	if !errors.As(err, &at) {
		return Field(field, "This address is private.")
	}
	address, network := at.Private()
	return Field(field, fmt.Sprintf("%s is a private address. Start with --reach %s to allow it.", address, kind+"="+network))
}
