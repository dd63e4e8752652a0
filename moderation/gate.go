package moderation

import (
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/site"
)

// A Contradiction is a decision for which the classifier was certain of the opposite.
type Contradiction struct {
	ID   string  `json:"id"`
	Spam float64 `json:"spam"` // the classifier's probability of spam before the decision
}

// publishes reports whether the site publishes a comment without review. It returns false if the model failed, is cold,
// has too few lessons or was never evaluated, or if a rule holds the comment. h is the commenter's history, which
// counts only if the commenter is verified.
func publishes(tx Tx, blog site.Site, c comment.Comment, h comment.History, j comment.Prediction) (bool, error) {
	v, policy := c.Verdict, blog.Settings.Moderation
	calm := v.Action != comment.MarkSpam && v.Action != comment.Reject
	switch {
	case !j.OK || v.Held():
		return false, nil
	case policy == site.PolicyNone:
		return true, nil
	case c.Verified && (c.Badge != "" || policy == site.PolicyNewWriters && h.Approved > 0):
		return calm, nil
	case policy != site.PolicySuspicious || !calm || !v.Warm || !j.Calibrated:
		return false, nil
	}
	t, err := evaluation.Count(tx, blog.ID)
	return t.Enough(), err
}

// mayPublish reports whether the site may publish any comment of this commenter without review.
func mayPublish(blog site.Site, c comment.Comment) bool {
	switch blog.Settings.Moderation {
	case site.PolicyNone, site.PolicySuspicious:
		return true
	case site.PolicyNewWriters:
		return c.Verified
	}
	return c.Verified && c.Badge != ""
}

// filterContradictions removes the contradictions from an outcome if the classifier has too few lessons.
func filterContradictions(tx Tx, site int64, out *Outcome) error {
	if len(out.Contradictions) == 0 {
		return nil
	}
	t, err := evaluation.Count(tx, site)
	if !t.Enough() {
		out.Contradictions = nil
	}
	return err
}
