package people

// A Writer is somebody who has shown who they are, for writing on one site: an account with a role there.
type Writer struct {
	Account string // its id
	Name    string
	Role    Role
}
