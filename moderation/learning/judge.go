package learning

import (
	"context"
	"fmt"
	"math"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
)

// Judge has a site's model judge a comment. Whatever fails in there, the comment goes on: what was
// said is not OK, and the comment waits for a person. Its stamp is 0 where no model could be asked.
func (s *Models) Judge(ctx context.Context, c comment.Comment) (j comment.Judged) {
	defer s.survive(ctx, "judge", c.ID, func() { j.Judgement, j.OK = classifier.Judgement{}, false })
	l, err := s.model(ctx, c.Site)
	if err != nil {
		s.log.WarnContext(ctx, "comment not judged", "comment", c.ID, "error", err)
		return comment.Judged{}
	}
	j.Changed = l.Changed
	j.Judgement = l.Model.Judge(classifier.Read(c.Document()))
	if math.IsNaN(j.Logit) || math.IsNaN(j.Spam) {
		s.log.WarnContext(ctx, "comment judged NaN", "comment", c.ID)
		return comment.Judged{Changed: l.Changed}
	}
	j.OK = true
	return j
}

// survive keeps a fault of the classifier from taking a comment with it.
func (s *Models) survive(ctx context.Context, doing, comment string, give func()) {
	if fault := recover(); fault != nil {
		// Not the value: it may quote the text.
		s.log.ErrorContext(ctx, "classifier panicked", "doing", doing, "comment", comment, "type",
			fmt.Sprintf("%T", fault))
		give()
	}
}
