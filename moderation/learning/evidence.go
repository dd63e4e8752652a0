package learning

import (
	"cmp"
	"context"
	"slices"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
)

// Evidence returns the tokens that the current model counts for and against spam, strongest first. It also returns
// the likely rejection reasons, likeliest first, each with its own evidence.
func (s *Models) Evidence(
	ctx context.Context, c comment.Comment,
) (found []classifier.Weight, likely []comment.LikelyReason) {
	defer s.recoverPanic(ctx, "evidence", c.ID, func() { found, likely = nil, nil })
	l, err := s.model(ctx, c.Site)
	if err != nil {
		s.log.WarnContext(ctx, "no evidence", "comment", c.ID, "error", err)
		return nil, nil
	}
	d := classifier.Read(c.Document())
	for i, p := range l.Model.Judge(d).Reasons {
		reason := comment.PredictedReasons[i]
		if c.Verdict.Likely(reason, p) {
			likely = append(likely, comment.LikelyReason{Reason: reason, Probability: p,
				Evidence: l.Model.EvidenceOf(d, classifier.HateSpeech+classifier.Label(i))})
		}
	}
	slices.SortStableFunc(likely, func(a, b comment.LikelyReason) int {
		return cmp.Compare(b.Probability, a.Probability)
	})
	return l.Model.Evidence(d), likely
}
