package site

import "time"

// A Notice is what the public is told in the place of what is withheld under a demand. Of a sealed one it is told
// no more than that something is withheld.
type Notice struct {
	By     string    `json:"by"` // "" where who demands is not named
	Kind   string    `json:"kind"`
	Law    string    `json:"law"`
	At     time.Time `json:"at"` // when the demand was received
	Sealed bool      `json:"sealed"`
}
