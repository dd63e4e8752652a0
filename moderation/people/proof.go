package people

// A Proof is what a provider of OpenID Connect says of who signed in there. Issuer and Subject together are who they
// are; Name is what they go by there, or "": many may go by one.
type Proof struct {
	Issuer  string `json:"i"`
	Subject string `json:"s"`
	Name    string `json:"n,omitempty"`
}
