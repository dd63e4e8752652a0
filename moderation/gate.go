package moderation

import (
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/site"
)

// A Contradiction is a comment that was decided against what the filter was sure of.
type Contradiction struct {
	ID   string  `json:"id"`
	Spam float64 `json:"spam"` // the filter's probability, before
}

// publishes reports whether a site shows such a comment without waiting for a person. Nothing is shown because
// the model failed, has nothing to say, was taught too little or was never tried, or where a rule has it wait. h is
// the history of its writer, who is believed to be who they say only if they showed it.
func publishes(tx Tx, blog site.Site, c comment.Comment, h comment.History, j comment.Judged) (bool, error) {
	v, policy := c.Verdict, blog.Settings.Moderation
	calm := v.Action != comment.MarkSpam && v.Action != comment.Reject
	switch {
	case !j.OK || v.Held():
		return false, nil
	case policy == site.PolicyNone:
		return true, nil
	case c.Verified && (c.Badge != "" || policy == site.PolicyNewWriters && h.Approved > 0):
		return calm, nil
	case policy != site.PolicySuspicious || !calm || !v.Warm || !j.Tried:
		return false, nil
	}
	t, err := evaluation.Count(tx, blog.ID)
	return t.Enough(), err
}

// mayPublish reports whether a site may show some comment of such a writer without waiting for a person.
func mayPublish(blog site.Site, c comment.Comment) bool {
	switch blog.Settings.Moderation {
	case site.PolicyNone, site.PolicySuspicious:
		return true
	case site.PolicyNewWriters:
		return c.Verified
	}
	return c.Verified && c.Badge != ""
}

// contradictions leaves an outcome's only where the filter was taught enough to contradict.
func contradictions(tx Tx, site int64, out *Outcome) error {
	if len(out.Contradictions) == 0 {
		return nil
	}
	t, err := evaluation.Count(tx, site)
	if !t.Enough() {
		out.Contradictions = nil
	}
	return err
}
