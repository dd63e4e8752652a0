package problem

import "fmt"

// ForeignOrigin returns the error for a write from a page of another origin. cause may be nil.
func ForeignOrigin(cause error) error {
	return &Error{Kind: Forbidden, Code: "origin.foreign", Detail: "This page may not write here.", Err: cause}
}

// Media returns the error for an unsupported media type of the body.
func Media(detail string) error { return &Error{Kind: MediaType, Code: "media_type", Detail: detail} }

// Oversized returns the error for a body of more than most bytes.
func Oversized(most int) error {
	return &Error{Kind: TooLarge, Code: "body.too_large", Detail: fmt.Sprintf("A request may have %d KiB.", most>>10)}
}

// OversizedFile returns the error for an uploaded file of more than most bytes.
func OversizedFile(field string, most int) error {
	return &Error{Kind: TooLarge, Code: "body.too_large", Field: field,
		Detail: fmt.Sprintf("A file may have %d MB. Import larger ones with the command on the server.", most>>20)}
}

// NotJSON returns the error for a body that is not valid JSON. cause may be nil.
func NotJSON(detail string, cause error) error {
	return &Error{Kind: Malformed, Code: "json.invalid", Detail: detail, Err: cause}
}

// NotForm returns the error for a body that is not a form.
func NotForm(cause error) error {
	return &Error{Kind: Malformed, Code: "form.invalid", Detail: "The form could not be read.", Err: cause}
}

// NotUTF8 returns the error for a comment that is not valid UTF-8.
func NotUTF8() error { return Wrong("comment.not_utf8", "/body", "A comment is text in UTF-8.") }

// UnknownField returns the error for an unknown field of a request body.
func UnknownField(field string) error {
	return Wrong("field.unknown", field, "There is no such field.")
}
