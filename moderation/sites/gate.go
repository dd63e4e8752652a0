package sites

import (
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

// mayTurnOn refuses to let the filter publish before it was taught enough, and says how far it
// has come and what it would have done.
func mayTurnOn(tx Tx, site site.Site) error {
	t, err := evaluation.Count(tx, site.ID)
	if err != nil || t.Enough() {
		return err
	}
	past, err := evaluation.Read(tx, site.ID, time.Time{})
	if err != nil {
		return err
	}
	detail := fmt.Sprintf("The filter may publish by itself after %d decisions that stand, %d approvals and %d of "+
		"spam among them; so far there are %s and %s.",
		evaluation.EnoughTaught, evaluation.EnoughOfEach, evaluation.EnoughOfEach, counted(t.Ham), counted(t.Spam))
	if n := len(past.Cases); n > 0 {
		would := evaluation.Apply(evaluation.Rule{Threshold: site.Settings.Threshold(), Trust: evaluation.Unsuspected},
			past.Cases)
		detail += fmt.Sprintf(" Of the last %d decided comments it would have published %d; a moderator refused %d "+
			"of these.",
			n, would.Published, would.PublishedWrong.N)
	}
	return problem.Field("/moderation", detail)
}

// counted says how many were counted.
func counted(n int) string {
	if n == evaluation.EnoughTaught {
		return fmt.Sprintf("%d or more", n)
	}
	return fmt.Sprint(n)
}
