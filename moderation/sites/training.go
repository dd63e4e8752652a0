package sites

import (
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

// checkEnoughTraining returns an error unless the filter has enough training data to publish. The error states the
// numbers of decisions so far, and what the filter would have published.
func checkEnoughTraining(tx Tx, site site.Site) error {
	t, err := evaluation.Count(tx, site.ID)
	if err != nil || t.Enough() {
		return err
	}
	past, err := evaluation.Read(tx, site.ID, time.Time{})
	if err != nil {
		return err
	}
	detail := fmt.Sprintf("The filter can publish on its own after %d decisions, including %d approvals and %d of "+
		"spam. So far there are %s and %s.",
		evaluation.MinLessons, evaluation.MinLessonsEach, evaluation.MinLessonsEach, countText(t.Ham), countText(t.Spam))
	if n := len(past.Cases); n > 0 {
		would := evaluation.Apply(evaluation.Rule{Threshold: site.Settings.Threshold(), Trust: evaluation.TrustUnsuspected},
			past.Cases)
		detail += fmt.Sprintf(" Of the last %d decided comments it would have published %d; a moderator refused %d "+
			"of these.",
			n, would.Published, would.PublishedWrong.N)
	}
	return problem.Field("/moderation", detail)
}

// countText returns a count as text; at the limit, where counting stops, it adds "or more".
func countText(n int) string {
	if n == evaluation.MinLessons {
		return fmt.Sprintf("%d or more", n)
	}
	return fmt.Sprint(n)
}
