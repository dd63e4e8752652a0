package authz

import "time"

// An ExternalIdentity is what an OpenID Connect provider says about a person who signed in. Issuer and Subject together
// identify the person. Name is the display name at the provider, or ""; it is not unique.
type ExternalIdentity struct {
	Issuer  string `json:"i"`
	Subject string `json:"s"`
	Name    string `json:"n,omitempty"`
}

// A LinkedIdentity links an ExternalIdentity to an account, which may sign in with it. Provider is the name of the
// provider when the link was created. Name is not stored.
type LinkedIdentity struct {
	ExternalIdentity
	Account   string
	Provider  string
	CreatedAt time.Time
}
