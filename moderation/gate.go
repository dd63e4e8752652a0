package moderation

import (
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/hindsight"
	"github.com/aitys/aitys/moderation/problem"
)

// A Contradiction is a comment that was decided against what the filter was sure of.
type Contradiction struct {
	ID   string  `json:"id"`
	Spam float64 `json:"spam"` // the filter's probability, before
}

// publishes reports whether a site shows such a comment without waiting for a person. Nothing is shown because
// the model failed, has nothing to say, was taught too little or was never tried, or where a rule has it wait.
// Identities are not verified yet, so new_writers trusts nobody.
func publishes(tx Tx, site ground.Site, v comment.Verdict, j comment.Judged) (bool, error) {
	policy := site.Settings.Moderation
	may := j.OK && !v.Held() && (policy == ground.PolicyNone ||
		policy == ground.PolicySuspicious && v.Warm && j.Tried && v.Action != comment.MarkSpam && v.Action != comment.Reject)
	if !may || policy == ground.PolicyNone {
		return may, nil
	}
	t, err := hindsight.Count(tx, site.ID)
	return t.Enough(), err
}

// mayTurnOn refuses to let the filter publish before it was taught enough, and says how far it
// has come and what it would have done.
func mayTurnOn(tx Tx, site ground.Site) error {
	t, err := hindsight.Count(tx, site.ID)
	if err != nil || t.Enough() {
		return err
	}
	past, err := hindsight.Read(tx, site.ID, time.Time{})
	if err != nil {
		return err
	}
	detail := fmt.Sprintf("The filter may publish by itself after %d decisions that stand, %d approvals and %d of "+
		"spam among them; so far there are %s and %s.",
		hindsight.EnoughTaught, hindsight.EnoughOfEach, hindsight.EnoughOfEach, counted(t.Ham), counted(t.Spam))
	if n := len(past.Cases); n > 0 {
		would := hindsight.Apply(hindsight.Rule{Threshold: site.Settings.Threshold(), Trust: hindsight.Unsuspected},
			past.Cases)
		detail += fmt.Sprintf(" Of the last %d decided comments it would have published %d; a moderator refused %d "+
			"of these.",
			n, would.Published, would.PublishedWrong.N)
	}
	return problem.Field("/moderation", detail)
}

// counted says how many were counted.
func counted(n int) string {
	if n == hindsight.EnoughTaught {
		return fmt.Sprintf("%d or more", n)
	}
	return fmt.Sprint(n)
}

// contradictions leaves an outcome's only where the filter was taught enough to contradict.
func contradictions(tx Tx, site int64, out *Outcome) error {
	if len(out.Contradictions) == 0 {
		return nil
	}
	t, err := hindsight.Count(tx, site)
	if !t.Enough() {
		out.Contradictions = nil
	}
	return err
}
