package evaluation

import (
	"context"
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

// lastDecided is how many comments are looked at unless another number is asked for.
const lastDecided = 1_000

// A WhatIfRequest names what to try; what it leaves out is as the site has it.
type WhatIfRequest struct {
	Threshold *float64 // 0.5 to 1
	Policy    site.Policy
	Last      *int // decided comments to look at: 1 to 10,000; nil: 1,000
}

// A WhatIf is what a threshold and a policy would have done with the comments decided last,
// beside what they do as they are set. At most the newest 10,000 entries of the log are looked
// at. Scores are as they were when the comment was decided.
type WhatIf struct {
	Tally    Tally
	Looked   int // comments
	Scores   Hundredths
	From, To time.Time
	Now      Trial
	Then     Trial
	Shadow   *Trial // of the site's shadow threshold, under its policy; nil: none is set
}

// A Trial is one threshold and policy tried. Waiting is how many of the comments that wait now
// it suspects, at most 1,000.
type Trial struct {
	Policy site.Policy
	Result
	Waiting int
}

// WhatIf tries a threshold, a policy or both on comments that were decided. It needs a
// moderator, and changes nothing.
func (s *Service) WhatIf(ctx context.Context, who authz.Actor, blog site.Site, in WhatIfRequest) (WhatIf, error) {
	if err := who.May(blog.ID, authz.Moderator, authz.ScopeRead); err != nil {
		return WhatIf{}, err
	}
	then, last, err := in.read(blog.Settings)
	if err != nil {
		return WhatIf{}, err
	}
	var out WhatIf
	err = s.work.View(ctx, func(tx Tx) error {
		past, err := Read(tx, blog.ID, time.Time{})
		if err != nil {
			return err
		}
		out = WhatIf{}
		if out.Tally, err = Count(tx, blog.ID); err != nil {
			return err
		}
		cases := past.Cases[:min(last, len(past.Cases))]
		if out.Looked = len(cases); out.Looked > 0 {
			out.From, out.To = cases[len(cases)-1].At, cases[0].At
		}
		out.Scores = HundredthsOf(cases)
		now := blog.Settings
		if now.Moderation == site.PolicySuspicious && !out.Tally.Enough() {
			now.Moderation = site.PolicyAll // as it acts
		}
		if out.Now, err = newTrial(tx, blog.ID, now, cases); err != nil {
			return err
		}
		if out.Then, err = newTrial(tx, blog.ID, then, cases); err != nil || now.Shadow == 0 {
			return err
		}
		now.Suspect = now.Shadow
		shadow, err := newTrial(tx, blog.ID, now, cases)
		out.Shadow = &shadow
		return err
	})
	if err != nil {
		return WhatIf{}, fmt.Errorf("try what if: %w", err)
	}
	return out, nil
}

// read returns a site's settings with what is tried in their place, and how many comments to
// look at.
func (in WhatIfRequest) read(s site.Settings) (_ site.Settings, last int, err error) {
	last = lastDecided
	if in.Last != nil {
		last = *in.Last
	}
	if last < 1 || last > MaxEntries {
		return s, 0, problem.Query("last", fmt.Sprintf("Look at the last 1 to %d comments.", MaxEntries))
	}
	if in.Threshold != nil {
		if !site.IsThreshold(*in.Threshold) {
			return s, 0, problem.Query("threshold", "The threshold to try is a score from 0.5 to 1.")
		}
		s.Suspect = *in.Threshold
	}
	if in.Policy != "" {
		if !in.Policy.Known() {
			return s, 0, problem.Query("moderation", "Try moderation "+problem.Among(site.Policies)+".")
		}
		s.Moderation = in.Policy
	}
	return s, last, nil
}

// newTrial says what settings would have done with cases.
func newTrial(tx Tx, blog int64, s site.Settings, cases []Case) (t Trial, err error) {
	t = Trial{Policy: s.Moderation, Result: Apply(ruleOf(s), cases)}
	if t.Policy == "" {
		t.Policy = site.PolicyAll
	}
	if t.Waiting, err = tx.CountQueue(blog, comment.ViewSuspected, s.Threshold(), comment.MaxCount); err != nil {
		return t, fmt.Errorf("count what would be suspected: %w", err)
	}
	return t, nil
}

// ruleOf is what settings come to for what publishes sees.
func ruleOf(s site.Settings) Rule {
	r := Rule{Threshold: s.Threshold()}
	switch s.Moderation {
	case site.PolicyNone:
		r.Trust = Everybody
	case site.PolicySuspicious:
		r.Trust = Unsuspected
	}
	return r
}
