package authz

// A Writer is somebody who has shown who they are, for writing on one site: an account with a role there, or a guest,
// of whom the site itself, or another that is believed, has said who they are. The zero value is nobody.
type Writer struct {
	Account string // its id
	Guest   string // who has no account: a keyed hash of who they are, or ""
	Name    string
	Email   string // a guest's, or ""
	Role    Role   // of a guest NoRole or Author
	Mailed  bool   // known by a mailed code alone
}

// Known reports whether w is anybody.
func (w Writer) Known() bool { return w.Account != "" || w.Guest != "" }
