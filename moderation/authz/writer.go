package authz

// A Writer is a commenter on one site whose identity is verified: an account with a role there, or a signed-in reader.
// The site itself, or an identity provider that it trusts, vouches for the reader. The zero value is an anonymous
// commenter.
type Writer struct {
	Account  string // account ID
	Reader   string // keyed hash of the identity of a signed-in reader without an account, or ""
	Name     string
	Email    string // of a signed-in reader, or ""
	Role     Role   // NoRole or Author for a signed-in reader
	CodeOnly bool   // identified only by a mailed code
}

// Known reports whether w is identified.
func (w Writer) Known() bool { return w.Account != "" || w.Reader != "" }
