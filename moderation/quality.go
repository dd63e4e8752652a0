package moderation

import (
	"context"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/hindsight"
)

// newestEntries is how far back into the log quality and what-if look.
const newestEntries = 10_000

// A QualityRequest asks how well the filter did.
type QualityRequest struct {
	Since time.Time // zero: as far back as is looked
}

// A Quality is how well a site's filter did on the site's own decisions: of each comment the
// last decision that stands, and what was said of it before that was learned. At most the
// newest 10,000 entries of the log are looked at.
type Quality struct {
	Suspect   float64 // the site's threshold
	Tally     Tally
	Decisions int  // comments whose decision was looked at
	Refused   int  // of them refused for another reason than spam: not measured
	Cold      int  // of them judged when the filter had nothing to say: not measured
	Known     int  // left out: the filter had been taught the comment already when it judged it
	Withdrawn int  // left out: their account's decisions were withdrawn
	Undone    int  // decisions passed over because they were taken back
	Capped    bool // there are older ones that were not looked at
	From, To  time.Time

	// Filter measures the classifier's own probability; its cuts are at 0.5, 0.9, 0.99 and
	// Suspect, ascending, each once.
	Filter classifier.Quality
	// Queue is the whole verdict's score at Suspect: what the queue calls suspected.
	Queue         classifier.Cut
	Disagreements []Disagreement   // the ten largest, the surest first
	Weeks         []hindsight.Week // at Suspect, oldest first, at most 53
	Reasons       map[Reason]int   // refusals by reason
}

// A Disagreement is a comment that the filter called one thing and a moderator the other.
type Disagreement struct {
	Comment string
	Seq     uint64
	Batch   string // what an undo names
	Spam    float64
	Score   float64
	Action  Action
	By      string // a name
	At      time.Time
}

// Quality says how well the filter did. It needs a moderator.
func (s *Service) Quality(ctx context.Context, who Actor, site Site, in QualityRequest) (Quality, error) {
	if err := who.may(site.ID, Moderator, ScopeRead); err != nil {
		return Quality{}, err
	}
	return Quality{Suspect: site.Settings.suspect()}, nil
}
