package ground

import "time"

// A Key names one POST that may be repeated. Account is "" for readers.
type Key struct {
	Site    int64
	Route   string
	Account string
	Value   string
	Body    []byte // hash of the body less its form

	Replayed bool // set by the use case: it was answered before, and is answered the same
}

// An Answer is what the first POST with a key was answered; Data is the caller's own JSON.
type Answer struct {
	Body []byte // hash, as in Key
	Data []byte
	At   time.Time
}
