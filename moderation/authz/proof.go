package authz

import "time"

// A Proof is what a provider of OpenID Connect says of who signed in there. Issuer and Subject together are who they
// are; Name is what they go by there, or "": many may go by one.
type Proof struct {
	Issuer  string `json:"i"`
	Subject string `json:"s"`
	Name    string `json:"n,omitempty"`
}

// A LinkedProof is by whom else an account may be signed in: who has it at a provider, which was called so when they
// were linked. The Name there is not kept.
type LinkedProof struct {
	Proof
	Account   string
	Provider  string
	CreatedAt time.Time
}
