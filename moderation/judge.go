package moderation

import (
	"context"
	"fmt"
	"math"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/verdict"
)

// ask has a site's model judge a comment. Whatever fails in there, the comment goes on: it
// is not OK, and waits for a person.
func (s *Service) ask(ctx context.Context, c comment.Comment) (j verdict.Judged) {
	defer s.survive(ctx, "judge", c.ID, func() { j = verdict.Judged{} })
	l, err := s.model(ctx, c.Site)
	if err != nil {
		s.log.WarnContext(ctx, "comment not judged", "comment", c.ID, "error", err)
		return verdict.Judged{}
	}
	j = verdict.Judged{Judgement: l.Model.Judge(classifier.Read(c.Document())), Changed: l.Changed, OK: true}
	if math.IsNaN(j.Logit) || math.IsNaN(j.Spam) {
		s.log.WarnContext(ctx, "comment judged NaN", "comment", c.ID)
		return verdict.Judged{}
	}
	return j
}

// survive keeps a fault of the classifier from taking a comment with it.
func (s *Service) survive(ctx context.Context, doing, comment string, give func()) {
	if fault := recover(); fault != nil {
		// Not the value: it may quote the text.
		s.log.ErrorContext(ctx, "classifier panicked", "doing", doing, "comment", comment, "type", fmt.Sprintf("%T", fault))
		give()
	}
}
