package learning

import (
	"context"
	"fmt"
	"math"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
)

// Judge scores a comment with its site's model. On any failure it returns a result that is not OK, so the comment
// waits for a person. The stamp is 0 if no model was available.
func (s *Models) Judge(ctx context.Context, c comment.Comment) (j comment.Prediction) {
	defer s.recoverPanic(ctx, "judge", c.ID, func() { j.Judgement, j.OK = classifier.Judgement{}, false })
	l, err := s.model(ctx, c.Site)
	if err != nil {
		s.log.WarnContext(ctx, "comment not judged", "comment", c.ID, "error", err)
		return comment.Prediction{}
	}
	j.ModelSeq = l.Changed
	j.Judgement = l.Model.Judge(classifier.Read(c.Document()))
	if math.IsNaN(j.Logit) || math.IsNaN(j.Spam) {
		s.log.WarnContext(ctx, "comment judged NaN", "comment", c.ID)
		return comment.Prediction{ModelSeq: l.Changed}
	}
	j.OK = true
	return j
}

// recoverPanic recovers a panic of the classifier, logs it and calls give.
func (s *Models) recoverPanic(ctx context.Context, doing, comment string, give func()) {
	if fault := recover(); fault != nil {
		// The value is not logged: it may quote the text.
		s.log.ErrorContext(ctx, "classifier panicked", "doing", doing, "comment", comment, "type",
			fmt.Sprintf("%T", fault))
		give()
	}
}
