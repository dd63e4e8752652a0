package problem

import "fmt"

// ForeignOrigin refuses a write from somebody else's page; cause may be nil.
func ForeignOrigin(cause error) error {
	return &Error{Kind: Forbidden, Code: "origin.foreign", Detail: "This page may not write here.", Err: cause}
}

// Media says in which form a body has to be sent.
func Media(detail string) error { return &Error{Kind: MediaType, Code: "media_type", Detail: detail} }

// Oversized refuses a body of more than so many bytes.
func Oversized(most int) error {
	return &Error{Kind: TooLarge, Code: "body.too_large", Detail: fmt.Sprintf("A request may have %d KiB.", most>>10)}
}

// NotJSON says why a body cannot be read; cause may be nil.
func NotJSON(detail string, cause error) error {
	return &Error{Kind: Malformed, Code: "json.invalid", Detail: detail, Err: cause}
}

// NotForm says that a body is no form.
func NotForm(cause error) error {
	return &Error{Kind: Malformed, Code: "form.invalid", Detail: "The form could not be read.", Err: cause}
}

// NotUTF8 refuses the text of a comment in another encoding.
func NotUTF8() error { return Wrong("comment.not_utf8", "/body", "A comment is text in UTF-8.") }

// UnknownField refuses what a body has and its kind does not.
func UnknownField(field string) error {
	return Wrong("field.unknown", field, "There is no such field.")
}
