package moderation

import (
	"context"
	"net/netip"
	"time"
)

// A Form is what the widget's form says of itself.
type Form struct {
	Trap  string // filled by programs only
	Token string // from FormToken
}

// A Submission is a comment as a reader sends it.
type Submission struct {
	PageURL, PageTitle   string
	Parent               string
	Name, Email, Website string
	Body                 string
	Form                 *Form
	Address              netip.Addr // zero: unknown
	Key                  *Key       // Idempotency-Key, Site and Route filled; nil: none
}

// Submitted is what became of a Submission. With Duplicate there is no EditToken.
type Submitted struct {
	Comment   Comment
	Duplicate bool
	EditToken string
	EditUntil time.Time
	Replayed  bool
}

// Submit takes a reader's comment: judged, stored and waiting unless the site publishes it.
// The same again makes no second comment.
func (s *Service) Submit(ctx context.Context, site Site, in Submission) (Submitted, error) {
	return Submitted{}, nil
}

// FormToken returns a signed time stamp for a form that was opened now.
func (s *Service) FormToken(site Site) string { return "" }

// Preview renders body as it would be shown.
func (s *Service) Preview(ctx context.Context, site Site, body string) (string, error) {
	return "", nil
}
