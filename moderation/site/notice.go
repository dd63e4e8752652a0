package site

import "time"

// A Notice is shown to the public in place of content that a takedown withholds. If it is sealed, the public sees only
// that something is withheld.
type Notice struct {
	By     string    `json:"by"` // "" if the claimant is not named
	Kind   string    `json:"kind"`
	Law    string    `json:"law"`
	At     time.Time `json:"at"` // when the legal request was received
	Sealed bool      `json:"sealed"`
}
