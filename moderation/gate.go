package moderation

import (
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/hindsight"
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
