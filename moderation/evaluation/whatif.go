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

// defaultLast is the default number of comments to evaluate.
const defaultLast = 1_000

// A WhatIfRequest selects what to evaluate. Omitted fields default to the site's settings.
type WhatIfRequest struct {
	Threshold *float64 // 0.5 to 1
	Policy    site.Policy
	Last      *int // number of decided comments: 1 to 10,000; nil: 1,000
}

// A WhatIf compares a threshold and a policy with the current ones on the comments decided last. It reads at most the
// newest 10,000 log entries. Scores are those at the time of the decision.
type WhatIf struct {
	Tally    Tally
	Compared int // number of comments
	Scores   ScoreHistogram
	From, To time.Time
	Now      Trial
	Then     Trial
	Shadow   *Trial // the site's shadow threshold with its policy; nil: no shadow threshold
}

// A Trial is the result of one threshold and policy. Waiting is the number of pending comments that it suspects, up to
// 1,000.
type Trial struct {
	Policy site.Policy
	Result
	Waiting int
}

// WhatIf evaluates a threshold, a policy or both on decided comments. It needs a moderator and changes nothing.
func (s *Service) WhatIf(ctx context.Context, who authz.Actor, blog site.Site, in WhatIfRequest) (WhatIf, error) {
	if err := who.Authorize(blog.ID, authz.Moderator, authz.ScopeRead); err != nil {
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
		if out.Compared = len(cases); out.Compared > 0 {
			out.From, out.To = cases[len(cases)-1].At, cases[0].At
		}
		out.Scores = ScoreHistogramOf(cases)
		now := blog.Settings
		if now.Moderation == site.PolicySuspicious && !out.Tally.Enough() {
			now.Moderation = site.PolicyAll // what the policy does until then
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
		return WhatIf{}, fmt.Errorf("evaluate what-if: %w", err)
	}
	return out, nil
}

// read returns the site's settings with the requested changes, and the number of comments to evaluate.
func (in WhatIfRequest) read(s site.Settings) (_ site.Settings, last int, err error) {
	last = defaultLast
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

// newTrial evaluates settings on cases.
func newTrial(tx Tx, blog int64, s site.Settings, cases []Case) (t Trial, err error) {
	t = Trial{Policy: s.Moderation, Result: Apply(ruleOf(s), cases)}
	if t.Policy == "" {
		t.Policy = site.PolicyAll
	}
	if t.Waiting, err = tx.CountQueue(comment.OneSite(blog), comment.ViewSuspected, comment.Threshold{Score: s.Threshold()},
		comment.MaxCount); err != nil {
		return t, fmt.Errorf("count suspected comments: %w", err)
	}
	return t, nil
}

// ruleOf returns the Rule that corresponds to settings; see moderation.publishes.
func ruleOf(s site.Settings) Rule {
	r := Rule{Threshold: s.Threshold()}
	switch s.Moderation {
	case site.PolicyNone:
		r.Trust = TrustAll
	case site.PolicySuspicious:
		r.Trust = TrustUnsuspected
	}
	return r
}
